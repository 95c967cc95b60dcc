#include "agent/source/pg_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t data[] = {
    'w', 0, 0, 0,    1, 0x02, 0x03, 0x04, 0x05, 0,    0,    0,   1,    2,
    3,   4, 6, 0x00, 0, 0,    0,    0,    0x0F, 0x42, 0x40, 'B', 0xFF,
};
static const uint8_t keepalive[] = {'k', 0, 0, 0, 0, 1, 0x1A, 0x2B, 0x3C, 0, 0, 0, 0, 0, 0, 0, 0, 1};

static void reads_data(void **state) {
    struct pg_message m;

    (void)state;
    assert_int_equal(pg_message_read(data, sizeof data, &m, NULL), 0);
    assert_int_equal(m.kind, PG_MESSAGE_DATA);
    assert_true(m.start == UINT64_C(0x102030405));
    assert_true(m.sent_us == INT64_C(946684801000000));
    assert_int_equal(m.len, 2);
    assert_ptr_equal(m.data, data + 25);
    assert_int_equal(pg_message_read(data, 25, &m, NULL), 0); /* the decoder judges an empty message */
    assert_int_equal(m.len, 0);
}

static void reads_keepalives(void **state) {
    uint8_t quiet[sizeof keepalive];
    struct pg_message m;

    (void)state;
    assert_int_equal(pg_message_read(keepalive, sizeof keepalive, &m, NULL), 0);
    assert_int_equal(m.kind, PG_MESSAGE_KEEPALIVE);
    assert_true(m.start == UINT64_C(0x11A2B3C));
    assert_true(m.sent_us == INT64_C(946684800000000));
    assert_true(m.reply);
    memcpy(quiet, keepalive, sizeof quiet);
    quiet[17] = 0;
    assert_int_equal(pg_message_read(quiet, sizeof quiet, &m, NULL), 0);
    assert_false(m.reply);
}

/* Every shorter message, in memory of exactly its size so that a sanitizer sees one byte too many. */
static void refuses(const uint8_t *bytes, size_t len) {
    uint8_t *copy = malloc(len + (len == 0));
    struct pg_message m;
    struct err e = {0};

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    assert_int_equal(pg_message_read(copy, len, &m, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    free(copy);
}

static void refuses_what_it_does_not_know(void **state) {
    uint8_t longer[sizeof keepalive + 1];

    (void)state;
    for (size_t len = 0; len < 25; len++) refuses(data, len);
    for (size_t len = 0; len < sizeof keepalive; len++) refuses(keepalive, len);
    memcpy(longer, keepalive, sizeof keepalive);
    longer[sizeof keepalive] = 0;
    refuses(longer, sizeof longer);
    for (int kind = 0; kind < 256; kind++) {
        longer[0] = (uint8_t)kind;
        if (kind != 'w') refuses(longer, sizeof longer);
    }
}

static void times_do_not_overflow(void **state) {
    uint8_t bytes[sizeof keepalive];
    struct pg_message m;

    (void)state;
    memcpy(bytes, keepalive, sizeof bytes);
    memset(bytes + 9, 0xFF, 8);
    bytes[9] = 0x7F;
    assert_int_equal(pg_message_read(bytes, sizeof bytes, &m, NULL), 0);
    assert_true(m.sent_us == INT64_MAX);
}

static void writes_feedback(void **state) {
    static const uint8_t expected[PG_FEEDBACK_LEN] = {
        'r', 0, 0, 0, 1, 0x02, 0x03, 0x04, 0x05, 0, 0, 0, 0, 0,    0,    0x01, 0x02,
        0,   0, 0, 0, 0, 0,    0x01, 0x02, 0,    0, 0, 0, 0, 0x0F, 0x42, 0x40, 0,
    };
    uint8_t out[PG_FEEDBACK_LEN];

    (void)state;
    pg_feedback_write(out, UINT64_C(0x102030405), 0x102, INT64_C(946684801000000), false);
    assert_memory_equal(out, expected, sizeof expected);
    pg_feedback_write(out, UINT64_C(0x102030405), 0x102, INT64_C(946684801000000), true);
    assert_memory_equal(out, expected, sizeof expected - 1);
    assert_int_equal(out[33], 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_data),
        cmocka_unit_test(reads_keepalives),
        cmocka_unit_test(refuses_what_it_does_not_know),
        cmocka_unit_test(times_do_not_overflow),
        cmocka_unit_test(writes_feedback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
