#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "decoders/binlog/charset.h"
#include "decoders/binlog/charset_multi.h"
#include "decoders/utf8.h"

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
        {1069, "utf8mb4"}, {1248, "utf8mb4"}, {2048, "utf8mb3"}, {2304, "utf8mb4"}, {2559, "utf8mb4"},
        {2560, "ucs2"},    {2816, "utf16"},   {3327, "utf32"},   {10, "swe7"},      {11, "ascii"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const struct charset *cs = charset_of_collation(known[i].id);
        assert_non_null(cs);
        assert_string_equal(charset_name(cs), known[i].name);
    }
    static const uint32_t unknown[] = {0, 17, 100, 324, 1024, 2047, 3328, UINT32_MAX};
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

static size_t put_unit(uint32_t unit, bool little, uint8_t *to) {
    to[little] = (uint8_t)(unit >> 8);
    to[!little] = (uint8_t)unit;
    return 2;
}

static size_t put_utf16(uint32_t point, bool little, uint8_t *to) {
    if (point < 0x10000) return put_unit(point, little, to);
    put_unit(0xd800 + ((point - 0x10000) >> 10), little, to);
    return 2 + put_unit(0xdc00 + (point & 0x3ff), little, to + 2);
}

/* Every character there is, in every form of Unicode. */
static void test_all_of_unicode(void **state) {
    (void)state;
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        if (point == 0xd800) point = 0xe000;
        char utf8[4];
        uint8_t bytes[4] = {0, (uint8_t)(point >> 16), (uint8_t)(point >> 8), (uint8_t)point};
        const size_t len = utf8_put(point, utf8);
        arena_clear(&arena);
        expect("utf8mb4", utf8, len, utf8, len);
        expect("utf32", (char *)bytes, 4, utf8, len);
        expect("utf16", (char *)bytes, put_utf16(point, false, bytes), utf8, len);
        expect("utf16le", (char *)bytes, put_utf16(point, true, bytes), utf8, len);
        if (point < 0x10000) expect("ucs2", (char *)bytes, put_unit(point, false, bytes), utf8, len);
    }
}

static void test_not_utf8(void **state) {
    (void)state;
    refuse("utf8mb4", BYTES("a\xff"));
    refuse("utf8mb4", BYTES("\xed\xa0\x80"));
    refuse("utf8mb3", BYTES("\xc0\x80"));
    refuse("binary", BYTES("\x80"));
}

static void test_multi(void **state) {
    (void)state;
    expect("sjis", BYTES("a\xb1\x82\xa0\x81\x60\x5c"), BYTES("a\xef\xbd\xb1\xe3\x81\x82\xe3\x80\x9c\\"));
    expect("cp932", BYTES("\x81\x60\xfa\x40"), BYTES("\xef\xbd\x9e\xe2\x85\xb0"));
    expect("ujis", BYTES("\xa4\xa2\x8e\xb1\x8f\xb0\xa1"), BYTES("\xe3\x81\x82\xef\xbd\xb1\xe4\xb8\x82"));
    expect("gbk", BYTES("\xc4\xe3\xba\xc3"), BYTES("\xe4\xbd\xa0\xe5\xa5\xbd"));
    expect("big5", BYTES("\xa4\xa4\xa4\xe5"), BYTES("\xe4\xb8\xad\xe6\x96\x87"));
    expect("euckr", BYTES("\xc7\xd1\xb1\xdb"), BYTES("\xed\x95\x9c\xea\xb8\x80"));
    expect("gb18030", BYTES("\x94\x39\xda\x33\x84\x31\xa4\x37\x81\x30\x81\x30"),
           BYTES("\xf0\x9f\x92\xa9\xef\xbf\xbd\xc2\x80"));
    expect("gb18030", BYTES("\x90\x30\x81\x30\xe3\x32\x9a\x35"), BYTES("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
    refuse("gb18030", BYTES("\xe3\x32\x9a\x36"));
    refuse("gb18030", BYTES("\x84\x31\xa5\x30"));
    refuse("gb18030", BYTES("\x84\x31\xa4"));
    refuse("gb18030", BYTES("\xff\x30\x81\x30"));
    refuse("sjis", BYTES("\x82"));
    refuse("sjis", BYTES("\x80"));
    refuse("ujis", BYTES("\x8f\xb0"));
    refuse("ujis", BYTES("\x8f\x20\xb0"));
    refuse("gbk", BYTES("\x80"));
    refuse("big5", BYTES("\xa1\x5a"));
    refuse("tis620", BYTES("\xa0"));
}

struct sum {
    const struct charset *cs;
    unsigned long count;
    uint64_t checksum; /* FNV-1a over each character's bytes and its UTF-8 */
};

static void sum_bytes(struct sum *s, const void *data, size_t len) {
    const uint8_t *p = data;
    for (size_t i = 0; i < len; i++) s->checksum = (s->checksum ^ p[i]) * UINT64_C(0x100000001b3);
}

/* Adds the code when it is one character. */
static void sum_code(struct sum *s, const uint8_t *code, size_t len) {
    struct err e;
    struct text out;
    arena_clear(&arena);
    if (charset_to_utf8(open_sets, s->cs, code, len, &arena, &out, &e) != 0) return;
    for (size_t i = 1; i < out.len; i++)
        if (((uint8_t)out.ptr[i] & 0xc0) != 0x80) return;
    s->count++;
    sum_bytes(s, code, len);
    sum_bytes(s, out.ptr, out.len);
}

static void sum_quads(struct sum *s) {
    for (unsigned i = 0; i < 126 * 10 * 126 * 10; i++) {
        const uint8_t code[] = {(uint8_t)(0x81 + i / 12600), (uint8_t)(0x30 + i / 1260 % 10),
                                (uint8_t)(0x81 + i / 10 % 126), (uint8_t)(0x30 + i % 10)};
        sum_code(s, code, 4);
    }
}

static void sum_all(struct sum *s) {
    const unsigned width = charset_width(s->cs);
    for (unsigned i = 0x80; i < 0x100; i++) sum_code(s, (uint8_t[]){(uint8_t)i}, 1);
    for (unsigned i = 0x8000; i < 0x10000 && width > 1; i++)
        sum_code(s, (uint8_t[]){(uint8_t)(i >> 8), (uint8_t)i}, 2);
    for (unsigned i = 0; i < 0x10000 && width == 3; i++)
        sum_code(s, (uint8_t[]){0x8f, (uint8_t)(i >> 8), (uint8_t)i}, 3);
    if (width == 4) sum_quads(s);
}

/* Every character of every set that is not Unicode is what the servers said it is. */
static void test_golden(void **state) {
    (void)state;
    FILE *f = fopen("tests/golden/charsets.txt", "r");
    assert_non_null(f);
    char name[16];
    unsigned long count;
    uint64_t checksum;
    unsigned lines = 0;
    for (; fscanf(f, "%15s %lu %" SCNx64, name, &count, &checksum) == 3; lines++) {
        struct sum s = {.cs = charset_named(name), .checksum = UINT64_C(0xcbf29ce484222325)};
        assert_non_null(s.cs);
        sum_all(&s);
        if (s.count != count || s.checksum != checksum)
            fail_msg("%s: %lu characters, expected %lu; checksum %016" PRIx64, name, s.count, count,
                     s.checksum);
    }
    fclose(f);
    assert_int_equal(lines, 33);
}

/* A library that lacks a converter, or has another one, is told from bytes that are wrong. */
static void test_library(void **state) {
    (void)state;
    struct err e = {0};
    struct charset_multi m = charset_euckr;
    m.library = "NO-SUCH-THING";
    assert_null(charset_multi_table(&m, &e));
    assert_int_equal(e.code, ERR_CONFIG);
    assert_non_null(strstr(e.text, "gconv"));
    m.library = "EUC-KR";
    assert_null(charset_multi_table(&m, &e));
    assert_int_equal(e.code, ERR_CONFIG);
    assert_non_null(strstr(e.text, "EUC-KR"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collations),     cmocka_unit_test(test_names),
        cmocka_unit_test(test_in_place),       cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_unicode),        cmocka_unit_test(test_not_utf8),
        cmocka_unit_test(test_all_of_unicode), cmocka_unit_test(test_multi),
        cmocka_unit_test(test_golden),         cmocka_unit_test(test_library),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
