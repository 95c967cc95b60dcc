/*
 * json_writer: JSON text appended to a buffer, exact and fast.
 *
 * Only what the JSON line needs: strings, base64, hex, and database values in the forms DESIGN.md §4 lists.
 * Integers keep all 64 bits, decimals are strings, floats read back as the same number. Memory errors are the
 * buffer's sticky error.
 */
#ifndef TAILRACE_AGENT_ENCODE_JSON_WRITER_H
#define TAILRACE_AGENT_ENCODE_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/buf.h"
#include "decoders/value.h"

/* A string in quotes; control characters, quotes and backslashes escaped. `s` is UTF-8. */
void json_string(struct buf *out, const char *s, size_t len);

/* The inside of a string: the same without the quotes. */
void json_escaped(struct buf *out, const char *s, size_t len);

/* Bytes as a base64 string (RFC 4648, padded) in quotes. */
void json_base64(struct buf *out, const void *data, size_t len);

/* Bytes in lower-case hex, in quotes. */
void json_hex(struct buf *out, const uint8_t *data, size_t len);

/* Raw bytes that may be anything: a string when they are UTF-8, else {"base64":"..."}. */
void json_raw(struct buf *out, const char *s, size_t len);

/* A value that is VALUE_PRESENT or VALUE_NULL. */
void json_value(struct buf *out, const struct value *v);

/*
 * A member that holds an object or array. json_member_open() appends ,"name": and remembers where; each item
 * is then appended with a comma in front; json_member_close() puts `brackets` ("{}" or "[]") around them, or
 * takes all of it back when there is no item.
 */
struct json_member {
    size_t start;
    size_t open;
};

/* Appends ,"name": (which needs no escape). */
struct json_member json_member_open(struct buf *out, const char *name);

/* Puts the brackets, or takes it back. */
void json_member_close(struct buf *out, struct json_member m, const char *brackets);

/* A point in time with all six digits of its microseconds, in quotes: "2026-11-23T12:00:00.500000Z". */
void json_time(struct buf *out, int64_t micros);

#endif
