#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/map/notices.h"

static void takes(struct notices *n, enum log_level level, const char *text) {
    enum log_level got = LOG_DEBUG;
    const char *it = notices_take(n, &got);
    if (!text) {
        assert_null(it);
        return;
    }
    assert_string_equal(it, text);
    assert_int_equal(got, level);
}

static void test_order(void **state) {
    struct notices n = {0};
    (void)state;
    takes(&n, LOG_WARN, NULL);
    notices_add(&n, LOG_WARN, "a %d", 1);
    notices_add(&n, LOG_ERROR, "b");
    takes(&n, LOG_WARN, "a 1");
    notices_add(&n, LOG_INFO, "c");
    takes(&n, LOG_ERROR, "b");
    takes(&n, LOG_INFO, "c");
    takes(&n, LOG_INFO, NULL);
    notices_add(&n, LOG_INFO, "d");
    takes(&n, LOG_INFO, "d");
    notices_add(&n, LOG_INFO, "left");
    notices_release(&n);
}

static void test_bound(void **state) {
    struct notices n = {0};
    char text[20];
    (void)state;
    for (int i = 0; i < 1003; i++) notices_add(&n, LOG_INFO, "%d", i);
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof(text), "%d", i);
        takes(&n, LOG_INFO, text);
    }
    takes(&n, LOG_WARN, "3 more notices about tables and mappings were left out");
    takes(&n, LOG_WARN, NULL);
    notices_release(&n);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_bound)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
