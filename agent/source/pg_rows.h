/*
 * pg_rows: the rows of one COPY, from the socket into the ring, one at a time.
 *
 * The first row takes the chunk's frames along (FRAME_CHUNK, FRAME_CATALOG, the Relation message), so that a
 * chunk without rows leaves nothing in the ring. A ring without room is waited for.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_ROWS_H
#define TAILRACE_AGENT_SOURCE_PG_ROWS_H

#include <stdatomic.h>

#include "agent/base/ring.h"
#include "agent/source/pg_conn.h"
#include "agent/source/pg_shape.h"
#include "agent/source/pg_visible.h"
#include "decoders/decoder.h"

/* Where rows go, and what ends their reading. */
struct pg_reading {
    const struct config_source *config;
    const struct pg_streamed *streamed;
    struct pg_visible *visible;
    struct ring *ring;
    int stop_fd;
    int wake_fd;            /* raised when `cut` was set; cleared here */
    const atomic_bool *cut; /* end soon: behind the first row, or when the ring has no room */
};

/* One COPY. */
struct pg_rows {
    const struct pg_shape *shape;
    const char *sql;
    struct frame chunk;        /* FRAME_CHUNK */
    const struct buf *catalog; /* payload of FRAME_CATALOG; empty: none */
    /* Results, true also of a failure. */
    uint64_t pushed;  /* rows in the ring */
    uint64_t scanned; /* rows that came, those too that a filter refused */
    bool cut;         /* ended early, as told */
    struct buf after; /* the key of the last row scanned; empty: none was */
};

/*
 * Runs it. -1: ERR_STOPPED, or what the server or the ring say (c->sqlstate). After a cut the statement has
 * been cancelled, and the transaction is to be rolled back.
 */
int pg_rows_read(const struct pg_reading *r, struct pg_conn *c, struct pg_rows *rows, struct err *e);

/* Pushes a frame, however long the ring takes to have room; ERR_STOPPED. Not ended by a cut. */
int pg_rows_push(const struct pg_reading *r, const struct frame *f, struct err *e);

/* Waits for `fd` (-1: none), a stop, a cut, or `timeout_ms` (-1: for ever). False: stop. */
bool pg_rows_wait(const struct pg_reading *r, int fd, int timeout_ms);

#endif
