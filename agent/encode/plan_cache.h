/*
 * plan_cache: what an encoder has prepared per selection (names escaped once, wire prefixes), found by
 * serial.
 *
 * An encoder's own plan embeds `struct plan` as its first member and is allocated with malloc(). Lookup of
 * the selection used last costs one comparison.
 */
#ifndef TAILRACE_AGENT_ENCODE_PLAN_CACHE_H
#define TAILRACE_AGENT_ENCODE_PLAN_CACHE_H

#include "agent/event/event.h"
#include "decoders/err.h"

struct plan {
    uint64_t serial;           /* of the selection */
    const struct table *table; /* for plan_cache_forget() */
};

struct plan_cache {
    struct plan **items; /* ascending by serial */
    size_t count;
    size_t cap;
    struct plan *last;
    struct plan *(*make)(const struct selection *s, struct err *e);
    void (*destroy)(struct plan *p);
};

/* An empty cache whose plans come from `make` (which leaves `struct plan` to the cache) and go to `destroy`.
 */
void plan_cache_init(struct plan_cache *c, struct plan *(*make)(const struct selection *s, struct err *e),
                     void (*destroy)(struct plan *p));

/* plan_cache_get() of another selection than the last. */
struct plan *plan_cache_find(struct plan_cache *c, const struct selection *s, struct err *e);

/* The plan of a selection, made at first sight. NULL with `e` when making it failed. */
static inline struct plan *plan_cache_get(struct plan_cache *c, const struct selection *s, struct err *e) {
    return c->last && c->last->serial == s->serial ? c->last : plan_cache_find(c, s, e);
}

/* Destroys the plans of all selections of a table. */
void plan_cache_forget(struct plan_cache *c, const struct table *t);

/* Destroys everything; the cache is empty and usable again. */
void plan_cache_release(struct plan_cache *c);

#endif
