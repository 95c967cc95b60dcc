#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "decoders/binlog/rows.h"
#include "tests/unit/decoders/binlog/bytes.h"

struct fixture {
    struct arena arena;
    struct buf scratch, text;
    struct cell_reader reader;
    struct shapes *shapes;
    struct shape *shape;
    struct bytes bytes;
    struct rows rows;
    struct change c;
    struct err e;
};

/* id int, name varchar(10), n int; key id */
static const char three[] = "010000000000 0100 01 6400 01 7400 03 030f03 02 2800 06 010100 02012d "
                            "0407 026964 0161 016e 080100";
/* id int, j json, k json; key id */
static const char json[] =
    "010000000000 0100 01 6400 01 7400 03 03f5f5 02 0404 06 010100 0407 026964 016a 016b 080100";

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    arena_init(&f->arena, 4096);
    f->reader = (struct cell_reader){&f->arena, charsets_new(), &f->scratch};
    f->shapes = shapes_new();
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    arena_release(&f->arena);
    shapes_free(f->shapes);
    charsets_free(f->reader.charsets);
    buf_release(&f->scratch);
    buf_release(&f->text);
    free(f->bytes.data);
    free(f);
    return 0;
}

static void describe(struct fixture *f, const char *hex) {
    struct bytes b = bytes_of(hex);
    struct binlog_event ev = event_of(BINLOG_TABLE_MAP, b);
    struct table_map m;
    bool fresh;
    struct shape *replaced;
    assert_int_equal(table_map_read(&ev, &mysql_format, &f->arena, &m, &f->e), 0);
    f->shape = shapes_take(f->shapes, &m, &fresh, &replaced, &f->e);
    if (!f->shape) fail_msg("%s", f->e.text);
    free(b.data);
}

static int open_rows(struct fixture *f, uint8_t type, const char *hex) {
    free(f->bytes.data);
    f->bytes = bytes_of(hex);
    struct binlog_event ev = event_of(type, f->bytes);
    return rows_open(&ev, &mysql_format, &f->rows, &f->e);
}

static int next(struct fixture *f, bool *more) {
    return rows_next(&f->rows, &f->reader, f->shape, &f->c, more, &f->e);
}

static void put_image(struct fixture *f, enum image image, const struct value *values) {
    if (image == IMAGE_NONE) return;
    buf_puts(&f->text, image == IMAGE_KEY ? " key" : " full");
    for (size_t i = 0; i < f->shape->table.ncolumns; i++) {
        buf_putc(&f->text, i ? ',' : '(');
        const struct value *v = &values[i];
        if (v->state == VALUE_PRESENT)
            value_format(v, &f->text);
        else
            buf_puts(&f->text, value_state_name((enum value_state)v->state));
        if (v->state == VALUE_UNCHANGED && v->text) buf_put(&f->text, v->text, v->len);
    }
    buf_putc(&f->text, ')');
}

/* The next row as text: "u key(1,absent) full(1,x)". */
static void assert_row(struct fixture *f, const char *want) {
    bool more;
    if (next(f, &more)) fail_msg("%s", f->e.text);
    buf_clear(&f->text, 4096);
    if (!more) {
        buf_puts(&f->text, "end");
    } else {
        buf_putc(&f->text, change_op_letter(f->c.op));
        put_image(f, f->c.before_image, f->c.before);
        put_image(f, f->c.after_image, f->c.after);
        assert_ptr_equal(f->c.table, &f->shape->table);
    }
    assert_string_equal(buf_cstr(&f->text), want);
}

#define V1 "010000000000 0100 "
#define V2 "010000000000 0100 0200 "

static void test_full(void **state) {
    struct fixture *f = *state;
    describe(f, three);
    assert_int_equal(open_rows(f, BINLOG_WRITE_ROWS, V2 "03 ff f8 01000000 0178 02000000 fc 02000000 0179"),
                     0);
    assert_int_equal(f->rows.table_id, 1);
    assert_int_equal(f->rows.flags, ROWS_STATEMENT_END);
    assert_row(f, "c full(1,x,2)");
    assert_row(f, "c full(2,y,null)");
    assert_row(f, "end");
    assert_row(f, "end");
    assert_int_equal(open_rows(f, BINLOG_WRITE_ROWS_V1, V1 "03 07 fa 01000000 02000000"), 0);
    assert_row(f, "c full(1,null,2)");
    assert_int_equal(open_rows(f, BINLOG_DELETE_ROWS_V1, V1 "03 07 00 01000000 0178 02000000"), 0);
    assert_row(f, "d full(1,x,2)");
    assert_int_equal(f->c.after_image, IMAGE_NONE);
    assert_null(f->c.after);
    assert_int_equal(
        open_rows(f, BINLOG_UPDATE_ROWS, V2 "03 ff ff 00 01000000 0178 02000000 00 01000000 0179 03000000"),
        0);
    assert_row(f, "u full(1,x,2) full(1,y,3)");
    assert_row(f, "end");
}

/* Extra row data of version 2: partitions, NDB. */
static void test_extra(void **state) {
    struct fixture *f = *state;
    describe(f, three);
    assert_int_equal(
        open_rows(f, BINLOG_WRITE_ROWS, "010000000000 0100 0500 01 0700 03 ff f8 01000000 00 02000000"), 0);
    assert_row(f, "c full(1,,2)");
    assert_int_equal(open_rows(f, BINLOG_WRITE_ROWS, "010000000000 0100 0100 03 ff f8"), -1);
    assert_int_equal(open_rows(f, BINLOG_WRITE_ROWS, "010000000000 0100 ff00 03 ff f8"), -1);
}

static void test_old_id(void **state) {
    struct fixture *f = *state;
    struct binlog_format old = mysql_format;
    old.post_header[BINLOG_WRITE_ROWS_V1] = 6;
    describe(f, three);
    f->bytes = bytes_of("07000000 0000 03 07 00 01000000 0178 02000000");
    struct binlog_event ev = event_of(BINLOG_WRITE_ROWS_V1, f->bytes);
    assert_int_equal(rows_open(&ev, &old, &f->rows, &f->e), 0);
    assert_int_equal(f->rows.table_id, 7);
    assert_row(f, "c full(1,x,2)");
}

/* Absent is not null, and in an UPDATE it is unchanged. */
static void test_minimal(void **state) {
    struct fixture *f = *state;
    describe(f, three);
    assert_int_equal(open_rows(f, BINLOG_UPDATE_ROWS, V2 "03 01 04 fe 01000000 fe 05000000 fe 02000000 ff"),
                     0);
    assert_row(f, "u key(1,absent,absent) full(1,unchanged,5)");
    assert_row(f, "u key(2,absent,absent) full(2,unchanged,null)");
    assert_row(f, "end");
    assert_int_equal(open_rows(f, BINLOG_UPDATE_ROWS, V2 "03 01 01 00 01000000 00 07000000"), 0);
    assert_row(f, "u key(1,absent,absent) full(7,unchanged,unchanged)");
    assert_int_equal(open_rows(f, BINLOG_DELETE_ROWS, V2 "03 01 00 01000000"), 0);
    assert_row(f, "d key(1,absent,absent)");
    assert_int_equal(open_rows(f, BINLOG_WRITE_ROWS, V2 "03 02 00 0178"), 0);
    assert_row(f, "c full(absent,x,absent)");
    assert_row(f, "end");
}

/* All defaults: MySQL writes one row of no bytes. */
static void test_no_columns(void **state) {
    struct fixture *f = *state;
    describe(f, three);
    assert_int_equal(open_rows(f, BINLOG_WRITE_ROWS, V2 "03 f8"), 0);
    assert_row(f, "c full(absent,absent,absent)");
    assert_row(f, "end");
    assert_int_equal(open_rows(f, BINLOG_WRITE_ROWS, V2 "03 00 00"), -1);
    assert_int_equal(open_rows(f, BINLOG_DELETE_ROWS, V2 "03 00"), -1);
    assert_int_equal(open_rows(f, BINLOG_UPDATE_ROWS, V2 "03 00 00"), -1);
    assert_int_equal(f->e.code, ERR_DATA);
}

/* {"a":1}, then $.a replaced by 2 (as MySQL wrote it) */
static void test_partial(void **state) {
    struct fixture *f = *state;
    describe(f, json);
    static const char doc[] = "0d000000 00 0100 0c00 0b00 0100 05 0100 61";
    char hex[400];
    snprintf(hex, sizeof(hex), V2 "03 ff ff 04 01000000 %s 01 01 04 01000000 09000000 0003242e6103050200",
             doc);
    assert_int_equal(open_rows(f, BINLOG_PARTIAL_UPDATE_ROWS, hex), 0);
    assert_true(f->rows.partial);
    assert_row(f, "u full(1,{\"a\": 1},null) full(1,{\"a\": 2},null)");
    assert_row(f, "end");
    /* no diffs at all: options 0, the whole document; then a diff that is empty */
    snprintf(hex, sizeof(hex),
             V2 "03 ff ff 04 01000000 %s 00 04 02000000 %s 04 01000000 %s 01 01 04 01000000 00000000", doc,
             doc, doc);
    assert_int_equal(open_rows(f, BINLOG_PARTIAL_UPDATE_ROWS, hex), 0);
    assert_row(f, "u full(1,{\"a\": 1},null) full(2,{\"a\": 1},null)");
    assert_row(f, "u full(1,{\"a\": 1},null) full(1,{\"a\": 1},null)");
    assert_row(f, "end");
    /* bits for all JSON columns, present or not; the document before is not known */
    assert_int_equal(open_rows(f, BINLOG_PARTIAL_UPDATE_ROWS,
                               V2 "03 01 04 00 01000000 01 02 00 09000000 0003242e6103050200"),
                     0);
    assert_row(f, "u key(1,absent,absent) full(1,unchanged,"
                  "unchanged[{\"op\": \"replace\", \"path\": \"$.a\", \"value\": 2}])");
    assert_int_equal(open_rows(f, BINLOG_PARTIAL_UPDATE_ROWS, V2 "03 01 01 00 01000000 02 00 01000000"), 0);
    bool more;
    assert_int_equal(next(f, &more), -1); /* an option that is not known */
    assert_int_equal(f->e.code, ERR_DATA);
}

/* A document of one row is not there for the next. */
static void test_partial_null_before(void **state) {
    struct fixture *f = *state;
    describe(f, json);
    assert_int_equal(open_rows(f, BINLOG_PARTIAL_UPDATE_ROWS, V2 "03 ff ff 06 01000000 01 01 06 02000000"),
                     0);
    assert_row(f, "u full(1,null,null) full(2,null,null)");
    assert_row(f, "end");
}

static void test_cut(void **state) {
    struct fixture *f = *state;
    describe(f, three);
    static const char whole[] = V2 "03 ff ff 00 01000000 0178 02000000 00 01000000 0179 03000000";
    struct bytes b = bytes_of(whole);
    for (size_t len = 0; len < b.len; len++) {
        uint8_t *part = malloc(len + !len);
        memcpy(part, b.data, len);
        struct binlog_event ev = event_of(BINLOG_UPDATE_ROWS, (struct bytes){part, len});
        bool more = true;
        int rc = rows_open(&ev, &mysql_format, &f->rows, &f->e);
        if (!rc) rc = next(f, &more);
        assert_true(rc || !more);
        if (rc) assert_int_equal(f->e.code, ERR_DATA);
        free(part);
    }
    free(b.data);
}

static void test_hostile(void **state) {
    struct fixture *f = *state;
    bool more;
    describe(f, three);
    static const char *const bad[] = {
        V2 "00 00",
        V2 "fd001000 ff", /* 4096 columns in a byte */
        V2 "fd011000 ff", /* 4097 */
        V2 "feffffffffffffffff ff",
        V2 "fb ff",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(open_rows(f, BINLOG_WRITE_ROWS, bad[i]), -1);
        assert_int_equal(f->e.code, ERR_DATA);
    }
    assert_int_equal(open_rows(f, BINLOG_QUERY, V2 "03 ff 00"), -1);
    /* other columns than the table has */
    assert_int_equal(open_rows(f, BINLOG_WRITE_ROWS, V2 "04 ff 00 01000000 0178 02000000"), 0);
    assert_int_equal(next(f, &more), -1);
    assert_non_null(strstr(f->e.text, "table d.t: rows of 4 columns behind a description of 3"));
    /* a text longer than the event */
    assert_int_equal(open_rows(f, BINLOG_WRITE_ROWS, V2 "03 ff 00 01000000 0978 02000000"), 0);
    assert_int_equal(next(f, &more), -1);
    assert_non_null(strstr(f->e.text, "table d.t: column 2 (a) at offset 17"));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_full),
        TEST(test_extra),
        TEST(test_old_id),
        TEST(test_minimal),
        TEST(test_no_columns),
        TEST(test_partial),
        TEST(test_partial_null_before),
        TEST(test_cut),
        TEST(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
