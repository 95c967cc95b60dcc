#include "decoders/value.h"

#include <string.h>
#include <strings.h>

static bool array_equal(const struct value_array *a, const struct value_array *b) {
    if (a->kind != b->kind || a->ndims != b->ndims || a->count != b->count) return false;
    if (memcmp(a->dims, b->dims, a->ndims * sizeof(a->dims[0])) != 0) return false;
    for (size_t i = 0; i < a->count; i++)
        if (!value_equal(&a->items[i], &b->items[i])) return false;
    return true;
}

/* Kinds whose content is `text`, whatever `is_text` says. */
static bool holds_text(const struct value *v) {
    switch ((enum value_kind)v->kind) {
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_UINT:
    case VALUE_FLOAT:
    case VALUE_DOUBLE:
    case VALUE_TIME: return false;
    case VALUE_DATE:
    case VALUE_TIMESTAMP:
    case VALUE_TIMESTAMPTZ:
    case VALUE_ARRAY: return v->is_text;
    default: return true;
    }
}

bool value_equal(const struct value *a, const struct value *b) {
    if (a->state != b->state) return false;
    if (a->state != VALUE_PRESENT && a->state != VALUE_INVALID) return true;
    if (a->state == VALUE_INVALID) return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
    if (a->kind != b->kind || holds_text(a) != holds_text(b)) return false;
    if (a->kind == VALUE_GEOMETRY && a->v.u != b->v.u) return false;
    if (holds_text(a)) return a->len == b->len && (a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
    if (a->kind == VALUE_BOOL) return a->v.b == b->v.b;
    if (a->kind == VALUE_ARRAY) return array_equal(a->v.array, b->v.array);
    return a->v.u == b->v.u; /* doubles by bits: NaN equals itself, 0 and -0 differ */
}

static void format_hex(const struct value *v, struct buf *out) {
    static const char digits[] = "0123456789abcdef";
    if (!buf_reserve(out, v->len * 2)) return;
    for (size_t i = 0; i < v->len; i++) {
        unsigned char byte = (unsigned char)v->text[i];
        buf_putc(out, digits[byte >> 4]);
        buf_putc(out, digits[byte & 15]);
    }
}

static void format_bytes(const struct value *v, struct buf *out) {
    buf_puts(out, "\\x");
    format_hex(v, out);
}

/* SRID=4326;0101000000... */
static void format_geometry(const struct value *v, struct buf *out) {
    buf_puts(out, "SRID=");
    buf_put_u64(out, v->v.u);
    buf_putc(out, ';');
    format_hex(v, out);
}

/* Whether an element's text must be quoted inside an array. */
static bool needs_quotes(const char *s, size_t len, char delim) {
    if (len == 0 || (len == 4 && strncasecmp(s, "NULL", 4) == 0)) return true;
    for (size_t i = 0; i < len; i++)
        if (s[i] == delim || (s[i] != '\0' && strchr("{}\"\\ \t\n\r\v\f", s[i]))) return true;
    return false;
}

/* The element was appended behind `start`: quotes it in place when it needs that. */
static void quote_element(struct buf *out, size_t start, char delim) {
    size_t len = out->len - start;
    if (buf_failed(out) || !needs_quotes((const char *)out->data + start, len, delim)) return;
    size_t escapes = 0;
    for (size_t i = start; i < out->len; i++) escapes += out->data[i] == '"' || out->data[i] == '\\';
    if (!buf_reserve(out, escapes + 2)) return;
    uint8_t *from = out->data + out->len, *to = from + escapes + 2;
    out->len += escapes + 2;
    *--to = '"';
    while (to - from > 1) { /* ends when only the opening quote is missing */
        *--to = *--from;
        if (*to == '"' || *to == '\\') *--to = '\\';
    }
    while (from > out->data + start) *--to = *--from;
    *--to = '"';
}

static void format_elements(const struct value_array *a, unsigned level, size_t *next, struct buf *out) {
    buf_putc(out, '{');
    for (uint32_t i = 0; i < a->dims[level]; i++) {
        if (i) buf_putc(out, a->delim);
        if (level + 1 < a->ndims) {
            format_elements(a, level + 1, next, out);
            continue;
        }
        const struct value *v = &a->items[(*next)++];
        size_t start = out->len;
        if (v->state != VALUE_PRESENT) {
            buf_puts(out, "NULL");
            continue;
        }
        value_format(v, out);
        quote_element(out, start, a->delim);
    }
    buf_putc(out, '}');
}

static void format_array(const struct value_array *a, struct buf *out) {
    size_t next = 0;
    if (a->ndims == 0)
        buf_puts(out, "{}");
    else
        format_elements(a, 0, &next, out);
}

void value_format(const struct value *v, struct buf *out) {
    if (v->state != VALUE_PRESENT) return;
    if (holds_text(v) && v->kind != VALUE_BYTES && v->kind != VALUE_GEOMETRY) {
        buf_put(out, v->text, v->len);
        return;
    }
    switch ((enum value_kind)v->kind) {
    case VALUE_BOOL: buf_putc(out, v->v.b ? 't' : 'f'); break;
    case VALUE_INT: buf_put_i64(out, v->v.i); break;
    case VALUE_UINT: buf_put_u64(out, v->v.u); break;
    case VALUE_FLOAT: value_format_float((float)v->v.d, out); break;
    case VALUE_DOUBLE: value_format_double(v->v.d, out); break;
    case VALUE_BYTES: format_bytes(v, out); break;
    case VALUE_GEOMETRY: format_geometry(v, out); break;
    case VALUE_DATE: value_format_date(v->v.i, out); break;
    case VALUE_TIME: value_format_time(v->v.i, out); break;
    case VALUE_TIMESTAMP: value_format_timestamp(v->v.i, ' ', "", out); break;
    case VALUE_TIMESTAMPTZ: value_format_timestamp(v->v.i, ' ', "+00", out); break;
    case VALUE_ARRAY: format_array(v->v.array, out); break;
    default: break; /* the other kinds hold text */
    }
}

static const char *const kind_names[] = {
    [VALUE_BOOL] = "bool",           [VALUE_INT] = "int",
    [VALUE_UINT] = "uint",           [VALUE_FLOAT] = "float",
    [VALUE_DOUBLE] = "double",       [VALUE_DECIMAL] = "decimal",
    [VALUE_TEXT] = "text",           [VALUE_BYTES] = "bytes",
    [VALUE_DATE] = "date",           [VALUE_TIME] = "time",
    [VALUE_TIMESTAMP] = "timestamp", [VALUE_TIMESTAMPTZ] = "timestamptz",
    [VALUE_TIMETZ] = "timetz",       [VALUE_INTERVAL] = "interval",
    [VALUE_UUID] = "uuid",           [VALUE_JSON] = "json",
    [VALUE_ENUM] = "enum",           [VALUE_SET] = "set",
    [VALUE_ARRAY] = "array",         [VALUE_GEOMETRY] = "geometry",
    [VALUE_OTHER] = "other",
};

static const char *const state_names[] = {
    [VALUE_ABSENT] = "absent",       [VALUE_PRESENT] = "present", [VALUE_NULL] = "null",
    [VALUE_UNCHANGED] = "unchanged", [VALUE_MASKED] = "masked",   [VALUE_OMITTED] = "omitted",
    [VALUE_INVALID] = "invalid",
};

const char *value_kind_name(enum value_kind k) {
    size_t i = (size_t)k;
    return i && i < sizeof(kind_names) / sizeof(kind_names[0]) ? kind_names[i] : "none";
}

const char *value_state_name(enum value_state s) {
    size_t i = (size_t)s;
    return i < sizeof(state_names) / sizeof(state_names[0]) ? state_names[i] : "unknown";
}
