#include "decoders/pgoutput/text.h"

#include <limits.h>
#include <string.h>

#include "decoders/utf8.h"

static inline bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Keeps the text as it is. */
static enum text_result keep(struct value *v, enum value_kind kind) {
    v->kind = (uint8_t)kind;
    v->is_text = true;
    return TEXT_OK;
}

/* Digits without a leading zero that fit 64 bits. */
static bool read_digits(const char *s, size_t len, uint64_t *out) {
    if (len == 0 || len > 20 || (s[0] == '0' && len > 1)) return false;
    uint64_t n = 0;
    size_t i = 0;
    for (size_t safe = len < 19 ? len : 19; i < safe; i++) {
        unsigned digit = (unsigned char)s[i] - (unsigned)'0';
        if (digit > 9) return false;
        n = n * 10 + digit;
    }
    if (i < len) { /* the twentieth digit may be too many */
        unsigned digit = (unsigned char)s[i] - (unsigned)'0';
        if (digit > 9 || __builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, digit, &n))
            return false;
    }
    *out = n;
    return true;
}

static inline enum text_result parse_int(struct value *v, int64_t max) {
    bool negative = v->len && v->text[0] == '-';
    uint64_t n;
    if (!read_digits(v->text + negative, v->len - negative, &n)) return TEXT_MALFORMED;
    if (n > (uint64_t)max + negative || (negative && n == 0)) return TEXT_MALFORMED;
    v->kind = VALUE_INT;
    v->v.u = negative ? -n : n;
    return TEXT_OK;
}

enum text_result text_int2(const struct text_type *t, struct value *v, struct arena *a) {
    (void)t, (void)a;
    return parse_int(v, INT16_MAX);
}

enum text_result text_int4(const struct text_type *t, struct value *v, struct arena *a) {
    (void)t, (void)a;
    return parse_int(v, INT32_MAX);
}

enum text_result text_int8(const struct text_type *t, struct value *v, struct arena *a) {
    (void)t, (void)a;
    return parse_int(v, INT64_MAX);
}

static enum text_result parse_uint(struct value *v, uint64_t max) {
    uint64_t n;
    if (!read_digits(v->text, v->len, &n) || n > max) return TEXT_MALFORMED;
    v->kind = VALUE_UINT;
    v->v.u = n;
    return TEXT_OK;
}

enum text_result text_uint4(const struct text_type *t, struct value *v, struct arena *a) {
    (void)t, (void)a;
    return parse_uint(v, UINT32_MAX);
}

enum text_result text_uint8(const struct text_type *t, struct value *v, struct arena *a) {
    (void)t, (void)a;
    return parse_uint(v, UINT64_MAX);
}

/* t, f */
enum text_result text_bool(const struct text_type *t, struct value *v, struct arena *a) {
    (void)t, (void)a;
    if (v->len != 1 || (v->text[0] != 't' && v->text[0] != 'f')) return TEXT_MALFORMED;
    v->kind = VALUE_BOOL;
    v->v.u = 0;
    v->v.b = v->text[0] == 't';
    return TEXT_OK;
}

static bool is_word(const struct value *v, const char *word) {
    return v->len == strlen(word) && memcmp(v->text, word, v->len) == 0;
}

/* -12.340, NaN, Infinity, -Infinity: every digit counts, so it stays text. */
enum text_result text_numeric(const struct text_type *t, struct value *v, struct arena *a) {
    (void)t, (void)a;
    const char *p = v->text, *end = v->text + v->len;
    if (p < end && *p == '-') p++;
    const char *whole = p;
    while (p < end && is_digit(*p)) p++;
    if (p == whole) {
        if (!is_word(v, "NaN") && !is_word(v, "Infinity") && !is_word(v, "-Infinity")) return TEXT_MALFORMED;
        return keep(v, VALUE_DECIMAL);
    }
    if (p < end && *p == '.') {
        const char *fraction = ++p;
        while (p < end && is_digit(*p)) p++;
        if (p == fraction) return TEXT_MALFORMED;
    }
    return p == end ? keep(v, VALUE_DECIMAL) : TEXT_MALFORMED;
}

/* True when all eight bytes are lower case hexadecimal digits. Each sum has a byte's high bit set from a
 * limit on. */
static inline bool all_hex(uint64_t bytes) {
    const uint64_t each = UINT64_C(0x0101010101010101), high = each << 7;
    if (bytes & high) return false;
    uint64_t digits = (bytes + each * (0x80 - '0')) & ~(bytes + each * (0x80 - ('9' + 1)));
    uint64_t letters = (bytes + each * (0x80 - 'a')) & ~(bytes + each * (0x80 - ('f' + 1)));
    return ((digits | letters) & high) == high;
}

/* Two times four characters as one number; the order does not matter. */
static inline uint64_t fours(const char *a, const char *b) {
    uint32_t x, y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (uint64_t)x << 32 | y;
}

/* 00000000-0000-4000-8000-000000000000 */
enum text_result text_uuid(const struct text_type *t, struct value *v, struct arena *a) {
    (void)t, (void)a;
    const char *s = v->text;
    if (v->len != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-') return TEXT_MALFORMED;
    bool ok = all_hex(fours(s, s + 4)) && all_hex(fours(s + 9, s + 14)) && all_hex(fours(s + 19, s + 24)) &&
              all_hex(fours(s + 28, s + 32));
    return ok ? keep(v, VALUE_UUID) : TEXT_MALFORMED;
}

enum text_result text_plain(const struct text_type *t, struct value *v, struct arena *a) {
    (void)a;
    if (utf8_valid(v->text, v->len)) return keep(v, (enum value_kind)t->kind);
    v->state = VALUE_INVALID;
    v->is_text = true;
    return TEXT_OK;
}

/* ---- bytea ---- */

static int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

/* \x00ff: two digits a byte */
static enum text_result decode_hex(struct value *v, struct arena *a) {
    const char *hex = v->text + 2;
    size_t digits = v->len - 2;
    if (digits % 2) return TEXT_MALFORMED;
    char *bytes = arena_alloc(a, digits / 2);
    if (!bytes) return TEXT_NOMEM;
    for (size_t i = 0; i < digits; i += 2) {
        int high = hex_digit(hex[i]), low = hex_digit(hex[i + 1]);
        if (high < 0 || low < 0) return TEXT_MALFORMED;
        bytes[i / 2] = (char)(high << 4 | low);
    }
    v->text = bytes;
    v->len = digits / 2;
    return keep(v, VALUE_BYTES);
}

/* One byte of the escape format: \\ or \ooo or itself. Returns how many characters it took, 0 malformed. */
static size_t unescape(const char *s, size_t left, char *out) {
    *out = s[0];
    if (s[0] != '\\') return 1;
    if (left >= 2 && s[1] == '\\') return 2;
    if (left < 4) return 0;
    int n = 0;
    for (size_t i = 1; i < 4; i++) {
        if (s[i] < '0' || s[i] > '7') return 0;
        n = n * 8 + (s[i] - '0');
    }
    *out = (char)n;
    return n <= 0xff ? 4 : 0;
}

static enum text_result decode_escape(struct value *v, struct arena *a) {
    char *bytes = arena_alloc(a, v->len);
    if (!bytes) return TEXT_NOMEM;
    size_t count = 0;
    for (size_t i = 0, took; i < v->len; i += took) {
        took = unescape(v->text + i, v->len - i, &bytes[count++]);
        if (!took) return TEXT_MALFORMED;
    }
    v->text = bytes;
    v->len = count;
    return keep(v, VALUE_BYTES);
}

enum text_result text_bytea(const struct text_type *t, struct value *v, struct arena *a) {
    (void)t;
    bool hex = v->len >= 2 && v->text[0] == '\\' && v->text[1] == 'x';
    return hex ? decode_hex(v, a) : decode_escape(v, a);
}
