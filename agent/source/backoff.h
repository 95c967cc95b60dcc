/*
 * backoff: how long to wait before trying again. Doubles from 100 ms to 10 s, each wait shortened by up to
 * a half at random, so that many agents do not come back to a server at once. Pure.
 */
#ifndef TAILRACE_AGENT_SOURCE_BACKOFF_H
#define TAILRACE_AGENT_SOURCE_BACKOFF_H

#include <stdint.h>

struct backoff {
    uint64_t random; /* never 0 */
    uint32_t ms;     /* upper bound of the next wait */
};

/* `seed` should differ between processes. */
void backoff_init(struct backoff *b, uint64_t seed);

/* Milliseconds to wait now; the next one will be longer. */
uint32_t backoff_next(struct backoff *b);

/* It worked: start from the shortest wait again. */
void backoff_reset(struct backoff *b);

#endif
