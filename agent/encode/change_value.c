#include "agent/encode/change_value.h"

#include <endian.h>
#include <string.h>

#include "agent/encode/wire.h"

#define UUID_TEXT 36
#define UUID_BYTES 16

static enum change_missing missing(const struct value *v) {
    switch ((enum value_state)v->state) {
    case VALUE_UNCHANGED: return CV_UNCHANGED;
    case VALUE_MASKED: return CV_MASKED;
    case VALUE_OMITTED: return CV_OMITTED;
    default: return CV_NULL;
    }
}

/* The field of a present value that is written as the text it holds, by kind. */
static const uint8_t text_fields[] = {
    [VALUE_DECIMAL] = CV_DECIMAL,
    [VALUE_TEXT] = CV_TEXT,
    [VALUE_BYTES] = CV_BYTES,
    [VALUE_DATE] = CV_DATE_TEXT,
    [VALUE_TIMESTAMP] = CV_TIMESTAMP_TEXT,
    [VALUE_TIMESTAMPTZ] = CV_TIMESTAMPTZ_TEXT,
    [VALUE_TIMETZ] = CV_TIMETZ,
    [VALUE_INTERVAL] = CV_INTERVAL,
    [VALUE_UUID] = CV_OTHER, /* one that is not canonical */
    [VALUE_JSON] = CV_JSON,
    [VALUE_ENUM] = CV_ENUM_LABEL,
    [VALUE_SET] = CV_SET_LABELS,
    [VALUE_ARRAY] = CV_ARRAY_TEXT,
    [VALUE_OTHER] = CV_OTHER,
};

/* Lower-case hex to bytes, eight characters at once; false when one is no such digit. */
static bool parse_hex(const char *s, uint8_t out[UUID_BYTES]) {
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t w, digits, letters, bad = 0;
    for (size_t i = 0; i < UUID_BYTES; i += 4) {
        memcpy(&w, s + 2 * i, sizeof(w));
        w = le64toh(w);
        digits = (w & ones * 0x0F) + 9 * (w >> 6 & ones); /* '0'..'9' 0..9, 'a'..'f' 10..15 */
        letters = (digits + ones * 6) >> 4 & ones;        /* 1 where a digit is 10 or more */
        bad |= (digits & ones * 0xF0) | ((digits + ones * '0' + letters * ('a' - '0' - 10)) ^ w);
        digits = (digits << 4 | digits >> 8) & UINT64_C(0x00FF00FF00FF00FF);
        digits = (digits | digits >> 8) & UINT64_C(0x0000FFFF0000FFFF);
        wire_put_fixed32(out + i, (uint32_t)(digits | digits >> 16));
    }
    return bad == 0;
}

/* 36 characters, lower case, dashes in their places; anything else travels as text. */
static bool parse_uuid(const struct value *v, uint8_t out[UUID_BYTES]) {
    const char *s = v->text;
    char hex[2 * UUID_BYTES];
    if (v->len != UUID_TEXT || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-') return false;
    memcpy(hex, s, 8);
    memcpy(hex + 8, s + 9, 4);
    memcpy(hex + 12, s + 14, 4);
    memcpy(hex + 16, s + 19, 4);
    memcpy(hex + 20, s + 24, 12);
    return parse_hex(hex, out);
}

/* ---- Arrays: arrays of arrays, one level a dimension ---- */

/* Items below one item of dimension `dim`. */
static size_t stride(const struct value_array *a, unsigned dim) {
    size_t n = 1;
    for (unsigned d = dim + 1; d < a->ndims; d++) n *= a->dims[d];
    return n;
}

static size_t array_size(const struct value_array *a, unsigned dim, const struct value *items);

/* Length of the Value that is the i-th item of dimension `dim`. */
static size_t item_size(const struct value_array *a, unsigned dim, const struct value *item) {
    if (dim + 1 >= a->ndims) return change_value_size(item);
    return 2 + wire_size_counted(array_size(a, dim + 1, item));
}

/* Length of the Array of dimension `dim` whose first element is `items`. */
static size_t array_size(const struct value_array *a, unsigned dim, const struct value *items) {
    size_t size = 0;
    size_t count = a->ndims ? a->dims[dim] : 0;
    for (size_t i = 0; i < count; i++, items += stride(a, dim))
        size += 1 + wire_size_counted(item_size(a, dim, items));
    return size;
}

static uint8_t *put_array(uint8_t *p, const struct value_array *a, unsigned dim, const struct value *items) {
    size_t count = a->ndims ? a->dims[dim] : 0;
    p = wire_put_varint(p, WIRE_TAG(CV_ARRAY, WIRE_BYTES));
    p = wire_put_varint(p, array_size(a, dim, items));
    for (size_t i = 0; i < count; i++, items += stride(a, dim)) {
        p = wire_put_varint(p, WIRE_TAG(1, WIRE_BYTES));
        p = wire_put_varint(p, item_size(a, dim, items));
        p = dim + 1 >= a->ndims ? change_value_put(p, items) : put_array(p, a, dim + 1, items);
    }
    return p;
}

/* ---- Geometries: Geometry { uint32 srid = 1; bytes wkb = 2; } ---- */

static size_t geometry_size(const struct value *v) {
    size_t size = v->len ? 1 + wire_size_counted(v->len) : 0;
    return (uint32_t)v->v.u ? size + 1 + wire_size_varint((uint32_t)v->v.u) : size;
}

static uint8_t *put_geometry(uint8_t *p, const struct value *v) {
    p = wire_put_varint(p, WIRE_TAG(CV_GEOMETRY, WIRE_BYTES));
    p = wire_put_varint(p, geometry_size(v));
    if ((uint32_t)v->v.u) {
        *p++ = (uint8_t)WIRE_TAG(1, WIRE_VARINT);
        p = wire_put_varint(p, (uint32_t)v->v.u);
    }
    if (!v->len) return p;
    *p++ = (uint8_t)WIRE_TAG(2, WIRE_BYTES);
    return wire_put_counted(p, v->text, v->len);
}

/* ---- Values ---- */

static size_t size_counted(uint32_t field, size_t len) {
    return (field < 16 ? 1 : 2) + wire_size_counted(len);
}

static size_t size_signed(int64_t i) {
    return 1 + wire_size_varint(wire_zigzag(i));
}

size_t change_value_size(const struct value *v) {
    uint8_t uuid[UUID_BYTES];
    if (v->state == VALUE_INVALID) return size_counted(CV_INVALID, v->len);
    if (v->state != VALUE_PRESENT) return 2;
    switch ((enum value_kind)v->kind) {
    case VALUE_BOOL: return 2;
    case VALUE_UINT: return 1 + wire_size_varint(v->v.u);
    case VALUE_FLOAT: return 5;
    case VALUE_DOUBLE: return 9;
    case VALUE_INT:
    case VALUE_TIME: return size_signed(v->v.i);
    case VALUE_DATE:
    case VALUE_TIMESTAMP:
    case VALUE_TIMESTAMPTZ:
        if (!v->is_text) return size_signed(v->v.i);
        break;
    case VALUE_UUID:
        if (parse_uuid(v, uuid)) return 2 + UUID_BYTES;
        break;
    case VALUE_ARRAY:
        if (!v->is_text) return 2 + wire_size_counted(array_size(v->v.array, 0, v->v.array->items));
        break;
    case VALUE_GEOMETRY: return 2 + wire_size_counted(geometry_size(v));
    default: break;
    }
    return size_counted(text_fields[v->kind], v->len);
}

static inline uint8_t *put_counted(uint8_t *p, uint32_t field, const void *data, size_t len) {
    p = wire_put_varint(p, WIRE_TAG(field, WIRE_BYTES));
    return wire_put_counted(p, data, len);
}

static uint8_t *put_float(uint8_t *p, double d) {
    float f = (float)d;
    uint32_t bits;
    memcpy(&bits, &f, sizeof(bits));
    *p++ = (uint8_t)WIRE_TAG(CV_FLOAT, WIRE_FIXED32);
    return wire_put_fixed32(p, bits);
}

static uint8_t *put_double(uint8_t *p, double d) {
    uint64_t bits;
    memcpy(&bits, &d, sizeof(bits));
    *p++ = (uint8_t)WIRE_TAG(CV_DOUBLE, WIRE_FIXED64);
    return wire_put_fixed64(p, bits);
}

static inline uint8_t *put_varint(uint8_t *p, uint32_t field, uint64_t v) {
    *p++ = (uint8_t)WIRE_TAG(field, WIRE_VARINT);
    return wire_put_varint(p, v);
}

static inline uint8_t *put_signed(uint8_t *p, uint32_t field, int64_t v) {
    return put_varint(p, field, wire_zigzag(v));
}

/* What is not present. */
static uint8_t *put_missing(uint8_t *p, const struct value *v) {
    if (v->state == VALUE_INVALID) return put_counted(p, CV_INVALID, v->text, v->len);
    return put_varint(p, CV_MISSING, (uint64_t)missing(v));
}

uint8_t *change_value_put(uint8_t *p, const struct value *v) {
    if (v->state != VALUE_PRESENT) return put_missing(p, v);
    switch ((enum value_kind)v->kind) {
    case VALUE_BOOL: return put_varint(p, CV_BOOL, v->v.b);
    case VALUE_INT: return put_signed(p, CV_INT, v->v.i);
    case VALUE_UINT: return put_varint(p, CV_UINT, v->v.u);
    case VALUE_FLOAT: return put_float(p, v->v.d);
    case VALUE_DOUBLE: return put_double(p, v->v.d);
    case VALUE_TIME: return put_signed(p, CV_TIME_US, v->v.i);
    case VALUE_DATE:
        if (!v->is_text) return put_signed(p, CV_DATE_DAYS, v->v.i);
        break;
    case VALUE_TIMESTAMP:
        if (!v->is_text) return put_signed(p, CV_TIMESTAMP_US, v->v.i);
        break;
    case VALUE_TIMESTAMPTZ:
        if (!v->is_text) return put_signed(p, CV_TIMESTAMPTZ_US, v->v.i);
        break;
    case VALUE_UUID:
        if (!parse_uuid(v, p + 2)) break;
        *p++ = (uint8_t)WIRE_TAG(CV_UUID, WIRE_BYTES);
        *p++ = UUID_BYTES;
        return p + UUID_BYTES;
    case VALUE_ARRAY:
        if (!v->is_text) return put_array(p, v->v.array, 0, v->v.array->items);
        break;
    case VALUE_GEOMETRY: return put_geometry(p, v);
    default: break;
    }
    return put_counted(p, text_fields[v->kind], v->text, v->len);
}
