#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/value.h"

static struct buf b;

static const char *of_double(double d) {
    buf_clear(&b, SIZE_MAX);
    value_format_double(d, &b);
    return buf_cstr(&b);
}

static const char *of_float(float f) {
    buf_clear(&b, SIZE_MAX);
    value_format_float(f, &b);
    return buf_cstr(&b);
}

static void test_special(void **state) {
    (void)state;
    assert_string_equal(of_double(0.0), "0");
    assert_string_equal(of_double(-0.0), "-0");
    assert_string_equal(of_double(NAN), "NaN");
    assert_string_equal(of_double(-NAN), "NaN");
    assert_string_equal(of_double(INFINITY), "Infinity");
    assert_string_equal(of_double(-INFINITY), "-Infinity");
    assert_string_equal(of_float(-0.0F), "-0");
    assert_string_equal(of_float(NAN), "NaN");
    assert_string_equal(of_float(-INFINITY), "-Infinity");
}

/* As PostgreSQL 15 and 18 print them. */
static void test_doubles(void **state) {
    (void)state;
    assert_string_equal(of_double(1), "1");
    assert_string_equal(of_double(-1.5), "-1.5");
    assert_string_equal(of_double(0.1), "0.1");
    assert_string_equal(of_double(0.1 + 0.2), "0.30000000000000004");
    assert_string_equal(of_double(3 * 0.37), "1.1099999999999999");
    assert_string_equal(of_double(100), "100");
    assert_string_equal(of_double(123456789012345), "123456789012345");
    assert_string_equal(of_double(1e14), "100000000000000");
    assert_string_equal(of_double(1e15), "1e+15");
    assert_string_equal(of_double(1234567890123456), "1.234567890123456e+15");
    assert_string_equal(of_double(0.0001), "0.0001");
    assert_string_equal(of_double(0.00012345), "0.00012345");
    assert_string_equal(of_double(0.00001), "1e-05");
    assert_string_equal(of_double(1.5e-7), "1.5e-07");
    assert_string_equal(of_double(1e100), "1e+100");
    assert_string_equal(of_double(DBL_MAX), "1.7976931348623157e+308");
    assert_string_equal(of_double(DBL_MIN), "2.2250738585072014e-308");
    assert_string_equal(of_double(5e-324), "5e-324");
    assert_string_equal(of_double(9007199254740992.0), "9.007199254740992e+15");
}

/* An end of the interval is not taken, although it would read back: PostgreSQL's choice. */
static void test_interval_ends(void **state) {
    (void)state;
    assert_string_equal(of_double(0x1p-44), "5.684341886080802e-14");
    assert_string_equal(of_double(6.4522988705027984e+16), "6.4522988705027984e+16");
    assert_string_equal(of_double(-6.750925276392906e+16), "-6.7509252763929056e+16");
    assert_string_equal(of_double(9.5367431640625e-07), "9.5367431640625e-07");
    assert_string_equal(of_double(1e23), "9.999999999999999e+22");
}

static void test_floats(void **state) {
    (void)state;
    assert_string_equal(of_float(0.1F), "0.1");
    assert_string_equal(of_float(1.5F), "1.5");
    assert_string_equal(of_float(123456.0F), "123456");
    assert_string_equal(of_float(100000.0F), "100000");
    assert_string_equal(of_float(1e6F), "1e+06");
    assert_string_equal(of_float(16777216.0F), "1.6777216e+07");
    assert_string_equal(of_float(0.0001F), "0.0001");
    assert_string_equal(of_float(0.00001F), "1e-05");
    assert_string_equal(of_float(FLT_MAX), "3.4028235e+38");
    assert_string_equal(of_float(FLT_MIN), "1.1754944e-38");
    assert_string_equal(of_float(1e-45F), "1e-45");
}

static uint64_t next(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static double some_double(uint64_t *seed, int i) {
    uint64_t bits = next(seed);
    double d;
    memcpy(&d, &bits, sizeof(d));
    if (i % 4 == 1) d = (double)(bits % 1000000) / 100;
    if (i % 4 == 2) d = (double)(bits % 100000000) * 0.37;
    if (i % 4 == 3) d = ldexp(1, (int)(bits % 2098) - 1074);
    return d;
}

static int significant_digits(const char *text) {
    int n = 0, trailing = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (n == 0 && *text == '0')) continue;
        n++;
        trailing = *text == '0' ? trailing + 1 : 0;
    }
    return n - trailing;
}

/* Reads back as the same number, and one digit less does not (where interval ends have more digits). */
static void test_shortest(void **state) {
    (void)state;
    uint64_t seed = 88172645463325252;
    char shorter[40];
    for (int i = 0; i < 200000; i++) {
        double d = some_double(&seed, i);
        if (!isfinite(d) || d == 0) continue;
        const char *text = of_double(d);
        double back = strtod(text, NULL);
        if (memcmp(&back, &d, sizeof(d)) != 0) fail_msg("%.17g became %s", d, text);
        int n = significant_digits(text);
        if (n < 2 || fabs(d) > 1e15 || fabs(d) < 1e-3) continue;
        snprintf(shorter, sizeof(shorter), "%.*e", n - 2, d);
        if (strtod(shorter, NULL) == d) fail_msg("%s is shorter than %s", shorter, text);
    }
}

static void test_every_float_exponent(void **state) {
    (void)state;
    uint64_t seed = 2463534242;
    for (uint32_t i = 0; i < 200000; i++) {
        uint32_t bits = (uint32_t)next(&seed);
        float f, back;
        memcpy(&f, &bits, sizeof(f));
        if (!isfinite(f)) continue;
        back = strtof(of_float(f), NULL);
        if (memcmp(&back, &f, sizeof(f)) != 0) fail_msg("%.9g became %s", (double)f, buf_cstr(&b));
    }
}

static int release(void **state) {
    (void)state;
    buf_release(&b);
    return 0;
}

static void test_digits(void **state) {
    (void)state;
    static const struct {
        double d;
        uint64_t digits;
        int exponent;
    } known[] = {
        {1, 1, 0},
        {100, 1, 2},
        {-1.5, 15, -1},
        {0x1p-44, UINT64_C(5684341886080802), -29},
        {5e-324, 5, -324},
        {DBL_MAX, UINT64_C(17976931348623157), 292},
        {9007199254740993e15, UINT64_C(9007199254740993), 15},
        {2e23, 2, 23}, /* an end of the interval: 1.9999999999999998e+23 without it */
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        int exponent;
        assert_true(value_double_digits(known[i].d, &exponent) == known[i].digits);
        assert_int_equal(exponent, known[i].exponent);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_special),       cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_interval_ends), cmocka_unit_test(test_floats),
        cmocka_unit_test(test_shortest),      cmocka_unit_test(test_every_float_exponent),
        cmocka_unit_test(test_digits),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
