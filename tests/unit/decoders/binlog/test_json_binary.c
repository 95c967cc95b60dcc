#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/binlog/json_binary.h"
#include "tests/golden/hex.h"

static const char *golden = "tests/golden/json/documents.txt";
static struct buf out;

static int release(void **state) {
    (void)state;
    buf_release(&out);
    return 0;
}

#define BYTES(literal) literal, sizeof(literal) - 1

static void expect(const void *doc, size_t len, const char *text) {
    struct err e = {0};
    buf_clear(&out, SIZE_MAX);
    if (json_binary_text(doc, len, &out, &e) != 0) fail_msg("%s", e.text);
    assert_string_equal(buf_cstr(&out), text);
}

static void refuse(const void *doc, size_t len, const char *why) {
    struct err e = {0};
    buf_clear(&out, SIZE_MAX);
    buf_puts(&out, "before");
    assert_int_equal(json_binary_text(doc, len, &out, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    if (!strstr(e.text, why)) fail_msg("%s", e.text);
    assert_string_equal(buf_cstr(&out), "before");
}

/* What a real server stored and printed. */
static void test_golden(void **state) {
    (void)state;
    FILE *f = fopen(golden, "r");
    assert_non_null(f);
    char *line = NULL;
    size_t room = 0, lines = 0;
    for (ssize_t len; (len = getline(&line, &room, f)) > 0; lines++) {
        if (line[len - 1] == '\n') line[len - 1] = '\0';
        struct buf doc = {0};
        const char *rest = hex_field(line, &doc);
        /* The bytes in a block of their own, so that a sanitizer sees what reads beyond them. */
        uint8_t *exact = malloc(doc.len ? doc.len : 1);
        assert_non_null(exact);
        memcpy(exact, doc.data, doc.len);
        expect(exact, doc.len, rest);
        free(exact);
        buf_release(&doc);
    }
    free(line);
    fclose(f);
    assert_true(lines >= 330);
}

static void test_scalars(void **state) {
    (void)state;
    expect("", 0, "null");
    expect(BYTES("\x04\x00"), "null");
    expect(BYTES("\x04\x01"), "true");
    expect(BYTES("\x04\x02"), "false");
    expect(BYTES("\x05\xff\xff"), "-1");
    expect(BYTES("\x06\xff\xff"), "65535");
    expect(BYTES("\x07\0\0\0\x80"), "-2147483648");
    expect(BYTES("\x08\xff\xff\xff\xff"), "4294967295");
    expect(BYTES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551615");
    expect(BYTES("\x0b\0\0\0\0\0\0\xf0\x3f"), "1.0");
    expect(BYTES("\x0c\x03"
                 "a\"b"),
           "\"a\\\"b\"");
    expect(BYTES("\x0f\x10\x01\x05"), "\"base64:type16:BQ==\"");
    expect(BYTES("\x0f\xfd\x02hi"), "\"hi\"");
}

/* Offsets of four bytes: numbers of 32 bits stand in their place. */
static void test_large(void **state) {
    (void)state;
    expect(BYTES("\x03\2\0\0\0\x16\0\0\0" /* an array of 2, 22 bytes */
                 "\x07\xff\xff\xff\xff"   /* -1 */
                 "\x0c\x12\0\0\0"         /* a string at 18 */
                 "\x03xyz"),
           "[-1, \"xyz\"]");
    expect(BYTES("\x01\1\0\0\0\x14\0\0\0"
                 "\x13\0\0\0\1\0"       /* a key at 19, 1 byte */
                 "\x08\xff\xff\xff\xff" /* 4294967295 */
                 "k"),
           "{\"k\": 4294967295}");
}

static void test_malformed(void **state) {
    (void)state;
    refuse(BYTES("\x04"), "no such value");
    refuse(BYTES("\x04\x03"), "no such value");
    refuse(BYTES("\x05\1"), "no such value");
    refuse(BYTES("\x0d\1"), "no such value");
    refuse(BYTES("\x0c\x02x"), "no such value");
    refuse(BYTES("\x0c\xff\xff\xff\xff\xff\x01"), "no such value");
    refuse(BYTES("\x0c\x01\xff"), "not UTF-8");
    refuse(BYTES("\x0b\0\0\0\0\0\0\xf0\x7f"), "infinite");
    refuse(BYTES("\x0f\xf6\x02\x05\x02"), "no such decimal");
    refuse(BYTES("\x0f\x0a\x02\x05\x02"), "no such decimal");
    refuse(BYTES("\x0f\xfd\x01\xff"), "no such decimal");
    refuse(BYTES("\x02\0"), "longer");
    refuse(BYTES("\x02\0\0\5\0"), "longer");
    refuse(BYTES("\x02\1\0\4\0"), "no room");
    refuse(BYTES("\x02\xff\xff\4\0"), "no room");
    refuse(BYTES("\x03\xff\xff\xff\xff\x08\0\0\0"), "no room");
    refuse(BYTES("\x02\1\0\7\0\x0c\4\0"), "outside");       /* the value lies in the head */
    refuse(BYTES("\x02\1\0\7\0\x0c\x08\0"), "outside");     /* and beyond the end */
    refuse(BYTES("\x02\1\0\7\0\x0c\7\0"), "no such value"); /* and exactly at the end */
    refuse(BYTES("\x00\1\0\x0b\0\3\0\0\0\x04\0\0"), "key lies outside");
    refuse(BYTES("\x00\1\0\x0c\0\x0b\0\2\0\x04\0\0k"), "key lies outside");
    refuse(BYTES("\x00\1\0\x0c\0\x0b\0\1\0\x04\0\0\xff"), "not UTF-8");
}

/* Many values that share one: work and text would grow beyond any bound. */
static void test_overlap(void **state) {
    (void)state;
    uint8_t doc[1 + 4 + 1000 * 3 + 200];
    const size_t head = 4 + 1000 * 3, size = sizeof(doc) - 1;
    memset(doc, 'x', sizeof(doc));
    memcpy(doc, (const uint8_t[]){2, 1000 & 0xff, 1000 >> 8, (uint8_t)size, (uint8_t)(size >> 8)}, 5);
    for (size_t i = 0; i < 1000; i++)
        memcpy(doc + 5 + 3 * i, (const uint8_t[]){0x0c, (uint8_t)head, (uint8_t)(head >> 8)}, 3);
    doc[1 + head] = 100;
    refuse(doc, sizeof(doc), "overlap");
}

static void nest(struct buf *doc, unsigned depth) {
    buf_clear(doc, SIZE_MAX);
    buf_putc(doc, 2);
    for (unsigned i = depth; i-- > 1;) {
        const unsigned size = 7 * i + 4;
        buf_put(doc, (const uint8_t[]){1, 0, (uint8_t)size, (uint8_t)(size >> 8), 2, 7, 0}, 7);
    }
    buf_put(doc, (const uint8_t[]){0, 0, 4, 0}, 4);
}

static void test_depth(void **state) {
    (void)state;
    struct buf doc = {0}, text = {0};
    nest(&doc, JSON_BINARY_DEPTH);
    for (int i = 0; i < JSON_BINARY_DEPTH; i++) buf_putc(&text, '[');
    for (int i = 0; i < JSON_BINARY_DEPTH; i++) buf_putc(&text, ']');
    expect(doc.data, doc.len, buf_cstr(&text));
    nest(&doc, JSON_BINARY_DEPTH + 1);
    refuse(doc.data, doc.len, "too deeply");
    buf_release(&doc);
    buf_release(&text);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),    cmocka_unit_test(test_scalars), cmocka_unit_test(test_large),
        cmocka_unit_test(test_malformed), cmocka_unit_test(test_overlap), cmocka_unit_test(test_depth),
    };
    if (argc > 1) golden = argv[1];
    return cmocka_run_group_tests(tests, NULL, release);
}
