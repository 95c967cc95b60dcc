/*
 * pg_lowat: when to let bytes gather in the socket, and when to read each at once. Pure.
 *
 * The server sends every row on its own. A reader that is woken for each costs both sides more than the row
 * itself; so while much arrives the socket's low-water mark is raised and the reader sleeps until that much
 * is there, but never longer than PG_LOWAT_WAIT_US: a mark above what is still coming must not hold it back.
 * When little arrives the mark is 1 and a row is read the moment it is there.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_LOWAT_H
#define TAILRACE_AGENT_SOURCE_PG_LOWAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PG_LOWAT_MARK 16384 /* bytes; libpq's first buffer is as large */
#define PG_LOWAT_WAIT_US 1000

struct pg_lowat {
    bool gather;
    size_t bytes;     /* read since `since_us` */
    int64_t since_us; /* 0: nothing counted yet */
};

/* Starts out reading at once. */
void pg_lowat_init(struct pg_lowat *l);

/* Counts what one wake-up read. True when `gather` has changed, so that the mark must be set anew. */
bool pg_lowat_read(struct pg_lowat *l, size_t bytes, int64_t now_us);

#endif
