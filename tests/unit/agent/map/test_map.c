#include "tests/unit/agent/map/fixture.h"

/* ---- Which tables ---- */

static void test_wants(void **state) {
    static const char *const patterns[] = {"public.*", "!public.audit_*", "sales.orders"};
    struct fixture f;
    (void)state;
    fixture_init(&f);
    pattern_list_free((struct pattern_list *)f.sources[0].table_patterns);
    f.sources[0].table_patterns = fixture_patterns(patterns, 3);
    fixture_start(&f);
    assert_true(map_wants(f.map, "public", "orders"));
    assert_true(map_wants(f.map, "sales", "orders"));
    assert_false(map_wants(f.map, "sales", "lines"));
    assert_false(map_wants(f.map, "public", "audit_log"));
    assert_false(map_wants(f.map, "", "orders"));
    fixture_expect(&f, CHANGE_INSERT, fixture_table(&f, "sales.orders d id:int!"), NULL, "1",
                   "c shop.sales.orders\n");
    fixture_expect(&f, CHANGE_INSERT, fixture_table(&f, "sales.lines d id:int!"), NULL, "1", "");
    fixture_expect(&f, CHANGE_DELETE, fixture_table(&f, "public.audit_log d id:int!"), NULL, NULL, "");
    assert_int_equal(map_check(f.map, fixture_table(&f, "sales.lines d id:int!"), &f.err), 0);
    fixture_release(&f);
}

/* A regular expression that would run for ever is an error, never a table left out. */
static void test_costly_pattern(void **state) {
    static const char *const patterns[] = {"/^(([a-z])+.)+[A-Z]([a-z])+$/"};
    struct fixture f;
    (void)state;
    fixture_init(&f);
    pattern_list_free((struct pattern_list *)f.sources[0].table_patterns);
    f.sources[0].table_patterns = fixture_patterns(patterns, 1);
    fixture_start(&f);
    const struct table *t =
        fixture_table(&f, "public.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa d id:int!");
    assert_int_equal(fixture_schema_change(&f, t, NULL), -1);
    fixture_error(&f, ERR_CONFIG, "test.yaml:2:3: sources.shop.tables: a regular expression took too long");
    assert_true(map_wants(f.map, t->schema, t->name)); /* so that its rows come as far as the error */
    fixture_release(&f);
}

static void refuse(struct fixture *f, const char *table, const char *error) {
    assert_int_equal(map_check(f->map, fixture_table(f, table), &f->err), -1);
    fixture_error(f, ERR_CONFIG, error);
}

/* ---- Other changes ---- */

static void test_other_changes(void **state) {
    static const enum change_op silent[] = {CHANGE_BEGIN, CHANGE_COMMIT, CHANGE_HEARTBEAT};
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    for (size_t i = 0; i < 3; i++) {
        const struct change c = {.op = silent[i]};
        assert_int_equal(fixture_run(&f, &c), 0);
        assert_string_equal(buf_cstr(&f.out), "");
    }
    const struct change message = {.op = CHANGE_MESSAGE, .message = {.prefix = {"p", 1}}};
    assert_int_equal(fixture_run(&f, &message), 0);
    assert_string_equal(buf_cstr(&f.out), "m shop.message\n");
    const struct change gap = {.op = CHANGE_GAP};
    assert_int_equal(fixture_run(&f, &gap), 0);
    assert_string_equal(buf_cstr(&f.out), "g shop.gap\n");
    fixture_release(&f);
}

static void expect_ddl(struct fixture *f, const struct table *t, const char *events) {
    const struct change c = {.op = CHANGE_DDL, .table = t, .message = {.content = {"ALTER", 5}}};
    if (fixture_run(f, &c)) fail_msg("%s", f->err.text);
    assert_string_equal(buf_cstr(&f->out), events);
}

static void test_ddl(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_mapping(&f, "shop.public.m", "profile", "id", NULL, NULL, "name=id");
    f.options.tombstones = false;
    fixture_start(&f);
    expect_ddl(&f, NULL, "q shop.ddl\n");
    expect_ddl(&f, fixture_table(&f, "public.orders d id:int!"), "q* shop.public.orders\n");
    expect_ddl(&f, fixture_table(&f, "public.m d id:int!"), "q shop.ddl\n");
    expect_ddl(&f, fixture_table(&f, "other.orders d id:int!"), "");
    f.options.tombstones = true;
    fixture_start(&f);
    expect_ddl(&f, fixture_table(&f, "public.orders d id:int!"), "q shop.ddl\n");
    fixture_release(&f);
}

/* Tables that lie in a database and have no schema. */
static void test_mysql(void **state) {
    static const char *const patterns[] = {"erp.*"};
    struct fixture f;
    (void)state;
    fixture_init(&f);
    pattern_list_free((struct pattern_list *)f.sources[0].table_patterns);
    f.sources[0].table_patterns = fixture_patterns(patterns, 1);
    fixture_mapping(&f, "shop.erp.m", "profile", "id", NULL, NULL, "name=id")->rows_too = true;
    fixture_override(&f, "shop.erp.k")->key = fixture_strings(&f, "no");
    fixture_start(&f);
    assert_true(map_wants(f.map, "erp", "KNB1"));
    assert_false(map_wants(f.map, "crm", "KNB1"));
    fixture_expect(&f, CHANGE_INSERT, fixture_table(&f, "@erp.KNB1 f id:int!"), NULL, "1",
                   "c shop.erp.KNB1\n");
    fixture_expect(&f, CHANGE_INSERT, fixture_table(&f, "@crm.KNB1 f id:int!"), NULL, "1", "");
    fixture_expect(&f, CHANGE_INSERT, fixture_table(&f, "@erp.m f id:int!"), NULL, "1",
                   "c shop.erp.m\nset/c customer profile 1 name=1?\n");
    /* Named by a statement before its first row. */
    const struct table *bare = fixture_table(&f, "@erp.m n");
    expect_ddl(&f, bare, "q shop.ddl\n");
    fixture_expect(&f, CHANGE_TRUNCATE, bare, NULL, NULL, "t* shop.erp.m\nclear/t* customer profile\n");
    fixture_expect(&f, CHANGE_TRUNCATE, fixture_table(&f, "@erp.k n"), NULL, NULL, "t* shop.erp.k\n");
    fixture_notice(&f, LOG_WARN, NULL);
    assert_int_equal(fixture_change(&f, CHANGE_INSERT, bare, NULL, ""), -1);
    fixture_error(&f, ERR_DATA, "erp.m: a row of a table whose columns are not known");
    refuse(&f, "@erp.k d id:int! no:int",
           "deleted rows of erp.k, so a delete would have no key. Run: SET GLOBAL binlog_row_image = FULL;");
    fixture_release(&f);
}

/* ---- Topics ---- */

static void accept(struct fixture *f, const char *table) {
    if (map_check(f->map, fixture_table(f, table), &f->err)) fail_msg("%s", f->err.text);
}

static void test_topics(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.topics = "{source}.{table}";
    fixture_override(&f, "shop.public.b")->topic = "special-{database}";
    fixture_override(&f, "shop.public.?")->topic = "{source}.{table}";
    fixture_mapping(&f, "shop.public.m", "profile", "id", NULL, NULL, "name=id");
    fixture_start(&f);
    fixture_expect(&f, CHANGE_INSERT, fixture_table(&f, "public.a d id:int!"), NULL, "1", "c shop.a\n");
    fixture_expect(&f, CHANGE_INSERT, fixture_table(&f, "public.b d id:int!"), NULL, "1",
                   "c special-shopdb\n");
    accept(&f, "public.x$y d id:int!");
    fixture_notice(&f, LOG_WARN, "table shop.public.x$y goes to topic shop.x_y");
    accept(&f, "public.x$y d id:int!");
    fixture_notice(&f, LOG_WARN, NULL);
    refuse(&f, "public.x_y d id:int!",
           "table shop.public.x$y and table shop.public.x_y would both go to topic shop.x_y");
    refuse(&f, "public.x.y d id:int!",
           "table shop.public.x$y would go to topic shop.x_y and table shop.public.x.y to topic shop.x.y");
    refuse(&f, "public.message d id:int!",
           "the logical messages and table shop.public.message would both go");
    refuse(&f, "public.gap d id:int!", "the accepted gaps and table shop.public.gap");
    accept(&f, "public.m d id:int!"); /* has no row topic: takes nothing */
    assert_string_equal(map_entity_topic(f.map, 0), "customer");
    assert_null(map_entity_topic(f.map, 1));
    assert_null(map_entity_topic(f.map, 7));
    fixture_release(&f);
}

/* Long names, and entity topics that a table would take. */
static void test_bad_topics(void **state) {
    char table[400] = "public.";
    struct fixture f;
    (void)state;
    fixture_init(&f);
    f.config.topics = "{table}";
    fixture_mapping(&f, "shop.public.m", "profile", "id", NULL, NULL, "name=id");
    fixture_start(&f);
    refuse(&f, "public.customer d id:int!",
           "entity customer and table shop.public.customer would both go to topic");
    memset(table + 7, 'x', 250);
    memcpy(table + 257, " d id:int!", 11);
    refuse(&f, table, "topics: table shop.public.xxx");
    refuse(&f, table, "is 250 characters long, Kafka takes 249");
    refuse(&f, "public... d id:int!", "\"..\" is no name for a topic");
    fixture_release(&f);
}

/* A topic becomes free when its table goes by another name. */
static void test_renamed(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    struct table *old = fixture_table(&f, "public.a$b d id:int!");
    struct table *renamed = fixture_table(&f, "public.other d id:int!");
    struct table *other = fixture_table(&f, "public.a_b d id:int!");
    assert_int_equal(fixture_schema_change(&f, old, NULL), 0);
    assert_int_equal(fixture_schema_change(&f, other, NULL), -1);
    fixture_error(&f, ERR_CONFIG, "would both go to topic shop.public.a_b");
    assert_int_equal(fixture_schema_change(&f, renamed, old), 0);
    assert_int_equal(fixture_schema_change(&f, other, NULL), 0);
    fixture_expect(&f, CHANGE_INSERT, renamed, NULL, "1", "c shop.public.other\n");
    fixture_expect(&f, CHANGE_INSERT, other, NULL, "1", "c shop.public.a_b\n");
    fixture_release(&f);
}

/* ---- Configurations that cannot be ---- */

static void test_refused_at_start(void **state) {
    static const struct {
        const char *topics;
        const char *table_topic;
        const char *entity;
        const char *entity_topic;
        const char *error;
    } all[] = {
        {"{source}.{tabel}", NULL, NULL, NULL, "topics: \"{source}.{tabel}\": there is no {tabel} here"},
        {"{table}", "a b", NULL, NULL, "test.yaml:5:5: topic: \"a b\": Kafka takes only"},
        {"{table}", NULL, "custmer", "customer",
         "there is no schema for an entity custmer: did you mean customer?"},
        {"{table}", NULL, "customer", "a b", "topic \"a b\": Kafka takes only"},
        {"{table}", NULL, "customer", "shop.gap",
         "the accepted gaps and entity customer would both go to topic shop.gap"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct fixture f;
        fixture_init(&f);
        f.config.topics = all[i].topics;
        if (all[i].table_topic) fixture_override(&f, "shop.public.b")->topic = all[i].table_topic;
        if (all[i].entity) {
            fixture_mapping(&f, "shop.public.m", "profile", "id", NULL, NULL, "name=id");
            f.entity.name = all[i].entity;
            f.entity.topic = all[i].entity_topic;
        }
        assert_int_equal(fixture_try(&f), -1);
        fixture_error(&f, ERR_CONFIG, all[i].error);
        assert_null(f.map);
        fixture_release(&f);
    }
}

static void test_no_schemas(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_mapping(&f, "shop.public.m", "profile", "id", NULL, NULL, "name=id");
    f.options.schemas = NULL;
    assert_int_equal(fixture_try(&f), -1);
    fixture_error(&f, ERR_CONFIG, "there is no schema for an entity customer");
    fixture_release(&f);
    map_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wants),      cmocka_unit_test(test_costly_pattern),
        cmocka_unit_test(test_topics),     cmocka_unit_test(test_other_changes),
        cmocka_unit_test(test_bad_topics), cmocka_unit_test(test_renamed),
        cmocka_unit_test(test_ddl),        cmocka_unit_test(test_mysql),
        cmocka_unit_test(test_no_schemas), cmocka_unit_test(test_refused_at_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
