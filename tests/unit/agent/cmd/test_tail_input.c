/* tail_input: records across every boundary of its reads; what is broken is refused at its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/cmd/tail_input.h"
#include "agent/encode/wire.h"

static char path[] = "/tmp/tailrace-test-tail-XXXXXX";

static int setup(void **state) {
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state) {
    (void)state;
    return unlink(path);
}

static void write_file(const struct buf *content) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    if (content->len) assert_int_equal(fwrite(content->data, 1, content->len, f), content->len);
    assert_int_equal(fclose(f), 0);
}

/* The content of the i-th record: its length and bytes follow from `i`. */
static size_t record_of(size_t i, char *out) {
    size_t len = i % 7 == 0 ? 70000 + i : 1 + i * 37 % 3000;
    for (size_t k = 0; k < len; k++) out[k] = (char)('a' + (i + k) % 26);
    out[0] = '{';
    return len;
}

static void read_back(size_t count) {
    static char expected[200000];
    struct tail_input in;
    struct err e = {0};
    const uint8_t *data;
    size_t len;
    assert_int_equal(tail_input_open(&in, path, TAIL_AUTO, &e), 0);
    for (size_t i = 0; i < count; i++) {
        if (tail_input_next(&in, &data, &len, &e) != 1) fail_msg("record %zu: %s", i, e.text);
        assert_int_equal(len, record_of(i, expected));
        assert_memory_equal(data, expected, len);
    }
    assert_int_equal(tail_input_next(&in, &data, &len, &e), 0);
    assert_int_equal(tail_input_next(&in, &data, &len, &e), 0);
    tail_input_close(&in);
}

static void lines(void **state) {
    (void)state;
    static char text[200000];
    struct buf content = {0};
    for (size_t i = 0; i < 200; i++) {
        buf_put(&content, text, record_of(i, text));
        buf_puts(&content, i % 3 ? "\n" : "\n\n");
    }
    write_file(&content);
    read_back(200);
    content.len -= 1; /* the last line break */
    write_file(&content);
    read_back(200);
    buf_release(&content);
}

static void messages(void **state) {
    (void)state;
    static char text[200000];
    struct buf content = {0};
    for (size_t i = 0; i < 200; i++) {
        uint8_t length[WIRE_MAX_VARINT];
        size_t len = record_of(i, text);
        buf_put(&content, length, (size_t)(wire_put_varint(length, len) - length));
        buf_put(&content, text, len);
    }
    write_file(&content);
    read_back(200);
    buf_release(&content);
}

static void refuse(const void *bytes, size_t len, const char *because) {
    struct tail_input in;
    struct err e = {0};
    const uint8_t *data;
    size_t n;
    int rc;
    struct buf content = {0};
    buf_put(&content, bytes, len);
    write_file(&content);
    buf_release(&content);
    assert_int_equal(tail_input_open(&in, path, TAIL_AUTO, &e), 0);
    while ((rc = tail_input_next(&in, &data, &n, &e)) == 1) {
    }
    assert_int_equal(rc, -1);
    assert_int_equal(e.code, ERR_DATA);
    if (!strstr(e.text, because)) fail_msg("'%s' does not say '%s'", e.text, because);
    tail_input_close(&in);
}

static void refusals(void **state) {
    (void)state;
    struct err e = {0};
    struct tail_input in;
    refuse("\x02"
           "ab\x03"
           "c",
           5, "ends inside a message at byte 3");
    refuse("\x80", 1, "ends inside a message at byte 0");
    refuse("\x80\x80\x80\x80\x80\x01", 6, "larger than 1 GiB at byte 0");
    refuse("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10, "neither JSON lines nor messages");
    assert_int_equal(tail_input_open(&in, "/no/such/file", TAIL_AUTO, &e), -1);
    assert_int_equal(e.code, ERR_CONFIG);
}

/* A message of 123 bytes starts with a brace. */
static void a_brace_may_be_a_length(void **state) {
    (void)state;
    assert_false(tail_record_looks_like_lines((const uint8_t *)"{\x08", 2));
    assert_false(tail_record_looks_like_lines((const uint8_t *)"{\x0a", 2));
    assert_true(tail_record_looks_like_lines((const uint8_t *)"{\"", 2));
    assert_true(tail_record_looks_like_lines((const uint8_t *)"{", 1));
    assert_false(tail_record_looks_like_lines((const uint8_t *)"", 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(messages),
        cmocka_unit_test(refusals),
        cmocka_unit_test(a_brace_may_be_a_length),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
