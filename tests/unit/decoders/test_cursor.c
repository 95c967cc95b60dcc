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

static void test_little_endian(void **state) {
    (void)state;
    uint8_t bytes[2 + 3 + 4 + 6 + 8];
    for (size_t i = 0; i < sizeof(bytes); i++) bytes[i] = (uint8_t)(0xe1 + i);
    struct cursor c = cursor_of(bytes, sizeof(bytes));
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    assert_true(cursor_u16le(&c, &u16) && u16 == 0xe2e1);
    assert_true(cursor_u24le(&c, &u32) && u32 == 0xe5e4e3);
    assert_true(cursor_u32le(&c, &u32) && u32 == 0xe9e8e7e6);
    assert_true(cursor_u48le(&c, &u64) && u64 == UINT64_C(0xefeeedecebea));
    assert_true(cursor_u64le(&c, &u64) && u64 == UINT64_C(0xf7f6f5f4f3f2f1f0));
    for (size_t len = 0; len < 8; len++) {
        c = cursor_of(bytes, len);
        assert_false(cursor_u64le(&c, &u64));
        if (len < 6) assert_false(cursor_u48le(&c, &u64));
        if (len < 4) assert_false(cursor_u32le(&c, &u32));
        if (len < 3) assert_false(cursor_u24le(&c, &u32));
        if (len < 2) assert_false(cursor_u16le(&c, &u16));
        assert_int_equal(cursor_left(&c), len);
    }
}

/* MySQL's length-encoded integers: each width, what is none, and each cut short. */
static void test_packed(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        uint64_t want;
    } good[] = {
        {"\0", 1, 0},
        {"\xfa", 1, 250},
        {"\xfc\xfb\0", 3, 251},
        {"\xfd\1\2\3", 4, 0x030201},
        {"\xfe\1\2\3\4\5\6\7\x88", 9, UINT64_C(0x8807060504030201)},
    };
    uint64_t v;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct cursor c = cursor_of(good[i].bytes, good[i].len);
        assert_true(cursor_packedle(&c, &v));
        assert_true(v == good[i].want);
        assert_int_equal(cursor_left(&c), 0);
        for (size_t len = 0; len < good[i].len; len++) {
            c = cursor_of(good[i].bytes, len);
            assert_false(cursor_packedle(&c, &v));
            assert_int_equal(cursor_left(&c), len);
        }
    }
    struct cursor null = cursor_of("\xfb\0\0", 3), none = cursor_of("\xff\0\0", 3);
    assert_false(cursor_packedle(&null, &v));
    assert_false(cursor_packedle(&none, &v));
    assert_int_equal(cursor_left(&null), 3);
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
        cmocka_unit_test(test_integers), cmocka_unit_test(test_bounds),  cmocka_unit_test(test_little_endian),
        cmocka_unit_test(test_packed),   cmocka_unit_test(test_strings), cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
