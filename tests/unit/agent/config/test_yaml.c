#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/config/yaml.h"
#include "decoders/buf.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A tree as one line: name@place=… */
static void dump(const struct node *n, struct buf *out) {
    if (n->kind == NODE_SCALAR) {
        buf_printf(out, "%s'%s'", n->plain ? "" : "q", n->text);
        return;
    }
    buf_putc(out, n->kind == NODE_MAP ? '{' : '[');
    for (const struct node *c = n->first; c != NULL; c = c->next) {
        if (c != n->first) buf_putc(out, ' ');
        if (c->key != NULL) buf_printf(out, "%s@%s=", c->key, c->key_place);
        buf_printf(out, "@%s", c->place);
        dump(c, out);
    }
    buf_putc(out, n->kind == NODE_MAP ? '}' : ']');
}

static int parse(const char *text, size_t len, struct arena *a, struct node **n, struct err *e) {
    *e = (struct err){0};
    arena_init(a, 0);
    return yaml_parse(text, len, "t.yaml", a, n, e);
}

static const char *const good[][2] = {
    {"a: 1", "{a@t.yaml:1:1=@t.yaml:1:4'1'}"},
    {"a: [x, \"y\"]\nb:\n  c: no\n",
     "{a@t.yaml:1:1=@t.yaml:1:4[@t.yaml:1:5'x' @t.yaml:1:8q'y'] b@t.yaml:2:1=@t.yaml:3:3{c@t.yaml:3:3="
     "@t.yaml:3:6'no'}}"},
    {"---\na: \"\"\n...\n", "{a@t.yaml:2:1=@t.yaml:2:4q''}"},
    {"a: &x [1]\nb: *x\n",
     "{a@t.yaml:1:1=@t.yaml:1:4[@t.yaml:1:8'1'] b@t.yaml:2:1=@t.yaml:1:4[@t.yaml:1:8'1']}"},
    {"a: !!str 1", "{a@t.yaml:1:1=@t.yaml:1:4'1'}"},
    {"\xc3\xa9: \xc3\xa9", "{\xc3\xa9@t.yaml:1:1=@t.yaml:1:4'\xc3\xa9'}"},
};

static void test_good(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct arena a;
        struct node *n;
        struct err e;
        struct buf out = {0};
        if (parse(good[i][0], strlen(good[i][0]), &a, &n, &e) != 0) fail_msg("%s: %s", good[i][0], e.text);
        dump(n, &out);
        assert_string_equal(buf_cstr(&out), good[i][1]);
        buf_release(&out);
        arena_release(&a);
    }
}

#define QUOTES " (a value that begins with one of * ! & { [ % @ ` needs quotes)"

static const char *const bad[][2] = {
    {"", "t.yaml: there is nothing in it"},
    {"# only a comment\n\n", "t.yaml: there is nothing in it"},
    {"just words", "t.yaml:1:1: lines of the form \"name: value\" are expected"},
    {"- a\n- b\n", "t.yaml:1:1: lines of the form \"name: value\" are expected"},
    {"a: 1\nb: 2\na: 3\n", "t.yaml:3:1: \"a\" is given twice, first at t.yaml:1:1"},
    {"a:\n  b: 1\n  b: 1\n", "t.yaml:3:3: \"b\" is given twice, first at t.yaml:2:3"},
    {"a: {b: 1, b: 1}\n", "t.yaml:1:11: \"b\" is given twice, first at t.yaml:1:5"},
    {"a: 1\n---\na: 2\n", "t.yaml:2:1: a second document begins here; one file holds one configuration"},
    {"a: 1\n---\n", "t.yaml:2:1: a second document begins here; one file holds one configuration"},
    {"a:\n", "t.yaml:1:3: the value is missing (take the line out, or write \"\" for an empty text)"},
    {"a:\n  - !public.audit\n",
     "t.yaml:2:5: put quotes around a value that begins with \"!\": \"!public.audit\""},
    {"a: [public.*, !public.audit_*]\n",
     "t.yaml:1:30: did not find expected whitespace or line break while scanning a tag" QUOTES},
    {"a: !!binary eA==\n", "t.yaml:1:4: the tag tag:yaml.org,2002:binary is not supported"},
    {"a: *.*\n", "t.yaml:1:5: did not find expected alphabetic or numeric character while scanning an "
                 "alias" QUOTES},
    {"a: *b\n", "t.yaml:1:4: found undefined alias" QUOTES},
    {"a: {source}.{table}\n", "t.yaml:1:12: did not find expected key while parsing a block mapping" QUOTES},
    {"a: [1\n", "t.yaml:2:1: did not find expected ',' or ']' while parsing a flow sequence" QUOTES},
    {"a: b: c\n", "t.yaml:1:5: mapping values are not allowed in this context" QUOTES},
    {"a:\n\tb: 1\n", "t.yaml:2:1: found character that cannot start any token while scanning for the next "
                     "token" QUOTES},
    {"b: &x {a: 1}\nc:\n  <<: *x\n",
     "t.yaml:3:3: merge keys (<<) are not supported; anchors and aliases are"},
    {"? [a]\n: 1\n", "t.yaml:1:3: a name is expected before the colon"},
    {"\"\": 1\n", "t.yaml:1:1: a name is expected before the colon"},
    {"a: \"x\\0y\"\n", "t.yaml:1:4: a value may not hold a NUL character"},
    {"a: &x [*x]\n", "t.yaml:1:4: nested too deeply"},
    {"a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}}}}}}}}}\n",
     "t.yaml:1:68: nested too deeply"},
    {"a: \x01\n", "t.yaml: control characters are not allowed (byte 3)"},
    {"a: \xff\n", "t.yaml: invalid leading UTF-8 octet (byte 3)"},
};

static void test_bad(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct arena a;
        struct node *n;
        struct err e;
        if (parse(bad[i][0], strlen(bad[i][0]), &a, &n, &e) == 0) fail_msg("%s", bad[i][0]);
        assert_string_equal(e.text, bad[i][1]);
        assert_int_equal(e.code, ERR_CONFIG);
        arena_release(&a);
    }
}

/* Nine levels of nine aliases each would be 387 million values. */
static void test_alias_bomb(void **state) {
    (void)state;
    struct buf b = {0};
    buf_puts(&b, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 9; i++) {
        buf_printf(&b, "a%d: &a%d [", i, i);
        for (int k = 0; k < 9; k++) buf_printf(&b, "%s*a%d", k > 0 ? ", " : "", i - 1);
        buf_puts(&b, "]\n");
    }
    struct arena a;
    struct node *n;
    struct err e;
    assert_int_equal(parse(buf_cstr(&b), b.len, &a, &n, &e), -1);
    assert_non_null(strstr(e.text, "too many values in all"));
    arena_release(&a);
    buf_release(&b);
}

static void test_embedded_nul_byte(void **state) {
    (void)state;
    struct arena a;
    struct node *n;
    struct err e;
    assert_int_equal(parse("a: 1\0b: 2", 9, &a, &n, &e), -1);
    assert_string_equal(e.text, "t.yaml: control characters are not allowed (byte 4)");
    arena_release(&a);
}

static void test_value_of_a_flag(void **state) {
    (void)state;
    struct arena a;
    struct node *n;
    struct err e = {0};
    struct buf out = {0};
    arena_init(&a, 0);
    assert_int_equal(yaml_parse_value("{a: [1, 2]}", "--x", &a, &n, &e), 0);
    assert_true(n->from_flag && n->first->from_flag);
    dump(n, &out);
    assert_string_equal(buf_cstr(&out), "{a@--x=@--x[@--x'1' @--x'2']}");
    assert_int_equal(yaml_parse_value("{a: 1, a: 2}", "--x", &a, &n, &e), -1);
    assert_string_equal(e.text, "--x: \"a\" is given twice, first at --x");
    assert_int_equal(yaml_parse_value("\x01", "--x", &a, &n, &e), -1);
    assert_string_equal(e.text, "--x: control characters are not allowed");
    buf_release(&out);
    arena_release(&a);
}

static void test_file(void **state) {
    (void)state;
    char path[] = "/tmp/tailrace-yaml-XXXXXX";
    struct arena a;
    struct node *n;
    struct err e = {0};
    char expected[200];
    FILE *f = fdopen(mkstemp(path), "w");
    assert_non_null(f);
    for (size_t i = 0; i <= YAML_MAX_BYTES; i++) fputc('#', f);
    assert_int_equal(fclose(f), 0);
    arena_init(&a, 0);
    assert_int_equal(yaml_parse_file(path, &a, &n, &e), -1);
    snprintf(expected, sizeof expected, "%s is larger than a configuration may be (1048576 bytes)", path);
    assert_string_equal(e.text, expected);
    remove(path);
    assert_int_equal(yaml_parse_file("/nonexistent.yaml", &a, &n, &e), -1);
    assert_string_equal(e.text, "cannot open /nonexistent.yaml: No such file or directory");
    assert_int_equal(yaml_parse_file("/tmp", &a, &n, &e), -1);
    assert_string_equal(e.text, "cannot read /tmp: Is a directory");
    arena_release(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_alias_bomb),
        cmocka_unit_test(test_embedded_nul_byte),
        cmocka_unit_test(test_value_of_a_flag),
        cmocka_unit_test(test_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
