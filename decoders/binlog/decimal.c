#include "decoders/binlog/decimal.h"

#include <string.h>

static const uint8_t group_bytes[10] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};

struct reader {
    const uint8_t *at;
    uint8_t flip; /* 0xff: negative */
    uint8_t sign; /* the sign bit while it is still ahead */
    char *out;
};

bool decimal_possible(unsigned precision, unsigned scale) {
    return precision >= 1 && precision <= DECIMAL_PRECISION && scale <= DECIMAL_SCALE && scale <= precision;
}

size_t decimal_size(unsigned precision, unsigned scale) {
    const unsigned whole = precision - scale;
    return whole / 9 * 4 + group_bytes[whole % 9] + scale / 9 * 4 + group_bytes[scale % 9];
}

/* The next group, of `digits` digits. False: it holds a larger number. */
static bool put_group(struct reader *r, unsigned digits) {
    uint32_t n = 0;
    for (unsigned i = 0; i < group_bytes[digits]; i++) {
        n = n << 8 | (uint8_t)(*r->at++ ^ r->flip ^ r->sign);
        r->sign = 0;
    }
    for (unsigned i = digits; i--; n /= 10) r->out[i] = (char)('0' + n % 10);
    r->out += digits;
    return n == 0;
}

size_t decimal_text(const uint8_t *bytes, unsigned precision, unsigned scale, char *out) {
    const unsigned whole = precision - scale;
    char digits[DECIMAL_PRECISION + 2];
    struct reader r = {bytes, bytes[0] & 0x80 ? 0 : 0xff, 0x80, digits};
    bool ok = put_group(&r, whole % 9);
    for (unsigned i = whole / 9; i; i--) ok &= put_group(&r, 9);
    if (!whole) *r.out++ = '0';
    const char *start = digits, *point = r.out;
    while (start + 1 < point && *start == '0') start++;
    if (scale) *r.out++ = '.';
    for (unsigned i = scale / 9; i; i--) ok &= put_group(&r, 9);
    ok &= put_group(&r, scale % 9);
    if (!ok) return 0;
    size_t len = (size_t)(r.out - start), sign = r.flip ? 1 : 0;
    if (sign) *out = '-';
    memcpy(out + sign, start, len);
    return sign + len;
}

/* ---- Text → packed ---- */

struct writer {
    uint8_t *at;
    uint8_t flip;
};

static void pack_group(struct writer *w, const char *digits, unsigned count) {
    uint32_t n = 0;
    for (unsigned i = 0; i < count; i++) n = n * 10 + (uint32_t)(digits[i] - '0');
    for (unsigned i = group_bytes[count]; i--; n >>= 8) w->at[i] = (uint8_t)n ^ w->flip;
    w->at += group_bytes[count];
}

/* The digits of the number, as many as the type has; false: it is not one of this type. */
static bool spread(const char *text, size_t len, unsigned precision, unsigned scale, char *digits) {
    const char *point = memchr(text, '.', len);
    size_t whole = point ? (size_t)(point - text) : len, behind = point ? len - whole - 1 : 0;
    const unsigned room = precision - scale;
    for (size_t i = 0; i < len; i++)
        if (text + i != point && (text[i] < '0' || text[i] > '9')) return false;
    if (whole + behind == 0) return false;
    for (; whole > room && *text == '0'; whole--) text++;
    if (whole > room || behind > scale) return false;
    memset(digits, '0', precision);
    memcpy(digits + room - whole, text, whole);
    if (behind) memcpy(digits + room, point + 1, behind);
    return true;
}

bool decimal_pack(const char *text, size_t len, unsigned precision, unsigned scale, uint8_t *out) {
    const bool negative = len > 0 && *text == '-';
    const unsigned room = precision - scale;
    char digits[DECIMAL_PRECISION];
    struct writer w = {out, negative ? 0xff : 0};
    if (!spread(text + negative, len - negative, precision, scale, digits)) return false;
    pack_group(&w, digits, room % 9);
    for (unsigned i = room % 9; i < room; i += 9) pack_group(&w, digits + i, 9);
    for (unsigned i = 0; i + 9 <= scale; i += 9) pack_group(&w, digits + room + i, 9);
    pack_group(&w, digits + precision - scale % 9, scale % 9);
    out[0] ^= 0x80;
    return true;
}
