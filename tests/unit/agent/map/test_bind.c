#include "tests/unit/agent/map/fixture.h"

#define SHOP "shop.public.customers"
#define FULL "public.customers f id:int! no:text name:text status:text"
#define KEY_ONLY "public.customers d id:int! no:text name:text status:text"
#define CURE "Run: ALTER TABLE \"public\".\"customers\" REPLICA IDENTITY FULL;"

struct entry {
    const char *part;
    const char *key;
    const char *item;
    const char *when;
    const char *fields;
};

static void start(struct fixture *f, const struct entry *m) {
    fixture_init(f);
    fixture_mapping(f, SHOP, m->part, m->key, m->item, m->when, m->fields);
}

static void test_accepted(void **state) {
    static const struct {
        struct entry entry;
        const char *table;
    } all[] = {
        {{"profile", "no", NULL, "status = 'A'", "name=name"}, FULL},
        {{"profile", "id", NULL, NULL, "name=name"}, KEY_ONLY},
        {{"profile", "{id}", NULL, "id > 3", "name=name"}, KEY_ONLY},
        {{"location", "id", "'x'", NULL, "city=name"}, KEY_ONLY},
        {{"location", "a", "b", "c = 1", "city=d"},
         "public.customers i id:int! a:text+ b:text+ c:int+ d:text"},
        {{"profile", "id", NULL, NULL, ""}, KEY_ONLY},
        {{"profile", "no", NULL, NULL, "name=no"}, "public.customers f no:text"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct fixture f;
        start(&f, &all[i].entry);
        fixture_start(&f);
        if (map_check(f.map, fixture_table(&f, all[i].table), &f.err)) fail_msg("%s", f.err.text);
        fixture_release(&f);
    }
}

static void test_refused(void **state) {
    static const struct {
        struct entry entry;
        const char *table;
        const char *error;
    } all[] = {
        {{"profile", "no", NULL, NULL, "name=name"},
         KEY_ONLY,
         "test.yaml:9:9: customer.profile from shop.public.customers: key: the log carries only the replica "
         "identity of "
         "updated and deleted rows, so column no cannot be used. " CURE},
        {{"profile", "{id}-{no}", NULL, NULL, "name=name"},
         KEY_ONLY,
         "key: the log carries only the replica"},
        {{"location", "id", "no", NULL, "city=name"}, KEY_ONLY, "item: the log carries only the replica"},
        {{"profile", "id", NULL, "status = 'A'", "name=name"},
         KEY_ONLY,
         "when: the log carries only the replica"},
        {{"profile", "id", NULL, NULL, "name=name"},
         "public.customers n id:int! name:text",
         "the log carries nothing of updated and deleted rows, so column id cannot be used. " CURE},
        {{"profile", "id", NULL, NULL, "name=name"},
         "public.customers d id:int name:text",
         "carries nothing"},
        {{"profile", "id", NULL, NULL, "name=name"},
         "public.customers i id:int! no:text+ name:text",
         "carries only the replica identity"},
        {{"profile", "nr", NULL, NULL, "name=name"},
         FULL,
         "key: the table has no column nr: did you mean no?"},
        {{"location", "no", "{x}", NULL, "city=name"}, FULL, "item: the table has no column x"},
        {{"profile", "no", NULL, "stauts = 'A'", "name=name"},
         FULL,
         "when: the table has no column stauts: did you"},
        {{"profile", "no", NULL, "id = 'A'", "name=name"},
         FULL,
         "when: character 6: column id (int) holds numbers"},
        {{"profile", "no", NULL, NULL, "name=nane"},
         FULL,
         "field name: the table has no column nane: did you mean name"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct fixture f;
        start(&f, &all[i].entry);
        fixture_start(&f);
        assert_int_equal(map_check(f.map, fixture_table(&f, all[i].table), &f.err), -1);
        fixture_error(&f, ERR_CONFIG, all[i].error);
        fixture_release(&f);
    }
}

/* What `tables` hides or masks is not published through a mapping. */
static void test_hidden(void **state) {
    static const struct {
        struct entry entry;
        const char *error; /* NULL: accepted */
    } all[] = {
        {{"profile", "name", NULL, NULL, "name=no"}, "key: column name is left out under `overrides`"},
        {{"profile", "status", NULL, NULL, "name=no"}, "key: column status is masked under `overrides`"},
        {{"location", "no", "status", NULL, "city=no"}, "item: column status is masked"},
        {{"profile", "no", NULL, NULL, "name=name"}, "field name: column name is left out"},
        {{"profile", "no", NULL, NULL, "name=status"}, NULL},
        {{"profile", "no", NULL, "name = 'x' and status = 'y'", "name=no"}, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct fixture f;
        start(&f, &all[i].entry);
        struct config_table *o = fixture_override(&f, "shop.public.customers");
        o->exclude = fixture_strings(&f, "name");
        o->mask = fixture_strings(&f, "status");
        fixture_start(&f);
        int rc = map_check(f.map, fixture_table(&f, FULL), &f.err);
        assert_int_equal(rc, all[i].error ? -1 : 0);
        if (rc) fixture_error(&f, ERR_CONFIG, all[i].error);
        fixture_release(&f);
    }
}

/* ---- When it turns wrong while running ---- */

static void test_quarantine(void **state) {
    struct fixture f;
    struct map_stats stats;
    const char *why;
    (void)state;
    fixture_init(&f);
    fixture_mapping(&f, SHOP, "profile", "no", NULL, NULL, "name=name");
    fixture_mapping(&f, SHOP, "attributes", "id", NULL, NULL, "s=status");
    fixture_start(&f);
    struct table *full = fixture_table(&f, FULL);
    struct table *key_only = fixture_table(&f, KEY_ONLY);
    struct table *renamed = fixture_table(&f, "public.customers d id:int! nr:text name:text status:text");
    struct table *cured = fixture_table(&f, FULL);

    assert_int_equal(map_check(f.map, full, &f.err), 0);
    assert_int_equal(fixture_schema_change(&f, full, NULL), 0);
    fixture_expect(&f, CHANGE_INSERT, full, NULL, "1|C1|Ann|A",
                   "set/c customer profile C1 name=Ann?\nset/c customer attributes 1 s=A?\n");
    assert_int_equal(map_quarantined(f.map, &why), 0);
    assert_string_equal(why, "");

    assert_int_equal(fixture_schema_change(&f, key_only, full), 0);
    fixture_notice(&f, LOG_ERROR,
                   CURE " -- in quarantine until then: changes of the table do not reach "
                        "customer.profile");
    fixture_notice(&f, LOG_ERROR, NULL);
    assert_int_equal(map_quarantined(f.map, &why), 1);
    assert_non_null(strstr(why, CURE));
    fixture_expect(&f, CHANGE_INSERT, key_only, NULL, "1|C1|Ann|A", "set/c customer attributes 1 s=A?\n");
    fixture_expect(&f, CHANGE_DELETE, key_only, "1|.|.|.", NULL, "remove/d customer attributes 1\n");
    fixture_expect(&f, CHANGE_TRUNCATE, key_only, NULL, NULL, "clear/t* customer attributes\n");
    map_stats(f.map, &stats);
    assert_int_equal(stats.quarantined, 3);

    struct table *same = fixture_table(&f, KEY_ONLY);
    assert_int_equal(fixture_schema_change(&f, same, key_only), 0);
    fixture_notice(&f, LOG_ERROR, NULL); /* said already */

    assert_int_equal(fixture_schema_change(&f, renamed, same), 0);
    fixture_notice(&f, LOG_ERROR, "the table has no column no: did you mean nr?");
    assert_int_equal(map_quarantined(f.map, &why), 1);

    assert_int_equal(fixture_schema_change(&f, cured, renamed), 0);
    fixture_notice(&f, LOG_WARN, "customer.profile from shop.public.customers is out of quarantine");
    fixture_notice(&f, LOG_WARN, NULL);
    assert_int_equal(map_quarantined(f.map, &why), 0);
    fixture_expect(&f, CHANGE_INSERT, cured, NULL, "1|C1|Ann|A",
                   "set/c customer profile C1 name=Ann?\nset/c customer attributes 1 s=A?\n");
    fixture_release(&f);
}

/* A check at start says no and changes nothing. */
static void test_check_leaves_no_trace(void **state) {
    struct fixture f;
    const char *why;
    (void)state;
    fixture_init(&f);
    fixture_mapping(&f, SHOP, "profile", "no", NULL, NULL, "name=name");
    fixture_start(&f);
    assert_int_equal(map_check(f.map, fixture_table(&f, KEY_ONLY), &f.err), -1);
    assert_int_equal(map_quarantined(f.map, &why), 0);
    fixture_notice(&f, LOG_ERROR, NULL);
    fixture_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_hidden),
        cmocka_unit_test(test_quarantine),
        cmocka_unit_test(test_check_leaves_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
