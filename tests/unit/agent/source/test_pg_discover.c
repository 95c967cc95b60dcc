#include "agent/source/pg_discover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct row {
    uint32_t oid, parent;
    const char *full;
    bool partitioned;
    const char *why; /* of the table alone */
};

/* Settles tables as they would come from the catalogue. */
static void settle(struct pg_tables *t, const struct row *rows, size_t n, const char *const *patterns,
                   size_t np) {
    struct pattern_list *list;

    memset(t, 0, sizeof *t);
    arena_init(&t->arena, 0);
    t->items = arena_calloc(&t->arena, n + 1, sizeof *t->items);
    t->count = n;
    for (size_t i = 0; i < n; i++)
        t->items[i] = (struct pg_table){
            .oid = rows[i].oid,
            .parent = rows[i].parent,
            .full = rows[i].full,
            .partitioned = rows[i].partitioned,
            .why = rows[i].why,
            .usable = !rows[i].why,
        };
    assert_int_equal(pattern_list_new(patterns, np, &list, NULL), 0);
    assert_int_equal(pg_tables_settle(t, list, NULL), 0);
    pattern_list_free(list);
}

static void finds_by_oid(void **state) {
    static const struct row rows[] = {
        {30, 0, "a.x", false, NULL}, {10, 0, "a.y", false, NULL}, {20, 0, "a.z", false, NULL}};
    static const char *const patterns[] = {"a.*", "!a.y"};
    struct pg_tables t;

    (void)state;
    settle(&t, rows, 3, patterns, 2);
    assert_string_equal(pg_tables_find(&t, 10)->full, "a.y");
    assert_string_equal(pg_tables_find(&t, 30)->full, "a.x");
    assert_null(pg_tables_find(&t, 11));
    assert_null(pg_tables_find(&t, 0));
    assert_int_equal(t.nwanted, 2);
    assert_false(pg_tables_find(&t, 10)->wanted);
    pg_tables_release(&t);
}

static void wants_the_topmost(void **state) {
    static const struct row rows[] = {
        {3, 2, "a.leaf", false, NULL}, {2, 1, "a.middle", true, NULL}, {1, 0, "a.root", true, NULL},
        {4, 0, "a.other", true, NULL}, {5, 4, "b.leaf", false, NULL},
    };
    static const char *const patterns[] = {"a.root", "a.leaf", "b.*"};
    struct pg_tables t;

    (void)state;
    settle(&t, rows, 5, patterns, 3);
    assert_true(pg_tables_find(&t, 1)->wanted);
    assert_false(pg_tables_find(&t, 2)->wanted);
    assert_true(pg_tables_find(&t, 3)->matched);
    assert_false(pg_tables_find(&t, 3)->wanted); /* its rows bear a.root's name */
    assert_false(pg_tables_find(&t, 4)->wanted);
    assert_true(pg_tables_find(&t, 5)->wanted);
    pg_tables_release(&t);
}

/* The server checks each partition by itself. */
static void one_bad_partition_spoils_the_root(void **state) {
    static const struct row rows[] = {
        {1, 0, "a.root", true, NULL},  {2, 1, "a.middle", true, "it has no primary key"},
        {3, 2, "a.good", false, NULL}, {4, 2, "a.bad", false, "its replica identity is NOTHING"},
        {5, 0, "a.alone", true, NULL},
    };
    static const char *const patterns[] = {"a.*"};
    struct pg_tables t;

    (void)state;
    settle(&t, rows, 5, patterns, 1);
    assert_false(pg_tables_find(&t, 1)->usable);
    assert_false(pg_tables_find(&t, 2)->usable);
    assert_non_null(strstr(pg_tables_find(&t, 1)->why, "a.bad"));
    assert_true(pg_tables_find(&t, 3)->usable);
    assert_true(pg_tables_find(&t, 5)->usable);
    pg_tables_release(&t);
}

static void an_empty_database_is_fine(void **state) {
    static const char *const patterns[] = {"*.*"};
    struct pg_tables t;

    (void)state;
    settle(&t, NULL, 0, patterns, 1);
    assert_int_equal(t.nwanted, 0);
    assert_null(pg_tables_find(&t, 1));
    pg_tables_release(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_by_oid),
        cmocka_unit_test(wants_the_topmost),
        cmocka_unit_test(one_bad_partition_spoils_the_root),
        cmocka_unit_test(an_empty_database_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
