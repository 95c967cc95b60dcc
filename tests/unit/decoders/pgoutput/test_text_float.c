#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/unit/decoders/pgoutput/text_cases.h"

static const struct text_type float4 = {text_float4, VALUE_FLOAT, ',', NULL};
static const struct text_type float8 = {text_float8, VALUE_DOUBLE, ',', NULL};

static void test_texts(void **state) {
    (void)state;
    ROUND_TRIP(&float8, "0", "-0", "1", "-1.5", "0.1", "1.1099999999999999", "1e+15",
               "1.7976931348623157e+308", "5e-324", "2.2250738585072014e-308", "NaN", "Infinity", "-Infinity",
               "123456789012345", "1e-05", "9.999999999999999e+22", "-9.007199254740992e+15");
    ROUND_TRIP(&float4, "0", "-0", "0.1", "3.4028235e+38", "1e-45", "1.1754944e-38", "1.6777216e+07", "NaN",
               "Infinity", "-Infinity", "123456", "1e+06");
    REFUSED(&float8, "", "-", "e5", "1e", "1e+", "1.5x", "nan", "inf", "Infinit", "-NaN", "1 ", " 1", "0x1p3",
            "1e5.5", "--1", "1e999", "-1e999");
    REFUSED(&float4, "", "1e39", "x", "-1e39");
}

/* A text too long for a float is no float, whatever it says. */
static void test_long(void **state) {
    (void)state;
    char zeros[5000];
    memset(zeros, '0', sizeof(zeros));
    refused(&float8, zeros, sizeof(zeros));
    refused(&float4, zeros, sizeof(zeros));
}

static uint64_t next(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Decimals of every length and magnitude are rounded as the C library rounds them. */
static void test_against_libc(void **state) {
    (void)state;
    uint64_t seed = 88172645463325252;
    char text[64];
    for (int i = 0; i < 300000; i++) {
        uint64_t digits = next(&seed) >> (next(&seed) % 64);
        int exponent = (int)(next(&seed) % 60) - 40;
        if (i % 3 == 0)
            snprintf(text, sizeof(text), "%llu.%0*llu", (unsigned long long)(digits >> 40), (int)(i % 13) + 1,
                     (unsigned long long)(digits & 0xffffff));
        else
            snprintf(text, sizeof(text), "%s%llue%d", i % 2 ? "-" : "", (unsigned long long)digits, exponent);
        double d, want = strtod(text, NULL);
        float f, wantf = strtof(text, NULL);
        if (!text_to_double(text, strlen(text), &d) || memcmp(&d, &want, sizeof(d)) != 0)
            fail_msg("%s is %.17g, not %.17g", text, want, d);
        if (!isfinite(wantf)) continue;
        if (!text_to_float(text, strlen(text), &f) || memcmp(&f, &wantf, sizeof(f)) != 0)
            fail_msg("%s is %.9g, not %.9g", text, (double)wantf, (double)f);
    }
}

/* Exactly in the middle of two floats, and next to it: rounding twice would get these wrong. */
static void test_middles(void **state) {
    (void)state;
    static const char *const texts[] = {"16777217",
                                        "16777217.0000001",
                                        "16777216.9999999",
                                        "16777219",
                                        "8388608.5",
                                        "8388608.50000001",
                                        "8388608.49999999",
                                        "1.00000005960464477",
                                        "0.50000002980232238769",
                                        "1.000000059604644775390625",
                                        "9007199254740993",
                                        "9007199254740992.5",
                                        "4503599627370496.5",
                                        "4503599627370497.5",
                                        "0.500000000000000166533453694"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        double d;
        float f;
        assert_true(text_to_double(texts[i], strlen(texts[i]), &d));
        assert_true(text_to_float(texts[i], strlen(texts[i]), &f));
        if (d != strtod(texts[i], NULL) || f != strtof(texts[i], NULL)) fail_msg("%s", texts[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_against_libc),
        cmocka_unit_test(test_middles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
