#include "decoders/value.h"

#include <math.h>

#include "decoders/powers.h"

/*
 * Shortest decimal of a binary floating point number, exactly.
 *
 * The number and the two ends of the interval that rounds to it are scaled by 10^k to integers of full
 * length. Then digits are dropped from the right as long as some decimal remains strictly inside the
 * interval; the one nearest to the number wins. Usual magnitudes take 128-bit arithmetic, the others a small
 * bignum. PostgreSQL leaves the ends themselves out, although they may round to the number; MySQL takes them
 * when they do, which is when the last bit is 0.
 */

#define MAX_WORDS 40 /* 2^57 * 10^341 has 1190 bits */

struct bignum {
    uint32_t words[MAX_WORDS]; /* lowest first */
    int len;
};

static void bignum_set(struct bignum *b, uint64_t x, int shift) {
    *b = (struct bignum){.len = shift / 32 + 3};
    __extension__ unsigned __int128 wide = (unsigned __int128)x << shift % 32;
    for (int i = 0; i < 3; i++) b->words[shift / 32 + i] = (uint32_t)(wide >> 32 * i);
}

static void bignum_multiply(struct bignum *b, uint32_t factor) {
    uint64_t carry = 0;
    for (int i = 0; i < b->len; i++) {
        carry += (uint64_t)b->words[i] * factor;
        b->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry && b->len < MAX_WORDS) b->words[b->len++] = (uint32_t)carry;
}

/* Divides in place; true when something remains. */
static bool bignum_divide(struct bignum *b, uint32_t divisor) {
    uint64_t rest = 0;
    for (int i = b->len - 1; i >= 0; i--) {
        rest = rest << 32 | b->words[i];
        b->words[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    return rest != 0;
}

static uint32_t bignum_word(const struct bignum *b, int i) {
    return i < b->len ? b->words[i] : 0;
}

/* The 64 bits from bit `shift` on; *inexact when a lower one is set. */
static uint64_t bignum_bits(const struct bignum *b, int shift, bool *inexact) {
    int word = shift / 32, bit = shift % 32;
    for (int i = 0; i < word; i++) *inexact |= bignum_word(b, i) != 0;
    *inexact |= (bignum_word(b, word) & ((UINT64_C(1) << bit) - 1)) != 0;
    __extension__ unsigned __int128 wide = bignum_word(b, word);
    wide |= (uint64_t)bignum_word(b, word + 1) << 32;
    wide |= (unsigned __int128)bignum_word(b, word + 2) << 64;
    return (uint64_t)(wide >> bit);
}

static uint64_t scale_bignum(uint64_t x, int e, int k, bool *inexact) {
    struct bignum b;
    bignum_set(&b, x, e > 0 ? e : 0);
    for (; k >= 9; k -= 9) bignum_multiply(&b, 1000000000);
    if (k > 0) bignum_multiply(&b, (uint32_t)powers_of_ten[k]);
    for (; k <= -9; k += 9) *inexact |= bignum_divide(&b, 1000000000);
    if (k < 0) *inexact |= bignum_divide(&b, (uint32_t)powers_of_ten[-k]);
    return bignum_bits(&b, e < 0 ? -e : 0, inexact);
}

/* floor(x * 2^e * 10^k), which must fit 64 bits; *inexact when that is not the whole. x has at most 57 bits.
 */
static uint64_t scale(uint64_t x, int e, int k, bool *inexact) {
    __extension__ typedef unsigned __int128 wide;
    *inexact = false;
    if (k >= 0 && k <= 19 && e > -128) {
        wide p = (wide)x * powers_of_ten[k];
        if (e >= 0) return (uint64_t)(p << e);
        *inexact = (p & (((wide)1 << -e) - 1)) != 0;
        return (uint64_t)(p >> -e);
    }
    if (k < 0 && k >= -19 && e >= 0 && e <= 70) {
        wide p = (wide)x << e;
        *inexact = p % powers_of_ten[-k] != 0;
        return (uint64_t)(p / powers_of_ten[-k]);
    }
    return scale_bignum(x, e, k, inexact);
}

struct decimal {
    uint64_t digits;
    int exponent;
};

/* The multiple of `unit` nearest to half / 2 and from `min` to `max`; false when there is none. */
static bool round_to(uint64_t half, bool inexact, uint64_t unit, uint64_t min, uint64_t max, uint64_t *out) {
    uint64_t down = half / 2 / unit * unit, up = down + unit;
    uint64_t rest = half - 2 * down; /* in halves: unit is the middle */
    bool nearer_up = rest > unit || (rest == unit && (inexact || down / unit % 2 != 0));
    bool down_fits = down >= min, up_fits = up <= max;
    *out = (nearer_up && up_fits) || !down_fits ? up : down;
    return down_fits || up_fits;
}

/* m * 2^e, at most `length` digits; `narrow`: the gap below the number is half the one above; `ends`: the
 * ends of the interval count. */
static struct decimal shortest(uint64_t m, int e, bool narrow, int length, bool ends) {
    int k = length - 1 - (int)floor(log10((double)m) + e * 0.30102999566398120);
    bool inexact, rest;
    uint64_t min = scale(8 * m - (narrow ? 2 : 4), e - 3, k, &rest);
    if (rest || !ends) min++;
    uint64_t max = scale(8 * m + 4, e - 3, k, &rest);
    if (!rest && !ends) max--;
    uint64_t half = scale(8 * m, e - 2, k, &inexact);
    struct decimal d = {0, -k};
    uint64_t unit = 1;
    for (uint64_t n; round_to(half, inexact, unit, min, max, &n); unit *= 10, d.exponent++)
        d.digits = n / unit;
    d.exponent--;
    return d;
}

/* Lays out as PostgreSQL does: scientific below 1e-4 and from 10^limit on. */
static void put_decimal(struct decimal d, int limit, struct buf *out) {
    char digits[20];
    int n = 0;
    for (uint64_t rest = d.digits; rest; rest /= 10)
        digits[sizeof(digits) - (size_t)++n] = (char)('0' + rest % 10);
    const char *first = digits + sizeof(digits) - n;
    int exponent = d.exponent + n - 1;
    if (exponent < -4 || exponent >= limit) {
        buf_putc(out, first[0]);
        if (n > 1) buf_putc(out, '.');
        buf_put(out, first + 1, (size_t)n - 1);
        buf_puts(out, exponent < 0 ? "e-" : "e+");
        unsigned size = (unsigned)(exponent < 0 ? -exponent : exponent);
        if (size < 10) buf_putc(out, '0');
        buf_put_u64(out, size);
        return;
    }
    int whole = exponent + 1; /* digits in front of the point */
    if (whole <= 0) buf_puts(out, "0.");
    for (int i = whole; i < 0; i++) buf_putc(out, '0');
    buf_put(out, first, (size_t)(whole <= 0 || whole > n ? n : whole));
    for (int i = n; i < whole; i++) buf_putc(out, '0');
    if (whole <= 0 || whole >= n) return;
    buf_putc(out, '.');
    buf_put(out, first + whole, (size_t)(n - whole));
}

/* What has no digits to look for. True when that was all. */
static bool put_special(double d, struct buf *out) {
    if (isnan(d)) {
        buf_puts(out, "NaN");
        return true;
    }
    if (signbit(d)) buf_putc(out, '-');
    if (isfinite(d) && d != 0) return false;
    buf_puts(out, d == 0 ? "0" : "Infinity");
    return true;
}

static struct decimal shortest_double(double d, bool ends) {
    uint64_t bits;
    memcpy(&bits, &d, sizeof(bits));
    uint64_t m = bits & ((UINT64_C(1) << 52) - 1);
    int e = (int)(bits >> 52 & 0x7ff);
    bool narrow = m == 0 && e > 1;
    if (e) m |= UINT64_C(1) << 52;
    return shortest(m, (e ? e : 1) - 1075, narrow, 17, ends && m % 2 == 0);
}

void value_format_double(double d, struct buf *out) {
    if (put_special(d, out)) return;
    put_decimal(shortest_double(d, false), 15, out);
}

uint64_t value_double_digits(double d, int *exponent) {
    struct decimal s = shortest_double(d, true);
    *exponent = s.exponent;
    return s.digits;
}

void value_format_float(float f, struct buf *out) {
    if (put_special((double)f, out)) return;
    uint32_t bits;
    memcpy(&bits, &f, sizeof(bits));
    uint64_t m = bits & ((UINT32_C(1) << 23) - 1);
    int e = (int)(bits >> 23 & 0xff);
    bool narrow = m == 0 && e > 1;
    if (e) m |= UINT64_C(1) << 23;
    put_decimal(shortest(m, (e ? e : 1) - 150, narrow, 9, false), 6, out);
}
