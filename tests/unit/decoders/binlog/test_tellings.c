#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decoders/binlog/tellings.h"

#define T(s) ((struct text){s, sizeof(s) - 1})

static struct telling_mark at(uint64_t rank) {
    return (struct telling_mark){.file = 1, .offset = rank * 100, .rank = rank};
}

static void learn(struct tellings *t, const char *table, const char *column) {
    struct catalog_column c = {column, "int(11)", "", 1};
    const struct catalog_table x = {"d", table, false, 1, &c};
    struct err e;
    assert_int_equal(tellings_learn(t, &x, &e), 0);
}

static void change(struct tellings *t, const char *database, const char *table, uint64_t rank) {
    const struct telling_mark m = at(rank);
    struct err e;
    assert_int_equal(tellings_change(t, (struct text){database, strlen(database)},
                                     (struct text){table, strlen(table)}, &m, true, &e),
                     0);
}

/* The name of the one column; NULL: not known. */
static const char *known(const struct tellings *t, const char *table) {
    const struct told *told = tellings_find(t, T("d"), (struct text){table, strlen(table)});
    return told && told->table ? told->table->columns[0].name : NULL;
}

/* What comes back where the log is read from `rank`. */
static struct tellings *again(struct tellings *t, uint64_t rank, bool was, bool is) {
    const struct telling_mark m = at(rank);
    struct tellings *out = tellings_new();
    struct buf saved = {0};
    struct err e;
    tellings_save(t, &m, was, &saved);
    if (tellings_load(out, &m, is, saved.data, saved.len, &e)) fail_msg("%s", e.text);
    buf_release(&saved);
    return out;
}

static void test_true_until_changed(void **state) {
    struct tellings *t = tellings_new();
    (void)state;
    assert_true(tellings_empty(t));
    assert_null(known(t, "a"));
    change(t, "d", "a", 1);
    assert_true(tellings_empty(t)); /* nothing was known of it */
    learn(t, "a", "x");
    learn(t, "b", "y");
    assert_string_equal(known(t, "a"), "x");
    uint64_t serial = tellings_find(t, T("d"), T("a"))->serial;
    change(t, "d", "b", 2);
    assert_int_equal(tellings_find(t, T("d"), T("a"))->serial, serial);
    assert_string_equal(known(t, "a"), "x");
    assert_null(known(t, "b"));
    change(t, "d", "a", 3);
    assert_null(known(t, "a"));
    assert_true(tellings_find(t, T("d"), T("a"))->serial != serial);
    learn(t, "a", "z");
    assert_string_equal(known(t, "a"), "z");
    tellings_free(t);
}

static void test_what_counts_as_the_same_name(void **state) {
    (void)state;
    static const char *const same[][2] = {{"D", "A"}, {"d", ""}, {"", ""}};
    static const char *const other[][2] = {{"d", "aa"}, {"dd", "a"}, {"dd", ""}};
    for (size_t i = 0; i < 3; i++) {
        struct tellings *t = tellings_new();
        learn(t, "a", "x");
        change(t, other[i][0], other[i][1], 1);
        assert_string_equal(known(t, "a"), "x");
        change(t, same[i][0], same[i][1], 2);
        assert_null(known(t, "a"));
        tellings_free(t);
    }
    char out[16];
    assert_int_equal(tellings_fold(T("\xc3\x84pfel_\xe5\x9c\x9f"), out), 7);
    assert_memory_equal(out, "\x80pfel_\x80", 7);
}

/* In front of a change the old names, behind it the new ones; whatever a checkpoint lies between. */
static void test_a_restart_uses_what_was_true_then(void **state) {
    struct tellings *t = tellings_new(), *back;
    (void)state;
    learn(t, "a", "x");
    change(t, "d", "a", 10);
    learn(t, "a", "y");
    change(t, "d", "a", 20);
    change(t, "d", "a", 30);
    learn(t, "a", "z");

    back = again(t, 5, true, true);
    assert_string_equal(known(back, "a"), "x");
    change(back, "d", "a", 10);
    assert_string_equal(known(back, "a"), "y");
    change(back, "d", "a", 20);
    assert_null(known(back, "a"));
    change(back, "d", "a", 30);
    assert_string_equal(known(back, "a"), "z");
    change(back, "d", "a", 40);
    assert_null(known(back, "a"));
    tellings_free(back);

    back = again(t, 10, true, true); /* what ended there is forgotten */
    assert_string_equal(known(back, "a"), "y");
    tellings_free(back);
    back = again(t, 25, true, true);
    assert_null(known(back, "a"));
    change(back, "d", "a", 30);
    assert_string_equal(known(back, "a"), "z");
    tellings_free(back);
    back = again(t, 99, true, true);
    assert_string_equal(known(back, "a"), "z");
    tellings_free(back);
    tellings_free(t);
}

/* After a failover the changes may come in other places: then nothing of later ones is believed. */
static void test_another_course(void **state) {
    struct tellings *t = tellings_new(), *back;
    (void)state;
    learn(t, "a", "x");
    change(t, "d", "a", 10);
    learn(t, "a", "y");
    change(t, "d", "a", 20);
    learn(t, "a", "z");
    back = again(t, 5, true, true);
    change(back, "d", "a", 20); /* the first change, where the second was */
    assert_null(known(back, "a"));
    change(back, "d", "a", 21);
    assert_null(known(back, "a"));
    tellings_free(back);
    back = again(t, 5, true, false); /* by file from now on */
    assert_string_equal(known(back, "a"), "x");
    change(back, "d", "a", 10);
    assert_null(known(back, "a"));
    tellings_free(back);
    tellings_free(t);
}

static void test_by_file(void **state) {
    struct tellings *t = tellings_new(), *back;
    const struct telling_mark here = {.file = 2, .offset = 50};
    struct err e;
    (void)state;
    learn(t, "a", "x");
    assert_int_equal(tellings_change(t, T("d"), T("a"), &here, false, &e), 0);
    learn(t, "a", "y");
    back = again(t, 9, false, false); /* binlog.000001:900 */
    assert_string_equal(known(back, "a"), "x");
    assert_int_equal(tellings_change(back, T("d"), T("a"), &here, false, &e), 0);
    assert_string_equal(known(back, "a"), "y");
    tellings_free(back);
    tellings_free(t);
}

static void test_malformed(void **state) {
    struct tellings *t = tellings_new();
    const struct telling_mark m = at(1);
    struct buf saved = {0};
    struct err e;
    (void)state;
    learn(t, "a", "x");
    tellings_save(t, &m, true, &saved);
    for (size_t len = 1; len < saved.len; len++) {
        struct tellings *other = tellings_new();
        int rc = tellings_load(other, &m, true, saved.data, len, &e);
        assert_int_equal(rc, len == 2 ? 0 : -1); /* nothing behind the head is fine */
        if (rc) assert_int_equal(e.code, ERR_DATA);
        tellings_free(other);
    }
    change(t, "d", "a", 5);
    learn(t, "a", "y");
    buf_clear(&saved, SIZE_MAX);
    tellings_save(t, &m, true, &saved);
    saved.data[2 + 23] = 9; /* the first of the two behind the second */
    struct tellings *other = tellings_new();
    assert_int_equal(tellings_load(other, &m, true, saved.data, saved.len, &e), -1);
    assert_non_null(strstr(e.text, "not in the order of the log"));
    tellings_save(other, &m, true, &saved); /* nothing of it is true yet: nothing to prune */
    tellings_free(other);
    saved.data[0] = 2;
    assert_int_equal(tellings_load(t, &m, true, saved.data, saved.len, &e), -1);
    buf_release(&saved);
    tellings_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_true_until_changed),
        cmocka_unit_test(test_what_counts_as_the_same_name),
        cmocka_unit_test(test_a_restart_uses_what_was_true_then),
        cmocka_unit_test(test_another_course),
        cmocka_unit_test(test_by_file),
        cmocka_unit_test(test_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
