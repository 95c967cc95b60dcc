/* Lines of COPY, and the Insert messages that are made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "agent/source/pg_copy.h"
#include "decoders/pgoutput/proto.h"

#define N 4

static struct pg_field fields[N];
static char line[256];

static int split(const char *text, size_t n) {
    struct err e = {0};
    memcpy(line, text, strlen(text) + 1);
    return pg_copy_split(line, strlen(text), fields, n, &e);
}

static void is(size_t i, const char *text) {
    assert_int_equal(fields[i].len, strlen(text));
    assert_string_equal(fields[i].text, text);
}

static void test_split(void **state) {
    (void)state;
    assert_int_equal(split("1\t\\N\t\ta\n", 4), 0);
    is(0, "1");
    assert_null(fields[1].text);
    is(2, "");
    is(3, "a");
    assert_int_equal(split("\n", 1), 0);
    is(0, "");
    assert_int_equal(split("\\b\\f\\n\\r\\t\\v\\\\\t\\\\N\tx\\\\\n", 3), 0);
    is(0, "\b\f\n\r\t\v\\");
    is(1, "\\N");
    is(2, "x\\");
}

static void test_malformed(void **state) {
    const char *bad[] = {
        "",           "1\t2\t3", "1\t2\n", "1\t2\t3\t4\n", "1\t\\x\t3\n", "1\t2\t3\\\n", "\\N\\N\t2\t3\n",
        "\\0\t2\t3\n"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (split(bad[i], 3) == 0) fail_msg("\"%s\" was read", bad[i]);
}

/* What was written is what the decoder reads. */
static void test_insert(void **state) {
    uint8_t out[64];
    struct value values[3];
    struct err e = {0};
    uint8_t kind;
    uint32_t table;
    size_t size;
    (void)state;
    assert_int_equal(split("12\t\\N\ta\\tb\n", 3), 0);
    size = pg_copy_insert_size(fields, 3);
    assert_true(size <= sizeof out);
    memset(out, 0xee, sizeof out);
    pg_copy_insert(0x01020304, fields, 3, out);
    struct cursor c = cursor_of(out, size);
    assert_true(cursor_u8(&c, &kind) && kind == PGOUTPUT_INSERT);
    assert_int_equal(pgoutput_read_relid(&c, PGOUTPUT_INSERT, &table, &e), 0);
    assert_int_equal(table, 0x01020304);
    assert_int_equal(pgoutput_read_insert(&c, 3, values, &e), 0); /* to the last byte */
    assert_int_equal(values[0].state, VALUE_PRESENT);
    assert_memory_equal(values[0].text, "12", 2);
    assert_int_equal(values[1].state, VALUE_NULL);
    assert_int_equal(values[2].len, 3);
    assert_memory_equal(values[2].text, "a\tb", 3);
    assert_int_equal(size == sizeof out || out[size] == 0xee, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_insert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
