#include "decoders/value.h"

#include <string.h>

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
    if (holds_text(a)) return a->len == b->len && (a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
    if (a->kind == VALUE_BOOL) return a->v.b == b->v.b;
    if (a->kind == VALUE_ARRAY) return array_equal(a->v.array, b->v.array);
    return a->v.u == b->v.u; /* doubles by bits: NaN equals itself, 0 and -0 differ */
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
    [VALUE_ARRAY] = "array",         [VALUE_OTHER] = "other",
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
