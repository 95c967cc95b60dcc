/*
 * json_check: is this text JSON, is it UTF-8?
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
 * on are accepted inside strings as they are; whether they are UTF-8 is utf8_check()'s question.
 */
bool json_check(const char *s, size_t len);

/* True for the JSON literal null, white space around it allowed. */
bool json_check_null(const char *s, size_t len);

/* True when the bytes are UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing past U+10FFFF.
 */
bool utf8_check(const char *s, size_t len);

#endif
