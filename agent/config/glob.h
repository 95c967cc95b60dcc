/*
 * glob: shell-like patterns over dotted names.
 *
 * `*` stands for any characters, `?` for one character (of UTF-8, not one byte). Neither crosses a dot,
 * except behind the pattern's last dot, where the rest of the name is one part whatever it holds; `*` alone
 * matches every name. There are no brackets and no escapes: everything else stands for itself.
 */
#ifndef TAILRACE_AGENT_CONFIG_GLOB_H
#define TAILRACE_AGENT_CONFIG_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/* True when the whole of `name` matches. Time is bounded by the product of the two lengths. */
bool glob_match(const char *pattern, const char *name);

/* True when the pattern has a `*` or `?` in its first `len` bytes. */
bool glob_is_wild(const char *pattern, size_t len);

/*
 * True when it can be a pattern at all; else *why says what is wrong (a constant text) and *offset where:
 * empty, or a dot at an end.
 */
bool glob_valid(const char *pattern, const char **why, size_t *offset);

#endif
