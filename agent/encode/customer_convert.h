/*
 * customer_convert: a database value as what a field of CustomerEvent can hold.
 *
 * Conversions are exact or refused: nothing is rounded, guessed or cut. The caller lists a refused field as
 * invalid, with what customer_raw() gives.
 */
#ifndef TAILRACE_AGENT_ENCODE_CUSTOMER_CONVERT_H
#define TAILRACE_AGENT_ENCODE_CUSTOMER_CONVERT_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/buf.h"
#include "decoders/value.h"

/* A present value as text, appended: numbers in digits, dates and times as in the JSON line, everything that
 * is text as it is. False for bytes and arrays. */
bool customer_text(const struct value *v, struct buf *out);

/* A present value as a whole number: integers, and decimals, floats and text that are one exactly. */
bool customer_int(const struct value *v, int64_t *out);

/* A present value as a truth value: booleans, 0 and 1, and the words PostgreSQL takes for one (true, t, yes,
 * y, on, 1 and their opposites, in any case). */
bool customer_bool(const struct value *v, bool *out);

/* What stands in invalid_fields: raw bytes where there are any, else the database's text; appended. */
void customer_raw(const struct value *v, struct buf *out);

#endif
