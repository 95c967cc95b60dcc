/*
 * change_value: one value as the body of a tailrace.v1.Value message.
 */
#ifndef TAILRACE_AGENT_ENCODE_CHANGE_VALUE_H
#define TAILRACE_AGENT_ENCODE_CHANGE_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "decoders/value.h"

/* Field numbers of Value (schemas/tailrace/v1/change.proto); a test compares them with the schema. */
enum change_value_field {
    CV_MISSING = 1,
    CV_BOOL = 2,
    CV_INT = 3,
    CV_UINT = 4,
    CV_FLOAT = 5,
    CV_DOUBLE = 6,
    CV_DECIMAL = 7,
    CV_TEXT = 8,
    CV_BYTES = 9,
    CV_DATE_DAYS = 10,
    CV_TIME_US = 11,
    CV_TIMESTAMP_US = 12,
    CV_TIMESTAMPTZ_US = 13,
    CV_UUID = 14,
    CV_JSON = 15,
    CV_ENUM_LABEL = 16,
    CV_SET_LABELS = 17,
    CV_TIMETZ = 18,
    CV_INTERVAL = 19,
    CV_ARRAY = 20,
    CV_OTHER = 21,
    CV_INVALID = 22,
    CV_DATE_TEXT = 23,
    CV_TIMESTAMP_TEXT = 24,
    CV_TIMESTAMPTZ_TEXT = 25,
    CV_ARRAY_TEXT = 26,
    CV_GEOMETRY = 27,
};

/* Members of Missing. */
enum change_missing { CV_NULL = 1, CV_UNCHANGED = 2, CV_MASKED = 3, CV_OMITTED = 4 };

/* Length of the body of any value but an absent one. */
size_t change_value_size(const struct value *v);

/* What a body takes beside the value's text at most: a number of 64 bits, or a tag and a length. */
#define CHANGE_VALUE_OVERHEAD 12

/* At least change_value_size() - CHANGE_VALUE_OVERHEAD, at once but for arrays and geometries. */
static inline size_t change_value_text(const struct value *v) {
    const unsigned numbers = 1u << VALUE_BOOL | 1u << VALUE_INT | 1u << VALUE_UINT | 1u << VALUE_FLOAT |
                             1u << VALUE_DOUBLE | 1u << VALUE_TIME;
    if (v->state != VALUE_PRESENT) return v->state == VALUE_INVALID ? v->len : 0;
    if (numbers >> v->kind & 1) return 0;
    if ((v->kind == VALUE_ARRAY && !v->is_text) || v->kind == VALUE_GEOMETRY) return change_value_size(v);
    const unsigned temporal = 1u << VALUE_DATE | 1u << VALUE_TIMESTAMP | 1u << VALUE_TIMESTAMPTZ;
    return temporal >> v->kind & 1 && !v->is_text ? 0 : v->len;
}

/* Writes the body, change_value_size() bytes, at `p`; returns the place behind it. */
uint8_t *change_value_put(uint8_t *p, const struct value *v);

#endif
