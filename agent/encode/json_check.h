/*
 * json_check: is this text JSON?
 *
 * Documents come out of databases that did not always check them (MariaDB's JSON is text), so an encoder that
 * embeds one asks first. No recursion, no allocation, one pass.
 */
#ifndef TAILRACE_AGENT_ENCODE_JSON_CHECK_H
#define TAILRACE_AGENT_ENCODE_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Deepest nesting of arrays and objects that json_check() accepts: common readers refuse more than 256. */
#define JSON_MAX_DEPTH 200

/*
 * True when the `len` bytes are exactly one JSON value (RFC 8259) with white space around it. Bytes from 0x80
 * on are accepted inside strings as they are; whether they are UTF-8 is utf8_valid()'s question.
 */
bool json_check(const char *s, size_t len);

/* True for the JSON literal null, white space around it allowed. */
bool json_check_null(const char *s, size_t len);

#endif
