#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/map/template.h"

static struct value text(const char *s) {
    return (struct value){.state = VALUE_PRESENT, .kind = VALUE_TEXT, .text = s, .len = strlen(s)};
}

/* Renders with "1", "2", "3" in the slots. */
static void renders(const struct template *t, const char *expected) {
    const struct value all[] = {text("1"), text("2"), text("3")};
    const struct value *values[] = {&all[0], &all[1], &all[2]};
    struct buf out = {0};
    template_render(t, values, &out);
    assert_string_equal(buf_cstr(&out), expected);
    buf_release(&out);
}

struct good {
    const char *text;
    const char *names; /* joined by commas */
    const char *rendered;
};

static void check_good(int (*parse)(const char *, struct template **, struct err *), const struct good *g) {
    struct template *t = NULL;
    struct err e = {0};
    struct buf names = {0};
    if (parse(g->text, &t, &e)) fail_msg("%s: %s", g->text, e.text);
    for (size_t i = 0; i < template_names(t); i++) {
        if (i) buf_putc(&names, ',');
        buf_puts(&names, template_name(t, i));
    }
    assert_string_equal(buf_cstr(&names), g->names);
    buf_release(&names);
    renders(t, g->rendered);
    template_free(t);
}

static void test_templates(void **state) {
    static const struct good all[] = {
        {"{a}", "a", "1"},      {"{a}.{b}", "a,b", "1.2"},  {"{a}-{b}-{a}{c}", "a,b,c", "1-2-13"},
        {"plain", "", "plain"}, {"'plain'", "", "'plain'"}, {"x{{{a}}}y", "a", "x{1}y"},
        {"{{a}}", "", "{a}"},   {"{a b}", "a b", "1"},      {"{\xc3\xa4}/", "\xc3\xa4", "1/"},
        {"}}{{", "", "}{"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) check_good(template_parse, &all[i]);
}

static void test_keys(void **state) {
    static const struct good all[] = {
        {"customer_no", "customer_no", "1"},
        {"a b", "a b", "1"},
        {"{a}-{b}", "a,b", "1-2"},
        {"'billing'", "", "billing"},
        {"'it''s'", "", "it's"},
        {"'{a}'", "", "{a}"},
        {"''''", "", "'"},
        {"a'b", "a'b", "1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) check_good(template_parse_key, &all[i]);
}

static void test_errors(void **state) {
    static const struct {
        const char *text;
        bool key;
        const char *error;
    } all[] = {
        {"", false, "empty"},
        {"", true, "empty"},
        {"{a", false, "{ at character 1 is not closed"},
        {"a}b", false, "} at character 2 closes nothing"},
        {"ab{}", false, "no name between the braces at character 3"},
        {"{a}{b{c}", false, "{ at character 4 is not closed"},
        {"{a}}", false, "} at character 4 closes nothing"},
        {"'a", true, "quote at character"},
        {"'", true, "quote at character 1"},
        {"''", true, "empty"},
        {"'a'b'", true, "quote at character 3"},
        {"'a''", true, "quote at character 3"},
        {"{a", true, "{ at character 1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct template *t = NULL;
        struct err e = {0};
        int rc = all[i].key ? template_parse_key(all[i].text, &t, &e) : template_parse(all[i].text, &t, &e);
        assert_int_equal(rc, -1);
        assert_null(t);
        assert_int_equal(e.code, ERR_CONFIG);
        if (!strstr(e.text, all[i].error)) fail_msg("%s: %s", all[i].text, e.text);
    }
}

static int count_literal(void *ctx, const char *literal, size_t len) {
    buf_put(ctx, literal, len);
    buf_putc(ctx, '|');
    return 0;
}

static int stop_literal(void *ctx, const char *literal, size_t len) {
    (void)ctx;
    (void)literal;
    (void)len;
    return 7;
}

static void test_literals(void **state) {
    struct template *t = NULL;
    struct err e = {0};
    struct buf seen = {0};
    (void)state;
    assert_int_equal(template_parse("a{x}b{{{y}c", &t, &e), 0);
    assert_int_equal(template_literals(t, count_literal, &seen), 0);
    assert_string_equal(buf_cstr(&seen), "a|b{|c|");
    buf_release(&seen);
    assert_int_equal(template_literals(t, stop_literal, NULL), 7);
    template_free(t);
    template_free(NULL);
}

static void test_too_long(void **state) {
    static char huge[70000];
    struct template *t = NULL;
    struct err e = {0};
    (void)state;
    memset(huge, 'x', sizeof(huge) - 1);
    assert_int_equal(template_parse(huge, &t, &e), -1);
    assert_int_equal(e.code, ERR_CONFIG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_templates), cmocka_unit_test(test_keys),     cmocka_unit_test(test_errors),
        cmocka_unit_test(test_literals),  cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
