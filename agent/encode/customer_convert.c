#include "agent/encode/customer_convert.h"

#include <string.h>
#include <strings.h>

#define EXACT_DOUBLE 9007199254740992.0 /* 2^53: whole numbers up to here are exact */

bool customer_text(const struct value *v, struct buf *out) {
    switch ((enum value_kind)v->kind) {
    case VALUE_BOOL: buf_puts(out, v->v.b ? "true" : "false"); return true;
    case VALUE_INT: buf_put_i64(out, v->v.i); return true;
    case VALUE_UINT: buf_put_u64(out, v->v.u); return true;
    case VALUE_FLOAT: value_format_float((float)v->v.d, out); return true;
    case VALUE_DOUBLE: value_format_double(v->v.d, out); return true;
    case VALUE_TIME: value_format_time(v->v.i, out); return true;
    case VALUE_DATE:
        if (v->is_text) break;
        value_format_date(v->v.i, out);
        return true;
    case VALUE_TIMESTAMP:
        if (v->is_text) break;
        value_format_timestamp(v->v.i, 'T', "", out);
        return true;
    case VALUE_TIMESTAMPTZ:
        if (v->is_text) break;
        value_format_timestamp(v->v.i, 'T', "Z", out);
        return true;
    case VALUE_BYTES:
    case VALUE_ARRAY: return false;
    default: break;
    }
    buf_put(out, v->text, v->len);
    return true;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* -?[0-9]+, within 64 bits, and behind it at most a point and zeros: 12, -7, 12.00. */
static bool parse_int(const char *s, size_t len, int64_t *out) {
    size_t i = 0;
    bool negative = len > 0 && s[0] == '-';
    int64_t n = 0;
    if (negative) i++;
    if (i == len || !is_digit(s[i])) return false;
    for (; i < len && is_digit(s[i]); i++) {
        int digit = s[i] - '0';
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_sub_overflow(n, digit, &n)) return false;
    }
    if (i < len && s[i] == '.') {
        do i++;
        while (i < len && s[i] == '0');
    }
    if (i < len || (!negative && n == INT64_MIN)) return false;
    *out = negative ? n : -n; /* gathered as a negative number: there is one more of them */
    return true;
}

bool customer_int(const struct value *v, int64_t *out) {
    switch ((enum value_kind)v->kind) {
    case VALUE_INT: *out = v->v.i; return true;
    case VALUE_UINT: *out = (int64_t)v->v.u; return v->v.u <= INT64_MAX;
    case VALUE_FLOAT:
    case VALUE_DOUBLE:
        if (!(v->v.d >= -EXACT_DOUBLE && v->v.d <= EXACT_DOUBLE)) return false;
        *out = (int64_t)v->v.d;
        return !((double)*out < v->v.d || (double)*out > v->v.d);
    case VALUE_DECIMAL:
    case VALUE_TEXT: return parse_int(v->text, v->len, out);
    default: return false;
    }
}

static bool is_word(const struct value *v, const char *word) {
    return v->len == strlen(word) && strncasecmp(v->text, word, v->len) == 0;
}

static bool parse_bool(const struct value *v, bool *out) {
    static const char *const yes[] = {"true", "t", "yes", "y", "on", "1"};
    static const char *const no[] = {"false", "f", "no", "n", "off", "0"};
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        *out = is_word(v, yes[i]);
        if (*out || is_word(v, no[i])) return true;
    }
    return false;
}

bool customer_bool(const struct value *v, bool *out) {
    switch ((enum value_kind)v->kind) {
    case VALUE_BOOL: *out = v->v.b; return true;
    case VALUE_INT:
    case VALUE_UINT: *out = v->v.u != 0; return v->v.u <= 1;
    case VALUE_DECIMAL:
    case VALUE_TEXT:
    case VALUE_ENUM: return parse_bool(v, out);
    default: return false;
    }
}

void customer_raw(const struct value *v, struct buf *out) {
    if (v->state == VALUE_INVALID || v->kind == VALUE_BYTES) {
        buf_put(out, v->text, v->len);
    } else {
        value_format(v, out);
    }
}
