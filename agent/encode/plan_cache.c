#include "agent/encode/plan_cache.h"

#include <stdlib.h>
#include <string.h>

void plan_cache_init(struct plan_cache *c, struct plan *(*make)(const struct selection *s, struct err *e),
                     void (*destroy)(struct plan *p)) {
    *c = (struct plan_cache){.make = make, .destroy = destroy};
}

/* Index of the first plan whose serial is not smaller. */
static size_t lower_bound(const struct plan_cache *c, uint64_t serial) {
    size_t low = 0, high = c->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->items[middle]->serial < serial) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static int make_room(struct plan_cache *c, struct err *e) {
    if (c->count < c->cap) return 0;
    size_t cap = c->cap ? 2 * c->cap : 16;
    struct plan **items = realloc(c->items, cap * sizeof(*items));
    if (!items) return err_memory(e, "preparing a table's encoding");
    c->items = items;
    c->cap = cap;
    return 0;
}

struct plan *plan_cache_find(struct plan_cache *c, const struct selection *s, struct err *e) {
    size_t at = lower_bound(c, s->serial);
    if (at < c->count && c->items[at]->serial == s->serial) return c->last = c->items[at];
    if (make_room(c, e)) return NULL;
    struct plan *p = c->make(s, e);
    if (!p) return NULL;
    p->serial = s->serial;
    p->table = s->table;
    memmove(c->items + at + 1, c->items + at, (c->count - at) * sizeof(*c->items));
    c->items[at] = p;
    c->count++;
    return c->last = p;
}

void plan_cache_forget(struct plan_cache *c, const struct table *t) {
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (c->items[i]->table == t || (t->serial && c->items[i]->serial == t->serial)) {
            c->destroy(c->items[i]);
        } else {
            c->items[kept++] = c->items[i];
        }
    }
    c->count = kept;
    c->last = NULL;
}

void plan_cache_release(struct plan_cache *c) {
    for (size_t i = 0; i < c->count; i++) c->destroy(c->items[i]);
    free(c->items);
    c->items = NULL;
    c->count = c->cap = 0;
    c->last = NULL;
}
