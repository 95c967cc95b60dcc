#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/base/spill_file.h"
#include "decoders/binlog/hold.h"

static struct text text_of(const char *s) {
    return (struct text){s, strlen(s)};
}

static void put(struct hold *h, const char *body, uint64_t offset) {
    struct binlog_event ev = {.timestamp = 7, .type = BINLOG_QUERY, .flags = 3};
    struct err e = {0};
    ev.body = cursor_of(body, strlen(body));
    assert_int_equal(hold_put(h, &ev, offset, &e), 0);
}

/* All that is held, as text: bodies, and counts of what was skipped. */
static void expect(struct hold *h, const char *expected) {
    struct buf all = {0};
    struct binlog_event ev;
    struct err e = {0};
    uint64_t offset;
    bool more;
    assert_int_equal(hold_rewind(h, &e), 0);
    for (;;) {
        if (hold_next(h, &ev, &offset, &more, &e)) fail_msg("%s", e.text);
        if (!more) break;
        if (ev.type == HOLD_SKIPPED)
            buf_printf(&all, "(%u)", ev.server_id);
        else
            buf_put(&all, ev.body.at, cursor_left(&ev.body));
    }
    assert_string_equal(buf_cstr(&all), expected);
    buf_release(&all);
}

static void test_order(void **state) {
    (void)state;
    struct hold h;
    struct binlog_event ev;
    struct err e = {0};
    uint64_t offset;
    bool more;
    hold_init(&h);
    expect(&h, "");
    put(&h, "a", 100);
    put(&h, "bc", UINT64_C(5000000000));
    assert_int_equal(hold_rewind(&h, &e), 0);
    assert_int_equal(hold_next(&h, &ev, &offset, &more, &e), 0);
    assert_true(more);
    assert_int_equal(offset, 100);
    assert_int_equal(ev.timestamp, 7);
    assert_int_equal(ev.type, BINLOG_QUERY);
    assert_int_equal(ev.flags, 3);
    assert_int_equal(hold_next(&h, &ev, &offset, &more, &e), 0);
    assert_int_equal(offset, UINT64_C(5000000000));
    expect(&h, "abc");
    expect(&h, "abc");
    hold_clear(&h);
    expect(&h, "");
    hold_release(&h);
}

static void test_skip(void **state) {
    (void)state;
    struct hold h;
    struct err e = {0};
    hold_init(&h);
    for (int i = 0; i < 5; i++) assert_int_equal(hold_skip(&h, &e), 0);
    put(&h, "a", 1);
    assert_int_equal(hold_skip(&h, &e), 0);
    assert_int_equal(hold_savepoint(&h, text_of("`s`"), &e), 0);
    assert_int_equal(hold_skip(&h, &e), 0);
    assert_int_equal(hold_skip(&h, &e), 0);
    assert_int_equal(hold_undo(&h, text_of("`s`"), &e), 0);
    assert_int_equal(hold_skip(&h, &e), 0);
    expect(&h, "(5)a(1)(1)");
    hold_release(&h);
}

static void test_savepoints(void **state) {
    (void)state;
    static const struct {
        const char
            *script; /* capital letters set a savepoint, small ones roll back to it, digits are events */
        const char *left;
    } cases[] = {
        {"1A2a3", "13"},         {"A1a", ""},          {"1Aa2", "12"},
        {"1A2a3a4", "14"},       {"1A2B3b4a5", "15"},  {"1A2B3b4", "124"},
        {"1A2B3a4", "14"},       {"1A2A3a4", "124"},   {"1A2a3B4b5", "135"},
        {"1A2B3b4B5b6", "1246"}, {"A1B2a3A4a5", "35"}, {"1A2a", "1"},
        {"A1a2a3a4B5b6b", "4"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hold h;
        struct err e = {0};
        hold_init(&h);
        for (const char *p = cases[i].script; *p; p++) {
            char text[2] = {*p, 0};
            if (*p <= '9')
                put(&h, text, 1);
            else if (*p <= 'Z')
                assert_int_equal(hold_savepoint(&h, text_of(text), &e), 0);
            else
                assert_int_equal(hold_undo(&h, text_of(text), &e), 0);
        }
        expect(&h, cases[i].left);
        hold_release(&h);
    }
}

static void test_no_savepoint(void **state) {
    (void)state;
    struct hold h;
    struct err e = {0};
    hold_init(&h);
    assert_int_equal(hold_undo(&h, text_of("a"), &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_int_equal(hold_savepoint(&h, text_of("a"), &e), 0);
    assert_int_equal(hold_savepoint(&h, text_of("b"), &e), 0);
    assert_int_equal(hold_undo(&h, text_of("a"), &e), 0);
    assert_int_equal(hold_undo(&h, text_of("b"), &e), -1);
    hold_release(&h);
}

/* Far more than memory holds: the same events, in the same order, undone parts left out. */
static void test_spill(void **state) {
    (void)state;
    enum { N = 3000, LEN = 1000 };
    static char body[LEN + 1];
    struct hold h;
    struct err e = {0};
    struct binlog_event ev;
    uint64_t offset;
    bool more;
    hold_init(&h);
    for (uint64_t i = 0; i < N; i++) {
        memset(body, 'a' + (int)(i % 26), LEN);
        if (i == 1000 || i == 2500) assert_int_equal(hold_savepoint(&h, text_of("s"), &e), 0);
        put(&h, body, i);
        if (i == 1999 || i == 2600) assert_int_equal(hold_undo(&h, text_of("s"), &e), 0);
        if (hold_full(&h)) hold_spill(&h, spill_file_new(NULL, &e));
        assert_true(h.chunk.len <= HOLD_MEMORY + 2 * LEN);
    }
    assert_non_null(h.spill);
    assert_int_equal(hold_rewind(&h, &e), 0);
    for (uint64_t i = 0; i < N; i++) {
        if (i == 1000) i = 2000;
        if (i == 2500) i = 2601;
        assert_int_equal(hold_next(&h, &ev, &offset, &more, &e), 0);
        assert_true(more);
        assert_int_equal(offset, i);
        assert_int_equal(cursor_left(&ev.body), LEN);
        assert_int_equal(ev.body.at[LEN - 1], 'a' + i % 26);
    }
    assert_int_equal(hold_next(&h, &ev, &offset, &more, &e), 0);
    assert_false(more);
    hold_clear(&h);
    assert_null(h.spill);
    put(&h, "again", 1);
    expect(&h, "again");
    hold_release(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),        cmocka_unit_test(test_skip),  cmocka_unit_test(test_savepoints),
        cmocka_unit_test(test_no_savepoint), cmocka_unit_test(test_spill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
