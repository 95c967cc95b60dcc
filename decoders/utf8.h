/*
 * utf8: is it UTF-8?
 *
 * As RFC 3629 says: no overlong forms, no surrogates, nothing above U+10FFFF. Runs of ASCII are passed over
 * eight bytes at a time.
 */
#ifndef TAILRACE_DECODERS_UTF8_H
#define TAILRACE_DECODERS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True when all `len` bytes together are well-formed UTF-8. NUL is a character like any other. */
bool utf8_valid(const char *s, size_t len);

/* How many bytes at its front are ASCII. */
size_t utf8_ascii(const char *s, size_t len);

/* Writes a code point up to U+10FFFF; `out` has room for 4 bytes. Returns its length. */
size_t utf8_put(uint32_t point, char *out);

#endif
