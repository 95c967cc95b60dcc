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
};

/* Members of Missing. */
enum change_missing { CV_NULL = 1, CV_UNCHANGED = 2, CV_MASKED = 3, CV_OMITTED = 4 };

/* Length of the body of any value but an absent one. */
size_t change_value_size(const struct value *v);

/* Writes the body, change_value_size() bytes, at `p`; returns the place behind it. */
uint8_t *change_value_put(uint8_t *p, const struct value *v);

#endif
