#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/map/topic.h"

static void test_render(void **state) {
    static const struct {
        const char *tpl;
        const char *schema;
        const char *table;
        const char *topic;
        bool replaced;
    } all[] = {
        {"{source}.{schema}.{table}", "public", "orders", "shop.public.orders", false},
        {"{database}-{table}", "public", "orders", "db-orders", false},
        {"all", "public", "orders", "all", false},
        {"{table}.v1", "public", "Order Lines", "Order_Lines.v1", true},
        {"{schema}.{table}", "a.b", "c$d", "a.b.c_d", true},
        {"{table}", "public",
         "stra\xc3\x9f"
         "e",
         "stra__e", true},
        {"{source}.{schema}.{table}", "", "orders", "shop.db.orders", false},
        {"{source}.{database}.{table}", "", "orders", "shop.db.orders", false},
        {"{source}.{database}.{schema}.{table}", "", "orders", "shop.db.orders", false},
        {"{schema}_{database}-{table}", "", "a..b", "db-a..b", false},
        {"{database}-{schema}", "", "orders", "db", false},
        {"x{schema}{database}", "", "orders", "xdb", false},
        {"{source}.{database}.{schema}.{table}", "public", "orders", "shop.db.public.orders", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct template *t = NULL;
        struct err e = {0};
        struct buf out = {0};
        bool replaced;
        const struct table table = {.schema = all[i].schema, .name = all[i].table};
        if (topic_template(all[i].tpl, &t, &e)) fail_msg("%s", e.text);
        if (topic_render(t, "shop", "db", &table, &out, &replaced, &e)) fail_msg("%s", e.text);
        assert_string_equal(buf_cstr(&out), all[i].topic);
        assert_int_equal(replaced, all[i].replaced);
        buf_release(&out);
        template_free(t);
    }
}

static void test_template_errors(void **state) {
    static const char *const all[][2] = {
        {"{source}/{table}", "Kafka takes only a-z A-Z 0-9 . _ - in a topic, not '/'"},
        {"a b", "not ' '"},
        {"{{x}}", "not '{'"},
        {"{tabel}",
         "there is no {tabel} here: did you mean table? (known: {source} {database} {schema} {table})"},
        {"{x}", "there is no {x} here (known"},
        {"{Table}", "did you mean table?"},
        {"{table", "not closed"},
        {"", "empty"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct template *t = NULL;
        struct err e = {0};
        assert_int_equal(topic_template(all[i][0], &t, &e), -1);
        assert_null(t);
        assert_int_equal(e.code, ERR_CONFIG);
        if (!strstr(e.text, all[i][1])) fail_msg("%s: %s", all[i][0], e.text);
    }
}

static int render_as(const char *name, struct err *e) {
    struct template *t = NULL;
    struct buf out = {0};
    bool replaced;
    const struct table table = {.schema = "", .name = name};
    assert_int_equal(topic_template("{table}", &t, e), 0);
    int rc = topic_render(t, "shop", "db", &table, &out, &replaced, e);
    buf_release(&out);
    template_free(t);
    return rc;
}

static void test_legality(void **state) {
    char name[252];
    struct err e = {0};
    (void)state;
    memset(name, 'x', sizeof(name));
    name[249] = '\0';
    assert_int_equal(render_as(name, &e), 0);
    assert_int_equal(topic_check(name, &e), 0);
    name[249] = 'x';
    name[250] = '\0';
    assert_int_equal(render_as(name, &e), -1);
    assert_non_null(strstr(e.text, "is 250 characters long, Kafka takes 249"));
    assert_int_equal(render_as(".", &e), -1);
    assert_int_equal(render_as("..", &e), -1);
    assert_int_equal(render_as("...", &e), 0);
    assert_int_equal(topic_check("", &e), -1);
    assert_int_equal(topic_check("a b", &e), -1);
}

static void refuse(struct topics *all, const char *topic, const char *owner, const char *error) {
    struct err e = {0};
    assert_int_equal(topics_claim(all, topic, owner, NULL, &e), -1);
    assert_int_equal(e.code, ERR_CONFIG);
    if (!strstr(e.text, error)) fail_msg("%s", e.text);
}

static void claim(struct topics *all, const char *topic, const char *owner, bool expected) {
    struct err e = {0};
    bool fresh;
    if (topics_claim(all, topic, owner, &fresh, &e)) fail_msg("%s", e.text);
    assert_int_equal(fresh, expected);
}

static void test_claims(void **state) {
    struct topics all = {0};
    (void)state;
    claim(&all, "s.a.b", "table s.a.b", true);
    claim(&all, "s.a.b", "table s.a.b", false);
    refuse(&all, "s.a.b", "table s.a/b",
           "table s.a.b and table s.a/b would both go to topic s.a.b: give one");
    refuse(&all, "s.a_b", "table s.a_b",
           "table s.a.b would go to topic s.a.b and table s.a_b to topic s.a_b, which Kafka refuses");
    refuse(&all, "s.a_b", "table s.a.b", "which Kafka refuses"); /* even the same owner */
    claim(&all, "s.a.B", "table s.a.B", true);
    topics_release_claim(&all, "s.a.b");
    refuse(&all, "s.a_b", "table s.a_b", "Kafka refuses");
    topics_release_claim(&all, "s.a.b");
    claim(&all, "s.a_b", "table s.a_b", true);
    topics_release_claim(&all, "nobody");
    topics_release(&all);
}

/* Many, in any order: each is found again. */
static void test_many(void **state) {
    struct topics all = {0};
    char name[20];
    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "t%d", i * 7919 % 1000);
        claim(&all, name, name, true);
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "t%d", i);
        refuse(&all, name, "other", "both");
        claim(&all, name, name, false);
        if (i % 3) continue;
        topics_release_claim(&all, name);
        topics_release_claim(&all, name);
        claim(&all, name, "other", true);
    }
    topics_release(&all);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_render),   cmocka_unit_test(test_template_errors),
        cmocka_unit_test(test_legality), cmocka_unit_test(test_claims),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
