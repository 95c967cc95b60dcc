/*
 * Memory: every allocation may fail, nothing is lost when one does, and a steady stream needs none.
 *
 * The binary's own malloc() stands in front of the C library's. Under a sanitizer that is the sanitizer's
 * place, so a sanitizer's build leaves this file out (see the Makefile).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "decoders/pgoutput/decoder.h"
#include "tests/golden/frames.h"

static bool watching;
static long allocations; /* while watching */
static long live;        /* made while watching and not freed since */
static long fail_at;     /* that allocation fails; 0: none does */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

static bool fails(void) {
    return watching && ++allocations == fail_at;
}

void *malloc(size_t size) {
    void *p = fails() ? NULL : __libc_malloc(size);
    if (watching && p) live++;
    return p;
}

void *calloc(size_t count, size_t size) {
    void *p = fails() ? NULL : __libc_calloc(count, size);
    if (watching && p) live++;
    return p;
}

void *realloc(void *old, size_t size) {
    void *p = fails() ? NULL : __libc_realloc(old, size);
    if (watching && p && !old) live++;
    return p;
}

void free(void *p) {
    if (watching && p) live--;
    __libc_free(p);
}

static int ignore(void *ctx, const struct change *c, struct err *e) {
    (void)ctx, (void)c, (void)e;
    return 0;
}

/* Decodes a capture with the n-th allocation failing. True when it went through. */
static bool decode(const struct buf *capture, long n) {
    const struct decoder_options options = {.epoch = 1};
    struct cursor c = cursor_of(capture->data, capture->len);
    struct frame f;
    struct err e = {0};
    int result = 0;
    allocations = live = 0;
    fail_at = n;
    watching = true;
    struct decoder *d = decoder_pgoutput.create(&options);
    while (d && result == 0 && frames_next(&c, &f)) result = decoder_pgoutput.feed(d, &f, ignore, NULL, &e);
    if (d) decoder_pgoutput.destroy(d);
    watching = false;
    if (result && e.code != ERR_MEMORY) fail_msg("allocation %ld: %s", n, e.text);
    if (live) fail_msg("allocation %ld: %ld left behind", n, live);
    return d && result == 0;
}

static void test_every_allocation_fails(void **state) {
    (void)state;
    static const char *const names[] = {"usertypes-15", "arrays-15", "ddl-15", "escape-15", "images-15"};
    struct buf capture = {0};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];
        snprintf(path, sizeof(path), "tests/golden/pgoutput/%s.bin", names[i]);
        buf_clear(&capture, SIZE_MAX);
        assert_true(frames_load(path, &capture));
        assert_true(decode(&capture, 0));
        long all = allocations;
        assert_true(all > 5);
        for (long n = 1; n <= all; n++) assert_false(decode(&capture, n));
    }
    buf_release(&capture);
}

static void test_steady_state(void **state) {
    (void)state;
    const struct decoder_options options = {.epoch = 1};
    struct decoder *d = decoder_pgoutput.create(&options);
    struct buf capture = {0};
    struct frame f;
    struct err e = {0};
    assert_non_null(d);
    assert_true(frames_load("tests/golden/pgoutput/arrays-15.bin", &capture));
    struct cursor c = cursor_of(capture.data, capture.len);
    int rows = 0;
    while (rows < 1 && frames_next(&c, &f)) {
        assert_int_equal(decoder_pgoutput.feed(d, &f, ignore, NULL, &e), 0);
        rows += f.kind == FRAME_DATA && f.data[0] == 'I';
    }
    for (int warm = 0; warm < 2; warm++, f.start += 8) /* the arena settles */
        assert_int_equal(decoder_pgoutput.feed(d, &f, ignore, NULL, &e), 0);
    allocations = fail_at = 0;
    watching = true;
    for (int i = 0; i < 1000; i++, f.start += 8) decoder_pgoutput.feed(d, &f, ignore, NULL, &e);
    watching = false;
    assert_int_equal(allocations, 0);
    decoder_pgoutput.destroy(d);
    buf_release(&capture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation_fails),
        cmocka_unit_test(test_steady_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
