#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdint.h>
#include <string.h>

#include "decoders/binlog/charset.h"

static struct charsets *open_sets;
static struct arena arena;

static int setup(void **state) {
    (void)state;
    open_sets = charsets_new();
    arena_init(&arena, 1 << 20);
    return open_sets ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    charsets_free(open_sets);
    arena_release(&arena);
    return 0;
}

#define BYTES(literal) literal, sizeof(literal) - 1

static void expect(const char *charset, const char *in, size_t len, const char *utf8, size_t utf8_len) {
    const struct charset *cs = charset_named(charset);
    assert_non_null(cs);
    struct err e = {0};
    struct text out = {0};
    assert_int_equal(charset_to_utf8(open_sets, cs, in, len, &arena, &out, &e), 0);
    assert_int_equal(out.len, utf8_len);
    assert_memory_equal(out.ptr, utf8, utf8_len);
}

static void refuse(const char *charset, const char *in, size_t len) {
    const struct charset *cs = charset_named(charset);
    assert_non_null(cs);
    struct err e = {0};
    struct text out = {0};
    assert_int_equal(charset_to_utf8(open_sets, cs, in, len, &arena, &out, &e), 1);
    assert_null(out.ptr);
}

static void test_collations(void **state) {
    (void)state;
    static const struct {
        uint32_t id;
        const char *name;
    } known[] = {
        {8, "latin1"},     {33, "utf8mb3"},   {45, "utf8mb4"},   {63, "binary"},    {83, "utf8mb3"},
        {255, "utf8mb4"},  {309, "utf8mb4"},  {323, "utf8mb4"},  {35, "ucs2"},      {101, "utf16"},
        {56, "utf16le"},   {183, "utf32"},    {576, "utf8mb3"},  {608, "utf8mb4"},  {1032, "latin1"},
        {1069, "utf8mb4"}, {1248, "utf8mb4"}, {2048, "utf8mb3"}, {2304, "utf8mb4"}, {2503, "utf8mb4"},
        {2560, "ucs2"},    {2816, "utf16"},   {3271, "utf32"},   {10, "swe7"},      {11, "ascii"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const struct charset *cs = charset_of_collation(known[i].id);
        assert_non_null(cs);
        assert_string_equal(charset_name(cs), known[i].name);
    }
    static const uint32_t unknown[] = {0, 17, 100, 324, 1024, 2047, 2248, 3272, UINT32_MAX};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        assert_null(charset_of_collation(unknown[i]));
}

static void test_names(void **state) {
    (void)state;
    assert_ptr_equal(charset_named("utf8"), charset_named("utf8mb3"));
    assert_null(charset_named("UTF-8"));
    assert_null(charset_named(""));
    assert_true(charset_is_binary(charset_named("binary")));
    assert_false(charset_is_binary(charset_named("ascii")));
    assert_int_equal(charset_width(charset_named("utf8mb3")), 3);
    assert_int_equal(charset_width(charset_named("utf8mb4")), 4);
    assert_int_equal(charset_width(charset_named("latin1")), 1);
}

/* What is UTF-8 already is not copied. */
static void test_in_place(void **state) {
    (void)state;
    static const char *const names[] = {"utf8mb4", "utf8mb3", "latin1", "ascii", "cp1251", "binary"};
    const char *text = "only ASCII, of more than eight bytes";
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct text out;
        struct err e;
        assert_int_equal(
            charset_to_utf8(open_sets, charset_named(names[i]), text, strlen(text), &arena, &out, &e), 0);
        assert_ptr_equal(out.ptr, text);
        assert_int_equal(out.len, strlen(text));
    }
    expect("utf8mb4", BYTES("\xf0\x9f\x98\x80 \xc3\xa4"), BYTES("\xf0\x9f\x98\x80 \xc3\xa4"));
    expect("latin1", "", 0, "", 0);
}

static void test_bytes(void **state) {
    (void)state;
    expect("latin1",
           BYTES("Gr\xfc\xdf"
                 "e \x80 \x81\x8d\x8f\x90\x9d"),
           BYTES("Gr\xc3\xbc\xc3\x9f"
                 "e \xe2\x82\xac \xc2\x81\xc2\x8d\xc2\x8f\xc2\x90\xc2\x9d"));
    expect("cp1251", BYTES("\xcf\xf0\xe8"), BYTES("\xd0\x9f\xd1\x80\xd0\xb8"));
    expect("koi8r", BYTES("\xf0\xd2\xc9"), BYTES("\xd0\x9f\xd1\x80\xd0\xb8"));
    expect("swe7", BYTES("sm|rg}s"), BYTES("sm\xc3\xb6rg\xc3\xa5s"));
    expect("latin1", BYTES("a\0\xe4"), BYTES("a\0\xc3\xa4"));
    refuse("cp1251", BYTES("fine \x98"));
    refuse("ascii", BYTES("\x80"));
    refuse("swe7", BYTES("\x7f"));
    refuse("tis620", BYTES("\xdb"));
}

static void test_unicode(void **state) {
    (void)state;
    expect("ucs2", BYTES("\0a\0\xe4\x20\xac"), BYTES("a\xc3\xa4\xe2\x82\xac"));
    expect("utf16", BYTES("\0a\xd8\x3d\xde\x00"), BYTES("a\xf0\x9f\x98\x80"));
    expect("utf16le", BYTES("a\0\x3d\xd8\x00\xde"), BYTES("a\xf0\x9f\x98\x80"));
    expect("utf32", BYTES("\0\0\0a\0\1\xf6\0"), BYTES("a\xf0\x9f\x98\x80"));
    expect("utf32", BYTES("\0\x10\xff\xff"), BYTES("\xf4\x8f\xbf\xbf"));
    refuse("ucs2", BYTES("\0"));
    refuse("ucs2", BYTES("\xd8\x3d\xde\x00"));
    refuse("utf16", BYTES("\xd8\x3d"));
    refuse("utf16", BYTES("\xd8\x3d\0a"));
    refuse("utf16", BYTES("\xde\x00\xd8\x3d"));
    refuse("utf16", BYTES("\0a\0"));
    refuse("utf32", BYTES("\0\x11\0\0"));
    refuse("utf32", BYTES("\0\0\xd8\0"));
    refuse("utf32", BYTES("\0\0\0"));
}

static void test_not_utf8(void **state) {
    (void)state;
    refuse("utf8mb4", BYTES("a\xff"));
    refuse("utf8mb4", BYTES("\xed\xa0\x80"));
    refuse("utf8mb3", BYTES("\xc0\x80"));
    refuse("binary", BYTES("\x80"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collations), cmocka_unit_test(test_names),   cmocka_unit_test(test_in_place),
        cmocka_unit_test(test_bytes),      cmocka_unit_test(test_unicode), cmocka_unit_test(test_not_utf8),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
