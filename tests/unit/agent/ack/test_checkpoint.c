/* The checkpoint's bytes: what comes back, and that nothing torn, damaged, foreign or newer is taken for one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/ack/checkpoint.h"
#include "agent/ack/crc32c.h"

static void fill(struct checkpoint *c) {
    static const uint8_t position[] = {0, 0, 0, 0, 0x16, 0xb3, 0x74, 0xf0};

    assert_int_equal(checkpoint_set(c, CHECKPOINT_SOURCE, "postgresql", 10, NULL), 0);
    assert_int_equal(checkpoint_set(c, CHECKPOINT_POSITION, position, sizeof position, NULL), 0);
    assert_int_equal(checkpoint_set(c, CHECKPOINT_POSITION_TEXT, "0/16B374F0", 10, NULL), 0);
    assert_int_equal(checkpoint_set_u64(c, CHECKPOINT_EPOCH, 3, NULL), 0);
    assert_int_equal(checkpoint_set(c, CHECKPOINT_SNAPSHOT, "never", 5, NULL), 0);
}

static void encode(struct buf *out) {
    struct checkpoint c = {0};

    fill(&c);
    assert_int_equal(checkpoint_encode(&c, out, NULL), 0);
    checkpoint_release(&c);
}

static void assert_refused(const void *data, size_t len, const char *text) {
    struct checkpoint c = {0};
    struct err e = {0};

    assert_int_equal(checkpoint_decode(data, len, &c, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_non_null(strstr(e.text, text));
    checkpoint_release(&c);
}

/* Puts a right checksum behind bytes that were changed. */
static void seal(struct buf *b) {
    b->len -= 4;
    buf_put_be32(b, crc32c(b->data, b->len));
    assert_false(buf_failed(b));
}

static void the_checksum_is_crc32c(void **state) {
    (void)state;
    assert_int_equal(crc32c("123456789", 9), 0xe3069283);
    assert_int_equal(crc32c("", 0), 0);
}

static void the_layout_is_the_header_s(void **state) {
    (void)state;
    struct checkpoint c = {0};
    struct buf b = {0};
    static const uint8_t expected[] = {'T', 'R', 'C', 'K', 0, 1, 0, 1, 0, 7, 0,
                                       0,   0,   8,   0,   0, 0, 0, 0, 0, 0, 9};
    assert_int_equal(checkpoint_set_u64(&c, CHECKPOINT_EPOCH, 9, NULL), 0);
    assert_int_equal(checkpoint_encode(&c, &b, NULL), 0);
    assert_int_equal(b.len, sizeof expected + 4);
    assert_memory_equal(b.data, expected, sizeof expected);
    buf_release(&b);
    checkpoint_release(&c);
}

static void what_goes_in_comes_out(void **state) {
    (void)state;
    struct checkpoint in = {0};
    struct checkpoint out = {0};
    struct buf b = {0};
    fill(&in);
    assert_int_equal(checkpoint_encode(&in, &b, NULL), 0);
    assert_int_equal(checkpoint_set(&out, CHECKPOINT_PROGRESS, "old", 3, NULL), 0); /* must not survive */
    assert_int_equal(checkpoint_decode(b.data, b.len, &out, NULL), 0);
    for (size_t i = 0; i < CHECKPOINT_SECTIONS; i++) {
        assert_int_equal(out.sections[i].len, in.sections[i].len);
        if (in.sections[i].len)
            assert_memory_equal(out.sections[i].data, in.sections[i].data, in.sections[i].len);
    }
    assert_int_equal(checkpoint_u64(&out, CHECKPOINT_EPOCH, 77), 3);
    assert_int_equal(checkpoint_u64(&out, CHECKPOINT_WRITTEN_US, 77), 77);
    assert_int_equal(checkpoint_u64(&out, CHECKPOINT_SNAPSHOT, 77), 77); /* 5 bytes are no integer */
    buf_release(&b);
    checkpoint_release(&in);
    checkpoint_release(&out);
}

static void setting_again_replaces(void **state) {
    (void)state;
    struct checkpoint c = {0};
    assert_int_equal(checkpoint_set(&c, CHECKPOINT_PROGRESS, "progress", 8, NULL), 0);
    assert_int_equal(checkpoint_set(&c, CHECKPOINT_PROGRESS, "p", 1, NULL), 0);
    assert_int_equal(c.sections[CHECKPOINT_PROGRESS].len, 1);
    assert_int_equal(checkpoint_set(&c, CHECKPOINT_PROGRESS, NULL, 0, NULL), 0);
    assert_int_equal(c.sections[CHECKPOINT_PROGRESS].len, 0);
    checkpoint_release(&c);
}

static void torn_at_every_length(void **state) {
    (void)state;
    struct buf b = {0};
    encode(&b);
    for (size_t len = 0; len < b.len; len++) {
        uint8_t *exact = malloc(len + 1); /* its own allocation, so that reading on is found */
        assert_non_null(exact);
        memcpy(exact, b.data, len);
        assert_refused(exact, len, "torn");
        free(exact);
    }
    buf_putc(&b, 0);
    assert_refused(b.data, b.len, "torn");
    buf_release(&b);
}

static void every_flipped_bit_is_found(void **state) {
    (void)state;
    struct buf b = {0};
    encode(&b);
    for (size_t bit = 0; bit < b.len * 8; bit++) {
        b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_refused(b.data, b.len, "");
        b.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    buf_release(&b);
}

static void another_version_is_refused(void **state) {
    (void)state;
    struct buf b = {0};
    encode(&b);
    b.data[5] = 2;
    seal(&b);
    assert_refused(b.data, b.len, "another version");
    buf_release(&b);
}

static void an_unknown_section_is_refused(void **state) {
    (void)state;
    struct buf b = {0};
    encode(&b);
    b.data[9] = CHECKPOINT_SECTIONS;
    seal(&b);
    assert_refused(b.data, b.len, "another version");
    buf_release(&b);
}

static void a_section_twice_is_refused(void **state) {
    (void)state;
    struct buf b = {0};
    encode(&b);
    b.data[9] = CHECKPOINT_POSITION; /* the first section takes the second's tag */
    seal(&b);
    assert_refused(b.data, b.len, "twice");
    buf_release(&b);
}

static void more_sections_than_bytes_are_refused(void **state) {
    (void)state;
    struct buf b = {0};
    encode(&b);
    b.data[6] = 0xff;
    seal(&b);
    assert_refused(b.data, b.len, "torn");
    b.data[6] = 0;
    b.data[7] = 1;
    seal(&b);
    assert_refused(b.data, b.len, "torn");
    b.data[7] = 5;
    b.data[10] = 0xff; /* a length that reaches far beyond */
    seal(&b);
    assert_refused(b.data, b.len, "torn");
    buf_release(&b);
}

static void a_foreign_file_is_refused(void **state) {
    (void)state;
    static const char json[] = "{\"position\": \"0/16B374F0\", \"epoch\": 1}";
    assert_refused(json, sizeof json, "not a checkpoint");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_checksum_is_crc32c),     cmocka_unit_test(the_layout_is_the_header_s),
        cmocka_unit_test(what_goes_in_comes_out),     cmocka_unit_test(setting_again_replaces),
        cmocka_unit_test(torn_at_every_length),       cmocka_unit_test(every_flipped_bit_is_found),
        cmocka_unit_test(another_version_is_refused), cmocka_unit_test(an_unknown_section_is_refused),
        cmocka_unit_test(a_section_twice_is_refused), cmocka_unit_test(more_sections_than_bytes_are_refused),
        cmocka_unit_test(a_foreign_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
