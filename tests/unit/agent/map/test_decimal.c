#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/map/decimal.h"

static struct decimal number(const char *text) {
    struct decimal d;
    if (!decimal_parse(text, strlen(text), &d)) fail_msg("%s is no number", text);
    return d;
}

static int order(const char *a, const char *b) {
    struct decimal x = number(a);
    struct decimal y = number(b);
    int rc = decimal_compare(&x, &y);
    return (rc > 0) - (rc < 0);
}

/* Each stands below the next. */
static void test_order(void **state) {
    static const char *const rising[] = {
        "-Infinity",
        "-100000000000000000000000000001",
        "-100000000000000000000000000000",
        "-10.01",
        "-10",
        "-9.99",
        "-0.5",
        "-0.05",
        "0",
        "0.0001",
        "0.001",
        "0.9",
        "1",
        "1.0001",
        "2",
        "10",
        "99999999999999999999.9",
        "99999999999999999999.99",
        "Infinity",
        "NaN",
    };
    const size_t n = sizeof(rising) / sizeof(rising[0]);
    (void)state;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) assert_int_equal(order(rising[i], rising[j]), (i > j) - (i < j));
}

static void test_equal(void **state) {
    static const char *const pairs[][2] = {
        {"1", "1.000"}, {"01", "+1"},      {"-0", "0"},    {".5", "0.50"},
        {"5.", "5"},    {"-0.000", "000"}, {"NaN", "NaN"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        assert_int_equal(order(pairs[i][0], pairs[i][1]), 0);
}

static void test_no_number(void **state) {
    static const char *const all[] = {"",     "-",     ".", "-.",  "1e5", "1 ", " 1",
                                      "1..2", "1.2.3", "x", "nan", "--1", "1-"};
    struct decimal d;
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (decimal_parse(all[i], strlen(all[i]), &d)) fail_msg("\"%s\" passed", all[i]);
}

/* Against integers of a thousandth. */
static void test_random(void **state) {
    (void)state;
    srand(7);
    for (int i = 0; i < 20000; i++) {
        long a = rand() % 40001 - 20000;
        long b = rand() % 4 ? rand() % 40001 - 20000 : a;
        char x[40];
        char y[40];
        snprintf(x, sizeof(x), "%s%ld.%03ld", a < 0 ? "-" : "", labs(a) / 1000, labs(a) % 1000);
        snprintf(y, sizeof(y), "%s00%ld.%03ld00", b < 0 ? "-" : "", labs(b) / 1000, labs(b) % 1000);
        assert_int_equal(order(x, y), (a > b) - (a < b));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_no_number),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
