/*
 * codec_value: texts of digits as dates, times, decimals and booleans. All take the text without blanks
 * around it, and return false when it does not parse.
 */
#ifndef TAILRACE_AGENT_MAP_CODEC_VALUE_H
#define TAILRACE_AGENT_MAP_CODEC_VALUE_H

#include "agent/map/codec.h"

/* Days since 1970-01-01 of a day that exists in the Gregorian calendar. */
bool codec_day(int64_t year, int64_t month, int64_t day, int64_t *out);

/* `padded`: a number, whose leading zeros the database dropped. */
bool codec_read_date(const struct codec *c, struct text t, bool padded, struct value *v);
bool codec_read_time(struct text t, bool padded, struct value *v);

/* The codec's text for true, or the one for false. */
bool codec_read_bool(const struct codec *c, struct text t, struct value *v);

/* Makes the decimal's text in `a`; *no_memory tells of the one failure that is not the text's. Packed ones
 * are bytes. */
bool codec_read_decimal(const struct codec *c, struct text t, struct arena *a, struct value *v,
                        bool *no_memory);

#endif
