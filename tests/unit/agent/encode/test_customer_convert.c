/* customer_convert: exact or refused. */
#include "tests/unit/agent/encode/fixture.h"

#include <math.h>

#include "agent/encode/customer_convert.h"

static void check_text(struct value v, const char *expected) {
    struct buf out = {0};
    assert_int_equal(customer_text(&v, &out), expected != NULL);
    if (expected) assert_string_equal(buf_cstr(&out), expected);
    buf_release(&out);
}

static void texts(void **state) {
    (void)state;
    check_text(value_of(VALUE_TEXT, "x"), "x");
    check_text(value_of(VALUE_ENUM, "open"), "open");
    check_text(value_of(VALUE_DECIMAL, "1.50"), "1.50");
    check_text(value_of_int(VALUE_INT, INT64_MIN), "-9223372036854775808");
    check_text(value_of_uint(UINT64_MAX), "18446744073709551615");
    check_text(value_of_double(VALUE_DOUBLE, 0.1), "0.1");
    check_text((struct value){.state = VALUE_PRESENT, .kind = VALUE_BOOL, .v.b = true}, "true");
    check_text(value_of_int(VALUE_TIMESTAMP, 1795435200500000), "2026-11-23T12:00:00.5");
    check_text(value_as_text(VALUE_DATE, "infinity"), "infinity");
    check_text(value_of(VALUE_BYTES, "x"), NULL);
    check_text(value_as_text(VALUE_ARRAY, "[0:0]={1}"), NULL);
}

static void check_int(struct value v, bool ok, int64_t expected) {
    int64_t i = 0;
    assert_int_equal(customer_int(&v, &i), ok);
    if (ok) assert_true(i == expected);
}

static void integers(void **state) {
    (void)state;
    check_int(value_of_int(VALUE_INT, -1), true, -1);
    check_int(value_of_uint(INT64_MAX), true, INT64_MAX);
    check_int(value_of_uint((uint64_t)INT64_MAX + 1), false, 0);
    check_int(value_of_double(VALUE_DOUBLE, 3.0), true, 3);
    check_int(value_of_double(VALUE_DOUBLE, 3.5), false, 0);
    check_int(value_of_double(VALUE_DOUBLE, 1e18), false, 0);
    check_int(value_of_double(VALUE_DOUBLE, NAN), false, 0);
    check_int(value_of(VALUE_DECIMAL, "9223372036854775807"), true, INT64_MAX);
    check_int(value_of(VALUE_DECIMAL, "-9223372036854775808.000"), true, INT64_MIN);
    check_int(value_of(VALUE_DECIMAL, "9223372036854775808"), false, 0);
    check_int(value_of(VALUE_DECIMAL, "99999999999999999999999"), false, 0);
    check_int(value_of(VALUE_DECIMAL, "0.5"), false, 0);
    check_int(value_of(VALUE_DECIMAL, "NaN"), false, 0);
    check_int(value_of(VALUE_TEXT, "007"), true, 7);
    check_int(value_of(VALUE_TEXT, ""), false, 0);
    check_int(value_of(VALUE_TEXT, "-"), false, 0);
    check_int(value_of(VALUE_TEXT, " 7"), false, 0);
    check_int(value_of(VALUE_TEXT, "7 "), false, 0);
    check_int(value_of_int(VALUE_DATE, 7), false, 0);
}

static void check_bool(struct value v, int expected) {
    bool b = false;
    assert_int_equal(customer_bool(&v, &b), expected >= 0);
    if (expected >= 0) assert_int_equal(b, expected);
}

static void truth_values(void **state) {
    (void)state;
    check_bool(value_of_int(VALUE_INT, 1), 1);
    check_bool(value_of_int(VALUE_INT, 0), 0);
    check_bool(value_of_int(VALUE_INT, 2), -1);
    check_bool(value_of_int(VALUE_INT, -1), -1);
    check_bool(value_of(VALUE_TEXT, "YES"), 1);
    check_bool(value_of(VALUE_TEXT, "f"), 0);
    check_bool(value_of(VALUE_ENUM, "off"), 0);
    check_bool(value_of(VALUE_TEXT, ""), -1);
    check_bool(value_of(VALUE_TEXT, "X"), -1);
    check_bool(value_of(VALUE_TEXT, "truer"), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(integers),
        cmocka_unit_test(truth_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
