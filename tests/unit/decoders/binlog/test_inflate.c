#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decoders/binlog/inflate.h"
#include "tests/unit/decoders/binlog/hex.h"

/* MariaDB 10.11: whole events. */
static const char query[] =
    "7e79046ba5070000008b000000b8030000000008000000000000000400002300000000000101000020540000000006037374"
    "640421002100080081600000000000000073686f70008136789c4b2e4a4d2c495528494cca49554856d0c84c51c8cc2b5128"
    "28cacc4d2caa54c84eadd451c8cb07aa284b2c4ace482cd2303230d0d404000b0312422c64cd38";
static const char write_rows[] =
    "7e79046ba6070000003d000000b404000000001b000000000001000203820138789cfbc3c4c0c030ad6250823fcc20b7550e4a"
    "000061c9906005a13a65";
static const char update_rows[] =
    "7e79046ba7070000003e000000c005000000001b00000000000100020303820106789cfbc3c4c0c030ad6250823f20b7a554d1"
    "010000701b78ef7399d5f0";
static const char delete_rows[] =
    "7e79046ba80700000034000000ae06000000001b000000000001000203819c789cfbc3ccc0c030ad72500200de87487c6a830a"
    "6a";
/* MySQL 9.7: a TRANSACTION_PAYLOAD. */
static const char payload[] =
    "7d79046b2809000000f1000000fb05000000000201000303fcaf040101ce0028b52ffd60af032506000209202a7055d31880d5"
    "ffffaf0f54d5fdaa1ef4d9094ac0a3c91859ff0d09350070472269e069b649932bb79429ffbf952868ce011883e80bcb32abfb"
    "9978f0cc9b5f8fba6ec8c8a293d10961dd66d9aba2d01e03a09ea9505202d425b927e61d086dbd0ff2a8a8c6978dc21d0fc7a7"
    "a7bd3a0e3e14672957fc2e18bafa03aaadf7051a00a004c4a5253120130027a9a00020042cfb022532ac8bd086b00094cbcf85"
    "8604a70b322d26c1510a080233196191a4c481eb20854a30c7621a340d30198017018a1e74";

static const struct binlog_format mariadb = {
    .known = true,
    .mariadb = true,
    .checksums = true,
    .post_header = {[MARIADB_QUERY_COMPRESSED] = 13,
                    [MARIADB_WRITE_ROWS_COMPRESSED_V1] = 8,
                    [MARIADB_UPDATE_ROWS_COMPRESSED_V1] = 8,
                    [MARIADB_DELETE_ROWS_COMPRESSED_V1] = 8,
                    [MARIADB_WRITE_ROWS_COMPRESSED] = 10},
};
static const struct binlog_format mysql = {.known = true, .checksums = true};

static struct binlog_event read_event(const char *hex, const struct binlog_format *f, struct buf *raw) {
    struct binlog_event ev;
    struct err e = {0};
    buf_clear(raw, SIZE_MAX);
    hex_put(raw, hex);
    if (binlog_event_read(raw->data, raw->len, f, false, &ev, &e)) fail_msg("%s", e.text);
    return ev;
}

static void test_query(void **state) {
    (void)state;
    struct buf raw = {0};
    struct arena a;
    static const char text[] = "create table c (id int primary key, note varchar(200))";
    arena_init(&a, 1 << 16);
    struct binlog_event ev = read_event(query, &mariadb, &raw);
    assert_true(inflate_wanted(ev.type));
    assert_int_equal(inflate_event(&ev, &mariadb, &a, NULL), 0);
    assert_int_equal(ev.type, BINLOG_QUERY);
    size_t len = cursor_left(&ev.body), tail = sizeof(text) - 1;
    assert_true(len > tail);
    assert_memory_equal(ev.body.at + len - tail, text, tail);
    assert_memory_equal(ev.body.at + len - tail - 5, "shop", 5);
    arena_release(&a);
    buf_release(&raw);
}

static void test_rows(void **state) {
    (void)state;
    const struct {
        const char *hex;
        uint8_t type;
        size_t head, len;
    } cases[] = {
        {write_rows, BINLOG_WRITE_ROWS_V1, 10, 10 + 312},
        {update_rows, BINLOG_UPDATE_ROWS_V1, 11, 11 + 262},
        {delete_rows, BINLOG_DELETE_ROWS_V1, 10, 10 + 156},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf raw = {0};
        struct arena a;
        arena_init(&a, 1 << 16);
        struct binlog_event ev = read_event(cases[i].hex, &mariadb, &raw);
        assert_int_equal(inflate_event(&ev, &mariadb, &a, NULL), 0);
        assert_int_equal(ev.type, cases[i].type);
        assert_int_equal(cursor_left(&ev.body), cases[i].len);
        assert_memory_equal(ev.body.at, raw.data + BINLOG_HEADER_LEN, cases[i].head);
        assert_int_equal(ev.body.at[cases[i].head], 0xfc); /* bitmap of NULLs: two columns, none */
        arena_release(&a);
        buf_release(&raw);
    }
}

/* The second form: a length and extra data in front of the columns. */
static void test_rows_v2(void **state) {
    (void)state;
    struct buf raw = {0};
    struct arena a;
    arena_init(&a, 1 << 16);
    hex_put(&raw,
            "1b0000000000 0100 0400 aabb 02 03 820138789cfbc3c4c0c030ad6250823fcc20b7550e4a000061c99060");
    struct binlog_event ev = {.type = MARIADB_WRITE_ROWS_COMPRESSED, .body = cursor_of(raw.data, raw.len)};
    assert_int_equal(inflate_event(&ev, &mariadb, &a, NULL), 0);
    assert_int_equal(ev.type, BINLOG_WRITE_ROWS);
    assert_int_equal(cursor_left(&ev.body), 14 + 312);
    arena_release(&a);
    buf_release(&raw);
}

/* Cut off anywhere, or with a byte of its check sum changed: an error, never anything worse. */
static void test_damaged_event(void **state) {
    (void)state;
    static const char *const cases[] = {query, write_rows, update_rows, delete_rows};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf raw = {0};
        struct arena a;
        arena_init(&a, 1 << 16);
        struct binlog_event ev = read_event(cases[i], &mariadb, &raw);
        for (size_t len = 0; len < cursor_left(&ev.body); len++) {
            struct binlog_event cut = ev;
            struct err e = {0};
            cut.body.end = cut.body.at + len;
            assert_int_equal(inflate_event(&cut, &mariadb, &a, &e), -1);
            assert_int_equal(e.code, ERR_DATA);
            arena_clear(&a);
        }
        for (const uint8_t *p = ev.body.end - 4; p < ev.body.end; p++) {
            struct binlog_event bad = ev;
            struct err e = {0};
            raw.data[p - raw.data] ^= 0x10;
            assert_int_equal(inflate_event(&bad, &mariadb, &a, &e), -1);
            raw.data[p - raw.data] ^= 0x10;
        }
        arena_release(&a);
        buf_release(&raw);
    }
}

static void test_bomb(void **state) {
    (void)state;
    struct buf raw = {0};
    struct arena a;
    struct err e = {0};
    arena_init(&a, 1 << 16);
    hex_put(&raw, "1b0000000000 0100 02 03 84 7fffffff 789cfbc3c4c0c030ad6250823f");
    struct binlog_event ev = {.type = MARIADB_WRITE_ROWS_COMPRESSED_V1, .body = cursor_of(raw.data, raw.len)};
    assert_int_equal(inflate_event(&ev, &mariadb, &a, &e), -1);
    assert_non_null(strstr(e.text, "no event is that long"));
    raw.data[11] = 0x3f;
    ev.body = cursor_of(raw.data, raw.len);
    assert_int_equal(inflate_event(&ev, &mariadb, &a, &e), -1);
    assert_int_equal(a.held, 0);
    arena_release(&a);
    buf_release(&raw);
}

static int all_events(struct payload *p, const struct binlog_event *ev, struct buf *types, struct err *e) {
    const void *data;
    size_t len;
    if (payload_open(p, ev, e)) return -1;
    for (;;) {
        struct binlog_event inner;
        if (payload_next(p, &data, &len, e)) return -1;
        if (!len) return 0;
        if (binlog_event_read(data, len, &mysql, true, &inner, e)) return -1;
        buf_printf(types, "%s ", binlog_type_name(inner.type));
    }
}

static void test_payload(void **state) {
    (void)state;
    struct buf raw = {0}, types = {0};
    struct err e = {0};
    struct payload *p = payload_new();
    struct binlog_event ev = read_event(payload, &mysql, &raw);
    for (int round = 0; round < 2; round++) {
        buf_clear(&types, SIZE_MAX);
        if (all_events(p, &ev, &types, &e)) fail_msg("%s", e.text);
        assert_string_equal(buf_cstr(&types),
                            "QUERY TABLE_MAP WRITE_ROWS_V2 TABLE_MAP WRITE_ROWS_V2 TABLE_MAP "
                            "UPDATE_ROWS_V2 XID ");
    }
    for (size_t len = 0; len < cursor_left(&ev.body); len++) {
        struct binlog_event cut = ev;
        cut.body.end = cut.body.at + len;
        err_clear(&e);
        assert_int_equal(all_events(p, &cut, &types, &e), -1);
        assert_int_equal(e.code, ERR_DATA);
    }
    payload_free(p);
    buf_release(&raw);
    buf_release(&types);
}

/* Not compressed: the events as they are. And one that says more or less than it holds. */
static void test_plain_payload(void **state) {
    (void)state;
    struct buf raw = {0}, types = {0};
    struct err e = {0};
    struct payload *p = payload_new();
    hex_put(&raw,
            "0203fcff00 01011f 00 00000000 10 09000000 1f000000 00000000 0000 0102030405060708 00000000");
    struct binlog_event ev = {.type = BINLOG_TRANSACTION_PAYLOAD, .body = cursor_of(raw.data, raw.len)};
    if (all_events(p, &ev, &types, &e)) fail_msg("%s", e.text);
    assert_string_equal(buf_cstr(&types), "XID ");
    for (unsigned size = 0; size < 256; size++) {
        raw.data[9 + 9] = (uint8_t)size;
        ev.body = cursor_of(raw.data, raw.len);
        assert_int_equal(all_events(p, &ev, &types, &e), size == 31 ? 0 : -1);
    }
    raw.data[3] = 7;
    ev.body = cursor_of(raw.data, raw.len);
    assert_int_equal(all_events(p, &ev, &types, &e), -1);
    assert_non_null(strstr(e.text, "not known"));
    payload_free(p);
    buf_release(&raw);
    buf_release(&types);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query),         cmocka_unit_test(test_rows), cmocka_unit_test(test_rows_v2),
        cmocka_unit_test(test_damaged_event), cmocka_unit_test(test_bomb), cmocka_unit_test(test_payload),
        cmocka_unit_test(test_plain_payload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
