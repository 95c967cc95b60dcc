#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/config/pattern.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Patterns are written with commas between them. */
static struct pattern_list *list_of(const char *text) {
    const char *items[8];
    size_t n = 0;
    char copy[200];
    snprintf(copy, sizeof copy, "%s", text);
    char *rest = copy;
    char *one;
    while (text[0] != '\0' && (one = strsep(&rest, ",")) != NULL) items[n++] = one;
    struct pattern_list *p;
    struct err e = {0};
    if (pattern_list_new(items, n, &p, &e) != 0) fail_msg("%s: %s", text, e.text);
    return p;
}

struct selection {
    const char *patterns;
    const char *name;
    bool selected;
};

static const struct selection selections[] = {
    {"public.orders", "public.orders", true},
    {"public.orders", "public.orders2", false},
    {"public.orders", "Public.orders", false},
    {"public.order_?", "public.order_1", true},
    {"public.order_?", "public.order_", false},
    {"public.order_?", "public.order_12", false},
    {"public.order_?", "public.order_\xc3\xa9", true},
    {"public.*", "public.orders", true},
    {"shop.*,!!*._*_gho", "shop._t_gho", false},
    {"shop.*,!!*._*_gho", "shop.t_gho", true},
    {"shop.*,!!*._*_gho,shop._t_gho", "shop._t_gho", true},
    {"shop._t_gho,!!*._*_gho", "shop._t_gho", true},
    {"shop._?_gho,!!*._*_gho", "shop._t_gho", false},
    {"shop._t_gho,!*._*_gho", "shop._t_gho", false},
    {"!!*._*_gho", "shop.t", true},
    {"public.*", "public.", true},
    {"public.*", "publication.orders", false},
    {"public.*", "public.odd.name", true},
    {"public.*s", "public.orders", true},
    {"public.*s*s", "public.sss", true},
    {"public.*a*b", "public.aXbXab", true},
    {"public.*a*b", "public.aXbXa", false},
    {"*.orders", "shop.orders", true},
    {"*.orders", "a.b.orders", false},
    {"p?b*.orders", "public.orders", true},
    {"shop.*.orders*", "shop.public.orders_old", true},
    {"shop.*.orders*", "shop.a.b.orders", false},
    {"shop.*.*", "shop.public.orders", true},
    {"shop.*", "shop.public.orders", true},
    {"*", "public.orders", true},
    {"*", "", true},
    {"orders", "orders", true},
    {"ord*", "orders", true},
    {"ord*", "orders.x", false},
    {"*.*", "public.orders", true},
    {"*.*", "orders", false},
    {"public.a[b]", "public.a[b]", true},
    {"public.\"Odd\"", "public.\"Odd\"", true},
    {"public.*,!public.audit_*", "public.orders", true},
    {"public.*,!public.audit_*", "public.audit_log", false},
    {"!public.audit_*,public.*", "public.audit_log", false},
    {"!public.audit_*", "public.orders", true},
    {"!public.audit_*", "public.audit_log", false},
    {"", "public.orders", true},
    {"/^public\\.ord/", "public.orders", true},
    {"/^public\\.ord/", "x.public.orders", false},
    {"/ord/", "public.orders", true},
    {"/^public\\.ord$/", "public.orders", false},
    {"/orders$/", "public.orders\n", false},
    {"/^public\\.(a|b)$/", "public.b", true},
    {"/^.\\..$/", "\xc3\xa9.x", true},
    {"/x/", "\xff.x", true},
    {"/(?i)ORDERS/", "public.orders", true},
    {"public.*,!/_tmp$/", "public.a_tmp", false},
    {"public.*,!/_tmp$/", "public.a_tmp2", true},
};

static void test_selections(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(selections); i++) {
        const struct selection *s = &selections[i];
        struct pattern_list *p = list_of(s->patterns);
        bool failed = false;
        if (pattern_list_match(p, s->name, &failed) != s->selected)
            fail_msg("%s selects %s: expected %d", s->patterns, s->name, s->selected);
        assert_false(failed);
        pattern_list_free(p);
    }
}

struct refusal {
    const char *pattern;
    const char *text;
};

static const struct refusal refusals[] = {
    {"", "pattern \"\": it is empty (offset 0)"},
    {"!", "pattern \"!\": it is empty (offset 1)"},
    {"public.", "pattern \"public.\": there is nothing behind the dot (offset 6)"},
    {"!public.", "pattern \"!public.\": there is nothing behind the dot (offset 7)"},
    {".orders", "pattern \".orders\": there is nothing before the dot (offset 0)"},
    {"//", "pattern \"//\": it is empty (offset 1)"},
    {"/",
     "pattern \"/\": a regular expression ends with a slash, and nothing follows it (offset 1); for upper "
     "and lower case alike begin it with (?i)"},
    {"/abc/i",
     "pattern \"/abc/i\": a regular expression ends with a slash, and nothing follows it (offset 6); "
     "for upper and lower case alike begin it with (?i)"},
    {"/a(b/", "pattern \"/a(b/\": missing closing parenthesis (offset 4)"},
    {"!/a[/", "pattern \"!/a[/\": missing terminating ] for character class (offset 4)"},
    {"/a\\Cb/", "pattern \"/a\\Cb/\": using \\C is disabled by the application (offset 4)"},
};

static void test_refusals(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct pattern_list *p = (struct pattern_list *)&p;
        struct err e = {0};
        assert_int_equal(pattern_list_new(&refusals[i].pattern, 1, &p, &e), -1);
        assert_string_equal(e.text, refusals[i].text);
        assert_int_equal(e.code, ERR_CONFIG);
        assert_null(p);
    }
}

static void test_too_long(void **state) {
    (void)state;
    static char text[5000];
    memset(text, 'a', sizeof text - 1);
    const char *items[] = {"public.*", text};
    struct pattern_list *p;
    struct err e = {0};
    assert_int_equal(pattern_list_new(items, 2, &p, &e), -1);
    assert_non_null(strstr(e.text, "longer than 4096 bytes"));
}

/* A pattern that backtracks without end gives up, and says so. */
static void test_match_limit(void **state) {
    (void)state;
    struct pattern_list *p = list_of("public.*,!/^(a+)+$/");
    bool failed = false;
    assert_false(pattern_list_match(p, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", &failed));
    assert_true(failed);
    pattern_list_free(p);
}

static void test_one_by_one(void **state) {
    (void)state;
    struct pattern_list *p = list_of("public.*,!public.audit_*,/x/");
    assert_int_equal(pattern_list_count(p), 3);
    assert_string_equal(pattern_list_text(p, 1), "!public.audit_*");
    assert_true(pattern_list_matches_one(p, 0, "public.audit_log"));
    assert_true(pattern_list_matches_one(p, 1, "public.audit_log"));
    assert_false(pattern_list_matches_one(p, 2, "public.audit_log"));
    pattern_list_free(p);
}

struct scope {
    const char *patterns;
    bool all;
    const char *schemas; /* NULL: it is no list of schemas */
};

static const struct scope scopes[] = {
    {"", true, NULL},
    {"*", true, NULL},
    {"*.*", true, NULL},
    {"public.*,*.*", true, NULL},
    {"*.*,!public.x", false, NULL},
    {"*.*,/x/", false, NULL},
    {"public.*", false, "public"},
    {"public.*,shop.*,public.*", false, "public shop"},
    {"public.*,shop.*,crm.*", false, NULL}, /* one more than asked for */
    {"public.*,!shop.*", false, NULL},
    {"public.*,/x/", false, NULL},
    {"publi?.*", false, NULL},
    {"public.a*", false, NULL},
    {"shop.public.*", false, NULL},
};

static void test_whole_schemas(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(scopes); i++) {
        struct pattern_list *p = list_of(scopes[i].patterns);
        const char *names[2];
        size_t n;
        bool are = pattern_list_is_schemas(p, names, 2, &n);
        if (pattern_list_is_all(p) != scopes[i].all || are != (scopes[i].schemas != NULL))
            fail_msg("\"%s\"", scopes[i].patterns);
        char joined[64] = "";
        for (size_t k = 0; are && k < n; k++)
            snprintf(joined + strlen(joined), sizeof joined - strlen(joined), "%s%s", k > 0 ? " " : "",
                     names[k]);
        if (are) assert_string_equal(joined, scopes[i].schemas);
        pattern_list_free(p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_selections), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_too_long),   cmocka_unit_test(test_match_limit),
        cmocka_unit_test(test_one_by_one), cmocka_unit_test(test_whole_schemas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
