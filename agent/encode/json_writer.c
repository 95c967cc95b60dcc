#include "agent/encode/json_writer.h"

#include <math.h>

#include "agent/encode/json_check.h"
#include "decoders/utf8.h"

/* True when one of the eight bytes is a control character, a quote or a backslash (or, harmlessly often, is
 * behind one): the usual zero-byte trick, once per thing looked for. */
static bool has_special(uint64_t w) {
    const uint64_t ones = UINT64_C(0x0101010101010101), high = UINT64_C(0x8080808080808080);
    uint64_t quote = w ^ (ones * '"'), backslash = w ^ (ones * '\\');
    uint64_t hit = (w - ones * 0x20) & ~w;
    hit |= (quote - ones) & ~quote;
    hit |= (backslash - ones) & ~backslash;
    return (hit & high) != 0;
}

/* Length of the leading part of `s` that needs no escape. */
static size_t plain_length(const char *s, size_t len) {
    size_t i = 0;
    for (; len - i >= 8; i += 8) {
        uint64_t w;
        memcpy(&w, s + i, 8);
        if (has_special(w)) break;
    }
    while (i < len && (uint8_t)s[i] >= 0x20 && s[i] != '"' && s[i] != '\\') i++;
    return i;
}

static void put_escaped(struct buf *out, char c) {
    static const char digits[] = "0123456789abcdef";
    static const char letters[32] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    uint8_t u = (uint8_t)c;
    char letter = u < 32 ? letters[u] : c;
    if (letter) {
        buf_put(out, (const char[]){'\\', letter}, 2);
    } else {
        buf_put(out, (const char[]){'\\', 'u', '0', '0', digits[u >> 4], digits[u & 15]}, 6);
    }
}

void json_escaped(struct buf *out, const char *s, size_t len) {
    for (;;) {
        size_t plain = plain_length(s, len);
        buf_put(out, s, plain);
        if (plain == len) return;
        put_escaped(out, s[plain]);
        s += plain + 1;
        len -= plain + 1;
    }
}

void json_string(struct buf *out, const char *s, size_t len) {
    buf_reserve(out, len + 2);
    buf_putc(out, '"');
    json_escaped(out, s, len);
    buf_putc(out, '"');
}

void json_base64(struct buf *out, const void *data, size_t len) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *p = data;
    buf_reserve(out, len / 3 * 4 + 6);
    buf_putc(out, '"');
    for (; len > 0; p += 3) {
        size_t n = len < 3 ? len : 3;
        uint32_t w = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? p[2] : 0);
        const char quad[4] = {digits[w >> 18], digits[w >> 12 & 63], n > 1 ? digits[w >> 6 & 63] : '=',
                              n > 2 ? digits[w & 63] : '='};
        buf_put(out, quad, sizeof(quad));
        len -= n;
    }
    buf_putc(out, '"');
}

void json_hex(struct buf *out, const uint8_t *data, size_t len) {
    static const char digits[] = "0123456789abcdef";
    buf_reserve(out, 2 * len + 2);
    buf_putc(out, '"');
    for (size_t i = 0; i < len; i++)
        buf_put(out, (const char[]){digits[data[i] >> 4], digits[data[i] & 15]}, 2);
    buf_putc(out, '"');
}

void json_raw(struct buf *out, const char *s, size_t len) {
    if (!len || utf8_valid(s, len)) {
        json_string(out, s, len);
        return;
    }
    buf_puts(out, "{\"base64\":");
    json_base64(out, s, len);
    buf_putc(out, '}');
}

struct json_member json_member_open(struct buf *out, const char *name) {
    struct json_member m = {.start = out->len};
    buf_put(out, ",\"", 2);
    buf_puts(out, name);
    buf_put(out, "\":", 2);
    m.open = out->len;
    return m;
}

void json_member_close(struct buf *out, struct json_member m, const char *brackets) {
    if (buf_failed(out)) return;
    if (out->len == m.open) {
        out->len = m.start;
        return;
    }
    out->data[m.open] = (uint8_t)brackets[0]; /* over the first comma */
    buf_putc(out, brackets[1]);
}

void json_time(struct buf *out, int64_t micros) {
    int64_t part = micros % 1000000;
    if (part < 0) part += 1000000;
    char digits[] = ".000000Z\"";
    for (int i = 6; i > 0; i--, part /= 10) digits[i] = (char)('0' + part % 10);
    buf_putc(out, '"');
    value_format_timestamp(micros - micros % 1000000 - (micros % 1000000 < 0 ? 1000000 : 0), 'T', "", out);
    buf_put(out, digits, sizeof(digits) - 1);
}

/* A document as it is, on one line; as a string when it is none. */
static void put_json(struct buf *out, const char *s, size_t len) {
    if (!json_check(s, len)) {
        json_string(out, s, len);
        return;
    }
    size_t start = out->len;
    buf_put(out, s, len);
    if (buf_failed(out)) return;
    /* Inside strings a line break is always written \n, so these stand between tokens. */
    for (size_t i = start; i < out->len; i++)
        if (out->data[i] == '\n' || out->data[i] == '\r') out->data[i] = ' ';
}

/* NaN and the infinities are no JSON numbers. */
static void put_double(struct buf *out, double d, bool is_float) {
    bool quoted = !isfinite(d);
    if (quoted) buf_putc(out, '"');
    if (is_float) {
        value_format_float((float)d, out);
    } else {
        value_format_double(d, out);
    }
    if (quoted) buf_putc(out, '"');
}

/* Items of dimension `dim`, starting at *next. */
static void put_array(struct buf *out, const struct value_array *a, uint8_t dim, size_t *next) {
    buf_putc(out, '[');
    uint32_t count = a->ndims ? a->dims[dim] : 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i) buf_putc(out, ',');
        if (dim + 1 < a->ndims) {
            put_array(out, a, (uint8_t)(dim + 1), next);
        } else {
            json_value(out, &a->items[(*next)++]);
        }
    }
    buf_putc(out, ']');
}

/* DATE, TIMESTAMP and TIMESTAMPTZ that have a number, and TIME. */
static void put_temporal(struct buf *out, const struct value *v) {
    buf_putc(out, '"');
    switch (v->kind) {
    case VALUE_DATE: value_format_date(v->v.i, out); break;
    case VALUE_TIME: value_format_time(v->v.i, out); break;
    case VALUE_TIMESTAMP: value_format_timestamp(v->v.i, 'T', "", out); break;
    default: value_format_timestamp(v->v.i, 'T', "Z", out); break;
    }
    buf_putc(out, '"');
}

void json_value(struct buf *out, const struct value *v) {
    size_t next = 0;
    if (v->state == VALUE_NULL) {
        buf_put(out, "null", 4);
        return;
    }
    switch ((enum value_kind)v->kind) {
    case VALUE_BOOL: buf_puts(out, v->v.b ? "true" : "false"); return;
    case VALUE_INT: buf_put_i64(out, v->v.i); return;
    case VALUE_UINT: buf_put_u64(out, v->v.u); return;
    case VALUE_FLOAT: put_double(out, v->v.d, true); return;
    case VALUE_DOUBLE: put_double(out, v->v.d, false); return;
    case VALUE_BYTES: json_base64(out, v->text, v->len); return;
    case VALUE_JSON: put_json(out, v->text, v->len); return;
    case VALUE_TIME: put_temporal(out, v); return;
    case VALUE_DATE:
    case VALUE_TIMESTAMP:
    case VALUE_TIMESTAMPTZ:
        if (v->is_text) break;
        put_temporal(out, v);
        return;
    case VALUE_ARRAY:
        if (v->is_text) break;
        put_array(out, v->v.array, 0, &next);
        return;
    case VALUE_GEOMETRY:
        buf_puts(out, "{\"srid\":");
        buf_put_u64(out, v->v.u);
        buf_puts(out, ",\"wkb\":");
        json_base64(out, v->text, v->len);
        buf_putc(out, '}');
        return;
    case VALUE_DECIMAL:
    case VALUE_TEXT:
    case VALUE_TIMETZ:
    case VALUE_INTERVAL:
    case VALUE_UUID:
    case VALUE_ENUM:
    case VALUE_SET:
    case VALUE_OTHER: break;
    }
    json_string(out, v->text, v->len);
}
