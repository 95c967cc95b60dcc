/* Value messages; see change_reader.h. */
#include <string.h>

#include "agent/encode/change_reader.h"
#include "agent/encode/change_value.h"
#include "decoders/utf8.h"

#define MAX_DAYS INT64_C(100000000000) /* 270 million years */

/* What a text member becomes, by field number. */
static const struct text_kind {
    uint8_t kind;
    bool is_text;
} text_kinds[] = {
    [CV_DECIMAL] = {VALUE_DECIMAL, false},
    [CV_TEXT] = {VALUE_TEXT, false},
    [CV_BYTES] = {VALUE_BYTES, false},
    [CV_JSON] = {VALUE_JSON, false},
    [CV_ENUM_LABEL] = {VALUE_ENUM, false},
    [CV_SET_LABELS] = {VALUE_SET, false},
    [CV_TIMETZ] = {VALUE_TIMETZ, false},
    [CV_INTERVAL] = {VALUE_INTERVAL, false},
    [CV_OTHER] = {VALUE_OTHER, false},
    [CV_DATE_TEXT] = {VALUE_DATE, true},
    [CV_TIMESTAMP_TEXT] = {VALUE_TIMESTAMP, true},
    [CV_TIMESTAMPTZ_TEXT] = {VALUE_TIMESTAMPTZ, true},
    [CV_ARRAY_TEXT] = {VALUE_ARRAY, true},
};

static int read_missing(const struct wire_field *f, struct value *v, struct err *e) {
    static const uint8_t states[] = {
        [CV_NULL] = VALUE_NULL,
        [CV_UNCHANGED] = VALUE_UNCHANGED,
        [CV_MASKED] = VALUE_MASKED,
        [CV_OMITTED] = VALUE_OMITTED,
    };
    if (f->value == 0 || f->value >= sizeof(states))
        return err_set(e, ERR_DATA, "a value is missing for a reason (%llu) that this version does not know",
                       (unsigned long long)f->value);
    v->state = states[f->value];
    return 0;
}

/* Text that is not UTF-8 is what an invalid value is: shown raw, never as text. */
static void read_text(const struct wire_field *f, struct value *v) {
    v->kind = text_kinds[f->number].kind;
    v->is_text = text_kinds[f->number].is_text;
    v->text = (const char *)f->data;
    v->len = f->len;
    if (v->kind != VALUE_BYTES && !utf8_valid(v->text, v->len))
        *v = (struct value){.state = VALUE_INVALID, .text = v->text, .len = v->len};
}

static int read_uuid(const struct wire_field *f, struct arena *a, struct value *v, struct err *e) {
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(a, 37);
    size_t n = 0;
    if (f->len != 16) return err_set(e, ERR_DATA, "a UUID of %zu bytes", f->len);
    if (!text) return err_memory(e, "a UUID");
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text[n++] = '-';
        text[n++] = digits[f->data[i] >> 4];
        text[n++] = digits[f->data[i] & 15];
    }
    v->kind = VALUE_UUID;
    v->text = text;
    v->len = n;
    return 0;
}

static int count_items(struct wire_reader r, size_t *count, struct err *e) {
    struct wire_field f;
    int rc;
    *count = 0;
    while ((rc = wire_next(&r, &f, e)) == 1)
        if (f.number == 1) ++*count;
    return rc;
}

/* An Array: of whatever its items are, arrays among them. Its items are counted first. */
static int read_array(const struct wire_reader *outer, const struct wire_field *field, struct arena *a,
                      struct value *v, struct err *e) {
    struct wire_reader r, inner;
    struct wire_field f;
    size_t count, n = 0;
    int rc;
    if (wire_enter(outer, field, &r, e) || count_items(r, &count, e)) return -1;
    struct value_array *array = arena_calloc(a, 1, sizeof(*array));
    if (!array) return err_memory(e, "an array");
    array->items = arena_calloc(a, count + 1, sizeof(*array->items));
    if (!array->items || count > UINT32_MAX) return err_memory(e, "an array");
    array->ndims = count ? 1 : 0;
    array->dims[0] = (uint32_t)count;
    array->count = count;
    while ((rc = wire_next(&r, &f, e)) == 1) {
        if (f.number != 1) continue;
        if (wire_enter(&r, &f, &inner, e) || change_read_value(&inner, a, &array->items[n++], e)) return -1;
    }
    v->kind = VALUE_ARRAY;
    v->v.array = array;
    return rc;
}

/* Geometry { srid = 1; wkb = 2 } */
static int read_geometry(const struct wire_reader *outer, const struct wire_field *field, struct value *v,
                         struct err *e) {
    struct wire_reader r;
    struct wire_field f;
    int rc;
    if (wire_enter(outer, field, &r, e)) return -1;
    v->kind = VALUE_GEOMETRY;
    v->text = "";
    while ((rc = wire_next(&r, &f, e)) == 1) {
        if (f.number <= 2 && wire_expect(&f, f.number == 1 ? WIRE_VARINT : WIRE_BYTES, e)) return -1;
        if (f.number == 1) v->v.u = (uint32_t)f.value;
        if (f.number == 2) {
            v->text = (const char *)f.data;
            v->len = f.len;
        }
    }
    return rc;
}

/* The wire type that a member's number calls for. */
static enum wire_type type_of(uint32_t number) {
    switch (number) {
    case CV_MISSING:
    case CV_BOOL:
    case CV_INT:
    case CV_UINT:
    case CV_DATE_DAYS:
    case CV_TIME_US:
    case CV_TIMESTAMP_US:
    case CV_TIMESTAMPTZ_US: return WIRE_VARINT;
    case CV_FLOAT: return WIRE_FIXED32;
    case CV_DOUBLE: return WIRE_FIXED64;
    default: return WIRE_BYTES;
    }
}

static int put_number(struct value *v, enum value_kind kind, const struct wire_field *f) {
    v->kind = (uint8_t)kind;
    v->v.i = wire_unzigzag(f->value);
    return 0;
}

/* Dates that no calendar program can print are no dates. */
static int read_date(const struct wire_field *f, struct value *v, struct err *e) {
    put_number(v, VALUE_DATE, f);
    if (v->v.i > -MAX_DAYS && v->v.i < MAX_DAYS) return 0;
    return err_set(e, ERR_DATA, "a date of %lld days", (long long)v->v.i);
}

static int read_member(const struct wire_reader *r, const struct wire_field *f, struct arena *a,
                       struct value *v, struct err *e) {
    if (wire_expect(f, type_of(f->number), e)) return -1;
    *v = (struct value){.state = VALUE_PRESENT};
    switch (f->number) {
    case CV_MISSING: return read_missing(f, v, e);
    case CV_BOOL: v->kind = VALUE_BOOL, v->v.b = f->value != 0; return 0;
    case CV_INT: return put_number(v, VALUE_INT, f);
    case CV_UINT: v->kind = VALUE_UINT, v->v.u = f->value; return 0;
    case CV_FLOAT: v->kind = VALUE_FLOAT, v->v.d = (double)wire_float(f->value); return 0;
    case CV_DOUBLE: v->kind = VALUE_DOUBLE, v->v.d = wire_double(f->value); return 0;
    case CV_DATE_DAYS: return read_date(f, v, e);
    case CV_TIME_US: return put_number(v, VALUE_TIME, f);
    case CV_TIMESTAMP_US: return put_number(v, VALUE_TIMESTAMP, f);
    case CV_TIMESTAMPTZ_US: return put_number(v, VALUE_TIMESTAMPTZ, f);
    case CV_UUID: return read_uuid(f, a, v, e);
    case CV_ARRAY: return read_array(r, f, a, v, e);
    case CV_GEOMETRY: return read_geometry(r, f, v, e);
    case CV_INVALID:
        *v = (struct value){.state = VALUE_INVALID, .text = (const char *)f->data, .len = f->len};
        return 0;
    default: break;
    }
    if (f->number >= sizeof(text_kinds) / sizeof(text_kinds[0]) || !text_kinds[f->number].kind)
        return err_set(e, ERR_DATA, "a kind of value (%u) that this version does not know", f->number);
    read_text(f, v);
    return 0;
}

int change_read_value(const struct wire_reader *r, struct arena *a, struct value *v, struct err *e) {
    struct wire_reader in = *r;
    struct wire_field f;
    int rc;
    *v = (struct value){.state = VALUE_ABSENT};
    while ((rc = wire_next(&in, &f, e)) == 1)
        if (read_member(&in, &f, a, v, e)) return -1;
    if (rc == 0 && v->state == VALUE_ABSENT) return err_set(e, ERR_DATA, "a value with nothing in it");
    return rc;
}
