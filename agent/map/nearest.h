/*
 * nearest: "did you mean": the known name that an unknown one most looks like.
 */
#ifndef TAILRACE_AGENT_MAP_NEAREST_H
#define TAILRACE_AGENT_MAP_NEAREST_H

#include <stddef.h>

/* Gives the i-th known name; NULL behind the last. */
typedef const char *(*nearest_fn)(const void *ctx, size_t i);

/*
 * The known name with the fewest edits from `name` (see agent/config/suggest.h), or NULL when none is near:
 * at most a third of its letters, and at least one, differ.
 */
const char *nearest(const char *name, nearest_fn known, const void *ctx);

/*
 * Writes ": did you mean x?" for messages, or "" when nothing is near; returns `out`, always terminated.
 */
const char *nearest_hint(const char *name, nearest_fn known, const void *ctx, char *out, size_t size);

#endif
