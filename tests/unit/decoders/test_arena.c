#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdint.h>
#include <string.h>

#include "decoders/arena.h"

static void test_aligned_and_separate(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1024);
    char *last = NULL;
    for (size_t size = 0; size < 300; size++) {
        char *p = arena_alloc(&a, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        assert_ptr_not_equal(p, last);
        memset(p, (int)size, size);
        last = size ? p : NULL;
    }
    arena_release(&a);
}

static void test_strings(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1024);
    assert_string_equal(arena_strndup(&a, "hello", 4), "hell");
    assert_string_equal(arena_strndup(&a, NULL, 0), "");
    const int *zeros = arena_calloc(&a, 10, sizeof(int));
    for (int i = 0; i < 10; i++) assert_int_equal(zeros[i], 0);
    arena_release(&a);
}

/* A steady stream of messages settles in one block. */
static void test_clear_keeps(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 64 * 1024);
    for (int round = 0; round < 4; round++) {
        arena_clear(&a);
        for (int i = 0; i < 300; i++) assert_non_null(arena_alloc(&a, 100));
    }
    const struct arena_block *settled = a.blocks;
    for (int round = 0; round < 10; round++) {
        arena_clear(&a);
        assert_ptr_equal(a.blocks, settled);
        for (int i = 0; i < 300; i++) assert_non_null(arena_alloc(&a, 100));
        assert_ptr_equal(a.blocks, settled);
    }
    assert_true(a.held <= 64 * 1024);
    arena_release(&a);
}

/* An unusually large message does not stay. */
static void test_clear_gives_back(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 8192);
    char *big = arena_alloc(&a, 1000000);
    assert_non_null(big);
    memset(big, 1, 1000000);
    assert_non_null(arena_alloc(&a, 10));
    arena_clear(&a);
    assert_true(a.held <= 8192);
    assert_non_null(arena_alloc(&a, 100));
    arena_release(&a);

    arena_release(&a);
    arena_init(&a, 0);
    assert_non_null(arena_alloc(&a, 100));
    arena_clear(&a);
    assert_int_equal(a.held, 0);
    arena_release(&a);
}

static void test_overflow(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_alloc(&a, SIZE_MAX - 20));
    assert_null(arena_calloc(&a, SIZE_MAX / 4, 8));
    assert_null(arena_strndup(&a, "", SIZE_MAX));
    assert_non_null(arena_alloc(&a, 8));
    arena_release(&a);
    assert_non_null(arena_alloc(&a, 8)); /* usable again */
    arena_release(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aligned_and_separate),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_clear_keeps),
        cmocka_unit_test(test_clear_gives_back),
        cmocka_unit_test(test_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
