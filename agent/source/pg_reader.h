/*
 * pg_reader: the thread that reads a PostgreSQL's log into the ring, over as many connections as it takes.
 *
 * When a connection ends it waits (backoff), connects again, has the continuity proved again
 * (pg_prepare_verify), says FRAME_RESTART and goes on behind the last transaction that is whole in the ring:
 * nothing is delivered twice on account of a lost connection, and what was cut in the middle comes again from
 * its beginning for the decoder to skip. What trying again does not heal ends the thread with FRAME_END.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_READER_H
#define TAILRACE_AGENT_SOURCE_PG_READER_H

#include "agent/base/clock.h"
#include "agent/base/ring.h"
#include "agent/source/pg_prepare.h"

struct pg_reader;

struct pg_reader_parts {
    const struct config_source *config;
    const struct clock *clock;
    struct pg_prepare *prepare; /* has run; the reader's alone until pg_reader_stop() */
    struct pg_watch *watch;     /* NULL: none */
    struct ring *ring;
    uint64_t position; /* where to begin; everything before it counts as acknowledged */
};

/* Starts the thread. What the parts point to outlives the reader. */
int pg_reader_start(const struct pg_reader_parts *parts, struct pg_reader **out, struct err *e);

/* Everything before `lsn` is delivered and durable. Any thread; never blocks; a lower one is ignored. */
void pg_reader_ack(struct pg_reader *r, uint64_t lsn);

/* Bytes between the end of the server's log, as far as known, and what was acknowledged. Any thread. */
uint64_t pg_reader_lag(const struct pg_reader *r);

/*
 * Tells the server what was acknowledged last, ends the thread and frees the reader, within 5 s. False: the
 * thread is stuck; then neither the reader nor what its parts point to may be freed.
 */
bool pg_reader_stop(struct pg_reader *r);

#endif
