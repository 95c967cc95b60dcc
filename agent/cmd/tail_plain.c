/* Text that is safe on a terminal; see tail_print.h. */
#include <stdint.h>
#include <string.h>

#include "agent/cmd/tail_print.h"

/* Length of the character at `s`, as far as its first byte says and `len` allows. */
static size_t char_length(const uint8_t *s, size_t len) {
    size_t n = s[0] < 0xC0 ? 1 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    return n < len ? n : len;
}

/* C0, DEL, and C1 as UTF-8. */
static bool is_control(const uint8_t *s, size_t n) {
    return s[0] < 0x20 || s[0] == 0x7F || (n == 2 && s[0] == 0xC2 && s[1] < 0xA0);
}

/* Marks, embeddings, overrides and isolates of direction, and the two invisible line breaks: U+200E, U+200F,
 * U+2028 to U+202E, U+2066 to U+2069. */
static bool turns_text(const uint8_t *s, size_t n) {
    if (n != 3 || s[0] != 0xE2) return false;
    if (s[1] == 0x80) return s[2] == 0x8E || s[2] == 0x8F || (s[2] >= 0xA8 && s[2] <= 0xAE);
    return s[1] == 0x81 && s[2] >= 0xA6 && s[2] <= 0xA9;
}

void tail_print_plain(struct buf *out, const char *text, size_t len) {
    const uint8_t *s = (const uint8_t *)text;
    for (size_t n; len > 0; s += n, len -= n) {
        n = char_length(s, len);
        if (s[0] == '\n' || s[0] == '\t') {
            buf_putc(out, ' ');
        } else if (!is_control(s, n) && !turns_text(s, n)) {
            buf_put(out, s, n);
        }
    }
}

void tail_print_json(struct buf *out, const char *text, size_t len) {
    const uint8_t *s = (const uint8_t *)text;
    for (size_t n; len > 0; s += n, len -= n) {
        n = char_length(s, len);
        if (s[0] >= 0x7F && is_control(s, n)) {
            buf_printf(out, "\\u%04x", n == 1 ? s[0] : s[1]);
        } else {
            buf_put(out, s, n);
        }
    }
}
