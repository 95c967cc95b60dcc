#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decoders/binlog/event.h"
#include "tests/unit/decoders/binlog/hex.h"

/* From MySQL 9.7.4, with checksums, and without. */
static const char mysql_format[] =
    "7d79046b0f090000007b0000007f00000000000400392e372e342d3200000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000013000d0008000000000400040000006300041a080000000000"
    "00020000000a0a0a2a2a001234000a280000014aa5df33";
static const char mysql_format_off[] =
    "7d79046b0f090000007b0000007f00000001000400392e372e342d3200000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000013000d0008000000000400040000006300041a080000000000"
    "00020000000a0a0a2a2a001234000a28000000dc95d844";
static const char rotate[] =
    "7d79046b04090000002c000000500200000000040000000000000062696e6c6f672e3030303030345022d11e";
static const char rotate_off[] =
    "7d79046b040900000028000000340200000000040000000000000062696e6c6f672e303030303035";

/* From MariaDB 10.11.19. */
static const char mariadb_list[] =
    "0a78046ba3070000002b0000002b0100000000010000000000000007000000190000000000000033336ec6";

struct bytes {
    struct buf raw;
    struct binlog_event event;
    struct err e;
};

static int read_event(struct bytes *b, const char *hex, const struct binlog_format *f, bool nested) {
    buf_clear(&b->raw, SIZE_MAX);
    hex_put(&b->raw, hex);
    err_clear(&b->e);
    return binlog_event_read(b->raw.data, b->raw.len, f, nested, &b->event, &b->e);
}

static struct binlog_format format_of(const char *hex) {
    struct bytes b = {0};
    struct binlog_format none = {0}, f;
    assert_int_equal(read_event(&b, hex, &none, false), 0);
    assert_int_equal(b.event.type, BINLOG_FORMAT_DESCRIPTION);
    assert_int_equal(binlog_format_read(&b.event, &f, &b.e), 0);
    buf_release(&b.raw);
    return f;
}

static void test_format(void **state) {
    (void)state;
    struct binlog_format f = format_of(mysql_format);
    assert_true(f.known);
    assert_true(f.checksums);
    assert_false(f.mariadb);
    assert_string_equal(f.server_version, "9.7.4-2");
    assert_int_equal(f.ntypes, 42);
    assert_int_equal(f.post_header[BINLOG_QUERY], 13);
    assert_int_equal(f.post_header[BINLOG_TABLE_MAP], 8);
    assert_int_equal(f.post_header[BINLOG_WRITE_ROWS], 10);
    assert_int_equal(f.post_header[BINLOG_GTID], 42);
    assert_int_equal(f.post_header[BINLOG_GTID_TAGGED], 0);
    f = format_of(mysql_format_off);
    assert_false(f.checksums);
}

static void test_header(void **state) {
    (void)state;
    struct bytes b = {0};
    struct binlog_format f = format_of(mysql_format), off = format_of(mysql_format_off), none = {0};
    assert_int_equal(read_event(&b, rotate, &f, false), 0);
    assert_int_equal(b.event.timestamp, 0x6b04797d);
    assert_int_equal(b.event.type, BINLOG_ROTATE);
    assert_int_equal(b.event.server_id, 9);
    assert_int_equal(b.event.log_pos, 0x250);
    assert_int_equal(b.event.flags, 0);
    assert_int_equal(cursor_left(&b.event.body), 8 + 13);

    assert_int_equal(read_event(&b, rotate_off, &off, false), 0);
    assert_int_equal(cursor_left(&b.event.body), 8 + 13);

    /* Nothing is known yet: a checksum that fits is one. */
    assert_int_equal(read_event(&b, rotate, &none, false), 0);
    assert_int_equal(cursor_left(&b.event.body), 8 + 13);
    assert_int_equal(read_event(&b, rotate_off, &none, false), 0);
    assert_int_equal(cursor_left(&b.event.body), 8 + 13);

    /* Inside a payload nothing has a checksum. */
    assert_int_equal(read_event(&b, rotate_off, &f, true), 0);
    assert_int_equal(cursor_left(&b.event.body), 8 + 13);
    assert_int_equal(read_event(&b, mariadb_list, &f, false), 0);
    assert_int_equal(cursor_left(&b.event.body), 20);
    buf_release(&b.raw);
}

/* Every single damaged byte under a checksum is noticed. */
static void test_damage(void **state) {
    (void)state;
    struct bytes b = {0};
    struct binlog_format f = format_of(mysql_format);
    assert_int_equal(read_event(&b, rotate, &f, false), 0);
    for (size_t i = 0; i < b.raw.len; i++) {
        b.raw.data[i] ^= 0x40;
        err_clear(&b.e);
        assert_int_equal(binlog_event_read(b.raw.data, b.raw.len, &f, false, &b.event, &b.e), -1);
        assert_int_equal(b.e.code, ERR_DATA);
        b.raw.data[i] ^= 0x40;
    }
    for (size_t len = 0; len < b.raw.len; len++)
        assert_int_equal(binlog_event_read(b.raw.data, len, &f, false, &b.event, &b.e), -1);
    assert_int_equal(read_event(&b, rotate_off, &f, false), -1);
    assert_non_null(strstr(b.e.text, "ROTATE event"));
    assert_non_null(strstr(b.e.text, "checksum does not fit"));
    buf_release(&b.raw);
}

/* While a file is open its first event says so; the checksum was made without that flag. */
static void test_in_use(void **state) {
    (void)state;
    struct bytes b = {0};
    struct binlog_format none = {0};
    assert_int_equal(read_event(&b, mysql_format, &none, false), 0);
    b.raw.data[17] |= 1;
    assert_int_equal(binlog_event_read(b.raw.data, b.raw.len, &none, false, &b.event, &b.e), 0);
    b.raw.data[17] |= 2;
    assert_int_equal(binlog_event_read(b.raw.data, b.raw.len, &none, false, &b.event, &b.e), -1);
    buf_release(&b.raw);
}

static void test_bad_format(void **state) {
    (void)state;
    struct bytes b = {0};
    struct binlog_format none = {0}, f;
    const struct {
        size_t at;
        uint8_t byte;
        const char *why;
    } cases[] = {
        {0, 3, "version 3"},
        {2, '4', "too old"},
        {56, 20, "headers of 20"},
        {99, 2, "unknown kind"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(read_event(&b, mysql_format_off, &none, false), 0);
        b.raw.data[BINLOG_HEADER_LEN + cases[i].at] = cases[i].byte;
        assert_int_equal(binlog_format_read(&b.event, &f, &b.e), -1);
        assert_non_null(strstr(b.e.text, cases[i].why));
    }
    assert_int_equal(read_event(&b, mysql_format_off, &none, false), 0);
    for (size_t len = 0; len < 58; len++) {
        struct binlog_event cut = b.event;
        cut.body = cursor_of(b.raw.data + BINLOG_HEADER_LEN, len);
        assert_int_equal(binlog_format_read(&cut, &f, &b.e), -1);
    }
    buf_release(&b.raw);
}

static void test_names(void **state) {
    (void)state;
    assert_string_equal(binlog_type_name(BINLOG_WRITE_ROWS), "WRITE_ROWS_V2");
    assert_string_equal(binlog_type_name(MARIADB_DELETE_ROWS_COMPRESSED), "DELETE_ROWS_COMPRESSED_V2");
    assert_string_equal(binlog_type_name(200), "UNKNOWN");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format), cmocka_unit_test(test_header),     cmocka_unit_test(test_damage),
        cmocka_unit_test(test_in_use), cmocka_unit_test(test_bad_format), cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
