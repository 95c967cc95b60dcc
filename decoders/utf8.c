#include "decoders/utf8.h"

#include <string.h>

size_t utf8_ascii(const char *s, size_t len) {
    const uint8_t *p = (const uint8_t *)s;
    const uint64_t high_bits = UINT64_C(0x8080808080808080);
    size_t i = 0;
    for (uint64_t word; len - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, p + i, sizeof(word));
        if (word & high_bits) break;
    }
    while (i < len && p[i] < 0x80) i++;
    return i;
}

static bool is_tail(uint8_t b) {
    return (b & 0xc0) == 0x80;
}

/* Length of the well-formed multi-byte sequence at p, 0 when there is none. */
static size_t sequence(const uint8_t *p, size_t left) {
    if (p[0] >= 0xc2 && p[0] <= 0xdf) return left >= 2 && is_tail(p[1]) ? 2 : 0;
    if ((p[0] & 0xf0) == 0xe0) {
        if (left < 3 || !is_tail(p[1]) || !is_tail(p[2])) return 0;
        if (p[0] == 0xe0 && p[1] < 0xa0) return 0; /* overlong */
        if (p[0] == 0xed && p[1] > 0x9f) return 0; /* surrogate */
        return 3;
    }
    if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        if (left < 4 || !is_tail(p[1]) || !is_tail(p[2]) || !is_tail(p[3])) return 0;
        if (p[0] == 0xf0 && p[1] < 0x90) return 0; /* overlong */
        if (p[0] == 0xf4 && p[1] > 0x8f) return 0; /* above U+10FFFF */
        return 4;
    }
    return 0;
}

bool utf8_valid(const char *s, size_t len) {
    const uint8_t *p = (const uint8_t *)s;
    while (len) {
        size_t n = utf8_ascii((const char *)p, len);
        if (n == len) return true;
        p += n;
        len -= n;
        n = sequence(p, len);
        if (!n) return false;
        p += n;
        len -= n;
    }
    return true;
}

size_t utf8_put(uint32_t point, char *out) {
    uint8_t *p = (uint8_t *)out;
    if (point < 0x80) {
        p[0] = (uint8_t)point;
        return 1;
    }
    size_t n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; point >>= 6) p[i] = (uint8_t)(0x80 | (point & 0x3f));
    p[0] = (uint8_t)((0xf00 >> n & 0xff) | point);
    return n;
}
