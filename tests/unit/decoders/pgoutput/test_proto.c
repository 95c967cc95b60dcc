#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "decoders/pgoutput/catalog.h"
#include "decoders/pgoutput/proto.h"
#include "tests/unit/decoders/pgoutput/messages.h"

static struct buf b;
static struct err e;

/* The cursor of the message in `b`, behind its kind byte. */
static struct cursor body(void) {
    struct cursor c = cursor_of(b.data, b.len);
    uint8_t kind;
    assert_true(cursor_u8(&c, &kind));
    return c;
}

static int start(void **state) {
    (void)state;
    buf_clear(&b, SIZE_MAX);
    err_clear(&e);
    return 0;
}

static void says(int result, const char *text) {
    assert_int_equal(result, -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_string_equal(e.text, text);
}

static void test_begin(void **state) {
    (void)state;
    struct pgoutput_begin m;
    put_begin(&b, 0x1234567890, 734);
    struct cursor c = body();
    assert_int_equal(pgoutput_read_begin(&c, &m, &e), 0);
    assert_int_equal(m.commit_lsn, 0x1234567890);
    assert_int_equal(m.commit_us, 946684800000000);
    assert_int_equal(m.xid, 734);
}

static void test_time_overflow(void **state) {
    (void)state;
    struct pgoutput_begin m;
    put_begin(&b, 1, 1);
    b.data[9] = 0x7f;
    memset(b.data + 10, 0xff, 7);
    struct cursor c = body();
    says(pgoutput_read_begin(&c, &m, &e), "message Begin: impossible time at offset 17");
}

static void test_commit(void **state) {
    (void)state;
    struct pgoutput_commit m;
    put_commit(&b, 100, 148);
    struct cursor c = body();
    assert_int_equal(pgoutput_read_commit(&c, &m, &e), 0);
    assert_int_equal(m.commit_lsn, 100);
    assert_int_equal(m.end_lsn, 148);
    b.data[1] = 1;
    c = body();
    says(pgoutput_read_commit(&c, &m, &e), "message Commit: unknown flags at offset 2");
}

static void test_message(void **state) {
    (void)state;
    struct pgoutput_message m;
    put_message(&b, 1, 77, "outbox", "hello");
    struct cursor c = body();
    assert_int_equal(pgoutput_read_message(&c, &m, &e), 0);
    assert_true(m.transactional);
    assert_int_equal(m.lsn, 77);
    assert_string_equal(m.prefix, "outbox");
    assert_int_equal(m.len, 5);
    assert_memory_equal(m.content, "hello", 5);
    b.data[1] = 2;
    c = body();
    says(pgoutput_read_message(&c, &m, &e), "message Message: unknown flags at offset 2");
}

/* A length that claims more than there is, up to the largest. */
static void test_message_claims(void **state) {
    (void)state;
    struct pgoutput_message m;
    put_message(&b, 0, 77, "p", "hello");
    for (size_t i = 0; i < 2; i++) {
        memset(b.data + 12, i ? 0xff : 0, 3);
        b.data[15] = i ? 0xff : 6;
        struct cursor c = body();
        says(pgoutput_read_message(&c, &m, &e), "message Message: ends too early at offset 16");
    }
}

static const struct test_column two[] = {{1, "id", 23, -1}, {0, "note", 25, -1}};

static void test_relation(void **state) {
    (void)state;
    struct pgoutput_relation m;
    struct arena a;
    arena_init(&a, 0);
    put_relation(&b, 16385, "public", "t", 'd', two, 2);
    struct cursor c = body();
    assert_int_equal(pgoutput_read_relation(&c, 1664, &a, &m, &e), 0);
    assert_int_equal(m.relid, 16385);
    assert_string_equal(m.schema, "public");
    assert_string_equal(m.name, "t");
    assert_int_equal(m.identity, IDENTITY_DEFAULT);
    assert_int_equal(m.ncolumns, 2);
    assert_true(m.columns[0].identity);
    assert_false(m.columns[1].identity);
    assert_string_equal(m.columns[1].name, "note");
    assert_int_equal(m.columns[1].type, 25);
    assert_int_equal(m.columns[1].type_mod, -1);

    c = body();
    says(pgoutput_read_relation(&c, 1, &a, &m, &e),
         "message Relation: more columns than a table can have at offset 17");
    arena_release(&a);
}

static void test_relation_refused(void **state) {
    (void)state;
    struct pgoutput_relation m;
    struct arena a;
    arena_init(&a, 0);
    put_relation(&b, 1, "s", "t", 'x', two, 2);
    struct cursor c = body();
    says(pgoutput_read_relation(&c, 1664, &a, &m, &e),
         "message Relation: unknown replica identity at offset 12");
    buf_clear(&b, SIZE_MAX);
    const struct test_column odd[] = {{2, "id", 23, -1}};
    put_relation(&b, 1, "s", "t", 'd', odd, 1);
    c = body();
    says(pgoutput_read_relation(&c, 1664, &a, &m, &e), "message Relation: unknown column flags at offset 13");
    arena_release(&a);
}

static void test_peek(void **state) {
    (void)state;
    static struct pgoutput_peek p;
    put_relation(&b, 16385, "public", "t", 'f', two, 2);
    assert_true(pgoutput_peek_relation(b.data, b.len, &p));
    assert_int_equal(p.relid, 16385);
    assert_string_equal(p.schema, "public");
    assert_string_equal(p.name, "t");
    assert_int_equal(p.ncolumns, 2);
    assert_int_equal(p.types[0], 23);
    assert_int_equal(p.types[1], 25);
    for (size_t len = 0; len < b.len; len++) assert_false(pgoutput_peek_relation(b.data, len, &p));
    buf_putc(&b, 0);
    assert_false(pgoutput_peek_relation(b.data, b.len, &p));
    buf_clear(&b, SIZE_MAX);
    put_begin(&b, 1, 1);
    assert_false(pgoutput_peek_relation(b.data, b.len, &p));
    assert_false(pgoutput_peek_relation(NULL, 0, &p));
}

/* As many columns as PostgreSQL allows, and one more. */
static void test_peek_many(void **state) {
    (void)state;
    static struct pgoutput_peek p;
    static struct test_column many[PGOUTPUT_MAX_COLUMNS + 1];
    for (size_t i = 0; i <= PGOUTPUT_MAX_COLUMNS; i++)
        many[i] = (struct test_column){0, "c", (uint32_t)i, -1};
    put_relation(&b, 1, "s", "t", 'd', many, PGOUTPUT_MAX_COLUMNS);
    assert_true(pgoutput_peek_relation(b.data, b.len, &p));
    assert_int_equal(p.types[PGOUTPUT_MAX_COLUMNS - 1], PGOUTPUT_MAX_COLUMNS - 1);
    buf_clear(&b, SIZE_MAX);
    put_relation(&b, 1, "s", "t", 'd', many, PGOUTPUT_MAX_COLUMNS + 1);
    assert_false(pgoutput_peek_relation(b.data, b.len, &p));
}

static void test_insert(void **state) {
    (void)state;
    const char *const row[] = {"1", NULL, "\x01", ""};
    struct value v[4];
    uint32_t relid;
    put_row(&b, 'I', 9);
    put_tuple(&b, 'N', row, 4);
    struct cursor c = body();
    assert_int_equal(pgoutput_read_relid(&c, PGOUTPUT_INSERT, &relid, &e), 0);
    assert_int_equal(relid, 9);
    assert_int_equal(pgoutput_read_insert(&c, 4, v, &e), 0);
    assert_int_equal(v[0].state, VALUE_PRESENT);
    assert_int_equal(v[0].len, 1);
    assert_int_equal(v[1].state, VALUE_NULL);
    assert_int_equal(v[2].state, VALUE_UNCHANGED);
    assert_int_equal(v[3].state, VALUE_PRESENT);
    assert_int_equal(v[3].len, 0);
}

static void test_insert_refused(void **state) {
    (void)state;
    const char *const row[] = {"1", "2"};
    struct value v[3];
    buf_putc(&b, 'I');
    put_tuple(&b, 'N', row, 2);
    struct cursor c = body();
    says(pgoutput_read_insert(&c, 3, v, &e),
         "message Insert: another number of columns than its Relation message at offset 4");
    c = body();
    says(pgoutput_read_insert(&c, 1, v, &e),
         "message Insert: another number of columns than its Relation message at offset 4");
    b.data[4] = 'b'; /* binary */
    c = body();
    says(pgoutput_read_insert(&c, 2, v, &e), "message Insert: unknown kind of column value at offset 5");
    b.data[1] = 'K';
    c = body();
    says(pgoutput_read_insert(&c, 2, v, &e), "message Insert: unknown kind of tuple at offset 2");
}

static void test_update(void **state) {
    (void)state;
    static const char olds[] = {0, 'K', 'O'};
    static const enum image images[] = {IMAGE_NONE, IMAGE_KEY, IMAGE_FULL};
    const char *const before[] = {"1", NULL}, *const after[] = {"2", "x"};
    struct value v[2], w[2];
    for (size_t i = 0; i < sizeof(olds); i++) {
        enum image old;
        buf_clear(&b, SIZE_MAX);
        buf_putc(&b, 'U');
        if (olds[i]) put_tuple(&b, olds[i], before, 2);
        put_tuple(&b, 'N', after, 2);
        struct cursor c = body();
        assert_int_equal(pgoutput_read_update(&c, 2, &old, v, w, &e), 0);
        assert_int_equal(old, images[i]);
        assert_int_equal(w[0].text[0], '2');
        if (olds[i]) assert_int_equal(v[0].text[0], '1');
    }
    enum image old;
    buf_clear(&b, SIZE_MAX);
    buf_putc(&b, 'U');
    put_tuple(&b, 'K', before, 2);
    put_tuple(&b, 'K', before, 2);
    struct cursor c = body();
    says(pgoutput_read_update(&c, 2, &old, v, w, &e), "message Update: unknown kind of tuple at offset 12");
}

static void test_delete(void **state) {
    (void)state;
    const char *const before[] = {"1", NULL};
    struct value v[2];
    enum image old;
    buf_putc(&b, 'D');
    put_tuple(&b, 'O', before, 2);
    struct cursor c = body();
    assert_int_equal(pgoutput_read_delete(&c, 2, &old, v, &e), 0);
    assert_int_equal(old, IMAGE_FULL);
    b.data[1] = 'N';
    c = body();
    says(pgoutput_read_delete(&c, 2, &old, v, &e), "message Delete: unknown kind of tuple at offset 2");
}

static void test_truncate(void **state) {
    (void)state;
    const uint32_t relids[] = {7, 8, 9};
    struct pgoutput_truncate m;
    uint32_t relid;
    put_truncate(&b, 3, relids, 3);
    struct cursor c = body();
    assert_int_equal(pgoutput_read_truncate(&c, &m, &e), 0);
    assert_int_equal(m.count, 3);
    for (size_t i = 0; i < 3; i++) assert_true(cursor_u32(&m.relids, &relid) && relid == relids[i]);
    assert_false(cursor_u32(&m.relids, &relid));

    b.data[5] = 4;
    c = body();
    says(pgoutput_read_truncate(&c, &m, &e), "message Truncate: unknown options at offset 6");
    b.data[5] = 0;
    memset(b.data + 1, 0xff, 4);
    c = body();
    says(pgoutput_read_truncate(&c, &m, &e), "message Truncate: ends too early at offset 6");
}

static void test_others(void **state) {
    (void)state;
    struct pgoutput_typename t;
    buf_putc(&b, 'Y');
    buf_put_be32(&b, 16390);
    put_str(&b, "app");
    put_str(&b, "mood");
    struct cursor c = body();
    assert_int_equal(pgoutput_read_type(&c, &t, &e), 0);
    assert_int_equal(t.oid, 16390);
    assert_string_equal(t.schema, "app");
    assert_string_equal(t.name, "mood");

    buf_clear(&b, SIZE_MAX);
    buf_putc(&b, 'O');
    buf_put_be64(&b, 5);
    put_str(&b, "elsewhere");
    c = body();
    assert_int_equal(pgoutput_read_origin(&c, &e), 0);

    buf_clear(&b, SIZE_MAX);
    buf_putc(&b, 'A');
    buf_put_be64(&b, 5);
    c = body();
    assert_int_equal(pgoutput_read_stream_abort(&c, &e), 0);
    buf_put_be64(&b, 5); /* as protocol 4 with parallel streaming would have it */
    c = body();
    says(pgoutput_read_stream_abort(&c, &e),
         "message Stream Abort: unexpected bytes behind the last field at offset 9");
}

static void test_names(void **state) {
    (void)state;
    assert_string_equal(pgoutput_kind_name('R'), "Relation");
    assert_string_equal(pgoutput_kind_name('A'), "Stream Abort");
    assert_null(pgoutput_kind_name('S'));
    assert_null(pgoutput_kind_name(0));
}

static int release(void **state) {
    (void)state;
    buf_release(&b);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup(f, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_begin),          TEST(test_time_overflow), TEST(test_commit),           TEST(test_message),
        TEST(test_message_claims), TEST(test_relation),      TEST(test_relation_refused), TEST(test_peek),
        TEST(test_peek_many),      TEST(test_insert),        TEST(test_insert_refused),   TEST(test_update),
        TEST(test_delete),         TEST(test_truncate),      TEST(test_others),           TEST(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
