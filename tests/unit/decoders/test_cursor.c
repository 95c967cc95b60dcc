#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decoders/cursor.h"

static void test_integers(void **state) {
    (void)state;
    const uint8_t bytes[] = {1, 2, 3, 4, 5, 6,    7, 0xff, 0xff, 0xff, 0xfe, 1, 2, 3,
                             4, 5, 6, 7, 8, 0x80, 0, 0,    0,    0,    0,    0, 0};
    struct cursor c = cursor_of(bytes, sizeof(bytes));
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    int32_t i32;
    uint64_t u64;
    int64_t i64;
    assert_true(cursor_u8(&c, &u8) && u8 == 1);
    assert_true(cursor_u16(&c, &u16) && u16 == 0x0203);
    assert_true(cursor_u32(&c, &u32) && u32 == 0x04050607);
    assert_true(cursor_i32(&c, &i32) && i32 == -2);
    assert_int_equal(cursor_offset(&c), 11);
    assert_true(cursor_u64(&c, &u64) && u64 == UINT64_C(0x0102030405060708));
    assert_true(cursor_i64(&c, &i64) && i64 == INT64_MIN);
    assert_int_equal(cursor_left(&c), 0);
}

/* A getter that cannot have its bytes leaves the cursor where it is. */
static void test_bounds(void **state) {
    (void)state;
    const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7};
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    int32_t i32;
    uint64_t u64;
    int64_t i64;
    const uint8_t *p;
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        struct cursor c = cursor_of(bytes, len);
        assert_false(cursor_u64(&c, &u64));
        assert_false(cursor_i64(&c, &i64));
        if (len < 4) assert_false(cursor_u32(&c, &u32) || cursor_i32(&c, &i32));
        if (len < 2) assert_false(cursor_u16(&c, &u16));
        if (len < 1) assert_false(cursor_u8(&c, &u8));
        assert_false(cursor_bytes(&c, len + 1, &p));
        assert_false(cursor_bytes(&c, SIZE_MAX, &p));
        assert_int_equal(cursor_left(&c), len);
        assert_true(cursor_bytes(&c, len, &p));
        assert_int_equal(cursor_left(&c), 0);
    }
}

static void test_strings(void **state) {
    (void)state;
    const char *s;
    struct cursor c = cursor_of("one\0\0two", 8);
    assert_true(cursor_cstr(&c, &s));
    assert_string_equal(s, "one");
    assert_true(cursor_cstr(&c, &s));
    assert_string_equal(s, "");
    assert_false(cursor_cstr(&c, &s)); /* no NUL behind "two" */
    assert_int_equal(cursor_left(&c), 3);
}

static void test_empty(void **state) {
    (void)state;
    const char *s;
    const uint8_t *p;
    struct cursor c = cursor_of(NULL, 0);
    assert_int_equal(cursor_left(&c), 0);
    assert_false(cursor_cstr(&c, &s));
    assert_true(cursor_bytes(&c, 0, &p));
    c = cursor_of(NULL, 5); /* no bytes, whatever is claimed */
    assert_int_equal(cursor_left(&c), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
