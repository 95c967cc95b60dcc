#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decoders/buf.h"

static void test_append(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b);
    assert_string_equal(buf_cstr(&b), "");
    buf_put(&b, "ab", 2);
    buf_putc(&b, 'c');
    buf_puts(&b, "def");
    buf_put(&b, NULL, 0);
    buf_printf(&b, "-%d-%s-", 42, "x");
    buf_put_u64(&b, 0);
    buf_putc(&b, ' ');
    buf_put_u64(&b, UINT64_MAX);
    buf_putc(&b, ' ');
    buf_put_i64(&b, INT64_MIN);
    buf_putc(&b, ' ');
    buf_put_i64(&b, INT64_MAX);
    assert_string_equal(buf_cstr(&b),
                        "abcdef-42-x-0 18446744073709551615 -9223372036854775808 9223372036854775807");
    size_t len = b.len;
    assert_int_equal(strlen(buf_cstr(&b)), len);
    assert_int_equal(b.len, len);
    buf_release(&b);
    assert_int_equal(b.len, 0);
}

static void test_big_endian(void **state) {
    (void)state;
    struct buf b = {0};
    buf_put_be16(&b, 0x0102);
    buf_put_be32(&b, 0x03040506);
    buf_put_be64(&b, UINT64_C(0x0708090a0b0c0d0e));
    const uint8_t want[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    assert_int_equal(b.len, sizeof(want));
    assert_memory_equal(b.data, want, sizeof(want));
    buf_release(&b);
}

static void test_grows(void **state) {
    (void)state;
    struct buf b = {0};
    for (int i = 0; i < 100000; i++) buf_putc(&b, (char)('a' + i % 26));
    assert_int_equal(b.len, 100000);
    for (int i = 0; i < 100000; i++) assert_int_equal(b.data[i], 'a' + i % 26);
    assert_false(buf_failed(&b));

    uint8_t *data = b.data;
    buf_clear(&b, SIZE_MAX);
    assert_ptr_equal(b.data, data);
    assert_int_equal(b.len, 0);
    buf_puts(&b, "again");
    assert_string_equal(buf_cstr(&b), "again");
    buf_clear(&b, 10);
    assert_null(b.data);
    buf_release(&b);
}

/* After one append was lost every further one is, until the buffer is cleared. */
static void test_sticky(void **state) {
    (void)state;
    struct buf b = {0};
    buf_puts(&b, "kept");
    assert_false(buf_reserve(&b, SIZE_MAX));
    assert_true(buf_failed(&b));
    buf_puts(&b, "lost");
    buf_put_u64(&b, 1);
    buf_printf(&b, "%d", 2);
    assert_int_equal(b.len, 4);
    assert_string_equal(buf_cstr(&b), "");
    assert_false(buf_reserve(&b, 1));
    buf_clear(&b, SIZE_MAX);
    assert_false(buf_failed(&b));
    buf_puts(&b, "fine");
    assert_string_equal(buf_cstr(&b), "fine");
    buf_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_big_endian),
        cmocka_unit_test(test_grows),
        cmocka_unit_test(test_sticky),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
