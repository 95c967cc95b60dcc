#include "decoders/pgoutput/lsn.h"

#include <string.h>

size_t lsn_hex(uint64_t n, char *out) {
    static const char digits[] = "0123456789ABCDEF";
    size_t len = 16 - (size_t)__builtin_clzll(n | 1) / 4;
    for (size_t i = len; i--; n >>= 4) out[i] = digits[n & 15];
    return len;
}

size_t lsn_text(uint64_t lsn, char out[LSN_TEXT]) {
    size_t len = lsn_hex(lsn >> 32, out);
    out[len++] = '/';
    len += lsn_hex(lsn & UINT32_MAX, out + len);
    out[len] = '\0';
    return len;
}

/* One to eight hexadecimal digits. */
static bool parse_half(const char **text, uint64_t *n) {
    const char *start = *text;
    *n = 0;
    for (;; (*text)++) {
        char c = **text;
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
            digit = (unsigned)((c | 0x20) - 'a') + 10;
        else
            break;
        *n = *n << 4 | digit;
        if (*text - start == 8) return false;
    }
    return *text > start;
}

bool lsn_parse(const char *text, uint64_t *lsn) {
    uint64_t high, low;
    if (!parse_half(&text, &high) || *text++ != '/' || !parse_half(&text, &low) || *text) return false;
    *lsn = high << 32 | low;
    return true;
}

void lsn_store(uint64_t lsn, uint8_t out[8]) {
    const uint8_t bytes[] = {(uint8_t)(lsn >> 56), (uint8_t)(lsn >> 48), (uint8_t)(lsn >> 40),
                             (uint8_t)(lsn >> 32), (uint8_t)(lsn >> 24), (uint8_t)(lsn >> 16),
                             (uint8_t)(lsn >> 8),  (uint8_t)lsn};
    memcpy(out, bytes, sizeof(bytes));
}

uint64_t lsn_load(const uint8_t in[8]) {
    uint64_t lsn = 0;
    for (int i = 0; i < 8; i++) lsn = lsn << 8 | in[i];
    return lsn;
}
