#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "decoders/pgoutput/relation.h"

static struct relations relations;
static struct err e;

static int start(void **state) {
    (void)state;
    relations_init(&relations);
    return 0;
}

static int stop(void **state) {
    (void)state;
    relations_release(&relations);
    return 0;
}

static struct pgoutput_column columns[3] = {
    {true, "id", 23, -1}, {false, "a", 25, -1}, {true, "b", 50000, -1}};

static struct pgoutput_relation message(uint32_t relid, enum identity identity) {
    return (struct pgoutput_relation){relid, "public", "t", identity, 3, columns};
}

/* The table from now on; *replaced is freed. */
static const struct table *describe(const struct pgoutput_relation *m, bool fresh, bool replaces) {
    struct shape *shape, *replaced;
    bool is_fresh;
    assert_int_equal(relations_describe(&relations, m, &shape, &is_fresh, &replaced, &e), 0);
    assert_int_equal(is_fresh, fresh);
    assert_int_equal(replaced != NULL, replaces);
    shape_free(replaced);
    assert_ptr_equal(relations_find(&relations, m->relid), shape);
    return &shape->table;
}

static void learn_keys(const struct pgoutput_keys *k) {
    struct buf b = {0};
    pgoutput_catalog_put_keys(&b, k);
    assert_int_equal(relations_catalog(&relations, b.data, b.len, &e), 0);
    buf_release(&b);
}

static void learn_type(char typtype) {
    const struct pgoutput_type t = {50000, typtype, 0, 0, -1, ',', "public", "mood"};
    struct buf b = {0};
    pgoutput_catalog_put_type(&b, &t);
    assert_int_equal(relations_catalog(&relations, b.data, b.len, &e), 0);
    buf_release(&b);
}

static void test_same_keeps_pointer(void **state) {
    (void)state;
    struct pgoutput_relation m = message(1, IDENTITY_DEFAULT);
    const struct table *t = describe(&m, true, false);
    uint64_t serial = t->serial;
    assert_ptr_equal(describe(&m, false, false), t);
    assert_int_equal(t->serial, serial);
    struct pgoutput_relation other = message(2, IDENTITY_DEFAULT);
    const struct table *u = describe(&other, true, false);
    assert_ptr_not_equal(u, t);
    assert_int_not_equal(u->serial, serial);
    assert_ptr_equal(relations_find(&relations, 1), t);
    assert_null(relations_find(&relations, 3));
}

/* Each of these is another shape. */
static void test_changes(void **state) {
    (void)state;
    struct pgoutput_relation m = message(1, IDENTITY_DEFAULT);
    struct pgoutput_column saved[3];
    memcpy(saved, columns, sizeof(saved));
    describe(&m, true, false);
    m.name = "renamed";
    describe(&m, true, true);
    m.schema = "moved";
    describe(&m, true, true);
    m.identity = IDENTITY_FULL;
    describe(&m, true, true);
    columns[1].name = "c";
    describe(&m, true, true);
    columns[1].type = 1043;
    describe(&m, true, true);
    columns[1].type_mod = 44;
    describe(&m, true, true);
    columns[1].identity = true;
    describe(&m, true, true);
    m.ncolumns = 2;
    describe(&m, true, true);
    describe(&m, false, false);
    m.ncolumns = 3;
    describe(&m, true, true);
    learn_type('e'); /* the third column was text, now it is an enum */
    assert_int_equal(describe(&m, true, true)->columns[2].kind, VALUE_ENUM);
    const struct pgoutput_keys k = {.relid = 1, .nkeys = 1, .keys = {"b"}};
    learn_keys(&k);
    assert_int_equal(describe(&m, true, true)->nkeys, 1);
    learn_keys(&k);
    describe(&m, false, false);
    memcpy(columns, saved, sizeof(saved));
}

static void has_keys(const struct table *t, size_t n, uint16_t first, uint16_t second) {
    assert_int_equal(t->nkeys, n);
    if (n > 0) assert_int_equal(t->keys[0], first);
    if (n > 1) assert_int_equal(t->keys[1], second);
}

static void test_keys(void **state) {
    (void)state;
    struct pgoutput_relation m = message(1, IDENTITY_DEFAULT);
    has_keys(describe(&m, true, false), 2, 0, 2); /* from the log alone: column order */
    m = message(2, IDENTITY_INDEX);
    has_keys(describe(&m, true, false), 2, 0, 2);
    m = message(3, IDENTITY_FULL);
    has_keys(describe(&m, true, false), 0, 0, 0);
    m = message(4, IDENTITY_NOTHING);
    has_keys(describe(&m, true, false), 0, 0, 0);

    for (uint32_t relid = 1; relid <= 4; relid++)
        learn_keys(&(struct pgoutput_keys){.relid = relid, .nkeys = 2, .keys = {"b", "id"}});
    m = message(1, IDENTITY_DEFAULT);
    has_keys(describe(&m, true, true), 2, 2, 0); /* now in key order */
    m = message(2, IDENTITY_INDEX);
    has_keys(describe(&m, true, true), 2, 2, 0);
    m = message(3, IDENTITY_FULL);
    has_keys(describe(&m, true, true), 2, 2, 0);
    m = message(4, IDENTITY_NOTHING);
    has_keys(describe(&m, true, true), 2, 2, 0);
}

/* The catalogue speaks of now: where the log says that the key was another one then, the log is right. */
static void test_keys_of_another_time(void **state) {
    (void)state;
    struct pgoutput_relation m = message(1, IDENTITY_DEFAULT);
    learn_keys(&(struct pgoutput_keys){.relid = 1, .nkeys = 1, .keys = {"a"}});
    has_keys(describe(&m, true, false), 2, 0, 2);
    m = message(2, IDENTITY_INDEX);
    learn_keys(&(struct pgoutput_keys){.relid = 2, .nkeys = 2, .keys = {"a", "dropped"}});
    has_keys(describe(&m, true, false), 2, 0, 2);
    learn_keys(&(struct pgoutput_keys){.relid = 2, .nkeys = 1, .keys = {"a"}});
    has_keys(describe(&m, true, true), 1, 1, 0);
}

static void test_restart(void **state) {
    (void)state;
    struct pgoutput_relation m = message(1, IDENTITY_DEFAULT);
    const struct table *t = describe(&m, true, false);
    relations_restart(&relations);
    assert_null(relations_find(&relations, 1)); /* not described on this connection */
    assert_ptr_equal(describe(&m, false, false), t);
}

static void test_names(void **state) {
    (void)state;
    struct pgoutput_relation m = message(1, IDENTITY_DEFAULT);
    m.schema = "";
    assert_string_equal(describe(&m, true, false)->schema, "pg_catalog");
    m.name = "caf\xe9";
    struct shape *shape, *replaced;
    bool fresh;
    assert_int_equal(relations_describe(&relations, &m, &shape, &fresh, &replaced, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
}

/* Tables that were dropped are never told from the others, so each one ever seen has to be small. */
static void test_many_tables(void **state) {
    (void)state;
    enum { TABLES = 10000, COLUMNS = 10, BYTES = 3000 };
    struct pgoutput_column many[COLUMNS];
    char names[COLUMNS][16];
    for (int i = 0; i < COLUMNS; i++) {
        snprintf(names[i], sizeof(names[i]), "column_%d", i);
        many[i] = (struct pgoutput_column){i == 0, names[i], i % 2 ? 1043 : 1700, 2621448};
    }
    size_t before = mallinfo2().uordblks;
    for (uint32_t i = 1; i <= TABLES; i++) {
        char name[32];
        snprintf(name, sizeof(name), "staging_%u", i);
        learn_keys(&(struct pgoutput_keys){.relid = i, .nkeys = 1, .keys = {"column_0"}});
        describe(&(struct pgoutput_relation){i, "public", name, IDENTITY_DEFAULT, COLUMNS, many}, true,
                 false);
    }
    size_t each = (mallinfo2().uordblks - before) / TABLES; /* 0 under a sanitizer */
    if (each > BYTES) fail_msg("a table takes %zu bytes", each);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_same_keeps_pointer),   TEST(test_changes), TEST(test_keys),
        TEST(test_keys_of_another_time), TEST(test_restart), TEST(test_names),
        TEST(test_many_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
