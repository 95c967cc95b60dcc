#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/config/suggest.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_distance(void **state) {
    (void)state;
    const struct {
        const char *a, *b;
        size_t distance;
    } pairs[] = {
        {"", "", 0},
        {"tables", "tables", 0},
        {"tabels", "tables", 1},
        {"table", "tables", 1},
        {"ttables", "tables", 1},
        {"fables", "tables", 1},
        {"TABLES", "tables", 0},
        {"tls-ca", "tls_ca", 0},
        {"", "abc", 3},
        {"ca", "abc", 3},
        {"kitten", "sitting", 3},
        {"abcdef", "badcfe", 3},
    };
    for (size_t i = 0; i < COUNT(pairs); i++) {
        assert_int_equal(suggest_distance(pairs[i].a, pairs[i].b), pairs[i].distance);
        assert_int_equal(suggest_distance(pairs[i].b, pairs[i].a), pairs[i].distance);
    }
}

static void test_long_words(void **state) {
    (void)state;
    char a[SUGGEST_MAX + 2];
    memset(a, 'a', sizeof a);
    a[SUGGEST_MAX + 1] = '\0';
    assert_int_equal(suggest_distance(a, a), SUGGEST_MAX);
    a[SUGGEST_MAX] = '\0';
    assert_int_equal(suggest_distance(a, a), 0);
    assert_int_equal(suggest_distance(a, ""), SUGGEST_MAX);
}

static void test_nearest(void **state) {
    (void)state;
    const char *const names[] = {"tables", "table", "topics", "topic", "x"};
    assert_string_equal(suggest_nearest("tabels", names, COUNT(names)), "tables");
    assert_string_equal(suggest_nearest("topc", names, COUNT(names)), "topic");
    assert_string_equal(suggest_nearest("y", names, COUNT(names)), "x");
    assert_null(suggest_nearest("sources", names, COUNT(names)));
    assert_null(suggest_nearest("tabels", names, 0));
}

static void test_some(void **state) {
    (void)state;
    const char *const names[] = {"public.customers", "public.orders_x", "public.orders", "crm.order"};
    const char *out[2];
    assert_int_equal(suggest_some("public.order", names, COUNT(names), out, 2), 2);
    assert_string_equal(out[0], "public.orders");
    assert_string_equal(out[1], "public.orders_x");
    assert_int_equal(suggest_some("unlike", names, COUNT(names), out, 2), 0);
    assert_int_equal(suggest_some("public.order", names, COUNT(names), out, 0), 0);
}

/* A third of so many letters is more than the distance is told apart: nothing is near. */
static void test_very_long_words(void **state) {
    (void)state;
    char word[400], name[390];
    const char *const names[] = {name};
    memset(word, 'x', sizeof word);
    memset(name, 'y', sizeof name);
    word[sizeof word - 1] = name[sizeof name - 1] = '\0';
    assert_null(suggest_nearest(word, names, 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance),        cmocka_unit_test(test_long_words),
        cmocka_unit_test(test_nearest),         cmocka_unit_test(test_some),
        cmocka_unit_test(test_very_long_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
