#include <math.h>

#include "decoders/binlog/decimal.h"
#include "decoders/binlog/field.h"
#include "decoders/binlog/json_node.h"
#include "decoders/cursor.h"
#include "decoders/utf8.h"
#include "decoders/value.h"

#define FIXED_MAX 15  /* the most digits in front of the point, unless there are some behind it */
#define FIXED_MIN -14 /* at most 14 zeros behind the point */
#define BASE64_LINE 76

/* ---- Strings ----------------------------------------------------------------------------------------------
 */

static void put_escaped(uint8_t c, struct buf *out) {
    static const char hex[] = "0123456789abcdef";
    static const char letters[0x20] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    char letter = c < 0x20 ? letters[c] : (char)c;
    if (letter)
        buf_put(out, (const char[]){'\\', letter}, 2);
    else
        buf_put(out, (const char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
}

void json_put_string(const void *s, size_t len, struct buf *out) {
    const uint8_t *p = s, *end = p + len;
    buf_putc(out, '"');
    while (p < end) {
        const uint8_t *plain = p;
        while (p < end && *p >= 0x20 && *p != '"' && *p != '\\') p++;
        buf_put(out, plain, (size_t)(p - plain));
        if (p < end) put_escaped(*p++, out);
    }
    buf_putc(out, '"');
}

/* ---- Numbers ----------------------------------------------------------------------------------------------
 */

/* Digits with the point behind the first `point` of them; always with something behind it. */
static void put_fixed(const char *digits, int n, int point, struct buf *out) {
    if (point <= 0) buf_puts(out, "0.");
    for (int i = point; i < 0; i++) buf_putc(out, '0');
    int whole = point < 0 ? 0 : point < n ? point : n;
    buf_put(out, digits, (size_t)whole);
    for (int i = n; i < point; i++) buf_putc(out, '0');
    if (point > 0) buf_puts(out, point < n ? "." : ".0");
    buf_put(out, digits + whole, (size_t)(n - whole));
}

static void put_double(double d, struct buf *out) {
    char digits[20];
    int exponent = 0, n = 0;
    if (signbit(d)) buf_putc(out, '-');
    for (uint64_t rest = d == 0 ? 0 : value_double_digits(d, &exponent); rest || !n; rest /= 10)
        digits[sizeof(digits) - (size_t)++n] = (char)('0' + rest % 10);
    const char *first = digits + sizeof(digits) - n;
    const int point = n + exponent;
    if (point >= FIXED_MIN && (point <= FIXED_MAX || n > point)) {
        put_fixed(first, n, point, out);
        return;
    }
    buf_putc(out, *first);
    if (n > 1) buf_putc(out, '.');
    buf_put(out, first + 1, (size_t)n - 1);
    buf_putc(out, 'e');
    buf_put_i64(out, point - 1);
}

/* ---- What JSON has no type for ----------------------------------------------------------------------------
 */

/* precision 1, scale 1, then the number as in a row. */
static bool put_decimal(const struct json_node *n, struct buf *out) {
    struct cursor c = cursor_of(n->data, n->len);
    uint8_t precision, scale;
    if (!cursor_u8(&c, &precision) || !cursor_u8(&c, &scale) || !decimal_possible(precision, scale) ||
        decimal_size(precision, scale) != cursor_left(&c))
        return false;
    char text[DECIMAL_PRECISION + 3];
    size_t len = decimal_text(c.at, precision, scale, text);
    buf_put(out, text, len);
    return len > 0;
}

/* 8 bytes: sign; year * 13 + month 22 bits, day 5, hour 17 with minute 6 and second 6; microseconds 24. A
 * time has only what follows the day, its hour up to 838. */
static bool put_temporal(const struct json_node *n, struct buf *out) {
    struct cursor c = cursor_of(n->data, n->len);
    int64_t packed;
    if (n->len != 8 || !cursor_u64le(&c, (uint64_t *)&packed)) return false;
    const uint64_t size = packed < 0 ? 0 - (uint64_t)packed : (uint64_t)packed;
    const unsigned micros = size & 0xffffff, second = size >> 24 & 63, minute = size >> 30 & 63;
    const unsigned day = size >> 41 & 31, hour = (unsigned)(size >> 36) & (n->type == FIELD_TIME ? 1023 : 31);
    const unsigned month = (unsigned)(size >> 46) % 13, year = (unsigned)(size >> 46) / 13;
    buf_putc(out, '"');
    if (n->type == FIELD_TIME) {
        if (packed < 0) buf_putc(out, '-');
    } else {
        buf_printf(out, "%04u-%02u-%02u", year, month, day);
    }
    if (n->type == FIELD_DATETIME || n->type == FIELD_TIMESTAMP) buf_putc(out, ' ');
    if (n->type != FIELD_DATE) buf_printf(out, "%02u:%02u:%02u.%06u", hour, minute, second, micros);
    buf_putc(out, '"');
    return true;
}

/* In lines of 76 characters, as the server breaks them; the breaks are escaped. */
static void put_base64(const struct json_node *n, struct buf *out) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    buf_printf(out, "\"base64:type%u:", n->type);
    for (size_t i = 0; i < n->len; i += 3) {
        const size_t left = n->len - i;
        const uint8_t *p = n->data + i;
        const uint32_t bits =
            (uint32_t)p[0] << 16 | (left > 1 ? (uint32_t)p[1] << 8 : 0) | (left > 2 ? p[2] : 0);
        if (i && i % (BASE64_LINE / 4 * 3) == 0) buf_puts(out, "\\n");
        const char four[4] = {letters[bits >> 18], letters[bits >> 12 & 63],
                              left > 1 ? letters[bits >> 6 & 63] : '=', left > 2 ? letters[bits & 63] : '='};
        buf_put(out, four, 4);
    }
    buf_putc(out, '"');
}

static bool put_opaque(const struct json_node *n, struct buf *out) {
    switch (n->type) {
    case FIELD_NEWDECIMAL: return put_decimal(n, out);
    case FIELD_DATE:
    case FIELD_TIME:
    case FIELD_DATETIME:
    case FIELD_TIMESTAMP: return put_temporal(n, out);
    case FIELD_VAR_STRING:
        json_put_string(n->data, n->len, out);
        return utf8_valid((const char *)n->data, n->len);
    default: put_base64(n, out); return true;
    }
}

int json_put_scalar(const struct json_node *n, struct buf *out, struct err *e) {
    switch ((enum json_kind)n->kind) {
    case JSON_NULL: buf_puts(out, "null"); return 0;
    case JSON_TRUE: buf_puts(out, "true"); return 0;
    case JSON_FALSE: buf_puts(out, "false"); return 0;
    case JSON_INT: buf_put_i64(out, n->v.i); return 0;
    case JSON_UINT: buf_put_u64(out, n->v.u); return 0;
    case JSON_STRING: json_put_string(n->data, n->len, out); return 0;
    case JSON_DOUBLE:
        if (!isfinite(n->v.d)) return err_set(e, ERR_DATA, "a JSON document holds an infinite number");
        put_double(n->v.d, out);
        return 0;
    case JSON_OPAQUE:
        if (put_opaque(n, out)) return 0;
        return json_malformed(n->doc, n->data, "no such decimal, date, time or text", e);
    case JSON_OBJECT:
    case JSON_ARRAY: break;
    }
    return err_set(e, ERR_DATA, "not a scalar");
}
