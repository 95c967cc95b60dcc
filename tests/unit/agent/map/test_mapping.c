#include "tests/unit/agent/map/fixture.h"

/* What is wrong with a mapping before any table is seen. */

static void test_refused(void **state) {
    static const struct {
        const char *table;
        const char *part;
        const char *key;
        const char *item;
        const char *when;
        const char *fields;
        const char *error;
    } all[] = {
        {"shop.public.t", "porfile", "k", NULL, NULL, "name=a",
         "customer has no part porfile: did you mean profile?"},
        {"shop.public.t", "profil", "k", NULL, NULL, "name=a",
         "customer has no part profil: did you mean profile?"},
        {"shop.public.t", "profiles", "k", NULL, NULL, "name=a", "customer has no part profiles"},
        {"shop.public.t", "profile", "k", NULL, NULL, "nane=a",
         "part profile has no field nane: did you mean name?"},
        {"shop.public.t", "profile", "k", NULL, NULL, "city=a", "part profile has no field city"},
        {"shop.public.t", "profile", "k", NULL, NULL, "name=a,name=b", "field name is mapped twice"},
        {"shop.public.t", "attributes", "k", NULL, NULL, "=a", "part attributes has no field "},
        {"shop.public.t", "profile", "k", "i", NULL, "name=a",
         "part profile is single, there is one per key: it takes no"},
        {"shop.public.t", "location", "k", NULL, NULL, "city=a",
         "part location is a list: `item` has to say which"},
        {"shop.public.t", "profile", "", NULL, NULL, "name=a", "it has no key"},
        {"shop.public.t", "profile", NULL, NULL, NULL, "name=a", "it has no key"},
        {"shop.public.t", "profile", "'C1'", NULL, NULL, "name=a", "key: 'C1' names no column"},
        {"shop.public.t", "profile", "{a", NULL, NULL, "name=a",
         "key: \"{a\": { at character 1 is not closed"},
        {"shop.public.t", "location", "a", "{", NULL, "city=a",
         "item: \"{\": { at character 1 is not closed"},
        {"shop.public.t", "profile", "a", NULL, "x = ", "name=a", "when: character 5: expected a value"},
        {"public.t", "profile", "a", NULL, NULL, "name=a", "there is no source public"},
        {"shpo.public.t", "profile", "a", NULL, NULL, "name=a",
         "there is no source shpo: did you mean shop?"},
        {"shop.", "profile", "a", NULL, NULL, "name=a", "table is written source.schema.table"},
        {"shop", "profile", "a", NULL, NULL, "name=a", "table is written source.schema.table"},
        {"shop.sales.t", "profile", "a", NULL, NULL, "name=a",
         "the source does not read this table: add \"sales.t\" to sources.shop.tables"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct fixture f;
        fixture_init(&f);
        fixture_mapping(&f, all[i].table, all[i].part, all[i].key, all[i].item, all[i].when, all[i].fields);
        if (fixture_try(&f) == 0) fail_msg("%s passed", all[i].error);
        fixture_error(&f, ERR_CONFIG, all[i].error);
        fixture_error(&f, ERR_CONFIG, "test.yaml:9:9: customer.");
        fixture_release(&f);
    }
}

/* Mappings of another source are its own map's business. */
static void test_other_source(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_mapping(&f, "erp.sales.t", "location", "k", NULL, "(", "x=y");
    fixture_start(&f);
    assert_null(map_entity_topic(f.map, 0));
    fixture_release(&f);
}

/* A name that only begins like the source's is another one. */
static void check_prefix(const char *other, const char *table) {
    struct fixture f;
    fixture_init(&f);
    f.sources[1].name = other;
    fixture_mapping(&f, table, "profile", "id", NULL, NULL, "name=id");
    fixture_start(&f);
    fixture_expect(&f, CHANGE_INSERT, fixture_table(&f, "public.t f id:int!"), NULL, "1",
                   "c shop.public.t\n");
    fixture_release(&f);
}

static void test_prefix(void **state) {
    (void)state;
    check_prefix("shop2", "shop2.public.t");
    check_prefix("sho", "sho.public.t");
}

/* A table without schema; a dot in a name does not make two names one. */
static void test_table_names(void **state) {
    static const char *const tables[] = {"*", "*.*"};
    struct fixture f;
    (void)state;
    fixture_init(&f);
    pattern_list_free((struct pattern_list *)f.sources[0].table_patterns);
    f.sources[0].table_patterns = fixture_patterns(tables, 2);
    f.config.topics = "{table}";
    fixture_mapping(&f, "shop.plain", "profile", "id", NULL, NULL, "name=id");
    fixture_mapping(&f, "shop.a.b.c", "profile", "id", NULL, NULL, "name=id");
    fixture_start(&f);
    fixture_expect(&f, CHANGE_INSERT, fixture_table(&f, ".plain f id:int!"), NULL, "1",
                   "set/c customer profile 1 name=1?\n");
    fixture_expect(&f, CHANGE_INSERT, fixture_table(&f, "a.b.c f id:int!"), NULL, "1",
                   "set/c customer profile 1 name=1?\n");
    fixture_expect(&f, CHANGE_INSERT, fixture_table(&f, "a.b f id:int!"), NULL, "1", "c b\n");
    fixture_expect(&f, CHANGE_INSERT, fixture_table(&f, "plai.n f id:int!"), NULL, "1", "c n\n");
    fixture_release(&f);
}

static void test_truth_refused(void **state) {
    static const struct {
        struct config_pair truth;
        const char *error;
    } all[] = {
        {{.name = "porfile", .value = "crm"},
         "entities.customer.truth.porfile: customer has no part porfile: did you"},
        {{.name = "profile.nane", .value = "crm"},
         "entities.customer.truth.profile.nane: part profile has no field nane"},
        {{.name = "profile", .value = ""}, "entities.customer.truth.profile: it names no source"},
        {{.name = "profile", .value = " , "}, "it names no source"},
        {{.name = "profile", .value = "crm,S hop"}, "\"S\" is no name of a source"},
        {{.name = "", .value = "crm"}, "customer has no part "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct fixture f;
        struct config_pair truth = all[i].truth;
        fixture_init(&f);
        fixture_mapping(&f, "shop.public.t", "profile", "id", NULL, NULL, "name=id");
        f.entity.truth = &truth;
        f.entity.ntruth = 1;
        assert_int_equal(fixture_try(&f), -1);
        fixture_error(&f, ERR_CONFIG, all[i].error);
        fixture_release(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_other_source),
        cmocka_unit_test(test_prefix),        cmocka_unit_test(test_table_names),
        cmocka_unit_test(test_truth_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
