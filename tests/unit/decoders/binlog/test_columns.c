/* What the log does not name: asked for once, given up with a change, kept over a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/decoders/binlog/builder.h"

/* shop.t (int, varchar(40)), table id 0x6a, as a server without metadata describes it. */
static const char bare_map[] = "6a000000000001000473686f7000017400 02 030f 02a000 02";

static void row(struct builder *b, uint64_t number, uint32_t id) {
    gtid(b, number);
    query(b, "BEGIN");
    feed_hex(b, BINLOG_TABLE_MAP, bare_map);
    insert(b, id);
    xid(b);
}

static void ddl(struct builder *b, uint64_t number, const char *text) {
    gtid(b, number);
    query(b, text);
}

static void catalog(struct builder *b, bool nameless) {
    buf_clear(&b->event, SIZE_MAX);
    catalog_put_image(0, &b->event);
    if (nameless) catalog_put_nameless(&b->event);
    feed_raw(b, FRAME_CATALOG);
}

static void has(struct builder *b, const char *part) {
    if (b->result) fail_msg("%s", b->e.text);
    if (!strstr(buf_cstr(&b->text), part)) fail_msg("no %s in\n%s", part, buf_cstr(&b->text));
    buf_clear(&b->text, SIZE_MAX);
}

static void test_asked_once_and_again_after_a_change(void **state) {
    struct builder b;
    (void)state;
    builder_init(&b, true);
    b.columns = "id,note";
    row(&b, 1, 1);
    has(&b, "after note text");
    row(&b, 2, UINT32_C(0xffffffff));
    has(&b, "after id uint 4294967295");
    assert_int_equal(b.told, 1);
    b.columns = "id,name";
    ddl(&b, 3, "ALTER TABLE other CHANGE note name varchar(40)");
    row(&b, 4, 3);
    has(&b, "after note text");
    ddl(&b, 5, "ALTER TABLE t CHANGE note name varchar(40)");
    assert_int_equal(b.told, 1);
    row(&b, 6, 4);
    has(&b, "after name text");
    assert_int_equal(b.told, 2);
    builder_release(&b);
}

/* On a server that never names columns the new ones are asked for at once. */
static void test_asked_early(void **state) {
    struct builder b;
    (void)state;
    builder_init(&b, true);
    catalog(&b, true);
    ddl(&b, 1, "CREATE TABLE t (id int unsigned primary key, note varchar(40))"); /* cannot be known: later */
    assert_int_equal(b.told, 1);
    b.columns = "id,note";
    ddl(&b, 2, "ALTER TABLE t ENGINE = InnoDB");
    assert_int_equal(b.told, 2);
    ddl(&b, 3, "CREATE TEMPORARY TABLE t (id int)");
    gtid(&b, 4);
    query_in(&b, "elsewhere", "INSERT INTO elsewhere.x VALUES (1)");
    b.unwanted = "t";
    ddl(&b, 5, "ALTER TABLE t ENGINE = MyISAM");
    b.unwanted = NULL;
    assert_int_equal(b.told, 2);
    if (b.result) fail_msg("%s", b.e.text);
    builder_release(&b);
}

static void test_not_to_be_known(void **state) {
    struct builder b;
    (void)state;
    builder_init(&b, true);
    row(&b, 1, 1);
    expect_error(&b, ERR_DATA, "table shop.t: it cannot be known");
    builder_release(&b);
}

/* What does not fit is asked for anew, once. */
static void test_what_does_not_fit(void **state) {
    struct builder b;
    struct buf payload = {0};
    struct catalog_column less[] = {{"id", "int(11)", "", 1}};
    const struct catalog_table t = {"shop", "t", false, 1, less};
    struct err e;
    (void)state;
    builder_init(&b, true);
    catalog_put_table(&t, &payload);
    assert_int_equal(b.d->ops->learn(b.d, payload.data, payload.len, &e), 0);
    b.columns = "id,note";
    row(&b, 1, 1);
    has(&b, "after note text");
    assert_int_equal(b.told, 1);
    buf_release(&payload);
    builder_release(&b);
}

/* A checkpoint before the change: a restart reads the row before it with the names of then. */
static void test_kept(void **state) {
    struct builder b, c;
    struct buf kept = {0};
    struct err e;
    (void)state;
    builder_init(&b, true);
    b.columns = "id,note";
    row(&b, 1, 1);
    uint8_t resume[512];
    assert_true(b.resume.len < sizeof(resume));
    memcpy(resume, b.resume.data, b.resume.len);
    const struct position at = {resume, b.resume.len};
    b.columns = "id,name";
    catalog(&b, true);
    ddl(&b, 2, "RENAME TABLE t TO u, v TO t"); /* asks for both */
    b.d->ops->remember(b.d, at, &kept);

    builder_init(&c, true);
    assert_int_equal(c.d->ops->recall(c.d, at, kept.data, kept.len, &e), 0);
    row(&c, 1, 1);
    has(&c, "after note text");
    ddl(&c, 2, "RENAME TABLE t TO u, v TO t");
    row(&c, 3, 2);
    has(&c, "after name text");
    assert_int_equal(c.told, 0);

    /* What is told at a start is believed of what is not known alone. */
    struct buf payload = {0};
    c.columns = "a,b";
    assert_int_equal(builder_columns(&c, "shop", "t", at, &payload, &e), 0);
    assert_int_equal(c.d->ops->learn(c.d, payload.data, payload.len, &e), 0);
    row(&c, 4, 3);
    has(&c, "after name text");
    ddl(&c, 5, "ALTER TABLE t ENGINE = InnoDB");
    assert_int_equal(c.d->ops->learn(c.d, payload.data, payload.len, &e), 0);
    row(&c, 6, 3);
    has(&c, "after b text");
    assert_int_equal(c.d->ops->learn(c.d, payload.data, payload.len - 1, &e), -1);
    assert_int_equal(c.d->ops->recall(c.d, at, "x", 1, &e), -1);
    buf_release(&payload);
    buf_release(&kept);
    builder_release(&b);
    builder_release(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asked_once_and_again_after_a_change),
        cmocka_unit_test(test_asked_early),
        cmocka_unit_test(test_not_to_be_known),
        cmocka_unit_test(test_what_does_not_fit),
        cmocka_unit_test(test_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
