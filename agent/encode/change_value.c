#include "agent/encode/change_value.h"

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

/* The field of a present value that is written as the text it holds. */
static uint32_t text_field(const struct value *v) {
    switch ((enum value_kind)v->kind) {
    case VALUE_DECIMAL: return CV_DECIMAL;
    case VALUE_TEXT: return CV_TEXT;
    case VALUE_BYTES: return CV_BYTES;
    case VALUE_DATE: return CV_DATE_TEXT;
    case VALUE_TIMESTAMP: return CV_TIMESTAMP_TEXT;
    case VALUE_TIMESTAMPTZ: return CV_TIMESTAMPTZ_TEXT;
    case VALUE_TIMETZ: return CV_TIMETZ;
    case VALUE_INTERVAL: return CV_INTERVAL;
    case VALUE_JSON: return CV_JSON;
    case VALUE_ENUM: return CV_ENUM_LABEL;
    case VALUE_SET: return CV_SET_LABELS;
    case VALUE_ARRAY: return CV_ARRAY_TEXT;
    default: return CV_OTHER;
    }
}

/* The field of a present value that is written as a signed number, 0 for all others. */
static uint32_t number_field(const struct value *v) {
    switch ((enum value_kind)v->kind) {
    case VALUE_INT: return CV_INT;
    case VALUE_TIME: return CV_TIME_US;
    case VALUE_DATE: return v->is_text ? 0 : CV_DATE_DAYS;
    case VALUE_TIMESTAMP: return v->is_text ? 0 : CV_TIMESTAMP_US;
    case VALUE_TIMESTAMPTZ: return v->is_text ? 0 : CV_TIMESTAMPTZ_US;
    default: return 0;
    }
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 36 characters, lower case, dashes in their places; anything else travels as text. */
static bool parse_uuid(const struct value *v, uint8_t out[UUID_BYTES]) {
    if (v->len != UUID_TEXT) return false;
    size_t n = 0;
    for (size_t i = 0; i < UUID_TEXT; i += 2) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (v->text[i] != '-') return false;
            i++;
        }
        int high = hex_digit(v->text[i]), low = hex_digit(v->text[i + 1]);
        if (high < 0 || low < 0) return false;
        out[n++] = (uint8_t)(high << 4 | low);
    }
    return true;
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

/* ---- Values ---- */

static size_t counted_size(uint32_t field, size_t len) {
    return (field < 16 ? 1 : 2) + wire_size_counted(len);
}

static uint8_t *put_counted(uint8_t *p, uint32_t field, const void *data, size_t len) {
    p = wire_put_varint(p, WIRE_TAG(field, WIRE_BYTES));
    return wire_put_counted(p, data, len);
}

size_t change_value_size(const struct value *v) {
    uint8_t uuid[UUID_BYTES];
    if (v->state == VALUE_INVALID) return counted_size(CV_INVALID, v->len);
    if (v->state != VALUE_PRESENT) return 2;
    switch ((enum value_kind)v->kind) {
    case VALUE_BOOL: return 2;
    case VALUE_UINT: return 1 + wire_size_varint(v->v.u);
    case VALUE_FLOAT: return 5;
    case VALUE_DOUBLE: return 9;
    case VALUE_UUID: return parse_uuid(v, uuid) ? 2 + UUID_BYTES : counted_size(CV_OTHER, v->len);
    case VALUE_ARRAY:
        if (!v->is_text) return 2 + wire_size_counted(array_size(v->v.array, 0, v->v.array->items));
        break;
    default:
        if (number_field(v)) return 1 + wire_size_varint(wire_zigzag(v->v.i));
        break;
    }
    return counted_size(text_field(v), v->len);
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

static uint8_t *put_varint(uint8_t *p, uint32_t field, uint64_t v) {
    *p++ = (uint8_t)WIRE_TAG(field, WIRE_VARINT);
    return wire_put_varint(p, v);
}

uint8_t *change_value_put(uint8_t *p, const struct value *v) {
    uint8_t uuid[UUID_BYTES];
    if (v->state == VALUE_INVALID) return put_counted(p, CV_INVALID, v->text, v->len);
    if (v->state != VALUE_PRESENT) return put_varint(p, CV_MISSING, (uint64_t)missing(v));
    switch ((enum value_kind)v->kind) {
    case VALUE_BOOL: return put_varint(p, CV_BOOL, v->v.b);
    case VALUE_UINT: return put_varint(p, CV_UINT, v->v.u);
    case VALUE_FLOAT: return put_float(p, v->v.d);
    case VALUE_DOUBLE: return put_double(p, v->v.d);
    case VALUE_UUID:
        if (parse_uuid(v, uuid)) return put_counted(p, CV_UUID, uuid, sizeof(uuid));
        break;
    case VALUE_ARRAY:
        if (!v->is_text) return put_array(p, v->v.array, 0, v->v.array->items);
        break;
    default:
        if (number_field(v)) return put_varint(p, number_field(v), wire_zigzag(v->v.i));
        break;
    }
    return put_counted(p, text_field(v), v->text, v->len);
}
