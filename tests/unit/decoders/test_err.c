#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "decoders/err.h"

static void test_set(void **state) {
    (void)state;
    struct err e;
    assert_int_equal(err_set(&e, ERR_DATA, "message %s at %d", "Insert", 7), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_false(e.retriable);
    assert_false(e.fatal);
    assert_string_equal(e.text, "message Insert at 7");

    e.fatal = true;
    err_set(&e, ERR_IO, "gone");
    assert_true(e.retriable);
    assert_false(e.fatal);
    assert_int_equal(err_set(NULL, ERR_IO, "nobody listens"), -1);
}

static void test_prefix(void **state) {
    (void)state;
    struct err e;
    err_set(&e, ERR_IO, "connection refused");
    assert_int_equal(err_prefix(&e, "source %s", "shop"), -1);
    assert_string_equal(e.text, "source shop: connection refused");
    assert_int_equal(e.code, ERR_IO);
    assert_true(e.retriable);
    assert_int_equal(err_prefix(NULL, "x"), -1);
}

/* What does not fit is cut at the end; the text never loses its NUL. */
static void test_long(void **state) {
    (void)state;
    struct err e;
    char name[2000];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    err_set(&e, ERR_IO, "%s", name);
    assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
    err_prefix(&e, "%.1000s", name);
    assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
    assert_memory_equal(e.text + 1000, ": xx", 4);

    err_set(&e, ERR_IO, "what happened");
    err_prefix(&e, "%s", name); /* too long to leave room for it */
    assert_string_equal(e.text, "what happened");
}

static void test_memory_and_clear(void **state) {
    (void)state;
    struct err e;
    assert_int_equal(err_memory(&e, "reading a table description"), -1);
    assert_int_equal(e.code, ERR_MEMORY);
    assert_string_equal(e.text, "out of memory: reading a table description");
    err_clear(&e);
    assert_int_equal(e.code, ERR_NONE);
    assert_string_equal(e.text, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_memory_and_clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
