#include "agent/map/plan.h"
#include "tests/unit/agent/map/fixture.h"

/* Plans that hold nothing but their serial. */

static void test_found_again(void **state) {
    enum { COUNT = 1000 };
    static struct plan plans[COUNT];
    static bool there[COUNT];
    struct plans all = {0};
    struct err e = {0};
    (void)state;
    srand(3);
    for (int i = 0; i < COUNT; i++) plans[i].serial = (uint64_t)i * 3 + 5;
    for (int i = 0; i < 30000; i++) {
        int n = rand() % COUNT;
        struct plan *found = plans_find(&all, plans[n].serial);
        assert_ptr_equal(found, there[n] ? &plans[n] : NULL);
        assert_null(plans_find(&all, plans[n].serial + 1));
        if (rand() % 3) continue;
        if (there[n])
            assert_ptr_equal(plans_remove(&all, plans[n].serial), &plans[n]);
        else
            assert_int_equal(plans_add(&all, &plans[n], &e), 0);
        there[n] = !there[n];
    }
    assert_null(plans_remove(&all, 4));
    free(all.items);
}

/* A description that was never announced is planned at its first row, and one that comes twice only once. */
static void test_unannounced(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    const struct table *t = fixture_table(&f, "public.t$ d id:int!");
    fixture_expect(&f, CHANGE_INSERT, t, NULL, "1", "c shop.public.t_\n");
    fixture_notice(&f, LOG_WARN, "goes to topic shop.public.t_");
    assert_int_equal(fixture_schema_change(&f, t, NULL), 0);
    assert_int_equal(fixture_schema_change(&f, t, t), 0);
    fixture_expect(&f, CHANGE_INSERT, t, NULL, "1", "c shop.public.t_\n");
    fixture_notice(&f, LOG_WARN, NULL);
    fixture_release(&f);
}

/* Many tables in turn, each with its own plan; the pointer of a topic stays as long as the description. */
static int same_topic(void *ctx, const struct event *ev, struct err *e) {
    const char **topic = ctx;
    (void)e;
    if (!*topic) *topic = ev->topic;
    assert_ptr_equal(*topic, ev->topic);
    return 0;
}

static void test_many_tables(void **state) {
    enum { COUNT = 300 };
    struct fixture f;
    const struct table *tables[COUNT];
    const char *topics[COUNT] = {0};
    char spec[60];
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    for (int i = 0; i < COUNT; i++) {
        snprintf(spec, sizeof(spec), "public.t%d d id:int!", i);
        tables[i] = fixture_table(&f, spec);
        assert_int_equal(fixture_schema_change(&f, tables[i], NULL), 0);
    }
    for (int i = 0; i < 4 * COUNT; i++) {
        int n = i * 7 % COUNT;
        const struct change c = {.op = CHANGE_TRUNCATE, .table = tables[n]};
        assert_int_equal(map_change(f.map, &c, same_topic, &topics[n], &f.err), 0);
        snprintf(spec, sizeof(spec), "shop.public.t%d", n);
        assert_string_equal(topics[n], spec);
    }
    fixture_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found_again),
        cmocka_unit_test(test_unannounced),
        cmocka_unit_test(test_many_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
