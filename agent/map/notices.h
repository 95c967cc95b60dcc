/*
 * notices: texts for people, waiting to be fetched: the map is pure and cannot log.
 */
#ifndef TAILRACE_AGENT_MAP_NOTICES_H
#define TAILRACE_AGENT_MAP_NOTICES_H

#include <stddef.h>

#include "agent/base/log.h"

struct notice;

/* Empty when zeroed. At most 1000 wait; what comes on top is counted and said as one. */
struct notices {
    struct notice *first;
    struct notice *last;
    struct notice *taken; /* handed out last */
    size_t count;
    size_t lost;
};

/* Adds one. A notice that memory does not suffice for is counted as lost. */
void notices_add(struct notices *n, enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The oldest, which is then gone; NULL: none. The text is valid until the next call. */
const char *notices_take(struct notices *n, enum log_level *level);

/* Frees what waits. */
void notices_release(struct notices *n);

#endif
