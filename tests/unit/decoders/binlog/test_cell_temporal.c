#include "tests/unit/decoders/binlog/cells.h"

static void check(struct cells *t, uint8_t type, uint8_t digits, const char *hex, const char *want) {
    const struct field f = {.type = type, .precision = digits};
    cells_read(t, cell_temporal, &f, hex);
    cells_assert(t, want);
}

static void test_date(void **state) {
    struct cells *t = *state;
    check(t, FIELD_DATE, 0, "77d50f", "date 2026-11-23");
    check(t, FIELD_DATE, 0, "21d007", "date 1000-01-01");
    check(t, FIELD_NEWDATE, 0, "9f1f4e", "date 9999-12-31");
    check(t, FIELD_DATE, 0, "5dd00f", "date 2024-02-29");
    check(t, FIELD_DATE, 0, "000000", "invalid 0000-00-00");
    check(t, FIELD_DATE, 0, "0ad00f", "invalid 2024-00-10");
    check(t, FIELD_DATE, 0, "5fd00f", "invalid 2024-02-31");
    check(t, FIELD_DATE, 0, "20d00f", "invalid 2024-01-00");
    check(t, FIELD_DATE, 0, "210000", "invalid 0000-01-01");
    check(t, FIELD_DATE, 0, "ffffff", "invalid 32767-15-31");
}

static void test_time(void **state) {
    struct cells *t = *state;
    check(t, FIELD_TIME2, 0, "4b9105", "time -838:59:59");
    check(t, FIELD_TIME2, 0, "800000", "time 00:00:00");
    check(t, FIELD_TIME2, 3, "7ffffffff6", "time -00:00:00.001");
    check(t, FIELD_TIME2, 3, "7fefffec78", "time -01:00:00.5");
    check(t, FIELD_TIME2, 6, "7f3747f3f5ec", "time -12:34:56.789012");
    check(t, FIELD_TIME2, 6, "b46efb000000", "time 838:59:59");
    check(t, FIELD_TIME2, 1, "8000003c", "time 00:00:00.6");
    check(t, FIELD_TIME2, 2, "7fffffff", "time -00:00:00.01");
    check(t, FIELD_TIME2, 0, "b47000", "invalid 839:00:00");
    check(t, FIELD_TIME2, 2, "80003c01", "invalid 00:00:60.01");
    check(t, FIELD_TIME, 0, "40e201", "time 12:34:56");
    check(t, FIELD_TIME, 0, "c01dfe", "time -12:34:56");
    check(t, FIELD_TIME, 0, "80c1ff", "invalid -01:60:00");
}

static void test_datetime(void **state) {
    struct cells *t = *state;
    check(t, FIELD_DATETIME2, 0, "99b2420000", "timestamp 2024-01-01 00:00:00");
    check(t, FIELD_DATETIME2, 6, "99b2421083000004", "timestamp 2024-01-01 01:02:03.000004");
    check(t, FIELD_DATETIME2, 6, "8000000000000000", "invalid 0000-00-00 00:00:00.000000");
    check(t, FIELD_DATETIME2, 6, "99b2140000000000", "invalid 2024-00-10 00:00:00.000000");
    check(t, FIELD_DATETIME2, 0, "8000000000", "invalid 0000-00-00 00:00:00");
    check(t, FIELD_DATETIME2, 2, "99b242000001", "timestamp 2024-01-01 00:00:00.01");
    check(t, FIELD_DATETIME2, 2, "99b242000064", "invalid 2024-01-01 00:00:00.100");
    check(t, FIELD_DATETIME, 0, "404f8ecb68120000", "invalid 2024-13-01 00:00:00");
    check(t, FIELD_DATETIME, 0, "40c3078468120000", "timestamp 2024-01-01 00:00:00");
    check(t, FIELD_DATETIME, 0, "0000000000000000", "invalid 0000-00-00 00:00:00");
    const struct field f = {.type = FIELD_DATETIME2};
    cells_read(t, cell_temporal, &f, "19b2420000"); /* the bit that is always set is not */
    assert_int_equal(t->v.state, VALUE_INVALID);
    assert_int_equal(t->v.len, 5);
    const struct field old = {.type = FIELD_DATETIME};
    cells_read(t, cell_temporal, &old, "ffffffffffffffff");
    assert_int_equal(t->v.state, VALUE_INVALID);
    assert_int_equal(t->v.len, 8);
}

static void test_timestamp(void **state) {
    struct cells *t = *state;
    check(t, FIELD_TIMESTAMP2, 0, "65920080", "timestamptz 2024-01-01 00:00:00+00");
    check(t, FIELD_TIMESTAMP2, 2, "6592008117", "timestamptz 2024-01-01 00:00:01.23+00");
    check(t, FIELD_TIMESTAMP2, 6, "7fffffff0f423f", "timestamptz 2038-01-19 03:14:07.999999+00");
    check(t, FIELD_TIMESTAMP2, 0, "ffffffff", "timestamptz 2106-02-07 06:28:15+00");
    check(t, FIELD_TIMESTAMP2, 0, "00000000", "invalid 0000-00-00 00:00:00");
    check(t, FIELD_TIMESTAMP2, 2, "0000000000", "invalid 0000-00-00 00:00:00.00");
    check(t, FIELD_TIMESTAMP2, 1, "0000000000", "invalid 0000-00-00 00:00:00.0");
    check(t, FIELD_TIMESTAMP, 0, "80009265", "timestamptz 2024-01-01 00:00:00+00");
    check(t, FIELD_TIMESTAMP, 0, "00000000", "invalid 0000-00-00 00:00:00");
}

/* MariaDB's fractions before it took over those of MySQL 5.6. */
static void test_mariadb(void **state) {
    struct cells *t = *state;
    check(t, FIELD_TIME, 1, "01d3c9c7", "time 12:34:56.7");
    check(t, FIELD_TIME, 1, "01cce05f", "time -00:00:00.1");
    check(t, FIELD_TIME, 6, "057e7bbcf7ff", "time 838:59:59.999999");
    check(t, FIELD_TIME, 3, "ffffffffff", "invalid 304580:53:47.775");
    check(t, FIELD_DATETIME, 2, "069df88fdc0e", "timestamp 2024-02-29 12:34:56.78");
    check(t, FIELD_DATETIME, 6, "04fcee3943bfffff", "timestamp 9999-12-31 23:59:59.999999");
    check(t, FIELD_DATETIME, 3, "00000000000000", "invalid 0000-00-00 00:00:00.000");
    check(t, FIELD_DATETIME, 3, "00422a077b9800", "invalid 2024-00-10 00:00:00.000");
    check(t, FIELD_TIMESTAMP, 3, "65e07b30 0315", "timestamptz 2024-02-29 12:40:16.789+00");
    check(t, FIELD_TIMESTAMP, 5, "00000001 000001", "timestamptz 1970-01-01 00:00:01.00001+00");
    check(t, FIELD_TIMESTAMP, 1, "00000000 00", "invalid 0000-00-00 00:00:00.0");
}

/* Every day that the server has, one by one. */
static void test_all_days(void **state) {
    struct cells *t = *state;
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const struct field f = {.type = FIELD_DATE};
    int64_t expected = -719162; /* 0001-01-01 */
    for (unsigned year = 1; year <= 9999; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (unsigned month = 1; month <= 12; month++) {
            for (unsigned day = 1; day <= 31; day++) {
                unsigned n = year << 9 | month << 5 | day;
                const uint8_t bytes[] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16)};
                struct cursor c = cursor_of(bytes, 3);
                assert_int_equal(cell_temporal(&t->reader, &c, &f, &t->v, &t->e), 0);
                if (day > days[month - 1] + (unsigned)(leap && month == 2)) {
                    assert_int_equal(t->v.state, VALUE_INVALID);
                    arena_clear(&t->arena);
                } else {
                    assert_true(t->v.v.i == expected++);
                }
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CELL_TEST(test_date),      CELL_TEST(test_time),     CELL_TEST(test_datetime),
        CELL_TEST(test_timestamp), CELL_TEST(test_all_days), CELL_TEST(test_mariadb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
