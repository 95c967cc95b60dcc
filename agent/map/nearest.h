/*
 * nearest: "did you mean": the known name that an unknown one most looks like, for messages.
 */
#ifndef TAILRACE_AGENT_MAP_NEAREST_H
#define TAILRACE_AGENT_MAP_NEAREST_H

#include <stddef.h>

#include "agent/config/suggest.h"

/*
 * Writes ": did you mean x?", or "" when no known name is near enough (see
 * agent/config/suggest.h); returns `out`, always terminated.
 */
const char *nearest_hint(const char *name, suggest_fn known, const void *ctx, char *out, size_t size);

#endif
