#include "decoders/binlog/cell_part.h"

/*
 * DECIMAL(precision, scale): nine digits in four bytes, what is left over in as few as it needs; in front of
 * the point the left-over group comes first, behind it last. Big-endian; the first bit is 1 for numbers that
 * are not negative, and all other bits of negative ones are inverted.
 */
static const uint8_t group_bytes[10] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};

struct groups {
    const uint8_t *at;
    uint8_t flip; /* 0xff: negative */
    uint8_t sign; /* the sign bit while it is still ahead */
    char *out;
};

/* The next group, of `digits` digits. False: it holds a larger number. */
static inline bool put_group(struct groups *g, unsigned digits) {
    size_t width = group_bytes[digits];
    uint32_t n = 0;
    for (size_t i = 0; i < width; i++) {
        n = n << 8 | (uint8_t)(g->at[i] ^ g->flip ^ g->sign);
        g->sign = 0;
    }
    g->at += width;
    for (unsigned i = digits; i--; n /= 10) g->out[i] = (char)('0' + n % 10);
    g->out += digits;
    return n == 0;
}

static bool put_digits(struct groups *g, unsigned whole, unsigned scale) {
    bool ok = put_group(g, whole % 9);
    for (unsigned i = whole / 9; i; i--) ok &= put_group(g, 9);
    if (whole == 0) *g->out++ = '0';
    if (scale) *g->out++ = '.';
    for (unsigned i = scale / 9; i; i--) ok &= put_group(g, 9);
    return ok & put_group(g, scale % 9);
}

int cell_decimal(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
                 struct err *e) {
    unsigned scale = f->scale, whole = f->precision - scale;
    size_t len = whole / 9 * 4 + group_bytes[whole % 9] + scale / 9 * 4 + group_bytes[scale % 9];
    const uint8_t *bytes;
    if (!cursor_bytes(c, len, &bytes)) return cell_cut(e);
    char *text = arena_alloc(r->arena, whole + scale + 3); /* sign, 0, point */
    if (!text) return cell_memory(e);
    struct groups g = {bytes, bytes[0] & 0x80 ? 0 : 0xff, 0x80, text + 1};
    if (!put_digits(&g, whole, scale)) return cell_put_invalid(out, bytes, len);
    char *start = text + 1;
    while (start[0] == '0' && start + 1 < g.out && start[1] != '.') start++;
    if (g.flip) *--start = '-';
    return cell_put_text(out, VALUE_DECIMAL, start, (size_t)(g.out - start));
}
