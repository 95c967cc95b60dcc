#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/decoders/binlog/builder.h"

#define SCHEMA                                                                                               \
    "schema .t oid 0 identity f key (id)\n"                                                                  \
    "  id int: int, identity\n"                                                                              \
    "  note varchar(40): text, identity\n"

static void test_transaction(void **state) {
    (void)state;
    struct builder b;
    builder_init(&b, true);
    gtid(&b, 5);
    query(&b, "BEGIN");
    table_map(&b);
    insert(&b, 1);
    insert(&b, 2);
    expect(&b, "");
    xid(&b);
    expect(&b,
           "begin " UUID ":5 at binlog.000001:127 time 2023-11-14T22:13:20Z\n" SCHEMA "insert shop.t 1:" UUID
           ":5:1:0 at binlog.000001:280\n  after id int 1\n  after note text \"a\"\n"
           "insert shop.t 1:" UUID ":5:2:0 at binlog.000001:318\n  after id int 2\n  after note text \"a\"\n"
           "commit to binlog.000001:383\n");
    builder_release(&b);
}

/* Without GTIDs: the place in the file tells transactions apart, across files too. */
static void test_by_file(void **state) {
    (void)state;
    struct builder b;
    builder_init(&b, false);
    anonymous(&b);
    query(&b, "CREATE TABLE u (id int)");
    expect(&b, "begin binlog.000001:127 at binlog.000001:127 time 2023-11-14T22:13:20Z\n"
               "ddl shop.u 1:binlog.000001:127:1:0 at binlog.000001:171\n  \"CREATE TABLE u (id int)\"\n"
               "commit to binlog.000001:231\n");
    rotate_to(&b, "binlog.000002", 4, false);
    rotate_to(&b, "binlog.000002", 4, true);
    format(&b, "9.7.4");
    anonymous(&b);
    query(&b, "TRUNCATE t");
    expect(&b, "begin binlog.000002:127 at binlog.000002:127 time 2023-11-14T22:13:20Z\n"
               "truncate shop.t 1:binlog.000002:127:1:0 at binlog.000002:171\n"
               "commit to binlog.000002:218\n");
    struct binlog_position p;
    assert_int_equal(binlog_position_init(&p, FLAVOUR_MYSQL, NULL), 0);
    assert_int_equal(binlog_position_read((struct position){b.resume.data, b.resume.len}, &p, NULL), 0);
    assert_string_equal(p.from.file, "binlog.000002");
    assert_int_equal(p.from.offset, 218);
    assert_int_equal(p.from.server, 7);
    assert_false(p.by_gtid);
    binlog_position_release(&p);
    builder_release(&b);
}

static void expect_begun(const struct builder *b, const char *file, uint32_t begun) {
    struct binlog_position p;
    assert_int_equal(binlog_position_init(&p, FLAVOUR_MYSQL, NULL), 0);
    assert_int_equal(binlog_position_read((struct position){b->resume.data, b->resume.len}, &p, NULL), 0);
    assert_string_equal(p.from.file, file);
    assert_string_equal(p.through.file, file);
    assert_int_equal(p.from.begun, begun);
    assert_int_equal(p.through.begun, begun);
    binlog_position_release(&p);
}

/* A position says when its file was begun, which only the FORMAT_DESCRIPTION does. */
static void test_begun(void **state) {
    (void)state;
    struct builder b;
    builder_init(&b, true);
    b.later = 5;
    commit_one(&b, 1, 1);
    expect_begun(&b, "binlog.000001", 1700000000);
    rotate_to(&b, "binlog.000002", 4, false);
    rotate_to(&b, "binlog.000002", 4, true);
    b.later = 9;
    format(&b, "9.7.4");
    b.later = 12;
    commit_one(&b, 2, 2);
    expect_begun(&b, "binlog.000002", 1700000009);
    rotate_to(&b, "binlog.000003", 4, true);
    commit_one(&b, 3, 3);
    expect_begun(&b, "binlog.000003", 0);
    builder_release(&b);
}

/* Offsets go on beyond what the log can tell. */
static void test_wrap(void **state) {
    (void)state;
    struct builder b;
    builder_init(&b, true);
    commit_one(&b, 1, 1);
    rotate_to(&b, "binlog.000002", UINT64_C(4294967200), true);
    gtid(&b, 2);
    query(&b, "BEGIN");
    query(&b, "COMMIT");
    buf_clear(&b.text, SIZE_MAX);
    gtid(&b, 3);
    query(&b, "DROP TABLE t");
    expect(&b, "begin " UUID ":3 at binlog.000002:4294967329 time 2023-11-14T22:13:20Z\n"
               "ddl shop.t 1:" UUID ":3:1:0 at binlog.000002:4294967373\n  \"DROP TABLE t\"\n"
               "commit to binlog.000002:4294967422\n");
    b.at = 60;
    gtid(&b, 4);
    expect_error(&b, ERR_DATA, "does not lie behind");
    builder_release(&b);
}

static void test_unwanted(void **state) {
    (void)state;
    struct builder b;
    builder_init(&b, true);
    b.unwanted = "t";
    commit_one(&b, 1, 1);
    expect(&b,
           "begin " UUID ":1 at binlog.000001:127 time 2023-11-14T22:13:20Z\ncommit to binlog.000001:345\n");
    assert_int_equal(b.asked, 1);
    commit_one(&b, 2, 2);
    assert_int_equal(b.asked, 1);
    buf_clear(&b.text, SIZE_MAX);

    /* Their rows count all the same: ids do not depend on who wants what. */
    gtid(&b, 3);
    query(&b, "BEGIN");
    table_map(&b);
    insert(&b, 1);
    insert(&b, 2);
    query(&b, "ALTER TABLE u ADD c int");
    xid(&b);
    expect(&b, "begin " UUID ":3 at binlog.000001:563 time 2023-11-14T22:13:20Z\n"
               "ddl shop.u 1:" UUID ":3:3:0 at binlog.000001:792\n  \"ALTER TABLE u ADD c int\"\n"
               "commit to binlog.000001:879\n");
    gtid(&b, 4);
    query(&b, "TRUNCATE t");
    gtid(&b, 6);
    query_in(&b, "other", "INSERT INTO t VALUES (1)");
    gtid(&b, 7);
    query_in(&b, "other", "FROBNICATE");
    gtid(&b, 8);
    query_in(&b, "other", "DROP DATABASE other");
    assert_int_equal(b.result, 0);
    assert_null(strstr(buf_cstr(&b.text), "truncate"));
    assert_null(strstr(buf_cstr(&b.text), "ddl"));
    builder_release(&b);
}

/* A statement that may write rows stops, unless it is passed over or concerns nobody. */
static void test_write(void **state) {
    (void)state;
    static const struct {
        const char *database, *text;
        bool stops;
    } cases[] = {
        {"shop", "INSERT INTO t VALUES (1, 'x')", true},
        {"other", "INSERT INTO shop.t VALUES (1)", true},
        {"shop", "LOAD DATA INFILE 'x' INTO TABLE t", true},
        {"", "FROBNICATE", true},
        {"shop", "FROBNICATE", true},
        {"other", "FROBNICATE", false},
        {"other", "INSERT INTO `sh``op`.t VALUES (1, 'shop.t')", false},
        {"other", "SELECT `shop`.`f`(1)", true},
        {"", "INSERT INTO other.t VALUES (1)", false},
        {"", "INSERT INTO other.t SELECT 1 FROM shop . t", true},
        {"other", "INSERT INTO t VALUES ('", true},
        {"shop", "GRANT SELECT ON t TO somebody", false},
        {"shop", "CREATE TEMPORARY TABLE x (i int)", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int pass = 0; pass < 2; pass++) {
            struct builder b;
            builder_init(&b, true);
            commit_one(&b, 1, 1);
            if (pass) b.pass_over = "1:" UUID ":2:1:0";
            gtid(&b, 2);
            query(&b, "BEGIN");
            query_in(&b, cases[i].database, cases[i].text);
            query(&b, "COMMIT");
            if (cases[i].stops && !pass && b.result == 0) fail_msg("%s", cases[i].text);
            if (cases[i].stops && !pass) {
                expect_error(&b, ERR_DATA, "--skip 1:" UUID ":2:1:0");
                assert_non_null(strstr(b.e.text, cases[i].text));
            } else if (b.result) {
                fail_msg("%s: %s", cases[i].text, b.e.text);
            }
            builder_release(&b);
        }
    }
}

static void test_statements(void **state) {
    (void)state;
    static const struct {
        const char *database, *text, *out;
    } cases[] = {
        {"shop", "TRUNCATE TABLE u", "truncate shop.u 1:" UUID ":1:1:0 at binlog.000001:171\n"},
        {"other", "RENAME TABLE other.a TO other.b, shop._u TO shop.u",
         "ddl shop._u 1:" UUID ":1:1:2 at binlog.000001:171\n"
         "  \"RENAME TABLE other.a TO other.b, shop._u TO shop.u\"\n"
         "ddl shop.u 1:" UUID ":1:1:3 at binlog.000001:171\n"
         "  \"RENAME TABLE other.a TO other.b, shop._u TO shop.u\"\n"},
        {"shop", "DROP TABLE u, other.b, v, U, u",
         "ddl shop.u 1:" UUID ":1:1:0 at binlog.000001:171\n  \"DROP TABLE u, other.b, v, U, u\"\n"
         "ddl shop.v 1:" UUID ":1:1:2 at binlog.000001:171\n  \"DROP TABLE u, other.b, v, U, u\"\n"
         "ddl shop.U 1:" UUID ":1:1:3 at binlog.000001:171\n  \"DROP TABLE u, other.b, v, U, u\"\n"},
        {"shop", "ALTER TABLE u TRUNCATE PARTITION p",
         "ddl shop.u 1:" UUID ":1:1:0 at binlog.000001:171\n  \"ALTER TABLE u TRUNCATE PARTITION p\"\n"},
        {"other", "DROP TABLE a, b", ""},
        {"other", "CREATE DATABASE other", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct builder b;
        builder_init(&b, true);
        gtid(&b, 1);
        query_in(&b, cases[i].database, cases[i].text);
        assert_int_equal(b.result, 0);
        const char *out = strchr(buf_cstr(&b.text), '\n') + 1;
        if (strncmp(out, cases[i].out, strlen(cases[i].out)) != 0) fail_msg("%s", out);
        assert_int_equal(strncmp(out + strlen(cases[i].out), "commit ", 7), 0);
        builder_release(&b);
    }
}

/* What ends in ROLLBACK never was; what is undone neither. */
static void test_rollback(void **state) {
    (void)state;
    struct builder b;
    builder_init(&b, true);
    gtid(&b, 1);
    query(&b, "BEGIN");
    table_map(&b);
    insert(&b, 1);
    query(&b, "INSERT INTO t VALUES (1)");
    query(&b, "ROLLBACK");
    expect(&b,
           "begin " UUID ":1 at binlog.000001:127 time 2023-11-14T22:13:20Z\ncommit to binlog.000001:424\n");
    gtid(&b, 2);
    query(&b, "BEGIN");
    query(&b, "SAVEPOINT `a`");
    table_map(&b);
    insert(&b, 2);
    query(&b, "ROLLBACK TO `a`");
    table_map(&b);
    insert(&b, 3);
    xid(&b);
    assert_null(strstr(buf_cstr(&b.text), "int 2"));
    assert_non_null(strstr(buf_cstr(&b.text), "insert shop.t 1:" UUID ":2:1:0"));
    assert_non_null(strstr(buf_cstr(&b.text), "int 3"));
    builder_release(&b);
}

static void many(struct builder *b, uint32_t rows) {
    gtid(b, 1);
    query(b, "BEGIN");
    table_map(b);
    for (uint32_t i = 0; i < rows; i++) insert(b, i);
}

/* Too large for memory: a new MySQL's comes as it is read, an old one's is put away until it is over. */
static void test_large(void **state) {
    (void)state;
    enum { ROWS = 40000 };
    struct builder b;
    builder_init(&b, true);
    many(&b, ROWS);
    assert_in_range(count(&b, "insert "), 10000, ROWS);
    assert_int_equal(b.spills, 0);
    xid(&b);
    assert_int_equal(count(&b, "insert "), ROWS);
    assert_int_equal(count(&b, "begin "), 1);
    assert_int_equal(count(&b, "commit "), 1);
    assert_int_equal(b.result, 0);
    builder_release(&b);

    builder_init(&b, true);
    format(&b, "5.7.44-log");
    many(&b, ROWS);
    assert_int_equal(b.spills, 1);
    expect(&b, "");
    xid(&b);
    assert_int_equal(count(&b, "insert "), ROWS);
    assert_int_equal(b.result, 0);
    buf_clear(&b.text, SIZE_MAX);
    builder_release(&b);
}

/* Rows that went out cannot be called back. */
static void test_large_rollback(void **state) {
    (void)state;
    struct builder b;
    builder_init(&b, true);
    many(&b, 40000);
    query(&b, "ROLLBACK");
    expect_error(&b, ERR_DATA, "rolls back a transaction so large");
    builder_release(&b);
    builder_init(&b, true);
    many(&b, 40000);
    query(&b, "ROLLBACK TO `x`");
    expect_error(&b, ERR_DATA, "rolls back a part");
    builder_release(&b);
}

/* Cut off in the middle of one that comes as it is read: it goes on behind its last row, without a BEGIN. */
static void test_large_cut(void **state) {
    (void)state;
    enum { ROWS = 40000 };
    struct builder b;
    builder_init(&b, true);
    many(&b, ROWS);
    size_t before = count(&b, "insert ");
    connect_to(&b, "9.7.4", true);
    many(&b, ROWS);
    xid(&b);
    assert_in_range(before, 10000, ROWS);
    assert_int_equal(count(&b, "insert "), ROWS);
    assert_int_equal(count(&b, "begin "), 1);
    if (b.result) fail_msg("%s", b.e.text);
    builder_release(&b);

    builder_init(&b, true);
    many(&b, ROWS);
    connect_to(&b, "9.7.4", true);
    commit_one(&b, 2, 1);
    expect_error(&b, ERR_IO, "should have been sent again");
    assert_true(b.e.retriable);
    builder_release(&b);
}

static void heartbeat(struct builder *b, const char *file, uint64_t at) {
    b->at = at;
    feed_bytes(b, BINLOG_HEARTBEAT, 0, file, strlen(file));
}

static void test_heartbeat(void **state) {
    (void)state;
    struct builder b;
    builder_init(&b, true);
    heartbeat(&b, "binlog.000001", 500);
    expect(&b, "heartbeat binlog.000001:500\n");
    heartbeat(&b, "binlog.000001", 500);
    expect(&b, "");
    feed_hex(&b, BINLOG_HEARTBEAT_V2, "01 0d 62696e6c6f672e303030303032 02 03 fc0a02 00");
    expect(&b, "heartbeat binlog.000002:522\n");
    feed_hex(&b, BINLOG_HEARTBEAT_V2, "63 01 aa 01 0d 62696e6c6f672e303030303032 02 03 fc0b02 00");
    expect(&b, "heartbeat binlog.000002:523\n");
    b.at = 523;
    gtid(&b, 1);
    heartbeat(&b, "binlog.000002", b.at);
    expect(&b, "");
    feed_hex(&b, BINLOG_HEARTBEAT_V2, "01 0d 62");
    expect(&b, "");
    query(&b, "BEGIN");
    query(&b, "COMMIT");
    buf_clear(&b.text, SIZE_MAX);
    feed_hex(&b, BINLOG_HEARTBEAT_V2, "01 0d 62");
    expect_error(&b, ERR_DATA, "HEARTBEAT_V2");
    builder_release(&b);
}

static void test_about_the_log(void **state) {
    (void)state;
    static const struct {
        uint8_t type;
        uint16_t flags;
        const char *hex;
        enum err_code code; /* ERR_NONE: skipped */
        const char *why;
    } cases[] = {
        {BINLOG_STOP, 0, "", ERR_NONE, NULL},
        {BINLOG_INCIDENT, 0, "0100 04 6c6f7374", ERR_GAP, "an incident: lost"},
        {200, BINLOG_FLAG_IGNORABLE, "0102", ERR_NONE, NULL},
        {200, 0, "0102", ERR_DATA, "type 200 is not known"},
        {BINLOG_TRANSACTION_CONTEXT, 0, "0102", ERR_NONE, NULL},
        {BINLOG_VIEW_CHANGE, 0, "0102", ERR_NONE, NULL},
        {BINLOG_INTVAR, 0, "01 0200000000000000", ERR_NONE, NULL},
        {MARIADB_START_ENCRYPTION, 0, "01", ERR_NONE, NULL},
        {BINLOG_XID, 0, "0100000000000000", ERR_DATA, "outside of a transaction"},
        {BINLOG_TABLE_MAP, 0, "6a00", ERR_DATA, "outside of a transaction"},
        {BINLOG_XA_PREPARE, 0, "00", ERR_DATA, "outside of an XA transaction"},
        {BINLOG_ROTATE, 0, "0400", ERR_DATA, "malformed"},
        {BINLOG_ROTATE, 0, "0400000000000000", ERR_DATA, "malformed name"},
        {BINLOG_ANONYMOUS_GTID, 0, "00 00000000000000000000000000000000 0000000000000000", ERR_IO,
         "without a GTID"},
        {MARIADB_GTID, 0, "1a00000000000000 00000000 0c 000000000000", ERR_DATA, "kind of server"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct builder b;
        struct buf body = {0};
        builder_init(&b, true);
        hex_put(&body, cases[i].hex);
        feed_bytes(&b, cases[i].type, cases[i].flags, body.data, body.len);
        if (cases[i].code)
            expect_error(&b, cases[i].code, cases[i].why);
        else
            expect(&b, "");
        buf_release(&body);
        builder_release(&b);
    }
}

static void test_order_of_frames(void **state) {
    (void)state;
    struct builder b;
    const struct decoder_options o = {.epoch = 1};
    b = (struct builder){.d = decoder_binlog.create(&o)};
    rotate_to(&b, "binlog.000001", 4, true);
    expect_error(&b, ERR_DATA, "where the log begins");
    builder_release(&b);

    b = (struct builder){.d = decoder_binlog.create(&o)};
    start(&b, "binlog.000001:4", true);
    rotate_to(&b, "binlog.000001", 4, true);
    gtid(&b, 1);
    expect_error(&b, ERR_DATA, "in front of the FORMAT_DESCRIPTION");
    builder_release(&b);

    b = (struct builder){.d = decoder_binlog.create(&o)};
    start(&b, "binlog.000001:4", true);
    format(&b, "10.11.5-MariaDB");
    expect_error(&b, ERR_DATA, "MariaDB 10.11.5-MariaDB, but this source is configured for MySQL");
    b.result = 0;
    format(&b, "9.7.4");
    assert_int_equal(b.result, -1);
    assert_non_null(strstr(b.e.text, "failed before"));
    builder_release(&b);
}

/* The log of a server that crashed ends within a transaction, which never was. */
static void test_abandoned(void **state) {
    (void)state;
    struct builder b;
    builder_init(&b, true);
    gtid(&b, 1);
    query(&b, "BEGIN");
    table_map(&b);
    insert(&b, 1);
    rotate_to(&b, "binlog.000002", 4, true);
    format(&b, "9.7.4");
    expect(&b, "");
    commit_one(&b, 1, 2);
    assert_int_equal(count(&b, "insert "), 1);
    assert_non_null(strstr(buf_cstr(&b.text), "int 2"));
    builder_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transaction),   cmocka_unit_test(test_by_file),
        cmocka_unit_test(test_begun),         cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_unwanted),      cmocka_unit_test(test_write),
        cmocka_unit_test(test_statements),    cmocka_unit_test(test_rollback),
        cmocka_unit_test(test_large),         cmocka_unit_test(test_large_rollback),
        cmocka_unit_test(test_large_cut),     cmocka_unit_test(test_heartbeat),
        cmocka_unit_test(test_about_the_log), cmocka_unit_test(test_order_of_frames),
        cmocka_unit_test(test_abandoned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
