#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "decoders/value.h"

static struct buf b;

static const char *date(int64_t days) {
    buf_clear(&b, SIZE_MAX);
    value_format_date(days, &b);
    return buf_cstr(&b);
}

static const char *time_of(int64_t micros) {
    buf_clear(&b, SIZE_MAX);
    value_format_time(micros, &b);
    return buf_cstr(&b);
}

static const char *timestamp(int64_t micros) {
    buf_clear(&b, SIZE_MAX);
    value_format_timestamp(micros, 'T', "Z", &b);
    return buf_cstr(&b);
}

static void test_dates(void **state) {
    (void)state;
    assert_string_equal(date(0), "1970-01-01");
    assert_string_equal(date(-1), "1969-12-31");
    assert_string_equal(date(20780), "2026-11-23");
    assert_string_equal(date(11016), "2000-02-29");
    assert_string_equal(date(-25509), "1900-02-28");
    assert_string_equal(date(-25508), "1900-03-01");
    assert_string_equal(date(-719162), "0001-01-01");
    assert_string_equal(date(-719163), "0001-12-31 BC");
    assert_string_equal(date(-735160), "0044-03-15 BC");
    assert_string_equal(date(-2440588), "4714-11-24 BC"); /* PostgreSQL's first */
    assert_string_equal(date(2145042905), "5874897-12-31");
    assert_string_equal(date(2932896), "9999-12-31");
    assert_string_equal(date(2932897), "10000-01-01");
}

/* Every day of 800 years follows the one before it. */
static void test_every_day(void **state) {
    (void)state;
    static const int days_in[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 1600, month = 1, day = 1;
    char want[40];
    for (int64_t days = -135140; days < -135140 + 800 * 365; days++) {
        snprintf(want, sizeof(want), "%04d-%02d-%02d", year, month, day);
        assert_string_equal(date(days), want);
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        if (day++ < days_in[month - 1] + (month == 2 && leap)) continue;
        day = 1;
        if (month++ < 12) continue;
        month = 1;
        year++;
    }
}

static void test_times(void **state) {
    (void)state;
    assert_string_equal(time_of(0), "00:00:00");
    assert_string_equal(time_of(1), "00:00:00.000001");
    assert_string_equal(time_of(43200500000), "12:00:00.5");
    assert_string_equal(time_of(86399999999), "23:59:59.999999");
    assert_string_equal(time_of(86400000000), "24:00:00");
    assert_string_equal(time_of(100), "00:00:00.0001");
    assert_string_equal(time_of(123450), "00:00:00.12345");
    assert_string_equal(time_of(-3020399000000), "-838:59:59"); /* MySQL's longest */
    assert_string_equal(time_of(-1), "-00:00:00.000001");
    assert_string_equal(time_of(INT64_MIN), "-2562047788:00:54.775808");
}

static void test_timestamps(void **state) {
    (void)state;
    assert_string_equal(timestamp(0), "1970-01-01T00:00:00Z");
    assert_string_equal(timestamp(-1), "1969-12-31T23:59:59.999999Z");
    assert_string_equal(timestamp(1795435200500000), "2026-11-23T12:00:00.5Z");
    assert_string_equal(timestamp(-62135596800001000), "0001-12-31T23:59:59.999Z BC");
    assert_string_equal(timestamp(INT64_MAX), "294247-01-10T04:00:54.775807Z");
    assert_string_equal(timestamp(INT64_MIN), "290309-12-21T19:59:05.224192Z BC");
    assert_string_equal(timestamp(-86400000000), "1969-12-31T00:00:00Z");
    buf_clear(&b, SIZE_MAX);
    value_format_timestamp(0, ' ', "", &b);
    assert_string_equal(buf_cstr(&b), "1970-01-01 00:00:00");
}

static int release(void **state) {
    (void)state;
    buf_release(&b);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_every_day),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_timestamps),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
