#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/decoders/binlog/builder.h"

static void xa_start(struct builder *b, uint64_t number, const char *name) {
    char text[64];
    gtid(b, number);
    snprintf(text, sizeof(text), "XA START X'%s',X'',1", name);
    query(b, text);
    table_map(b);
    insert(b, (uint32_t)number);
    snprintf(text, sizeof(text), "XA END X'%s',X'',1", name);
    query(b, text);
    snprintf(text, sizeof(text), "00 01000000 01000000 00000000 %s", name);
    feed_hex(b, BINLOG_XA_PREPARE, text);
}

static void from_of(const struct builder *b, char *out, size_t size) {
    struct binlog_position p;
    struct buf text = {0};
    assert_int_equal(binlog_position_init(&p, FLAVOUR_MYSQL, NULL), 0);
    assert_int_equal(binlog_position_read((struct position){b->resume.data, b->resume.len}, &p, NULL), 0);
    gtid_set_format(p.from.gtids, &text);
    buf_puts(&text, " | ");
    gtid_set_format(p.through.gtids, &text);
    snprintf(out, size, "%s", buf_cstr(&text));
    buf_release(&text);
    binlog_position_release(&p);
}

static void test_xa(void **state) {
    (void)state;
    struct builder b;
    char from[200];
    builder_init(&b, true);
    commit_one(&b, 1, 100);
    xa_start(&b, 2, "61");
    xa_start(&b, 3, "62");
    assert_int_equal(count(&b, "insert "), 1);
    from_of(&b, from, sizeof(from));
    assert_string_equal(from, UUID ":1 | " UUID ":1-3");
    commit_one(&b, 4, 101);
    buf_clear(&b.text, SIZE_MAX);

    gtid(&b, 5);
    query(&b, "XA COMMIT X'61',X'',1");
    assert_non_null(strstr(buf_cstr(&b.text), "insert shop.t 1:" UUID ":5:1:0"));
    assert_non_null(strstr(buf_cstr(&b.text), "int 2"));
    from_of(&b, from, sizeof(from));
    assert_string_equal(from, UUID ":1-2 | " UUID ":1-5");
    buf_clear(&b.text, SIZE_MAX);

    gtid(&b, 6);
    query(&b, "XA ROLLBACK X'62',X'',1");
    assert_int_equal(count(&b, "insert "), 0);
    from_of(&b, from, sizeof(from));
    assert_string_equal(from, UUID ":1-6 | " UUID ":1-6");

    gtid(&b, 7);
    query(&b, "XA COMMIT X'63',X'',1");
    expect_error(&b, ERR_DATA, "was prepared before the place");
    expect_error(&b, ERR_DATA, "--skip 1:" UUID ":7:1:0");
    builder_release(&b);

    builder_init(&b, true);
    b.pass_over = "1:" UUID ":7:1:0";
    gtid(&b, 7);
    query(&b, "XA COMMIT X'63',X'',1");
    assert_int_equal(b.result, 0);
    assert_int_equal(count(&b, "commit "), 1);
    builder_release(&b);
}

/* Read again from in front of it, silently, it is there to be committed; a part undone stays undone. */
static void test_xa_again(void **state) {
    (void)state;
    struct builder b;
    builder_init(&b, true);
    for (int round = 0; round < 2; round++) {
        gtid(&b, 1);
        query(&b, "XA START X'61',X'',1");
        table_map(&b);
        insert(&b, 1);
        query(&b, "SAVEPOINT `s`");
        insert(&b, 2);
        query(&b, "ROLLBACK TO `s`");
        query(&b, "XA END X'61',X'',1");
        feed_hex(&b, BINLOG_XA_PREPARE, "00 01000000 01000000 00000000 61");
        commit_one(&b, 2, 7);
        if (b.result) fail_msg("%s", b.e.text);
        assert_int_equal(count(&b, "insert "), 1);
        if (round == 0) connect_to(&b, "9.7.4", true);
    }
    buf_clear(&b.text, SIZE_MAX);
    gtid(&b, 3);
    query(&b, "XA COMMIT X'61',X'',1");
    if (b.result) fail_msg("%s", b.e.text);
    assert_int_equal(count(&b, "insert "), 1);
    assert_non_null(strstr(buf_cstr(&b.text), "int 1"));
    builder_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xa),
        cmocka_unit_test(test_xa_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
