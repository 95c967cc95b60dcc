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
