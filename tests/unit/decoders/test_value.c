#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "decoders/value.h"

static struct value text(enum value_kind kind, const char *s) {
    return (struct value){
        .state = VALUE_PRESENT, .kind = (uint8_t)kind, .is_text = true, .text = s, .len = strlen(s)};
}

static struct value integer(int64_t i) {
    return (struct value){.state = VALUE_PRESENT, .kind = VALUE_INT, .v.i = i};
}

static struct value array_of(struct value_array *a) {
    return (struct value){.state = VALUE_PRESENT, .kind = VALUE_ARRAY, .v.array = a};
}

static void formats(const struct value *v, const char *want) {
    struct buf b = {0};
    value_format(v, &b);
    assert_string_equal(buf_cstr(&b), want);
    buf_release(&b);
}

static void test_format_scalars(void **state) {
    (void)state;
    struct value v = {.state = VALUE_PRESENT, .kind = VALUE_BOOL, .v.b = true};
    formats(&v, "t");
    v.v.b = false;
    formats(&v, "f");
    v = integer(INT64_MIN);
    formats(&v, "-9223372036854775808");
    v = (struct value){.state = VALUE_PRESENT, .kind = VALUE_UINT, .v.u = UINT64_MAX};
    formats(&v, "18446744073709551615");
    v = (struct value){.state = VALUE_PRESENT, .kind = VALUE_DOUBLE, .v.d = 0.1};
    formats(&v, "0.1");
    v = (struct value){.state = VALUE_PRESENT, .kind = VALUE_FLOAT, .v.d = (double)0.1F};
    formats(&v, "0.1");
    v = text(VALUE_DECIMAL, "1.500");
    formats(&v, "1.500");
    v = text(VALUE_BYTES, "a\xff");
    formats(&v, "\\x61ff");
    v = text(VALUE_BYTES, "");
    formats(&v, "\\x");
    v = text(VALUE_TIMESTAMP, "infinity");
    formats(&v, "infinity");
    v = (struct value){.state = VALUE_PRESENT, .kind = VALUE_TIMESTAMPTZ, .v.i = 0};
    formats(&v, "1970-01-01 00:00:00+00");
    v = (struct value){.state = VALUE_PRESENT, .kind = VALUE_TIME, .v.i = 86400000000};
    formats(&v, "24:00:00");
}

static void test_format_other_states(void **state) {
    (void)state;
    for (int s = VALUE_ABSENT; s <= VALUE_INVALID; s++) {
        struct value v = text(VALUE_TEXT, "raw");
        v.state = (uint8_t)s;
        formats(&v, s == VALUE_PRESENT ? "raw" : "");
    }
}

static void test_format_arrays(void **state) {
    (void)state;
    struct value items[] = {text(VALUE_TEXT, "a"),    text(VALUE_TEXT, ""),       text(VALUE_TEXT, "NULL"),
                            text(VALUE_TEXT, "null"), text(VALUE_TEXT, "b c"),    text(VALUE_TEXT, "q\"\\x"),
                            text(VALUE_TEXT, "x,y"),  {.state = VALUE_NULL},      text(VALUE_TEXT, "nulls"),
                            text(VALUE_TEXT, "{}"),   text(VALUE_TEXT, "\\\"\\"), text(VALUE_TEXT, "é")};
    struct value_array a = {
        .kind = VALUE_TEXT, .ndims = 1, .delim = ',', .dims = {12}, .count = 12, .items = items};
    struct value v = array_of(&a);
    formats(&v,
            "{a,\"\",\"NULL\",\"null\",\"b c\",\"q\\\"\\\\x\",\"x,y\",NULL,nulls,\"{}\",\"\\\\\\\"\\\\\",é}");
    a.delim = ';';
    formats(&v, "{a;\"\";\"NULL\";\"null\";\"b c\";\"q\\\"\\\\x\";x,y;NULL;nulls;\"{}\";\"\\\\\\\"\\\\\";é}");

    struct value numbers[6];
    for (int i = 0; i < 6; i++) numbers[i] = integer(i);
    struct value_array m = {
        .kind = VALUE_INT, .ndims = 2, .delim = ',', .dims = {2, 3}, .count = 6, .items = numbers};
    v = array_of(&m);
    formats(&v, "{{0,1,2},{3,4,5}}");

    struct value_array empty = {.kind = VALUE_INT, .delim = ','};
    v = array_of(&empty);
    formats(&v, "{}");
    v = text(VALUE_ARRAY, "[2:3]={1,2}");
    formats(&v, "[2:3]={1,2}");
}

static void test_equal(void **state) {
    (void)state;
    struct value a = integer(1), b = integer(1);
    assert_true(value_equal(&a, &b));
    b.v.i = 2;
    assert_false(value_equal(&a, &b));
    b = (struct value){.state = VALUE_PRESENT, .kind = VALUE_UINT, .v.u = 1};
    assert_false(value_equal(&a, &b));
    b = (struct value){.state = VALUE_NULL};
    assert_false(value_equal(&a, &b));
    a = b;
    assert_true(value_equal(&a, &b));

    a = text(VALUE_TEXT, "same");
    b = text(VALUE_TEXT, "same ");
    assert_false(value_equal(&a, &b));
    b.len = 4;
    assert_true(value_equal(&a, &b));
    a.state = b.state = VALUE_INVALID;
    assert_true(value_equal(&a, &b));
    b.len = 3;
    assert_false(value_equal(&a, &b));

    a = b = text(VALUE_GEOMETRY, "\x01\xab");
    assert_true(value_equal(&a, &b));
    formats(&a, "SRID=0;01ab");
    a.v.u = 4326;
    assert_false(value_equal(&a, &b));
    formats(&a, "SRID=4326;01ab");

    a = text(VALUE_DATE, "infinity");
    b = (struct value){.state = VALUE_PRESENT, .kind = VALUE_DATE, .v.i = 1};
    assert_false(value_equal(&a, &b));
}

static void test_equal_floats_by_bits(void **state) {
    (void)state;
    struct value a = {.state = VALUE_PRESENT, .kind = VALUE_DOUBLE, .v.d = NAN}, b = a;
    assert_true(value_equal(&a, &b));
    a.v.d = 0.0;
    b.v.d = -0.0;
    assert_false(value_equal(&a, &b));
}

static void test_equal_arrays(void **state) {
    (void)state;
    struct value x[2] = {integer(1), integer(2)}, y[2] = {integer(1), integer(2)};
    struct value_array p = {.kind = VALUE_INT, .ndims = 1, .delim = ',', .dims = {2}, .count = 2, .items = x};
    struct value_array q = p;
    q.items = y;
    struct value a = array_of(&p), b = array_of(&q);
    assert_true(value_equal(&a, &b));
    y[1].v.i = 3;
    assert_false(value_equal(&a, &b));
    y[1].v.i = 2;
    q.ndims = 2;
    q.dims[0] = 1;
    q.dims[1] = 2;
    assert_false(value_equal(&a, &b));
}

static void test_names(void **state) {
    (void)state;
    for (int k = VALUE_BOOL; k <= VALUE_OTHER; k++) {
        const char *name = value_kind_name((enum value_kind)k);
        assert_string_not_equal(name, "none");
        for (int l = VALUE_BOOL; l < k; l++)
            assert_string_not_equal(name, value_kind_name((enum value_kind)l));
    }
    assert_string_equal(value_kind_name((enum value_kind)0), "none");
    assert_string_equal(value_kind_name((enum value_kind)(VALUE_OTHER + 1)), "none");
    assert_string_equal(value_state_name(VALUE_UNCHANGED), "unchanged");
    assert_string_equal(value_state_name((enum value_state)(VALUE_INVALID + 1)), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_scalars),
        cmocka_unit_test(test_format_other_states),
        cmocka_unit_test(test_format_arrays),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_equal_floats_by_bits),
        cmocka_unit_test(test_equal_arrays),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
