#include "agent/source/pg_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A small database, and what has been published of it. */
struct world {
    struct pg_server server;
    struct pg_tables tables;
    struct pattern_list *patterns;
    struct pg_publication main, insert;
    struct pg_plan_input in;
    struct pg_plan plan;
};

static const char *const public_tables[] = {"public.*"};

static void add_schema(struct world *w, const char *schema) {
    w->tables.schemas[w->tables.nschemas++] = schema;
}

static void add(struct world *w, uint32_t oid, const char *schema, const char *name, bool usable) {
    struct pg_table *t = &w->tables.items[w->tables.count++];
    struct buf full = {0};

    buf_printf(&full, "%s.%s", schema, name);
    *t = (struct pg_table){
        .oid = oid,
        .schema = schema,
        .name = name,
        .full = arena_strndup(&w->tables.arena, buf_cstr(&full), full.len),
        .identity = IDENTITY_DEFAULT,
        .owned = true,
        .usable = usable,
        .why = usable ? NULL : "it has no primary key",
    };
    buf_release(&full);
}

static void init(struct world *w, const char *const *patterns, size_t n) {
    memset(w, 0, sizeof *w);
    arena_init(&w->tables.arena, 0);
    w->tables.items = arena_calloc(&w->tables.arena, 32, sizeof *w->tables.items);
    w->tables.schemas = arena_calloc(&w->tables.arena, 8, sizeof *w->tables.schemas);
    add_schema(w, "public");
    w->server = (struct pg_server){.version = 180000, .may_create = true};
    assert_int_equal(pattern_list_new(patterns, n, &w->patterns, NULL), 0);
    memcpy(w->main.name, "p", 2);
    memcpy(w->insert.name, "p_insert", 9);
    w->in = (struct pg_plan_input){
        .server = &w->server,
        .patterns = w->patterns,
        .tables = &w->tables,
        .main = &w->main,
        .insert = &w->insert,
        .source = "shop",
        .mark = {.ours = true},
        .may_change = true,
    };
}

static void made(struct pg_publication *p, uint32_t oid) {
    p->exists = true;
    p->oid = oid;
    p->mark.ours = true;
    p->may_alter = true;
}

static void member(struct pg_oids *o, uint32_t oid) {
    o->items = realloc(o->items, (o->count + 1) * sizeof *o->items);
    assert_non_null(o->items);
    o->items[o->count++] = oid;
}

static void carries(struct pg_publication *p, uint32_t oid) {
    member(&p->members, oid);
    member(&p->tables, oid);
}

static void plan(struct world *w) {
    struct err e = {0};

    assert_int_equal(pg_tables_settle(&w->tables, w->patterns, &e), 0);
    assert_int_equal(pg_plan_make(&w->in, &w->plan, &e), 0);
}

static const char *run_of(struct world *w) {
    return buf_cstr(&w->plan.run);
}

static const char *owner_of(struct world *w) {
    return buf_cstr(&w->plan.owner);
}

static void done(struct world *w) {
    pg_plan_release(&w->plan);
    pg_tables_release(&w->tables);
    pattern_list_free(w->patterns);
    pg_publication_release(&w->main);
    pg_publication_release(&w->insert);
}

#define ROOT "publish_via_partition_root = true"
#define STORED "publish_generated_columns = stored"

static void makes_exact_tables(void **state) {
    struct world w;

    (void)state;
    init(&w, public_tables, 1);
    add(&w, 10, "public", "a", true);
    add(&w, 11, "public", "b", false);
    add(&w, 12, "secret", "c", true);
    plan(&w);
    assert_string_equal(
        run_of(&w), "CREATE PUBLICATION \"p\" FOR TABLE ONLY \"public\".\"a\" WITH (" ROOT ", " STORED ");\n"
                    "COMMENT ON PUBLICATION \"p\" IS 'tailrace shop';\n"
                    "CREATE PUBLICATION \"p_insert\" FOR TABLE ONLY \"public\".\"b\" WITH (" ROOT
                    ", publish = 'insert, truncate', " STORED ");\n"
                    "COMMENT ON PUBLICATION \"p_insert\" IS 'tailrace shop';\n");
    assert_string_equal(owner_of(&w), "");
    assert_true(w.plan.creates_main);
    done(&w);
}

static void older_servers_know_no_generated_columns(void **state) {
    struct world w;

    (void)state;
    init(&w, public_tables, 1);
    w.server.version = 170000;
    plan(&w);
    assert_null(strstr(run_of(&w), "generated"));
    assert_non_null(strstr(run_of(&w), "CREATE PUBLICATION \"p\" WITH ("));
    assert_non_null(strstr(run_of(&w), "CREATE PUBLICATION \"p_insert\" WITH ("));
    done(&w);
}

#define INSERTS "(" ROOT ", publish = 'insert, truncate', " STORED ")"

static void a_superuser_gets_the_inserts_of_whole_schemas(void **state) {
    struct world w;

    (void)state;
    init(&w, public_tables, 1);
    w.server.superuser = true;
    add(&w, 10, "public", "a", true);
    add(&w, 11, "public", "no_key", false);
    plan(&w);
    assert_non_null(strstr(run_of(&w), "\"p\" FOR TABLE ONLY \"public\".\"a\" WITH"));
    assert_non_null(strstr(run_of(&w), "\"p_insert\" FOR TABLES IN SCHEMA \"public\" WITH " INSERTS));
    done(&w);
    init(&w, public_tables, 1);
    w.server.superuser = true;
    w.server.version = 140000;
    add(&w, 10, "public", "no_key", false);
    plan(&w);
    assert_non_null(strstr(run_of(&w), "\"p_insert\" FOR TABLE ONLY \"public\".\"no_key\""));
    done(&w);
    init(&w, public_tables, 1); /* without tables yet */
    w.server.superuser = true;
    plan(&w);
    assert_non_null(strstr(run_of(&w), "\"p_insert\" FOR TABLES IN SCHEMA \"public\" WITH " INSERTS));
    done(&w);
    init(&w, public_tables, 1); /* no such schema yet */
    w.tables.nschemas = 0;
    w.server.superuser = true;
    plan(&w);
    assert_null(strstr(run_of(&w), "SCHEMA"));
    done(&w);
}

static void a_superuser_gets_the_inserts_of_all_tables(void **state) {
    static const char *const all[] = {"*.*"};
    struct world w;

    (void)state;
    init(&w, all, 1);
    w.server.superuser = true;
    add(&w, 10, "public", "a", true);
    plan(&w);
    assert_non_null(strstr(run_of(&w), "\"p\" FOR TABLE ONLY \"public\".\"a\" WITH"));
    assert_non_null(strstr(run_of(&w), "\"p_insert\" FOR ALL TABLES WITH " INSERTS));
    done(&w);
}

/* A new table comes in by its schema; only when it has an identity are its updates published too. */
static void a_table_that_came_by_its_schema(void **state) {
    struct world w;

    (void)state;
    init(&w, public_tables, 1);
    add(&w, 10, "public", "keyed", true);
    add(&w, 11, "public", "no_key", false);
    made(&w.main, 7);
    made(&w.insert, 8);
    w.insert.schemas = true;
    member(&w.insert.tables, 10);
    member(&w.insert.tables, 11);
    plan(&w);
    assert_string_equal(run_of(&w), "ALTER PUBLICATION \"p\" ADD TABLE ONLY \"public\".\"keyed\";\n");
    assert_int_equal(w.plan.nchanges, 1);
    assert_int_equal(w.plan.changes[0].step, PG_PLAN_UPDATES);
    done(&w);
}

static void the_owner_gets_what_we_may_not(void **state) {
    struct world w;

    (void)state;
    init(&w, public_tables, 1);
    add(&w, 10, "public", "a", true);
    w.tables.items[0].owned = false;
    plan(&w);
    assert_string_equal(run_of(&w), "");
    assert_non_null(strstr(owner_of(&w), "CREATE PUBLICATION \"p\" FOR TABLE ONLY \"public\".\"a\""));
    assert_null(strstr(owner_of(&w), "p_insert"));
    done(&w);
    init(&w, public_tables, 1);
    add(&w, 10, "public", "a", true);
    w.in.may_change = false;
    plan(&w);
    assert_string_equal(run_of(&w), "");
    assert_true(w.plan.owner.len > 0);
    done(&w);
}

static void adds_and_removes_members(void **state) {
    struct world w;

    (void)state;
    init(&w, public_tables, 1);
    add(&w, 10, "public", "a", true);
    add(&w, 11, "public", "b", true);
    add(&w, 12, "public", "c", false);
    add(&w, 13, "secret", "d", true);
    made(&w.main, 7);
    made(&w.insert, 8);
    carries(&w.main, 10);
    carries(&w.main, 13);
    plan(&w);
    assert_string_equal(run_of(&w), "ALTER PUBLICATION \"p\" ADD TABLE ONLY \"public\".\"b\";\n"
                                    "ALTER PUBLICATION \"p\" DROP TABLE ONLY \"secret\".\"d\";\n"
                                    "ALTER PUBLICATION \"p_insert\" ADD TABLE ONLY \"public\".\"c\";\n");
    assert_int_equal(w.plan.nchanges, 2);
    assert_int_equal(w.plan.changes[0].step, PG_PLAN_NEW);
    assert_string_equal(w.plan.changes[0].table->full, "public.b");
    done(&w);
}

static void nothing_to_do_is_nothing(void **state) {
    struct world w;

    (void)state;
    init(&w, public_tables, 1);
    add(&w, 10, "public", "a", true);
    made(&w.main, 7);
    made(&w.insert, 8);
    carries(&w.main, 10);
    plan(&w);
    assert_string_equal(run_of(&w), "");
    assert_string_equal(owner_of(&w), "");
    assert_int_equal(w.plan.nchanges, 0);
    done(&w);
}

static void moves_what_changed_its_identity(void **state) {
    struct world w;

    (void)state;
    init(&w, public_tables, 1);
    add(&w, 10, "public", "lost_its_key", false);
    add(&w, 11, "public", "got_a_key", true);
    made(&w.main, 7);
    made(&w.insert, 8);
    carries(&w.main, 10);
    carries(&w.insert, 11);
    plan(&w);
    assert_string_equal(run_of(&w),
                        "ALTER PUBLICATION \"p\" ADD TABLE ONLY \"public\".\"got_a_key\";\n"
                        "ALTER PUBLICATION \"p\" DROP TABLE ONLY \"public\".\"lost_its_key\";\n"
                        "ALTER PUBLICATION \"p_insert\" ADD TABLE ONLY \"public\".\"lost_its_key\";\n"
                        "ALTER PUBLICATION \"p_insert\" DROP TABLE ONLY \"public\".\"got_a_key\";\n");
    assert_int_equal(w.plan.changes[0].step, PG_PLAN_TO_INSERT);
    assert_int_equal(w.plan.changes[1].step, PG_PLAN_TO_MAIN);
    done(&w);
}

/* Dropping it here without adding it there would lose it. */
static void a_move_is_one_step(void **state) {
    struct world w;

    (void)state;
    init(&w, public_tables, 1);
    add(&w, 10, "public", "a", false);
    w.tables.items[0].owned = false;
    made(&w.main, 7);
    made(&w.insert, 8);
    carries(&w.main, 10);
    plan(&w);
    assert_string_equal(run_of(&w), "");
    assert_string_equal(owner_of(&w), "ALTER PUBLICATION \"p\" DROP TABLE ONLY \"public\".\"a\";\n"
                                      "ALTER PUBLICATION \"p_insert\" ADD TABLE ONLY \"public\".\"a\";\n");
    done(&w);
}

/* A user's publication is read, never changed. */
static void leaves_a_given_publication_alone(void **state) {
    struct world w;

    (void)state;
    init(&w, public_tables, 1);
    add(&w, 10, "public", "a", true);
    add(&w, 11, "public", "b", true);
    made(&w.main, 7);
    w.main.mark.ours = false;
    carries(&w.main, 10);
    carries(&w.main, 99);
    plan(&w);
    assert_string_equal(run_of(&w), "");
    assert_string_equal(owner_of(&w), "ALTER PUBLICATION \"p\" ADD TABLE ONLY \"public\".\"b\";\n");
    done(&w);
}

static void partitions_count_for_their_root(void **state) {
    struct world w;

    (void)state;
    init(&w, public_tables, 1);
    add(&w, 10, "public", "root", true);
    add(&w, 11, "public", "p1", true);
    add(&w, 12, "public", "p2", true);
    w.tables.items[0].partitioned = true;
    w.tables.items[1].parent = w.tables.items[2].parent = 10;
    made(&w.main, 7);
    w.main.mark.ours = false;
    carries(&w.main, 11);
    plan(&w);
    assert_string_equal(owner_of(&w), "ALTER PUBLICATION \"p\" ADD TABLE ONLY \"public\".\"root\";\n");
    pg_plan_release(&w.plan);
    carries(&w.main, 12);
    plan(&w);
    assert_string_equal(owner_of(&w), "");
    done(&w);
}

/* A stream names its publications when it begins: one made later would not be in it. */
static void a_running_stream_gets_no_second_publication(void **state) {
    struct world w;

    (void)state;
    init(&w, public_tables, 1);
    add(&w, 10, "public", "a", false);
    made(&w.main, 7);
    w.in.streaming = true;
    plan(&w);
    assert_string_equal(run_of(&w), "");
    assert_non_null(strstr(owner_of(&w), "CREATE PUBLICATION \"p_insert\" FOR TABLE ONLY \"public\".\"a\""));
    pg_plan_release(&w.plan);
    w.in.streaming = false;
    plan(&w);
    assert_non_null(strstr(run_of(&w), "CREATE PUBLICATION \"p_insert\" FOR TABLE ONLY \"public\".\"a\""));
    done(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_exact_tables),
        cmocka_unit_test(older_servers_know_no_generated_columns),
        cmocka_unit_test(a_superuser_gets_the_inserts_of_whole_schemas),
        cmocka_unit_test(a_superuser_gets_the_inserts_of_all_tables),
        cmocka_unit_test(a_table_that_came_by_its_schema),
        cmocka_unit_test(the_owner_gets_what_we_may_not),
        cmocka_unit_test(adds_and_removes_members),
        cmocka_unit_test(nothing_to_do_is_nothing),
        cmocka_unit_test(moves_what_changed_its_identity),
        cmocka_unit_test(a_move_is_one_step),
        cmocka_unit_test(leaves_a_given_publication_alone),
        cmocka_unit_test(partitions_count_for_their_root),
        cmocka_unit_test(a_running_stream_gets_no_second_publication),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
