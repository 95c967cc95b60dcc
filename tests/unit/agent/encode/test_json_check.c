/* json_check: what it accepts and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/encode/json_check.h"

static const char *const good[] = {
    "0",
    "-0",
    "-0.5e+10",
    "1E5",
    "10",
    "\"\"",
    "\"\\u00e4\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "true",
    "false",
    "null",
    "[]",
    "{}",
    "[1,2,[3]]",
    "{\"a\":{\"b\":[]},\"c\":null}",
    " \t\r\n[ 1 , 2 ] ",
    "{ \"a\" : 1 , \"a\" : 2 }",
    "\"\xff\"",
    "[[],[[]],{}]",
};

static const char *const bad[] = {
    "",          " ",
    "01",        "+1",
    "1.",        ".5",
    "1e",        "1e+",
    "-",         "--1",
    "0x1",       "1 2",
    "nul",       "nulll",
    "True",      "'a'",
    "\"",        "\"\\",
    "\"\\u12\"", "\"\\u12g4\"",
    "\"\\x\"",   "\"a\nb\"",
    "[",         "]",
    "[1",        "[1,",
    "[1,]",      "[,1]",
    "[1 2]",     "{",
    "}",         "{\"a\"",
    "{\"a\":",   "{\"a\":1",
    "{\"a\":1,", "{\"a\":1,}",
    "{a:1}",     "{1:1}",
    "{\"a\" 1}", "{\"a\":1]",
    "[1}",       "NaN",
    "Infinity",  "[1]]",
    "/* */ 1",   "\357\273\2771",
};

static void list(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        if (!json_check(good[i], strlen(good[i]))) fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (json_check(bad[i], strlen(bad[i]))) fail_msg("accepted: %s", bad[i]);
    assert_false(json_check("\"a\0\"", 4));
    assert_false(json_check("\"\\\0\"", 4));
}

/* Every proper prefix of a bracketed document is none; exact bounds for the address sanitizer. */
static void prefixes(void **state) {
    (void)state;
    static const char text[] = "{\"a\":[true,false,null,-1.5e3,\"\\u0041\",{}]}";
    for (size_t len = 0; len < sizeof(text); len++) {
        char *copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, text, len);
        assert_int_equal(json_check(copy, len), len == sizeof(text) - 1);
        free(copy);
    }
}

static void depth(void **state) {
    (void)state;
    char text[2 * (JSON_MAX_DEPTH + 1)];
    for (size_t d = JSON_MAX_DEPTH; d <= JSON_MAX_DEPTH + 1; d++) {
        memset(text, '[', d);
        memset(text + d, ']', d);
        assert_int_equal(json_check(text, 2 * d), d == JSON_MAX_DEPTH);
    }
}

static void nulls(void **state) {
    (void)state;
    assert_true(json_check_null("null", 4));
    assert_true(json_check_null(" \n\tnull\r ", 9));
    assert_false(json_check_null("", 0));
    assert_false(json_check_null("nul", 3));
    assert_false(json_check_null("\"null\"", 6));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list),
        cmocka_unit_test(prefixes),
        cmocka_unit_test(depth),
        cmocka_unit_test(nulls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
