/* query_event: status variables of every kind, as real servers wrote them and taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decoders/binlog/query_event.h"
#include "decoders/buf.h"

static void put_hex(struct buf *out, const char *hex) {
    for (; *hex; hex += 2) {
        const char pair[] = {hex[0], hex[1], '\0'};
        buf_putc(out, (char)strtoul(pair, NULL, 16));
    }
}

/* The body of a QUERY event in database "d" with these variables. */
static void make_body(struct buf *out, const char *vars, const char *text) {
    size_t len = strlen(vars) / 2;
    put_hex(out, "0700000000000000"); /* thread, seconds */
    put_hex(out, "01");               /* length of "d" */
    put_hex(out, "2a00");             /* error code */
    buf_putc(out, (char)(len & 255));
    buf_putc(out, (char)(len >> 8));
    put_hex(out, vars);
    buf_put(out, "d", 2);
    buf_puts(out, text);
}

static int read_body(const struct buf *body, const struct binlog_format *f, struct query_event *q,
                     struct err *e) {
    struct binlog_event ev = {.type = BINLOG_QUERY, .body = cursor_of(body->data, body->len)};
    return query_event_read(&ev, f, q, e);
}

static void check(const char *vars, bool mariadb, uint64_t sql_mode, uint16_t charset) {
    const struct binlog_format f = {.mariadb = mariadb};
    struct buf body = {0};
    struct query_event q;
    struct err e = {0};
    make_body(&body, vars, "COMMIT");
    if (read_body(&body, &f, &q, &e)) fail_msg("%s: %s", vars, e.text);
    assert_true(q.sql_mode == sql_mode);
    assert_int_equal(q.charset, charset);
    assert_int_equal(q.error_code, 42);
    assert_int_equal(q.database.len, 1);
    assert_memory_equal(q.database.ptr, "d", 1);
    assert_int_equal(q.text.len, 6);
    assert_memory_equal(q.text.ptr, "COMMIT", 6);
    buf_release(&body);
}

/* Variables as MariaDB 11.4 and MySQL 9.7 wrote them. */
static void real(void **state) {
    (void)state;
    check("00000000010100002054000000000603737464042d002d002d00", true, 0x54200000, 45);
    check("00000000010100002054000000000603737464042d002d002d00810400000000000000", true, 0x54200000, 45);
    check(
        "00000000010100002054000000000603737464042d002d002d000b04726f6f74096c6f63616c686f73748141000000000000"
        "00",
        true, 0x54200000, 45);
    check("0000000001010000205400000000060373746404080008002d00", true, 0x54200000, 8);
    check("0000000000012000a045000000000603737464042d002d00ff000c01640011030000000000000012ff001400", false,
          0x45a00020, 45);
    check(
        "0000000000012000a045000000000603737464042d002d00ff000b04726f6f74096c6f63616c686f73740c016d7973716c00"
        "11170000000000000012ff00",
        false, 0x45a00020, 45);
    check("0000000000012000a0450000000006037374640408000800ff000c01640012ff001500", false, 0x45a00020, 8);
}

static void each_kind(void **state) {
    static const char *const mysql[] = {"0203737464"
                                        "00",
                                        "0301000200",
                                        "0506"
                                        "53595354454d",
                                        "070100",
                                        "080800",
                                        "090102030405060708",
                                        "0a01000000",
                                        "0b00"
                                        "00",
                                        "0cfe",
                                        "0c0261006200",
                                        "0d010203",
                                        "110102030405060708",
                                        "12ff00",
                                        "1000",
                                        "1301",
                                        "1400",
                                        "1500",
                                        "0c00"};
    static const char *const mariadb[] = {
        "80010203", "810102030405060708",   "8201",  "82040102030405060708", "82080102030405060708",
        "8300",     "83022d002d00ff00ff00", "ffffff"};
    char vars[200];
    (void)state;
    for (size_t i = 0; i < sizeof(mysql) / sizeof(mysql[0]); i++) {
        snprintf(vars, sizeof(vars), "%s04080008000800", mysql[i]);
        check(vars, false, 0, 8);
        check(vars, true, 0, 8);
    }
    for (size_t i = 0; i < sizeof(mariadb) / sizeof(mariadb[0]); i++) {
        snprintf(vars, sizeof(vars), "%s04080008000800", mariadb[i]);
        check(vars, true, 0, 8);
    }
    check("1501800104080008000800", false, 0, 8); /* 128 is Percona's, and has one byte */
    check("", false, 0, 0);
}

/* An ALTER in two phases: begun, committed, rolled back. */
static void alters(void **state) {
    static const struct {
        const char *vars;
        bool is_void;
    } cases[] = {
        {"8202", true}, {"82040102030405060708", false}, {"82080102030405060708", true}, {"8201", false}};
    const struct binlog_format f = {.mariadb = true};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf body = {0};
        struct query_event q;
        make_body(&body, cases[i].vars, "ALTER TABLE t ADD c int");
        assert_int_equal(read_body(&body, &f, &q, NULL), 0);
        assert_int_equal(q.void_alter, cases[i].is_void);
        buf_release(&body);
    }
}

static void refuse(const struct buf *body, const struct binlog_format *f, const char *because) {
    struct query_event q;
    struct err e = {0};
    assert_int_equal(read_body(body, f, &q, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    if (!strstr(e.text, because)) fail_msg("'%s' does not say '%s'", e.text, because);
}

static void refuse_vars(const char *vars, bool mariadb, const char *because) {
    const struct binlog_format f = {.mariadb = mariadb};
    struct buf body = {0};
    make_body(&body, vars, "COMMIT");
    refuse(&body, &f, because);
    buf_release(&body);
}

static void refusals(void **state) {
    (void)state;
    refuse_vars("16", false, "status variable 22 is not known");
    refuse_vars("0e", true, "status variable 14 is not known");
    refuse_vars("80", false, "status variable 128 is cut off");
    refuse_vars("8101", false, "status variable 129 is not known");
    refuse_vars("84", true, "status variable 132 is not known");
    refuse_vars("0101", false, "status variable 1 is cut off");
    refuse_vars("0409", false, "status variable 4 is cut off");
    refuse_vars("0605616263", false, "status variable 6 is cut off");
    refuse_vars("0c0261", false, "status variable 12 is cut off");
    refuse_vars("8204ff", true, "status variable 130 is cut off");
    refuse_vars("830200", true, "status variable 131 is cut off");

    struct binlog_format f = {0};
    struct buf body = {0};
    make_body(&body, "0000000000", "");
    for (size_t len = 0; len < body.len; len++) {
        struct buf cut = {.data = body.data, .len = len};
        refuse(&cut, &f, "too few");
    }
    body.data[body.len - 1] = 'x';
    refuse(&body, &f, "does not end where it says");
    f = (struct binlog_format){.known = true, .ntypes = 40};
    f.post_header[BINLOG_QUERY] = 12;
    refuse(&body, &f, "a post-header of 12 bytes");
    buf_release(&body);
}

/* A longer post-header is passed over; a text may be empty. */
static void later_layout(void **state) {
    struct binlog_format f = {.known = true, .ntypes = 40};
    struct buf body = {0};
    struct query_event q;
    (void)state;
    put_hex(&body, "0700000000000000"
                   "00"
                   "0000"
                   "0300"
                   "eeff"
                   "12ff00"
                   "00");
    f.post_header[BINLOG_QUERY] = 15;
    assert_int_equal(read_body(&body, &f, &q, NULL), 0);
    assert_int_equal(q.text.len, 0);
    assert_int_equal(q.database.len, 0);
    buf_release(&body);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(real), cmocka_unit_test(each_kind),
                                       cmocka_unit_test(alters), cmocka_unit_test(refusals),
                                       cmocka_unit_test(later_layout)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
