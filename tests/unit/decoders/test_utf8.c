#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/utf8.h"

/* From a heap copy of exactly that length, so that a sanitizer sees a read behind it. */
static bool valid(const char *s, size_t len) {
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, s, len);
    bool ok = utf8_valid(copy, len);
    free(copy);
    return ok;
}

static void test_good(void **state) {
    (void)state;
    static const char *const good[] = {"",
                                       "a",
                                       "12345678",
                                       "123456789",
                                       "é",
                                       "1234567é",
                                       "12345678é90123456",
                                       "漢字",
                                       "🐘",
                                       "\x7f",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) assert_true(valid(good[i], strlen(good[i])));
    assert_true(valid("a\0b", 3));
    assert_true(utf8_valid(NULL, 0));
}

static void test_bad(void **state) {
    (void)state;
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xc2g",
                                      "\xe0\x80\x80",
                                      "\xe0\x9f\xbf",
                                      "\xe2\x82",
                                      "\xe2(\xa1",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xf0\x80\x80\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf0\x9f\x90",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xfe",
                                      "\xff",
                                      "12345678\xe9",
                                      "1234567\xe9 tail of more than eight",
                                      "caf\xe9"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (valid(bad[i], strlen(bad[i]))) fail_msg("taken: number %zu", i);
}

static bool encodes(uint32_t c, char out[4], size_t *len) {
    if (c < 0x80) {
        out[0] = (char)c;
        *len = 1;
    } else if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 63));
        *len = 2;
    } else if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 63));
        out[2] = (char)(0x80 | (c & 63));
        *len = 3;
    } else {
        out[0] = (char)(0xf0 | c >> 18);
        out[1] = (char)(0x80 | (c >> 12 & 63));
        out[2] = (char)(0x80 | (c >> 6 & 63));
        out[3] = (char)(0x80 | (c & 63));
        *len = 4;
    }
    return c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

static void test_every_character(void **state) {
    (void)state;
    char bytes[4];
    size_t len;
    for (uint32_t c = 0; c < 0x120000; c++) {
        bool want = encodes(c, bytes, &len);
        if (utf8_valid(bytes, len) != want) fail_msg("U+%04X", c);
        if (len > 1 && utf8_valid(bytes, len - 1)) fail_msg("U+%04X cut short", c);
    }
}

static void test_ascii(void **state) {
    (void)state;
    assert_int_equal(utf8_ascii("", 0), 0);
    char text[40];
    memset(text, 'x', sizeof(text));
    assert_int_equal(utf8_ascii(text, sizeof(text)), sizeof(text));
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = '\x80';
        assert_int_equal(utf8_ascii(text, sizeof(text)), i);
        text[i] = '\x7f';
    }
}

static void test_put(void **state) {
    (void)state;
    static const struct {
        uint32_t point;
        const char *utf8;
    } known[] = {{0x7f, "\x7f"},
                 {0x80, "\xc2\x80"},
                 {0x7ff, "\xdf\xbf"},
                 {0x800, "\xe0\xa0\x80"},
                 {0xffff, "\xef\xbf\xbf"},
                 {0x10000, "\xf0\x90\x80\x80"},
                 {0x10ffff, "\xf4\x8f\xbf\xbf"}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        char out[4];
        assert_int_equal(utf8_put(known[i].point, out), strlen(known[i].utf8));
        assert_memory_equal(out, known[i].utf8, strlen(known[i].utf8));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),  cmocka_unit_test(test_bad), cmocka_unit_test(test_every_character),
        cmocka_unit_test(test_ascii), cmocka_unit_test(test_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
