#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decoders/binlog/ddl_index.h"
#include "tests/unit/decoders/binlog/builder.h"

#define T(s) ((struct text){s, sizeof(s) - 1})

/* The builder's decoder reads along: what it does not take is no log. */
static void both(struct builder *b, struct ddl_index *x) {
    struct err e;
    if (b->result) fail_msg("%s", b->e.text);
    if (ddl_index_feed(x, b->event.data, b->event.len, &e)) fail_msg("%s", e.text);
}

static void statement(struct builder *b, struct ddl_index *x, uint64_t number, const char *text) {
    gtid(b, number);
    both(b, x);
    query(b, text);
    both(b, x);
}

static struct binlog_place place(const char *file, uint64_t offset) {
    struct binlog_place p = {.offset = offset};
    memcpy(p.file, file, strlen(file) + 1);
    return p;
}

static void begin(struct builder *b, struct ddl_index *x) {
    const struct binlog_place start = place("binlog.000001", 4);
    builder_init(b, true);
    b->unwanted = "*";
    ddl_index_clear(x, &start);
    rotate_to(b, "binlog.000001", 4, true);
    both(b, x);
    format(b, "9.7.4");
    both(b, x);
}

static void test_finds_the_last_change(void **state) {
    struct ddl_index *x = ddl_index_new();
    const struct binlog_place start = place("binlog.000001", 4);
    struct builder b;
    (void)state;
    begin(&b, x);
    statement(&b, x, 1, "GRANT ALL ON *.* TO x");
    statement(&b, x, 2, "TRUNCATE t");
    statement(&b, x, 3, "CREATE TEMPORARY TABLE t (a int)");
    statement(&b, x, 4, "INSERT INTO t VALUES (1)");
    assert_null(ddl_index_last(x, &start, T("shop"), T("t")));
    statement(&b, x, 5, "ALTER TABLE t\nADD a int");
    uint64_t first = ddl_index_end(x)->offset;
    const struct ddl_change *c = ddl_index_last(x, &start, T("shop"), T("t"));
    assert_non_null(c);
    assert_int_equal(c->file, 1);
    assert_int_equal(c->offset, first);
    assert_string_equal(c->text, "ALTER TABLE t ADD a int");
    assert_non_null(ddl_index_last(x, &start, T("SHOP"), T("T")));
    assert_null(ddl_index_last(x, &start, T("shop"), T("u")));
    statement(&b, x, 6, "RENAME TABLE u TO other.v");
    const struct binlog_place behind = place("binlog.000001", first);
    assert_null(ddl_index_last(x, &behind, T("shop"), T("t")));
    assert_non_null(ddl_index_last(x, &behind, T("shop"), T("u")));
    assert_non_null(ddl_index_last(x, &behind, T("other"), T("v")));
    statement(&b, x, 7, "DROP DATABASE shop");
    assert_non_null(ddl_index_last(x, &behind, T("shop"), T("t")));
    assert_null(ddl_index_last(x, &behind, T("other"), T("t")));
    statement(&b, x, 8, "REORGANIZE EVERYTHING"); /* not known: it may be about any */
    assert_non_null(ddl_index_last(x, &behind, T("other"), T("t")));
    builder_release(&b);
    ddl_index_free(x);
}

static void test_files_and_places(void **state) {
    struct ddl_index *x = ddl_index_new();
    const struct binlog_place start = place("binlog.000001", 4), other = place("binlog.000001", 3);
    struct builder b;
    (void)state;
    assert_false(ddl_index_covers(x, &start));
    begin(&b, x);
    assert_true(ddl_index_covers(x, &start));
    assert_false(ddl_index_covers(x, &other));
    rotate_to(&b, "binlog.000002", 4, false);
    both(&b, x);
    rotate_to(&b, "binlog.000002", 4, true);
    both(&b, x);
    format(&b, "9.7.4");
    both(&b, x);
    table_map(&b); /* outside of a transaction: not looked at here */
    struct err e;
    assert_int_equal(ddl_index_feed(x, b.event.data, b.event.len, &e), 0);
    assert_int_equal(ddl_index_end(x)->offset, b.at);
    assert_string_equal(ddl_index_end(x)->file, "binlog.000002");
    const struct binlog_place in = place("binlog.000002", 100), beyond = place("binlog.000003", 4);
    assert_true(ddl_index_covers(x, &in));
    assert_false(ddl_index_covers(x, &beyond));
    assert_int_equal(ddl_index_feed(x, b.event.data, 10, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    builder_release(&b);
    ddl_index_free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_the_last_change),
        cmocka_unit_test(test_files_and_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
