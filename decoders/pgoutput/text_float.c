#include "decoders/pgoutput/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/powers.h"

/* Longest text that a float of any setting of extra_float_digits has, with room: -1.7976931348623157e+308 */
#define MAX_TEXT 64

static const double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* A decimal number taken apart: digits * 10^exponent. */
struct decimal {
    bool negative;
    bool exact; /* `digits` holds all of them */
    uint64_t digits;
    int exponent;
};

/* Adds digits up to the first other character; returns where that is. */
static const char *take_digits(struct decimal *d, const char *p, const char *end, bool fraction, int *seen) {
    for (; p < end && *p >= '0' && *p <= '9'; p++, (*seen)++) {
        if (d->digits > (UINT64_MAX - 9) / 10) d->exact = false;
        d->digits = d->digits * 10 + (uint64_t)(*p - '0');
        d->exponent -= fraction;
    }
    return p;
}

static const char *take_exponent(struct decimal *d, const char *p, const char *end) {
    bool negative = ++p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end) return NULL;
    int n = 0;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        if (n < 10000) n = n * 10 + (*p - '0');
    d->exponent += negative ? -n : n;
    return p;
}

/* -1.5e+20; false when it is no such number. */
static bool take_apart(const char *s, size_t len, struct decimal *d) {
    const char *p = s, *end = s + len;
    int seen = 0;
    if (len == 0 || len >= MAX_TEXT) return false;
    *d = (struct decimal){.negative = *s == '-', .exact = true};
    p = take_digits(d, p + d->negative, end, false, &seen);
    if (p < end && *p == '.') p = take_digits(d, p + 1, end, true, &seen);
    if (!seen) return false;
    if (p < end && *p == 'e') p = take_exponent(d, p, end);
    return p == end;
}

static bool take_special(const char *s, size_t len, double *out) {
    bool negative = len == 9 && *s == '-';
    if (len == 3 && memcmp(s, "NaN", 3) == 0)
        *out = NAN;
    else if (len == (size_t)8 + negative && memcmp(s + negative, "Infinity", 8) == 0)
        *out = negative ? -INFINITY : INFINITY;
    else
        return false;
    return true;
}

/*
 * digits / 10^k rounded to `bits` binary digits, to even when in the middle: the quotient of integers has at
 * least two digits more than that, and what remains of the division decides the rest. 0 < k < 20.
 */
static double divide(uint64_t digits, int k, int bits) {
    __extension__ typedef unsigned __int128 wide;
    uint64_t divisor = powers_of_ten[k];
    int up = __builtin_clzll(digits), divisor_up = __builtin_clzll(divisor);
    wide numerator = (wide)(digits << up) << 63;
    divisor <<= divisor_up;
    uint64_t quotient = (uint64_t)(numerator / divisor); /* 63 or 64 bits */
    bool rest = numerator % divisor != 0;

    int drop = 64 - bits - __builtin_clzll(quotient);
    uint64_t half = UINT64_C(1) << (drop - 1), low = quotient & (2 * half - 1);
    uint64_t kept = quotient >> drop;
    if (low > half || (low == half && (rest || kept & 1))) kept++;
    return ldexp((double)kept, drop - 63 - up + divisor_up);
}

/* strtod() wants a NUL; take_apart() has bounded the length. */
static void copy_text(char to[MAX_TEXT], const char *s, size_t len) {
    memcpy(to, s, len);
    to[len] = '\0';
}

/*
 * Few digits and a small exponent are two exact doubles, whose product or quotient rounds correctly; any
 * other fraction of up to 19 digits is divided in integers; the rest is strtod()'s.
 */
bool text_to_double(const char *s, size_t len, double *out) {
    struct decimal d;
    char text[MAX_TEXT];
    if (!take_apart(s, len, &d)) return take_special(s, len, out);
    if (d.exact && d.digits <= UINT64_C(1) << 53 && d.exponent >= -22 && d.exponent <= 22) {
        double n = (double)d.digits;
        n = d.exponent < 0 ? n / exact_powers[-d.exponent] : n * exact_powers[d.exponent];
        *out = d.negative ? -n : n;
        return true;
    }
    if (d.exact && d.digits && d.exponent < 0 && d.exponent > -20) {
        *out = divide(d.digits, -d.exponent, 53);
        if (d.negative) *out = -*out;
        return true;
    }
    copy_text(text, s, len);
    *out = strtod(text, NULL);
    return isfinite(*out);
}

/* By way of double it would be rounded twice: the same within a float's own exact range. */
bool text_to_float(const char *s, size_t len, float *out) {
    struct decimal d;
    double special;
    char text[MAX_TEXT];
    if (!take_apart(s, len, &d)) {
        if (!take_special(s, len, &special)) return false;
        *out = (float)special;
        return true;
    }
    if (d.exact && d.digits <= UINT64_C(1) << 24 && d.exponent >= 0 && d.exponent <= 10) {
        float n = (float)d.digits * (float)exact_powers[d.exponent];
        *out = d.negative ? -n : n;
        return true;
    }
    if (d.exact && d.digits && d.exponent < 0 && d.exponent > -20) {
        float n = (float)divide(d.digits, -d.exponent, 24);
        *out = d.negative ? -n : n;
        return true;
    }
    copy_text(text, s, len);
    *out = strtof(text, NULL);
    return isfinite(*out);
}

enum text_result text_float8(const struct text_type *t, struct value *v, struct arena *a) {
    (void)t, (void)a;
    v->kind = VALUE_DOUBLE;
    return text_to_double(v->text, v->len, &v->v.d) ? TEXT_OK : TEXT_MALFORMED;
}

enum text_result text_float4(const struct text_type *t, struct value *v, struct arena *a) {
    (void)t, (void)a;
    float f;
    if (!text_to_float(v->text, v->len, &f)) return TEXT_MALFORMED;
    v->kind = VALUE_FLOAT;
    v->v.d = (double)f;
    return TEXT_OK;
}
