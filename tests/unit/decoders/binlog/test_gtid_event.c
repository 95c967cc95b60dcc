#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decoders/binlog/gtid_event.h"
#include "tests/unit/decoders/binlog/hex.h"

#define UUID "4ac15082-e763-11f1-9ad8-02fc00000001"

/* Bodies; the events have timestamp 100 and server 7. */
static const struct {
    uint8_t type;
    const char *hex, *text;
    int64_t commit_us, immediate_us;
} good[] = {
    /* MySQL 9.7.4 */
    {BINLOG_GTID,
     "00 4ac15082e76311f19ad802fc00000001 1600000000000000 02 0000000000000000 0100000000000000"
     "05fdbdf0f46006 fc3501 50620100",
     UUID ":22", 1795454987533573, 1795454987533573},
    {BINLOG_GTID_TAGGED,
     "0274 00 0000 029405 03a0 09 02 9d 03c6 22 c503 69 02 6103 04 f103 00 00 00 02"
     "0404 060a6572705f31 080c 0a10 0c7f9c6ad106f56006 10c904 1283120b",
     UUID ":erp_1:1", 1795455357905564, 1795455357905564},
    /* Layouts of MySQL 5.6 and 5.7, of a replica's log in 8.0 (both times, both versions), and 8.0.34. */
    {BINLOG_GTID, "01 4ac15082e76311f19ad802fc00000001 0500000000000000", UUID ":5", 100000000, 0},
    {BINLOG_GTID, "01 4ac15082e76311f19ad802fc00000001 0500000000000000 02 0000000000000000 0100000000000000",
     UUID ":5", 100000000, 0},
    {BINLOG_GTID,
     "01 4ac15082e76311f19ad802fc00000001 0500000000000000 02 0000000000000000 0100000000000000"
     "02000000000080 01000000000000 fa 50620180 50620100",
     UUID ":5", 1, 2},
    {BINLOG_GTID,
     "01 4ac15082e76311f19ad802fc00000001 0500000000000000 02 0000000000000000 0100000000000000"
     "02000000000000 fa 50620100 0700000000000000",
     UUID ":5", 2, 2},
    {BINLOG_ANONYMOUS_GTID,
     "01 00000000000000000000000000000000 0000000000000000 02 0000000000000000 0100000000000000", NULL,
     100000000, 0},
    /* MariaDB 10.11 */
    {MARIADB_GTID, "1a00000000000000 00000000 0c 000000000000", "0-7-26", 100000000, 0},
    {MARIADB_GTID, "1b00000000000000 03000000 29 000000000000", "3-7-27", 100000000, 0},
    {MARIADB_GTID, "1b00000000000000 03000000 02 0000000000000009", "3-7-27", 100000000, 0},
};

static int read_body(uint8_t type, const struct buf *raw, size_t len, struct gtid_event *g, struct err *e) {
    const struct binlog_format f = {.known = true};
    struct binlog_event ev = {.timestamp = 100, .type = type, .server_id = 7};
    ev.body = cursor_of(raw->data, len);
    return gtid_event_read(&ev, &f, g, e);
}

static void test_good(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct buf raw = {0};
        struct gtid_event g;
        struct err e = {0};
        char text[GTID_TEXT];
        hex_put(&raw, good[i].hex);
        if (read_body(good[i].type, &raw, raw.len, &g, &e)) fail_msg("%zu: %s", i, e.text);
        assert_int_equal(g.anonymous, good[i].text == NULL);
        assert_int_equal(g.commit_us, good[i].commit_us);
        assert_int_equal(g.immediate_commit_us, good[i].immediate_us);
        if (good[i].text) {
            gtid_text(&g.gtid, text);
            assert_string_equal(text, good[i].text);
        }
        buf_release(&raw);
    }
}

/* Cut off anywhere it is an error, or one of the older, shorter layouts. */
static void test_cut(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct buf raw = {0};
        struct gtid_event g;
        struct err e = {0};
        hex_put(&raw, good[i].hex);
        size_t shorter = 0;
        for (size_t len = 0; len < raw.len; len++) shorter += read_body(good[i].type, &raw, len, &g, &e) == 0;
        if (good[i].type == BINLOG_GTID_TAGGED) assert_int_equal(shorter, 0);
        assert_in_range(shorter, 0, 5);
        buf_release(&raw);
    }
}

static void test_flags(void **state) {
    (void)state;
    struct buf raw = {0};
    struct gtid_event g;
    hex_put(&raw, "1b00000000000000 03000000 c1 000000000000 01000000 01 00 61");
    assert_int_equal(read_body(MARIADB_GTID, &raw, raw.len, &g, NULL), 0);
    assert_true(g.standalone && g.xa_prepare && g.xa_complete);
    raw.data[12] = 0x0c;
    assert_int_equal(read_body(MARIADB_GTID, &raw, raw.len, &g, NULL), 0);
    assert_false(g.standalone || g.xa_prepare || g.xa_complete);
    buf_release(&raw);
}

static void test_bad(void **state) {
    (void)state;
    const struct {
        uint8_t type;
        const char *hex, *why;
    } cases[] = {
        {BINLOG_GTID, "00 4ac15082e76311f19ad802fc00000001 0000000000000000", "malformed"},
        {BINLOG_GTID, "00 4ac15082e76311f19ad802fc00000001 00000000000000ff", "malformed"},
        {BINLOG_GTID,
         "01 4ac15082e76311f19ad802fc00000001 0500000000000000 03 0000000000000000 0100000000000000",
         "malformed"},
        {BINLOG_GTID,
         "01 4ac15082e76311f19ad802fc00000001 0500000000000000 02 0000000000000000 0100000000000000"
         "02000000000000 fa 50620100 0700000000000000 00",
         "malformed"},
        {MARIADB_GTID, "0000000000000000 03000000 29 000000000000", "malformed"},
        {BINLOG_GTID_TAGGED, "0206 00", "malformed"},
        {BINLOG_GTID_TAGGED, "0206 18", "must understand"},
        {BINLOG_GTID_TAGGED, "0406 00", "malformed"},
        {BINLOG_GTID_TAGGED, "020e 00 0404 0404", "malformed"},
        {BINLOG_GTID_TAGGED, "020a 00 0406", "malformed"},
        {BINLOG_QUERY, "00", "no GTID event"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf raw = {0};
        struct gtid_event g;
        struct err e = {0};
        hex_put(&raw, cases[i].hex);
        if (read_body(cases[i].type, &raw, raw.len, &g, &e) == 0) fail_msg("case %zu", i);
        assert_int_equal(e.code, ERR_DATA);
        assert_non_null(strstr(e.text, cases[i].why));
        buf_release(&raw);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
