/* wire: the reader refuses what is malformed, and reads back what the writer wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/encode/wire.h"

/* Reads all fields of a message; the number of fields, or -1. */
static int count_fields(const void *data, size_t len) {
    struct wire_reader r = wire_reader_of(data, len);
    struct wire_field f;
    struct err e = {0};
    int n = 0, rc;
    while ((rc = wire_next(&r, &f, &e)) == 1) n++;
    if (rc < 0) assert_int_equal(e.code, ERR_DATA);
    return rc < 0 ? -1 : n;
}

static void varints(void **state) {
    (void)state;
    for (unsigned bits = 0; bits < 64; bits++) {
        for (int d = -1; d <= 1; d++) {
            uint64_t v = (UINT64_C(1) << bits) + (uint64_t)(int64_t)d, back = 0;
            uint8_t bytes[10];
            size_t len = (size_t)(wire_put_varint(bytes, v) - bytes);
            struct cursor c = cursor_of(bytes, len);
            assert_int_equal(len, wire_size_varint(v));
            assert_int_equal(wire_varint(&c, &back), 1);
            assert_true(back == v);
            assert_int_equal(cursor_left(&c), 0);
            c = cursor_of(bytes, len - 1);
            assert_int_equal(wire_varint(&c, &back), 0);
            assert_true(wire_unzigzag(wire_zigzag((int64_t)v)) == (int64_t)v);
        }
    }
    uint64_t v;
    struct cursor c = cursor_of("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10);
    assert_int_equal(wire_varint(&c, &v), -1);
    c = cursor_of("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11);
    assert_int_equal(wire_varint(&c, &v), -1);
}

static void writes_and_reads(void **state) {
    (void)state;
    struct buf out = {0};
    struct wire_field f;
    struct err e = {0};
    wire_add_varint(&out, 1, UINT64_MAX);
    wire_add_bytes(&out, 536870911, "abc", 3);
    wire_add_bytes(&out, 2, NULL, 0);
    assert_false(buf_failed(&out));
    struct wire_reader r = wire_reader_of(out.data, out.len);
    assert_int_equal(wire_next(&r, &f, &e), 1);
    assert_int_equal(f.number, 1);
    assert_true(f.value == UINT64_MAX);
    assert_int_equal(wire_expect(&f, WIRE_BYTES, &e), -1);
    assert_int_equal(wire_next(&r, &f, &e), 1);
    assert_int_equal(f.number, 536870911);
    assert_int_equal(f.len, 3);
    assert_memory_equal(f.data, "abc", 3);
    assert_int_equal(wire_next(&r, &f, &e), 1);
    assert_int_equal(f.len, 0);
    assert_int_equal(wire_next(&r, &f, &e), 0);
    buf_release(&out);
}

static void fixed_numbers(void **state) {
    (void)state;
    uint8_t bytes[14] = {WIRE_TAG(1, WIRE_FIXED64)};
    struct wire_field f;
    double d = -2.5;
    float single = 1.25f;
    uint64_t wide;
    uint32_t narrow;
    memcpy(&wide, &d, sizeof(wide));
    memcpy(&narrow, &single, sizeof(narrow));
    uint8_t *p = wire_put_fixed64(bytes + 1, wide);
    *p++ = WIRE_TAG(2, WIRE_FIXED32);
    wire_put_fixed32(p, narrow);
    struct wire_reader r = wire_reader_of(bytes, sizeof(bytes));
    assert_int_equal(wire_next(&r, &f, NULL), 1);
    assert_true(wire_double(f.value) == d);
    assert_int_equal(wire_next(&r, &f, NULL), 1);
    assert_true(wire_float(f.value) == single);
    for (size_t len = 1; len < sizeof(bytes); len++)
        if (len != 9) assert_int_equal(count_fields(bytes, len), -1);
}

static void refusals(void **state) {
    (void)state;
    assert_int_equal(count_fields("", 0), 0);
    assert_int_equal(count_fields("\x00\x01", 2), -1); /* field number 0 */
    assert_int_equal(count_fields("\x08", 1), -1);     /* no value */
    assert_int_equal(count_fields("\x0b\x0c", 2), -1); /* a group */
    assert_int_equal(count_fields("\x0e\x01", 2), -1); /* wire type 6 */
    assert_int_equal(count_fields("\x0a\x05"
                                  "abcd",
                                  6),
                     -1); /* past the end */
    assert_int_equal(count_fields("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11), -1);
    assert_int_equal(count_fields("\x80\x80\x80\x80\x80\x01\x01", 7), -1); /* field number too large */
    assert_int_equal(count_fields("\x0a\x04"
                                  "abcd",
                                  6),
                     1);
}

static void depth_is_capped(void **state) {
    (void)state;
    uint8_t message[2] = {WIRE_TAG(1, WIRE_BYTES), 0};
    struct wire_reader r = wire_reader_of(message, sizeof(message));
    struct wire_field f;
    struct err e = {0};
    unsigned depth = 0;
    assert_int_equal(wire_next(&r, &f, &e), 1);
    while (depth < 100 && wire_enter(&r, &f, &r, &e) == 0) depth++;
    assert_int_equal(depth, WIRE_MAX_DEPTH - 1);
    assert_int_equal(e.code, ERR_DATA);
    f.type = WIRE_VARINT;
    r.depth = 0;
    assert_int_equal(wire_enter(&r, &f, &r, &e), -1);
}

/* Random bytes never read outside their own allocation (the address sanitizer watches) and always end. */
static void noise(void **state) {
    (void)state;
    uint64_t seed = 88172645463325252u;
    for (int round = 0; round < 20000; round++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        size_t len = seed % 40;
        uint8_t *bytes = malloc(len ? len : 1);
        assert_non_null(bytes);
        for (size_t i = 0; i < len; i++) bytes[i] = (uint8_t)((seed * (i + 1) * 2654435761u) >> 24);
        count_fields(bytes, len);
        free(bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(varints),  cmocka_unit_test(writes_and_reads), cmocka_unit_test(fixed_numbers),
        cmocka_unit_test(refusals), cmocka_unit_test(depth_is_capped),  cmocka_unit_test(noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
