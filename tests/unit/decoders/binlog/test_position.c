#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "decoders/binlog/position.h"

#define A "3e11fa47-71ca-11e1-9e33-c80aa9429562"

static struct position blob(const struct buf *b) {
    return (struct position){b->data, b->len};
}

static struct buf parsed(const char *text) {
    struct buf out = {0};
    struct err e = {0};
    if (binlog_position_parse(text, &out, &e)) fail_msg("%s: %s", text, e.text);
    return out;
}

static void test_text(void **state) {
    (void)state;
    const struct {
        const char *text;
        enum binlog_flavour flavour;
        bool by_gtid;
        const char *file;
        uint64_t offset;
    } cases[] = {
        {"binlog.000003:1234", FLAVOUR_MYSQL, false, "binlog.000003", 1234},
        {"odd:name.1:5000000000", FLAVOUR_MYSQL, false, "odd:name.1", 5000000000},
        {"binlog.000003:4 " A ":1-7", FLAVOUR_MYSQL, true, "binlog.000003", 4},
        {A ":1-7:erp:1", FLAVOUR_MYSQL, true, "", 0},
        {"binlog.000003:4 0-1-23,1-1-2", FLAVOUR_MARIADB, true, "binlog.000003", 4},
        {"0-1-23", FLAVOUR_MARIADB, true, "", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf b = parsed(cases[i].text), text = {0}, again = {0};
        struct binlog_position p;
        assert_int_equal(binlog_position_init(&p, FLAVOUR_MYSQL, NULL), 0);
        assert_int_equal(binlog_position_read(blob(&b), &p, NULL), 0);
        assert_int_equal(p.flavour, cases[i].flavour);
        assert_int_equal(p.by_gtid, cases[i].by_gtid);
        assert_string_equal(p.through.file, cases[i].file);
        assert_int_equal(p.through.offset, cases[i].offset);
        assert_int_equal(binlog_place_compare(&p.from, &p.through), 0);
        assert_true(gtid_set_within(p.through.gtids, p.from.gtids));
        assert_int_equal(p.through.server, 0);
        binlog_position_text(blob(&b), &text);
        assert_string_equal(buf_cstr(&text), cases[i].text);
        binlog_position_write(&p, &again);
        assert_int_equal(again.len, b.len);
        assert_memory_equal(again.data, b.data, b.len);
        p.from.server = p.through.server = 4000000000;
        p.from.begun = 1800000000;
        p.through.begun = 4100000000;
        buf_clear(&again, SIZE_MAX);
        binlog_position_write(&p, &again);
        assert_int_equal(binlog_position_read(blob(&again), &p, NULL), 0);
        assert_int_equal(p.through.server, 4000000000);
        assert_int_equal(p.from.begun, 1800000000);
        assert_int_equal(p.through.begun, 4100000000);
        for (size_t len = 0; len < b.len; len++)
            assert_int_equal(binlog_position_read((struct position){b.data, len}, &p, NULL), -1);
        binlog_position_release(&p);
        buf_release(&b);
        buf_release(&text);
        buf_release(&again);
    }
}

static void put_undated(struct buf *out, const char *file, uint64_t offset) {
    buf_put_be16(out, (uint16_t)strlen(file));
    buf_puts(out, file);
    buf_put_be32(out, 7);
    buf_put_be64(out, offset);
    buf_put_be32(out, 0);
}

/* As checkpoints have it that were written before `begun` was. */
static void test_undated(void **state) {
    (void)state;
    struct buf b = {0};
    struct binlog_position p;
    buf_put(&b, "\3\1\0", 3);
    put_undated(&b, "binlog.000003", 1234);
    put_undated(&b, "binlog.000004", 5678);
    assert_int_equal(binlog_position_init(&p, FLAVOUR_MYSQL, NULL), 0);
    p.from.begun = p.through.begun = 9;
    assert_int_equal(binlog_position_read(blob(&b), &p, NULL), 0);
    assert_string_equal(p.from.file, "binlog.000003");
    assert_int_equal(p.from.begun, 0);
    assert_string_equal(p.through.file, "binlog.000004");
    assert_int_equal(p.through.server, 7);
    assert_int_equal(p.through.begun, 0);
    assert_int_equal(p.through.offset, 5678);
    b.data[0] = 4;
    assert_int_equal(binlog_position_read(blob(&b), &p, NULL), -1);
    binlog_position_release(&p);
    buf_release(&b);
}

static void test_bad_text(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",
        "binlog.000003",
        "binlog:4",
        "binlog.000003:",
        "binlog.000003:x",
        "0/1A2B3C",
        A,
        ("binlog.1:4 " A),
        "binlog.000003:4 x",
        ".1:4",
        "binlog.4x:4",
        "0-1",
        "binlog.1:4 0-1-0",
        "binlog.9999999999:4",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf out = {0};
        struct err e = {0};
        if (binlog_position_parse(cases[i], &out, &e) == 0) fail_msg("%s", cases[i]);
        assert_int_equal(e.code, ERR_CONFIG);
        assert_int_equal(out.len, 0);
        buf_release(&out);
    }
}

static void test_compare(void **state) {
    (void)state;
    const struct {
        const char *a, *b;
        int order;
    } cases[] = {
        {"binlog.000003:4", "binlog.000003:4", 0},
        {"binlog.000003:4", "binlog.000003:5", -1},
        {"binlog.999999:500", "binlog.1000000:4", -1},
        {"binlog.000003:4 " A ":1-7", "binlog.000003:9 " A ":1-7", 0},
        {"binlog.000009:4 " A ":1-7", "other.000003:9 " A ":1-8", -1},
        {A ":1-7", A ":1-6", 1},
        {A ":1-7", A ":1-6:8-9", -1},
        {"0-1-5", "0-2-6", -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf a = parsed(cases[i].a), b = parsed(cases[i].b);
        int order = binlog_position_compare(blob(&a), blob(&b));
        int back = binlog_position_compare(blob(&b), blob(&a));
        if ((order > 0) - (order < 0) != cases[i].order) fail_msg("%s, %s", cases[i].a, cases[i].b);
        assert_int_equal((back > 0) - (back < 0), -cases[i].order);
        buf_release(&a);
        buf_release(&b);
    }
    struct buf a = parsed("binlog.000003:4");
    assert_true(binlog_position_compare((struct position){0}, blob(&a)) < 0);
    buf_release(&a);
}

static void test_point(void **state) {
    (void)state;
    const struct binlog_point p = {0x1122334455667788, 9, 0xaabbccdd, 0x8877665544332211};
    struct binlog_point q;
    uint8_t bytes[BINLOG_PROGRESS_LEN];
    struct buf text = {0};
    binlog_point_store(&p, bytes);
    assert_true(binlog_point_load((struct position){bytes, sizeof(bytes)}, &q));
    assert_int_equal(q.rank, p.rank);
    assert_int_equal(q.event, p.event);
    assert_int_equal(q.row, p.row);
    assert_int_equal(q.name, p.name);
    binlog_position_text((struct position){bytes, sizeof(bytes)}, &text);
    assert_string_equal(buf_cstr(&text), "event 9, row 2864434397 of transaction 1234605616436508552");
    assert_false(binlog_point_load((struct position){bytes, 8}, &q));
    bytes[0] = 1;
    assert_false(binlog_point_load((struct position){bytes, sizeof(bytes)}, &q));
    buf_release(&text);
}

static void test_file_number(void **state) {
    (void)state;
    uint64_t n;
    assert_true(binlog_file_number("binlog.000003", &n) && n == 3);
    assert_true(binlog_file_number("a.b.4294967295", &n) && n == 4294967295);
    assert_false(binlog_file_number("a.b.4294967296", &n));
    assert_false(binlog_file_number("binlog", &n));
    assert_false(binlog_file_number("binlog.", &n));
    assert_false(binlog_file_number("", &n));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),    cmocka_unit_test(test_undated), cmocka_unit_test(test_bad_text),
        cmocka_unit_test(test_compare), cmocka_unit_test(test_point),   cmocka_unit_test(test_file_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
