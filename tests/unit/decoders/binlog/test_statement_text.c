#include "decoders/binlog/statement_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/decoders/binlog/builder.h"

static void rows_query(struct builder *b, const char *text) {
    struct buf body = {0};
    put_le(&body, strlen(text) & 255, 1);
    buf_puts(&body, text);
    feed_bytes(b, BINLOG_ROWS_QUERY, BINLOG_FLAG_IGNORABLE, body.data, body.len);
    buf_release(&body);
}

/* A row of a statement that goes on, or of one that ends; of t, or of another table. */
static void row(struct builder *b, uint32_t table, bool ends) {
    struct buf body = {0};
    put_le(&body, table, 6);
    put_le(&body, ends, 2);
    hex_put(&body, "0200 02 ff 00 01000000 0161");
    feed_bytes(b, BINLOG_WRITE_ROWS, 0, body.data, body.len);
    buf_release(&body);
}

/* Table u of the id 107, which nobody wants. */
static void map_unwanted(struct builder *b) {
    char hex[sizeof(builder_map)];
    memcpy(hex, builder_map, sizeof(hex));
    memcpy(strstr(hex, "6a"), "6b", 2);
    memcpy(strstr(hex, "000174"), "000175", 6);
    b->unwanted = "u";
    feed_hex(b, BINLOG_TABLE_MAP, hex);
}

static void begin(struct builder *b, uint64_t number) {
    gtid(b, number);
    query(b, "BEGIN");
}

static void test_rows_of_their_statements(void **state) {
    (void)state;
    struct builder b;
    builder_init_as(&b, true, true);
    begin(&b, 1);
    rows_query(&b, "one /* both */");
    table_map(&b);
    row(&b, 0x6a, false);
    row(&b, 0x6a, true);
    table_map(&b);
    row(&b, 0x6a, true); /* not logged with a text */
    rows_query(&b, "two");
    table_map(&b);
    row(&b, 0x6a, true);
    xid(&b);
    begin(&b, 2);
    table_map(&b);
    row(&b, 0x6a, true);
    xid(&b);
    assert_int_equal(b.result, 0);
    assert_int_equal(count(&b, "insert "), 5);
    assert_int_equal(count(&b, "  statement "), 3);
    assert_int_equal(count(&b, "  statement \"one /* both */\"\n"), 2);
    assert_int_equal(count(&b, "  statement \"two\"\n"), 1);
    assert_int_equal(count(&b, "insert shop.t 1:4ac15082-e763-11f1-9ad8-02fc00000001:1:4:0"), 1);
    builder_release(&b);
}

static void test_not_asked_for(void **state) {
    (void)state;
    struct builder b;
    builder_init(&b, true);
    begin(&b, 1);
    rows_query(&b, "one");
    table_map(&b);
    row(&b, 0x6a, true);
    xid(&b);
    assert_int_equal(count(&b, "insert "), 1);
    assert_int_equal(count(&b, "  statement "), 0);
    builder_release(&b);
}

/* A statement ends with rows that nobody wants: what it was is no text of the next one's rows. */
static void test_rows_of_several_tables(void **state) {
    (void)state;
    struct builder b;
    builder_init_as(&b, true, true);
    begin(&b, 1);
    rows_query(&b, "both tables");
    table_map(&b);
    map_unwanted(&b);
    row(&b, 0x6a, false);
    row(&b, 0x6b, true);
    table_map(&b);
    row(&b, 0x6a, true);
    rows_query(&b, "another table");
    map_unwanted(&b);
    row(&b, 0x6b, true);
    table_map(&b);
    row(&b, 0x6a, true);
    xid(&b);
    assert_int_equal(b.result, 0);
    assert_int_equal(count(&b, "insert "), 3);
    assert_int_equal(count(&b, "  statement "), 1);
    assert_int_equal(count(&b, "  statement \"both tables\"\n"), 1);
    builder_release(&b);
}

static void test_undone(void **state) {
    (void)state;
    struct builder b;
    builder_init_as(&b, true, true);
    begin(&b, 1);
    query(&b, "SAVEPOINT `s`");
    rows_query(&b, "undone");
    table_map(&b);
    row(&b, 0x6a, true);
    query(&b, "ROLLBACK TO `s`");
    rows_query(&b, "kept");
    table_map(&b);
    row(&b, 0x6a, true);
    xid(&b);
    assert_int_equal(count(&b, "  statement "), 1);
    assert_int_equal(count(&b, "  statement \"kept\"\n"), 1);
    builder_release(&b);
}

/* More rows than fit into memory come before the end, and carry it too. */
static void test_large(void **state) {
    (void)state;
    enum { ROWS = 40000 };
    struct builder b;
    builder_init_as(&b, true, true);
    begin(&b, 1);
    rows_query(&b, "many");
    table_map(&b);
    for (int i = 0; i < ROWS; i++) row(&b, 0x6a, i == ROWS - 1);
    assert_true(count(&b, "insert ") > 0);
    table_map(&b);
    row(&b, 0x6a, true);
    xid(&b);
    assert_int_equal(count(&b, "insert "), ROWS + 1);
    assert_int_equal(count(&b, "  statement \"many\"\n"), ROWS);
    builder_release(&b);
}

static struct binlog_event event(uint8_t type, const void *body, size_t len) {
    return (struct binlog_event){.type = type, .body = cursor_of(body, len)};
}

static void test_cut(void **state) {
    (void)state;
    static char text[2 * STATEMENT_TEXT_MAX];
    struct statement_text s = {0};
    struct err e = {0};
    memset(text, 'x', sizeof(text));
    struct binlog_event ev = event(MARIADB_ANNOTATE_ROWS, text, STATEMENT_TEXT_MAX);
    assert_int_equal(statement_text_read(&s, &ev, &e), 0);
    assert_int_equal(s.text.len, STATEMENT_TEXT_MAX);
    assert_int_equal(s.length, STATEMENT_TEXT_MAX);
    memcpy(text + STATEMENT_TEXT_MAX - 2, "\xf0\x9f\x98\x80", 4); /* one character across the end */
    ev = event(MARIADB_ANNOTATE_ROWS, text, sizeof(text));
    assert_int_equal(statement_text_read(&s, &ev, &e), 0);
    assert_int_equal(s.text.len, STATEMENT_TEXT_MAX - 2);
    assert_int_equal(s.length, sizeof(text));
    ev = event(BINLOG_ROWS_QUERY, "\3abc", 4);
    assert_int_equal(statement_text_read(&s, &ev, &e), 0);
    assert_int_equal(s.length, 3);
    assert_memory_equal(s.text.data, "abc", 3);
    ev = event(BINLOG_ROWS_QUERY, "", 0);
    assert_int_equal(statement_text_read(&s, &ev, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    statement_text_release(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_of_their_statements),
        cmocka_unit_test(test_not_asked_for),
        cmocka_unit_test(test_rows_of_several_tables),
        cmocka_unit_test(test_undone),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
