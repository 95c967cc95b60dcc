#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/decoders/pgoutput/text_cases.h"

static const struct text_type date = {text_date, VALUE_DATE, ',', NULL};
static const struct text_type time_ = {text_time, VALUE_TIME, ',', NULL};
static const struct text_type timetz = {text_timetz, VALUE_TIMETZ, ',', NULL};
static const struct text_type timestamp = {text_timestamp, VALUE_TIMESTAMP, ',', NULL};
static const struct text_type timestamptz = {text_timestamptz, VALUE_TIMESTAMPTZ, ',', NULL};
static const struct text_type interval = {text_interval, VALUE_INTERVAL, ',', NULL};

static int64_t number(const struct text_type *t, const char *s) {
    struct arena a;
    struct value v;
    arena_init(&a, 0);
    if (parse_text(t, s, strlen(s), &v, &a) != TEXT_OK || v.is_text) fail_msg("no number: %s", s);
    arena_release(&a);
    return v.v.i;
}

static bool stays_text(const struct text_type *t, const char *s) {
    struct arena a;
    struct value v;
    arena_init(&a, 0);
    bool text = parse_text(t, s, strlen(s), &v, &a) == TEXT_OK && v.is_text;
    arena_release(&a);
    return text;
}

static void test_date(void **state) {
    (void)state;
    ROUND_TRIP(&date, "1970-01-01", "2026-11-23", "0001-01-01", "0001-12-31 BC", "4713-01-01 BC",
               "5874897-12-31", "2000-02-29", "1900-02-28", "infinity", "-infinity", "0005-02-29 BC",
               "10000-01-01");
    REFUSED(&date, "", "2026", "2026-11", "2026-11-2", "2026-11-233", "2026-13-01", "2026-00-01",
            "2026-01-00", "2026-02-29", "1900-02-29", "2026-04-31", "0000-01-01", "11-23-2026", "2026/11/23",
            "2026-11-23 ", "2026-11-23BC", "2026-11-23 AD", "-2026-11-23", "23.11.2026", "Infinity",
            "26-11-23", "123456789-01-01", "2026-1a-01", "0004-02-29 BC");
    assert_int_equal(number(&date, "2026-11-23"), 20780);
    assert_int_equal(number(&date, "0044-03-15 BC"), -735160);
    assert_true(stays_text(&date, "infinity"));
}

static void test_time(void **state) {
    (void)state;
    ROUND_TRIP(&time_, "00:00:00", "12:34:56", "23:59:59.999999", "24:00:00", "12:00:00.5",
               "00:00:00.000001");
    REFUSED(&time_, "", "12:00", "12:00:0", "25:00:00", "24:00:01", "24:00:00.1", "12:60:00", "12:00:60",
            "12:00:00.", "12:00:00.1234567", "1:00:00", "12:00:00 ", "12-00-00", "noon....", "12:00:00+00");
    assert_int_equal(number(&time_, "12:00:00.5"), 43200500000);
    assert_int_equal(number(&time_, "24:00:00"), 86400000000);
}

static void test_timetz(void **state) {
    (void)state;
    ROUND_TRIP(&timetz, "12:00:00+00", "12:00:00.5-03:30", "24:00:00+15:59:59", "00:00:00-15:59:59");
    REFUSED(&timetz, "", "12:00:00", "12:00:00+", "12:00:00+0", "12:00:00+00:", "12:00:00+00:6",
            "12:00:00 UTC", "12:00:00+00:60", "25:00:00+00", "12:00:00+00x");
}

static void test_timestamp(void **state) {
    (void)state;
    ROUND_TRIP(&timestamp, "1970-01-01 00:00:00", "2026-11-23 12:00:00.5", "1969-12-31 23:59:59.999999",
               "0044-03-15 12:00:00 BC", "4713-01-01 00:00:00 BC", "infinity", "-infinity",
               "294276-12-31 23:59:59.999999", "294247-01-10 04:00:54.775807",
               "294247-01-10 04:00:54.775808");
    REFUSED(&timestamp, "", "2026-11-23", "2026-11-23T12:00:00", "2026-11-23 12:00", "2026-11-23 12:00:00+00",
            "Mon Nov 23 12:00:00 2026", "2026-11-23 12:00:00 AD", "2026-02-30 12:00:00",
            "2026-11-23 12:00:00 BCE", "11/23/2026 12:00:00");
    assert_int_equal(number(&timestamp, "2026-11-23 12:00:00.5"), 1795435200500000);
    assert_int_equal(number(&timestamp, "1969-12-31 23:59:59.999999"), -1);
    assert_int_equal(number(&timestamp, "294247-01-10 04:00:54.775807"), INT64_MAX);
    assert_true(stays_text(&timestamp, "294247-01-10 04:00:54.775808"));
    assert_true(stays_text(&timestamp, "294276-12-31 23:59:59.999999"));
}

static void test_timestamptz(void **state) {
    (void)state;
    ROUND_TRIP(&timestamptz, "1970-01-01 00:00:00+00", "0044-03-15 12:00:00.25+00 BC", "infinity",
               "-infinity", "294276-12-31 23:59:59+00");
    REFUSED(&timestamptz, "2026-11-23 12:00:00", "2026-11-23 12:00:00Z", "2026-11-23 12:00:00 UTC",
            "2026-11-23 12:00:00 BC", "2026-11-23 12:00:00+00:");
    /* Should the session not be in UTC, the instant is right all the same. */
    assert_int_equal(number(&timestamptz, "1970-01-01 05:30:00+05:30"), 0);
    assert_int_equal(number(&timestamptz, "1969-12-31 20:30:00-03:30"), 0);
    assert_int_equal(number(&timestamptz, "1970-01-01 00:00:01+00:00:01"), 0);
}

static void test_interval(void **state) {
    (void)state;
    ROUND_TRIP(&interval, "PT0S", "P1Y2M3DT4H5M6.5S", "P-1Y", "PT-0.000001S", "infinity", "-infinity");
    REFUSED(&interval, "", "P", "PT", "1 year", "00:00:01", "@ 1 min", "P1Y ", "PxY");
    refused(&interval, "P1\0Y", 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_date),      cmocka_unit_test(test_time),        cmocka_unit_test(test_timetz),
        cmocka_unit_test(test_timestamp), cmocka_unit_test(test_timestamptz), cmocka_unit_test(test_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
