#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "decoders/binlog/gtid.h"
#include "tests/unit/decoders/binlog/hex.h"

#define A "3e11fa47-71ca-11e1-9e33-c80aa9429562"
#define B "4ac15082-e763-11f1-9ad8-02fc00000001"

static struct gtid_set *set_of(enum binlog_flavour flavour, const char *text) {
    struct err e = {0};
    struct gtid_set *s = gtid_set_new(flavour);
    assert_non_null(s);
    if (gtid_set_parse(s, text, strlen(text), &e)) fail_msg("%s: %s", text, e.text);
    return s;
}

static void expect_text(const struct gtid_set *s, const char *text) {
    struct buf out = {0};
    gtid_set_format(s, &out);
    assert_string_equal(buf_cstr(&out), text);
    buf_release(&out);
}

static struct gtid mysql(char last, const char *tag, uint64_t number) {
    struct gtid g = {.flavour = FLAVOUR_MYSQL, .number = number};
    struct buf uuid = {0};
    hex_put(&uuid, "4ac15082e76311f19ad802fc00000001");
    memcpy(g.uuid, uuid.data, 16);
    g.uuid[15] = (uint8_t)last;
    snprintf(g.tag, sizeof(g.tag), "%s", tag);
    buf_release(&uuid);
    return g;
}

static void test_text(void **state) {
    (void)state;
    const struct {
        enum binlog_flavour flavour;
        const char *in, *out;
        uint64_t rank;
    } cases[] = {
        {FLAVOUR_MYSQL, "", "", 0},
        {FLAVOUR_MYSQL, A ":23", A ":23", 1},
        {FLAVOUR_MYSQL, A ":1-5", A ":1-5", 5},
        {FLAVOUR_MYSQL, "3E11FA47-71CA-11E1-9E33-C80AA9429562:1 - 5 : 7,\n" B ":3", A ":1-5:7," B ":3", 7},
        {FLAVOUR_MYSQL, B ":1," A ":2", A ":2," B ":1", 2},
        {FLAVOUR_MYSQL, A ":4-6:1-3:8:7", A ":1-8", 8},
        {FLAVOUR_MYSQL, A ":1-10:3-4:9-12", A ":1-12", 12},
        {FLAVOUR_MYSQL, A ":5:erp:1-2:7:A_b1:1", A ":5:a_b1:1:erp:1-2:7", 5},
        {FLAVOUR_MYSQL, A ":erp:1," A ":1", A ":1:erp:1", 2},
        {FLAVOUR_MYSQL, A ":9223372036854775806", A ":9223372036854775806", 1},
        {FLAVOUR_MARIADB, "0-1-23", "0-1-23", 23},
        {FLAVOUR_MARIADB, "7-1-4, 0-2-9", "0-2-9,7-1-4", 13},
        {FLAVOUR_MARIADB, "0-1-5,0-2-9,0-3-7", "0-2-9", 9},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct gtid_set *s = set_of(cases[i].flavour, cases[i].in);
        expect_text(s, cases[i].out);
        assert_int_equal(gtid_set_rank(s), cases[i].rank);
        assert_int_equal(gtid_set_empty(s), cases[i].out[0] == '\0');
        gtid_set_free(s);
    }
}

static void test_bad_text(void **state) {
    (void)state;
    const struct {
        enum binlog_flavour flavour;
        const char *text;
    } cases[] = {
        {FLAVOUR_MYSQL, "x"},
        {FLAVOUR_MYSQL, A},
        {FLAVOUR_MYSQL, A ":"},
        {FLAVOUR_MYSQL, A ":0"},
        {FLAVOUR_MYSQL, A ":5-4"},
        {FLAVOUR_MYSQL, A ":1-"},
        {FLAVOUR_MYSQL, A ":erp"},
        {FLAVOUR_MYSQL, A ":1:erp"},
        {FLAVOUR_MYSQL, A ":1x"},
        {FLAVOUR_MYSQL, A ":9223372036854775807"},
        {FLAVOUR_MYSQL, A ":99999999999999999999"},
        {FLAVOUR_MYSQL, A ":a23456789012345678901234567890123:1"},
        {FLAVOUR_MYSQL, A ":1 " B ":1"},
        {FLAVOUR_MYSQL, "3e11fa47-71ca-11e1-9e33-c80aa942956:1"},
        {FLAVOUR_MYSQL, "0-1-23"},
        {FLAVOUR_MARIADB, A ":1"},
        {FLAVOUR_MARIADB, "0-1"},
        {FLAVOUR_MARIADB, "0-1-0"},
        {FLAVOUR_MARIADB, "0-4294967296-1"},
        {FLAVOUR_MARIADB, "0-1-23x"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct err e = {0};
        struct gtid_set *s = gtid_set_new(cases[i].flavour);
        if (gtid_set_parse(s, cases[i].text, strlen(cases[i].text), &e) == 0) fail_msg("%s", cases[i].text);
        assert_int_equal(e.code, ERR_DATA);
        gtid_set_free(s);
    }
}

static void test_one(void **state) {
    (void)state;
    char text[GTID_TEXT];
    struct gtid g = mysql(1, "", 23);
    assert_int_equal(gtid_text(&g, text), strlen(B ":23"));
    assert_string_equal(text, B ":23");
    g = mysql(1, "a2345678901234567890123456789012", INT64_MAX - 1);
    assert_int_equal(gtid_text(&g, text), 36 + 1 + 32 + 1 + 19);
    assert_string_equal(text, B ":a2345678901234567890123456789012:9223372036854775806");
    g = (struct gtid){.flavour = FLAVOUR_MARIADB, .domain = 4294967295, .server = 7, .number = UINT64_MAX};
    gtid_text(&g, text);
    assert_string_equal(text, "4294967295-7-18446744073709551615");
}

static void test_add(void **state) {
    (void)state;
    struct gtid_set *s = set_of(FLAVOUR_MYSQL, B ":1-3:5");
    struct gtid g = mysql(1, "", 4), other = mysql(1, "x", 4);
    assert_false(gtid_set_has(s, &g));
    assert_int_equal(gtid_set_add(s, &g, NULL), 0);
    assert_true(gtid_set_has(s, &g));
    assert_false(gtid_set_has(s, &other));
    assert_int_equal(gtid_set_rank(s), 5);
    assert_int_equal(gtid_set_add(s, &g, NULL), 0);
    assert_int_equal(gtid_set_rank(s), 5);
    expect_text(s, B ":1-5");
    g.number = 0;
    assert_int_equal(gtid_set_add(s, &g, NULL), -1);
    g = (struct gtid){.flavour = FLAVOUR_MARIADB, .number = 1};
    assert_int_equal(gtid_set_add(s, &g, NULL), -1);
    assert_false(gtid_set_has(s, &g));
    gtid_set_free(s);

    s = set_of(FLAVOUR_MARIADB, "0-1-23");
    g = (struct gtid){.flavour = FLAVOUR_MARIADB, .domain = 0, .server = 9, .number = 23};
    assert_true(gtid_set_has(s, &g));
    g.number = 24;
    assert_false(gtid_set_has(s, &g));
    assert_int_equal(gtid_set_add(s, &g, NULL), 0);
    expect_text(s, "0-9-24");
    g.number = 3;
    assert_int_equal(gtid_set_add(s, &g, NULL), 0);
    expect_text(s, "0-9-24");
    gtid_set_free(s);
}

static void test_within(void **state) {
    (void)state;
    const struct {
        enum binlog_flavour flavour;
        const char *a, *b;
        bool within;
    } cases[] = {
        {FLAVOUR_MYSQL, "", A ":1", true},
        {FLAVOUR_MYSQL, A ":1", "", false},
        {FLAVOUR_MYSQL, A ":1-3:5", A ":1-5", true},
        {FLAVOUR_MYSQL, A ":1-5", A ":1-3:5", false},
        {FLAVOUR_MYSQL, A ":5", A ":1-3:6", false},
        {FLAVOUR_MYSQL, A ":x:1", A ":1", false},
        {FLAVOUR_MYSQL, A ":1," B ":1", A ":1-2", false},
        {FLAVOUR_MARIADB, "0-1-5", "0-2-5,1-1-1", true},
        {FLAVOUR_MARIADB, "0-1-6", "0-2-5,1-1-1", false},
        {FLAVOUR_MARIADB, "2-1-1", "0-2-5,1-1-1", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct gtid_set *a = set_of(cases[i].flavour, cases[i].a), *b = set_of(cases[i].flavour, cases[i].b);
        if (gtid_set_within(a, b) != cases[i].within) fail_msg("%s in %s", cases[i].a, cases[i].b);
        gtid_set_free(a);
        gtid_set_free(b);
    }
}

static void test_subtract(void **state) {
    (void)state;
    const char *cases[][3] = {
        {A ":1-10", A ":3-4:7", A ":1-2:5-6:8-10"},
        {A ":1-10", A ":1-10", ""},
        {A ":1-10", A ":8-12", A ":1-7"},
        {A ":5-10", A ":1-6", A ":7-10"},
        {A ":1-3:5-7:9", A ":2-9", A ":1"},
        {A ":1:x:1-2," B ":1", A ":x:1," B ":1-9", A ":1:x:2"},
        {A ":1", B ":1", A ":1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct gtid_set *a = set_of(FLAVOUR_MYSQL, cases[i][0]), *b = set_of(FLAVOUR_MYSQL, cases[i][1]);
        struct gtid_set *expected = set_of(FLAVOUR_MYSQL, cases[i][2]);
        assert_int_equal(gtid_set_subtract(a, b, NULL), 0);
        expect_text(a, cases[i][2]);
        assert_int_equal(gtid_set_rank(a), gtid_set_rank(expected));
        assert_int_equal(gtid_set_copy(b, a), 0);
        expect_text(b, cases[i][2]);
        assert_int_equal(gtid_set_subtract(b, b, NULL), 0);
        assert_true(gtid_set_empty(b));
        assert_int_equal(gtid_set_rank(b), 0);
        gtid_set_free(a);
        gtid_set_free(b);
        gtid_set_free(expected);
    }
}

/* Random operations, beside a plain array that does the same. */
static void test_property(void **state) {
    (void)state;
    enum { N = 200 };
    bool plain[N + 1] = {0};
    struct gtid_set *s = gtid_set_new(FLAVOUR_MYSQL);
    srand(7);
    for (int round = 0; round < 20000; round++) {
        struct gtid g = mysql(1, "", 1 + (uint64_t)rand() % N);
        if (rand() % 3) {
            assert_int_equal(gtid_set_add(s, &g, NULL), 0);
            plain[g.number] = true;
        } else {
            struct gtid_set *gone = gtid_set_new(FLAVOUR_MYSQL);
            for (uint64_t last = g.number + 3; g.number <= last && g.number <= N; g.number++) {
                assert_int_equal(gtid_set_add(gone, &g, NULL), 0);
                plain[g.number] = false;
            }
            assert_int_equal(gtid_set_subtract(s, gone, NULL), 0);
            gtid_set_free(gone);
        }
        uint64_t count = 0;
        for (uint64_t n = 1; n <= N; n++) {
            g.number = n;
            count += plain[n];
            if (round % 50 == 0) assert_int_equal(gtid_set_has(s, &g), plain[n]);
        }
        assert_int_equal(gtid_set_rank(s), count);
    }
    struct buf text = {0};
    gtid_set_format(s, &text);
    struct gtid_set *again = set_of(FLAVOUR_MYSQL, buf_cstr(&text));
    assert_true(gtid_set_within(s, again) && gtid_set_within(again, s));
    buf_release(&text);
    gtid_set_free(again);
    gtid_set_free(s);
}

/* PREVIOUS_GTIDS of MySQL 9.7.4, without a tag and with one, and GTID_LIST of MariaDB 10.11. */
static void test_binary(void **state) {
    (void)state;
    const struct {
        enum binlog_flavour flavour;
        const char *hex, *text;
    } cases[] = {
        {FLAVOUR_MYSQL, "0000000000000000", ""},
        {FLAVOUR_MYSQL,
         "0100000000000000 4ac15082e76311f19ad802fc00000001 0100000000000000 0100000000000000"
         "1600000000000000",
         B ":1-21"},
        {FLAVOUR_MYSQL,
         "0102000000000001 4ac15082e76311f19ad802fc00000001 00 0100000000000000 0100000000000000"
         "1a00000000000000 4ac15082e76311f19ad802fc00000001 0a6572705f31 0100000000000000"
         "0100000000000000 0200000000000000",
         B ":1-25:erp_1:1"},
        {FLAVOUR_MARIADB, "00000000", ""},
        {FLAVOUR_MARIADB, "01000000 00000000 07000000 1900000000000000", "0-7-25"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf raw = {0}, again = {0};
        struct err e = {0};
        hex_put(&raw, cases[i].hex);
        struct gtid_set *s = gtid_set_new(cases[i].flavour);
        struct cursor c = cursor_of(raw.data, raw.len);
        if (gtid_set_read(s, &c, &e)) fail_msg("%s", e.text);
        expect_text(s, cases[i].text);
        if (cases[i].flavour == FLAVOUR_MYSQL) {
            gtid_set_encode(s, &again);
            assert_int_equal(again.len, raw.len);
            assert_memory_equal(again.data, raw.data, raw.len);
        }
        for (size_t len = 0; len < raw.len; len++) {
            c = cursor_of(raw.data, len);
            assert_int_equal(gtid_set_read(s, &c, &e), -1);
        }
        buf_putc(&raw, 0);
        c = cursor_of(raw.data, raw.len);
        if (cases[i].flavour == FLAVOUR_MYSQL) assert_int_equal(gtid_set_read(s, &c, &e), -1);
        gtid_set_free(s);
        buf_release(&raw);
        buf_release(&again);
    }
}

static void test_bad_binary(void **state) {
    (void)state;
    static const char *const cases[] = {
        "0000000000000002", /* an encoding that is not known */
        "ffffffffffffff00", /* more origins than bytes */
        "0100000000000000 4ac15082e76311f19ad802fc00000001 ffffffffffffffff", /* more intervals */
        "0100000000000000 4ac15082e76311f19ad802fc00000001 0100000000000000 0000000000000000"
        "0200000000000000",
        "0100000000000000 4ac15082e76311f19ad802fc00000001 0100000000000000 0200000000000000"
        "0200000000000000",
        "0101000000000001 4ac15082e76311f19ad802fc00000001 0465 2d 0100000000000000 0100000000000000"
        "0200000000000000", /* no letter in the tag */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf raw = {0};
        struct err e = {0};
        hex_put(&raw, cases[i]);
        struct gtid_set *s = gtid_set_new(FLAVOUR_MYSQL);
        struct cursor c = cursor_of(raw.data, raw.len);
        assert_int_equal(gtid_set_read(s, &c, &e), -1);
        assert_int_equal(e.code, ERR_DATA);
        gtid_set_free(s);
        buf_release(&raw);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),     cmocka_unit_test(test_bad_text), cmocka_unit_test(test_one),
        cmocka_unit_test(test_add),      cmocka_unit_test(test_within),   cmocka_unit_test(test_subtract),
        cmocka_unit_test(test_property), cmocka_unit_test(test_binary),   cmocka_unit_test(test_bad_binary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
