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

/* True when all `len` bytes together are well-formed UTF-8. NUL is a character like any other. */
bool utf8_valid(const char *s, size_t len);

#endif
