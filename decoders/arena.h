/*
 * arena: memory that is given back all at once.
 *
 * One arena lives as long as the message (or table description) that it serves. arena_clear() keeps what it
 * holds up to `keep` bytes, so that a steady stream of messages allocates nothing; memory of an unusually
 * large message goes back to the system at the next clear.
 */
#ifndef TAILRACE_DECODERS_ARENA_H
#define TAILRACE_DECODERS_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used;                /* in the newest block */
    size_t held;                /* capacity of all blocks together */
    size_t keep;                /* what arena_clear() may keep */
    size_t next;                /* the next block has at least this capacity */
};

/* Makes an empty arena that keeps at most `keep` bytes over arena_clear(). Allocates nothing yet. */
void arena_init(struct arena *a, size_t keep);

/* Returns `size` bytes aligned for any type, or NULL when memory runs out. Uninitialised. */
void *arena_alloc(struct arena *a, size_t size);

/* Like arena_alloc() for `count` zeroed elements of `size` bytes; NULL also when the product overflows. */
void *arena_calloc(struct arena *a, size_t count, size_t size);

/* Copies `len` bytes and puts a NUL behind them; NULL when memory runs out. */
char *arena_strndup(struct arena *a, const char *s, size_t len);

/* Forgets everything that was allocated; keeps capacity (see above). */
void arena_clear(struct arena *a);

/* Gives everything back. The arena is empty and usable again. */
void arena_release(struct arena *a);

#endif
