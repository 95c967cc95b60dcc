/*
 * pg_backoff: how long to wait before trying again. Doubles from 100 ms to 10 s, each wait shortened by up to
 * a half at random, so that many agents do not come back to a server at once. Pure.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_BACKOFF_H
#define TAILRACE_AGENT_SOURCE_PG_BACKOFF_H

#include <stdint.h>

struct pg_backoff {
    uint64_t random; /* never 0 */
    uint32_t ms;     /* upper bound of the next wait */
};

/* `seed` should differ between processes. */
void pg_backoff_init(struct pg_backoff *b, uint64_t seed);

/* Milliseconds to wait now; the next one will be longer. */
uint32_t pg_backoff_next(struct pg_backoff *b);

/* It worked: start from the shortest wait again. */
void pg_backoff_reset(struct pg_backoff *b);

#endif
