#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/binlog/json_binary.h"
#include "tests/golden/hex.h"

static const char *golden = "tests/golden/json/diffs.txt";
static struct buf out;

static int release(void **state) {
    (void)state;
    buf_release(&out);
    return 0;
}

static void expect(const void *before, size_t len, const struct buf *diffs, const char *text) {
    struct err e = {0};
    struct cursor c = cursor_of(diffs->data, diffs->len);
    buf_clear(&out, SIZE_MAX);
    if (json_diff_apply(before, len, &c, &out, &e) != 0) fail_msg("%s", e.text);
    assert_string_equal(buf_cstr(&out), text);
    assert_int_equal(cursor_left(&c), 0);
}

/* What a real server had, logged and has afterwards. */
static void test_golden(void **state) {
    (void)state;
    FILE *f = fopen(golden, "r");
    assert_non_null(f);
    char *line = NULL;
    size_t room = 0, lines = 0;
    struct buf before = {0}, diffs = {0};
    for (ssize_t len; (len = getline(&line, &room, f)) > 0; lines++) {
        if (line[len - 1] == '\n') line[len - 1] = '\0';
        buf_clear(&before, SIZE_MAX);
        buf_clear(&diffs, SIZE_MAX);
        const char *text = hex_field(hex_field(line, &before), &diffs);
        expect(before.data, before.len, &diffs, text);
    }
    buf_release(&before);
    buf_release(&diffs);
    free(line);
    fclose(f);
    assert_true(lines >= 90);
}

/* ---- By hand ----------------------------------------------------------------------------------------------
 */

enum { REPLACE, INSERT, REMOVE };

/* {"a": [1, 2], "bb": {}} */
static const uint8_t document[] = "\x00\2\0\x25\0\x12\0\1\0\x13\0\2\0\x02\x15\0\x00\x21\0a"
                                  "bb\2\0\x0a\0\x05\1\0\x05\2\0\0\0\0\0\4\0";

static struct buf diffs;

/* Appends a difference; the value is the 16-bit number n. */
static void add(int op, const char *path, uint8_t n) {
    buf_putc(&diffs, (char)op);
    buf_putc(&diffs, (char)strlen(path));
    buf_puts(&diffs, path);
    if (op != REMOVE) buf_put(&diffs, (const uint8_t[]){3, 5, n, 0}, 4);
}

static int reset(void **state) {
    (void)state;
    buf_release(&diffs);
    return 0;
}

static void same(const char *text) {
    expect(document, sizeof(document) - 1, &diffs, text);
    buf_release(&diffs);
}

static void refuse(const char *why) {
    struct err e = {0};
    struct cursor c = cursor_of(diffs.data, diffs.len);
    buf_clear(&out, SIZE_MAX);
    buf_puts(&out, "before");
    assert_int_equal(json_diff_apply(document, sizeof(document) - 1, &c, &out, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    if (!strstr(e.text, why)) fail_msg("%s", e.text);
    assert_string_equal(buf_cstr(&out), "before");
    buf_release(&diffs);
}

static void test_operations(void **state) {
    (void)state;
    same("{\"a\": [1, 2], \"bb\": {}}");
    add(REPLACE, "$.a", 7);
    same("{\"a\": 7, \"bb\": {}}");
    add(REPLACE, "$.a[1]", 7);
    add(REPLACE, "$.a[last-1]", 8);
    same("{\"a\": [8, 7], \"bb\": {}}");
    add(INSERT, "$.a[1]", 7);
    same("{\"a\": [1, 7, 2], \"bb\": {}}");
    add(INSERT, "$.a[99]", 7);
    add(INSERT, "$.a[last]", 8);
    same("{\"a\": [1, 2, 8, 7], \"bb\": {}}");
    add(REMOVE, "$.a[0]", 0);
    add(REMOVE, "$.bb", 0);
    same("{\"a\": [2]}");
    add(REMOVE, "$.a", 0);
    add(REMOVE, "$.bb", 0);
    add(INSERT, "$.new", 1);
    same("{\"new\": 1}");
}

/* Members stay sorted by length, then by bytes; more than there was room for. */
static void test_sorted(void **state) {
    (void)state;
    add(INSERT, "$.b", 1);
    add(INSERT, "$.\"\"", 2);
    add(INSERT, "$.ccc", 3);
    add(INSERT, "$.A", 4);
    add(INSERT, "$.ba", 5);
    add(INSERT, "$.bc", 6);
    add(REPLACE, "$.ba", 7);
    add(INSERT, "$.bb.\"x.y\"", 8);
    add(INSERT, "$.bb.x", 9);
    same("{\"\": 2, \"A\": 4, \"a\": [1, 2], \"b\": 1, \"ba\": 7, \"bb\": {\"x\": 9, \"x.y\": 8}, \"bc\": 6, "
         "\"ccc\": 3}");
}

static void test_paths(void **state) {
    (void)state;
    add(REPLACE, " $ . a [ last - 0 ] ", 7);
    same("{\"a\": [1, 7], \"bb\": {}}");
    add(INSERT, "$.\"q\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u00e4\"", 1);
    add(REMOVE, "$.\"\\u0061\"", 0);
    same("{\"bb\": {}, \"q\\\"\\\\/\\b\\f\\n\\r\\t\\u0001ä\": 1}");
    static const char *const bad[] = {
        "",     "a",     "$x",    "$.",          "$.\"a",  "$.\"\\",        "$.\"\\x\"",
        "$[",   "$[]",   "$[x]",  "$[1",         "$[-1]",  "$[last-]",      "$.*",
        "$[*]", "$**.a", "$.a b", "$.\"\\u12\"", "$.\xff", "$.\"\\ud800\"", "$[4294967296]"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        add(REMOVE, bad[i], 0);
        refuse("path of a JSON difference is malformed");
    }
    char deep[250] = "$";
    for (int i = 0; i <= JSON_BINARY_DEPTH; i++) memcpy(deep + 1 + 2 * i, ".a", 2);
    add(REMOVE, deep, 0);
    refuse("malformed");
}

static void test_misfits(void **state) {
    (void)state;
    static const struct {
        int op;
        const char *path;
    } bad[] = {
        {REPLACE, "$"},          {INSERT, "$"},     {REMOVE, "$"},       {REPLACE, "$.c"},
        {REMOVE, "$.c"},         {INSERT, "$.a"},   {REPLACE, "$.a[2]"}, {REMOVE, "$.a[2]"},
        {REMOVE, "$.a[last-2]"}, {REPLACE, "$[0]"}, {INSERT, "$.a.b"},   {REMOVE, "$.bb[0]"},
        {INSERT, "$.a[0].x"},    {INSERT, "$.c.d"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        add(bad[i].op, bad[i].path, 1);
        refuse("does not fit");
    }
}

static void test_malformed(void **state) {
    (void)state;
    add(3, "$.a", 1);
    refuse("byte 0 is malformed");
    add(REMOVE, "$.a", 1);
    buf_putc(&diffs, REMOVE);
    refuse("byte 5 is malformed");
    buf_put(&diffs, "\2\4$.a", 5);
    refuse("malformed");
    buf_put(&diffs, "\0\3$.a\3\5\1", 8);
    refuse("malformed");
    buf_put(&diffs, "\0\3$.a\2\5\1", 8);
    refuse("no such value");
}

/* Nested beyond the limit only once it is put together. */
static void test_depth(void **state) {
    (void)state;
    add(REPLACE, "$.a[0]", 1);
    for (int i = 0; i < JSON_BINARY_DEPTH - 1; i++) {
        /* $.a[0][0]…: an empty array into the one before */
        buf_putc(&diffs, i ? INSERT : REPLACE);
        struct buf path = {0};
        buf_puts(&path, "$.a[0]");
        for (int n = 0; n < i; n++) buf_puts(&path, "[0]");
        buf_put(&diffs, (const uint8_t[]){252, (uint8_t)path.len, (uint8_t)(path.len >> 8)}, 3);
        buf_put(&diffs, path.data, path.len);
        buf_put(&diffs, "\5\2\0\0\4\0", 6);
        buf_release(&path);
    }
    struct err e = {0};
    struct cursor c = cursor_of(diffs.data, diffs.len);
    buf_clear(&out, SIZE_MAX);
    assert_int_equal(json_diff_apply(document, sizeof(document) - 1, &c, &out, &e), -1);
    assert_non_null(strstr(e.text, "too deeply"));
    assert_int_equal(out.len, 0);
}

static void test_text(void **state) {
    (void)state;
    add(REPLACE, "$.a", 1);
    add(INSERT, "$.\"b\"", 2);
    add(REMOVE, "$[0]", 0);
    struct err e = {0};
    struct cursor c = cursor_of(diffs.data, diffs.len);
    buf_clear(&out, SIZE_MAX);
    assert_int_equal(json_diff_text(&c, &out, &e), 0);
    assert_string_equal(buf_cstr(&out), "[{\"op\": \"replace\", \"path\": \"$.a\", \"value\": 1}, "
                                        "{\"op\": \"insert\", \"path\": \"$.\\\"b\\\"\", \"value\": 2}, "
                                        "{\"op\": \"remove\", \"path\": \"$[0]\"}]");
    c = cursor_of(diffs.data, diffs.len - 1);
    buf_clear(&out, SIZE_MAX);
    assert_int_equal(json_diff_text(&c, &out, &e), -1);
    assert_int_equal(out.len, 0);
    add(REMOVE, "\xff", 0);
    c = cursor_of(diffs.data, diffs.len);
    assert_int_equal(json_diff_text(&c, &out, &e), -1);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test_teardown(test_operations, reset),
        cmocka_unit_test_teardown(test_sorted, reset),
        cmocka_unit_test_teardown(test_paths, reset),
        cmocka_unit_test_teardown(test_misfits, reset),
        cmocka_unit_test_teardown(test_malformed, reset),
        cmocka_unit_test_teardown(test_depth, reset),
        cmocka_unit_test_teardown(test_text, reset),
    };
    if (argc > 1) golden = argv[1];
    return cmocka_run_group_tests(tests, NULL, release);
}
