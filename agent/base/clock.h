/*
 * clock: time, injectable. Code that needs time takes a `const struct clock *`; tests hand in one they move
 * by hand.
 */
#ifndef TAILRACE_AGENT_BASE_CLOCK_H
#define TAILRACE_AGENT_BASE_CLOCK_H

#include <stdint.h>

struct clock {
    int64_t (*monotonic_us)(void *ctx); /* for intervals: never goes back */
    int64_t (*wall_us)(void *ctx);      /* microseconds since 1970-01-01T00:00:00Z */
    void *ctx;
};

/* The machine's clocks. */
extern const struct clock clock_system;

/* Shorthands. */
int64_t clock_monotonic_us(const struct clock *c);
int64_t clock_wall_us(const struct clock *c);

#endif
