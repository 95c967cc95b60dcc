#include "agent/map/nearest.h"

#include <stdio.h>

const char *nearest_hint(const char *name, suggest_fn known, const void *ctx, char *out, size_t size) {
    const char *best;
    if (suggest_from(name, known, ctx, &best, 1) > 0)
        snprintf(out, size, ": did you mean %s?", best);
    else if (size)
        out[0] = '\0';
    return out;
}
