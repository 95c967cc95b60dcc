#include "agent/map/nearest.h"

#include <stdio.h>
#include <string.h>

#include "agent/config/suggest.h"

const char *nearest(const char *name, nearest_fn known, const void *ctx) {
    const char *best = NULL;
    const char *candidate;
    size_t allowed = strlen(name) / 3;
    size_t fewest = (allowed ? allowed : 1) + 1;
    for (size_t i = 0; (candidate = known(ctx, i)) != NULL; i++) {
        size_t n = suggest_distance(name, candidate);
        if (n >= fewest || n >= SUGGEST_MAX) continue;
        best = candidate;
        fewest = n;
    }
    return best;
}

const char *nearest_hint(const char *name, nearest_fn known, const void *ctx, char *out, size_t size) {
    const char *best = nearest(name, known, ctx);
    if (best)
        snprintf(out, size, ": did you mean %s?", best);
    else if (size)
        out[0] = '\0';
    return out;
}
