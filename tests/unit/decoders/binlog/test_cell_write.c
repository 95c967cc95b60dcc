/* What a server answers, written as a cell and read as one of the log. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "decoders/binlog/cell_write.h"
#include "decoders/binlog/field_make.h"
#include "decoders/binlog/table_map_write.h"
#include "tests/unit/decoders/binlog/cells.h"

struct sample {
    const char *type, *charset; /* of the column, as information_schema has them */
    const char *answer;
    const char *want; /* as cells_assert() has it */
};

static const struct sample samples[] = {
    {"tinyint(4)", "", "-128", "int -128"},
    {"tinyint unsigned", "", "255", "uint 255"},
    {"smallint", "", "-32768", "int -32768"},
    {"mediumint", "", "8388607", "int 8388607"},
    {"mediumint unsigned", "", "16777215", "uint 16777215"},
    {"int(8) unsigned zerofill", "", "00000042", "uint 42"},
    {"bigint", "", "-9223372036854775808", "int -9223372036854775808"},
    {"bigint unsigned", "", "18446744073709551615", "uint 18446744073709551615"},
    {"float", "", "0.10000000149011612", "float 0.1"},
    {"float", "", "-0", "float -0"},
    {"float(7,3)", "", "3.4028234663852886e38", "float 3.4028235e+38"},
    {"double", "", "2.2250738585072014e-308", "double 2.2250738585072014e-308"},
    {"double(12,2)", "", "-0.010000000000000009", "double -0.010000000000000009"},
    {"decimal(10,0)", "", "-9999999999", "decimal -9999999999"},
    {"decimal(12,2)", "", "0.00", "decimal 0.00"},
    {"decimal(12,2)", "", "-1234567890.12", "decimal -1234567890.12"},
    {"decimal(30,30)", "", "0.000000000000000000000000000001", "decimal 0.000000000000000000000000000001"},
    {"decimal(30,30)", "", ".000000000000000000000000000001", "decimal 0.000000000000000000000000000001"},
    {"decimal(19,10) unsigned", "", "123456789.0123456789", "decimal 123456789.0123456789"},
    {"year(4)", "", "0000", "uint 0"},
    {"year", "", "2155", "uint 2155"},
    {"bit(9)", "", "\1\x80", "uint 384"},
    {"bit(33)", "", "\2", "uint 2"},
    {"date", "", "2024-02-29", "date 2024-02-29"},
    {"date", "", "0000-00-00", "invalid 0000-00-00"},
    {"date", "", "2024-02-31", "invalid 2024-02-31"},
    {"time", "", "-838:59:59", "time -838:59:59"},
    {"time(1)", "", "-00:00:00.1", "time -00:00:00.1"},
    {"time(3) /* mariadb-5.3 */", "", "-01:00:00.001", "time -01:00:00.001"},
    {"time(6)", "", "838:59:58.999999", "time 838:59:58.999999"},
    {"datetime", "", "9999-12-31 23:59:59", "timestamp 9999-12-31 23:59:59"},
    {"datetime(6)", "", "1000-01-01 00:00:00.000001", "timestamp 1000-01-01 00:00:00.000001"},
    {"datetime(3)", "", "2024-00-00 00:00:00.000", "invalid 2024-00-00 00:00:00.000"},
    {"timestamp", "", "2106-02-07 06:28:15", "timestamptz 2106-02-07 06:28:15+00"},
    {"timestamp(2)", "", "1970-01-01 00:00:00.01", "timestamptz 1970-01-01 00:00:00.01+00"},
    {"timestamp(2)", "", "0000-00-00 00:00:00.00", "invalid 0000-00-00 00:00:00.00"},
    {"timestamp", "", "2000-03-01 00:00:00", "timestamptz 2000-03-01 00:00:00+00"},
    {"enum('a','it''s','c')", "utf8mb4", "2", "enum it's"},
    {"enum('a')", "latin1", "0", "enum "},
    {"set('a','b','c')", "latin1", "5", "set a,c"},
    {"char(20)", "latin1",
     "gr\xf6\xdf"
     "er",
     "text größer"},
    {"varchar(300)", "utf8mb4", "größer", "text größer"},
    {"binary(3)", "", "a", "bytes \\x610000"},
    {"varbinary(3)", "", "a ", "bytes \\x6120"},
    {"tinytext", "utf8mb4", "", "text "},
    {"longblob", "", "xyz", "bytes \\x78797a"},
    {"varchar(255) /*M!100301 COMPRESSED*/", "latin1", "abc", "text abc"},
    {"text /*M!100301 COMPRESSED*/", "utf8mb4", "", "text "},
    {"json text", "", "{\"a\": 1.50}", "json {\"a\": 1.50}"},
    {"uuid", "", "0123456789abcdef", "uuid 30313233-3435-3637-3839-616263646566"},
    {"inet4", "", "abcd", "other 97.98.99.100"},
    {"inet6", "", "abcdefghijklmnop", "other 6162:6364:6566:6768:696a:6b6c:6d6e:6f70"},
};

static void make(struct cells *t, const char *type, const char *charset, struct field *f) {
    const struct catalog_column c = {"c", type, charset, 0};
    const struct field_origin o = {.mariadb = true, .nullable = true, .visible = true, .collation = 8};
    if (field_make(f, &c, &o, &t->arena)) fail_msg("%s is not known", type);
}

/* Written, and read as a cell of the log is. */
static void read_back(struct cells *t, const struct field *f, const char *answer, size_t len) {
    buf_clear(&t->written, SIZE_MAX);
    if (cell_write(f, answer, len, &t->written, &t->e)) fail_msg("%s: %s", answer, t->e.text);
    struct cursor c = cursor_of(t->written.data, t->written.len);
    if (cell_read(&t->reader, &c, f, &t->v, &t->e)) fail_msg("%s: %s", answer, t->e.text);
    assert_int_equal(cursor_left(&c), 0);
}

static void test_samples(void **state) {
    struct cells *t = *state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const struct sample *s = &samples[i];
        struct field f;
        make(t, s->type, s->charset, &f);
        read_back(t, &f, s->answer, strlen(s->answer));
        cells_assert(t, s->want);
    }
}

/* Numbers of every size: what comes out is what went in. */
static void test_random_numbers(void **state) {
    struct cells *t = *state;
    struct field f, d;
    uint64_t seed = 88172645463325252;
    char text[64], want[96];
    make(t, "bigint", "", &f);
    make(t, "decimal(38,18)", "", &d);
    for (int i = 0; i < 20000; i++) {
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        const int64_t n = (int64_t)seed >> (i % 64);
        snprintf(text, sizeof(text), "%" PRId64, n);
        snprintf(want, sizeof(want), "int %" PRId64, n);
        read_back(t, &f, text, strlen(text));
        cells_assert(t, want);
        snprintf(text, sizeof(text), "%" PRId64 ".%018" PRIu64, n, seed % UINT64_C(1000000000000000000));
        snprintf(want, sizeof(want), "decimal %s", text);
        read_back(t, &d, text, strlen(text));
        cells_assert(t, want);
        arena_clear(&t->arena);
    }
}

/* Every microsecond of a day in steps, on both sides of zero. */
static void test_times(void **state) {
    struct cells *t = *state;
    struct field f;
    char text[64], want[96];
    make(t, "time(6)", "", &f);
    for (unsigned i = 1; i < 20000; i++) {
        const unsigned us = i * 7919 % 1000000;
        snprintf(text, sizeof(text), "%s%02u:%02u:%02u.%06u", i % 2 ? "-" : "", i % 839, i % 59, i % 60,
                 us ? us : 1);
        read_back(t, &f, text, strlen(text));
        assert_int_equal(t->v.state, VALUE_PRESENT);
        snprintf(want, sizeof(want), "time %s", text);
        for (size_t len = strlen(want); want[len - 1] == '0'; len--) want[len - 1] = '\0';
        cells_assert(t, want);
    }
}

static void test_refusals(void **state) {
    static const struct {
        const char *type, *answer;
    } wrong[] = {
        {"tinyint", "128"},
        {"tinyint unsigned", "-1"},
        {"tinyint", "-129"},
        {"int", ""},
        {"bigint", "99999999999999999999"},
        {"int", "1x"},
        {"float", "1.5x"},
        {"decimal(4,2)", "100.00"},
        {"decimal(4,2)", "1.001"},
        {"decimal(4,2)", "."},
        {"decimal(4,2)", "1.1.1"},
        {"year", "1900"},
        {"bit(7)", "ab"},
        {"date", "2024-13-01"},
        {"date", "2024-01"},
        {"time", "839:00:00"},
        {"datetime", "2024-01-01"},
        {"datetime", "2024-01-01 24:00:00"},
        {"timestamp", "1969-12-31 23:59:59"},
        {"enum('a')", "256"},
        {"char(2)", "abc"},
        {"uuid", "12345678901234567"},
        {"inet4", "12345"},
        {"time(6)", "00:00:00.1234567"},
    };
    struct cells *t = *state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct field f;
        make(t, wrong[i].type, wrong[i].type[0] == 'c' || wrong[i].type[0] == 'e' ? "latin1" : "", &f);
        t->e.code = ERR_NONE;
        if (cell_write(&f, wrong[i].answer, strlen(wrong[i].answer), &t->written, &t->e) != -1)
            fail_msg("%s: %s is taken", wrong[i].type, wrong[i].answer);
        assert_int_equal(t->e.code, ERR_DATA);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {CELL_TEST(test_samples), CELL_TEST(test_random_numbers),
                                       CELL_TEST(test_times), CELL_TEST(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
