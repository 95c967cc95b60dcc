/*
 * Any text as a value of any type. The first byte chooses the type, the second wraps it into arrays; the rest
 * is the text. What is taken formats to a text that is taken again and gives the same value.
 */
#include <stdint.h>
#include <stdlib.h>

#include "decoders/pgoutput/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TYPES 18

static const struct text_type scalars[TYPES] = {
    {text_bool, VALUE_BOOL, ',', NULL},
    {text_int2, VALUE_INT, ',', NULL},
    {text_int4, VALUE_INT, ',', NULL},
    {text_int8, VALUE_INT, ',', NULL},
    {text_uint4, VALUE_UINT, ',', NULL},
    {text_uint8, VALUE_UINT, ',', NULL},
    {text_float4, VALUE_FLOAT, ',', NULL},
    {text_float8, VALUE_DOUBLE, ',', NULL},
    {text_numeric, VALUE_DECIMAL, ',', NULL},
    {text_bytea, VALUE_BYTES, ',', NULL},
    {text_uuid, VALUE_UUID, ',', NULL},
    {text_date, VALUE_DATE, ',', NULL},
    {text_time, VALUE_TIME, ',', NULL},
    {text_timetz, VALUE_TIMETZ, ',', NULL},
    {text_timestamp, VALUE_TIMESTAMP, ',', NULL},
    {text_timestamptz, VALUE_TIMESTAMPTZ, ',', NULL},
    {text_interval, VALUE_INTERVAL, ',', NULL},
    {text_plain, VALUE_TEXT, ',', NULL},
};

static void require(bool ok) {
    if (!ok) abort();
}

static void try_type(const struct text_type *t, const char *s, size_t len, struct arena *a) {
    struct value v = {.state = VALUE_PRESENT, .text = s, .len = len};
    if (t->parse(t, &v, a) != TEXT_OK) return;
    if (v.state == VALUE_INVALID) {
        require(v.kind == 0 && v.len == len);
        return;
    }
    require(v.state == VALUE_PRESENT && v.kind == t->kind);
    struct buf text = {0};
    value_format(&v, &text);
    require(!buf_failed(&text));
    struct value w = {.state = VALUE_PRESENT, .text = (const char *)text.data, .len = text.len};
    if (!text.data) w.text = "";
    require(t->parse(t, &w, a) == TEXT_OK);
    require(value_equal(&v, &w));
    buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    const char delim = data[1] & 4 ? ';' : ',';
    const struct text_type *scalar = &scalars[data[0] % TYPES];
    const struct text_type array = {text_array, VALUE_ARRAY, delim, scalar};
    const struct text_type nested = {text_array, VALUE_ARRAY, delim, &array};
    const struct text_type *const levels[] = {scalar, &array, &nested, &array};
    struct arena a;
    arena_init(&a, 0);
    try_type(levels[data[1] & 3], (const char *)data + 2, size - 2, &a);
    arena_release(&a);
    return 0;
}
