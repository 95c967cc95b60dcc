#include "agent/base/clock.h"

#include <time.h>

static int64_t read_us(clockid_t id) {
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t system_monotonic(void *ctx) {
    (void)ctx;
    return read_us(CLOCK_MONOTONIC);
}

static int64_t system_wall(void *ctx) {
    (void)ctx;
    return read_us(CLOCK_REALTIME);
}

const struct clock clock_system = {system_monotonic, system_wall, NULL};

int64_t clock_monotonic_us(const struct clock *c) {
    return c->monotonic_us(c->ctx);
}

int64_t clock_wall_us(const struct clock *c) {
    return c->wall_us(c->ctx);
}
