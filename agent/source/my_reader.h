/*
 * my_reader: the thread that reads a MySQL's or MariaDB's log into the ring, over as many connections as it
 * takes.
 *
 * Every connection begins at the position that was acknowledged last: FRAME_RESTART (but for the first), then
 * FRAME_START with that position, then one FRAME_DATA an event; the decoder passes over what it has emitted.
 * When a connection ends the thread waits (backoff), connects again and has the continuity proved again
 * (my_prepare_verify). What trying again does not heal ends the thread with FRAME_END.
 *
 * A full ring is waited for without reading, so the server waits too. The server sends a heartbeat when it
 * has nothing else: silence is a dead connection.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_READER_H
#define TAILRACE_AGENT_SOURCE_MY_READER_H

#include "agent/base/clock.h"
#include "agent/base/ring.h"
#include "agent/source/my_prepare.h"

struct my_reader;

struct my_reader_parts {
    const struct config_source *config;
    const struct clock *clock;
    struct my_prepare *prepare; /* has run; the reader's alone until my_reader_stop() */
    struct ring *ring;
    struct position position; /* where to begin; everything before it counts as acknowledged; copied */
};

/* Starts the thread. What the parts point to outlives the reader. */
int my_reader_start(const struct my_reader_parts *parts, struct my_reader **out, struct err *e);

/* Everything up to `p` is delivered and durable. Any thread; never waits for the server. */
void my_reader_ack(struct my_reader *r, struct position p);

/* Bytes between the end of the server's log, as far as known, and what was acknowledged. Any thread. */
uint64_t my_reader_lag(const struct my_reader *r);

/*
 * Ends the thread and frees the reader, within 5 s. False: the thread is stuck (in a name server's silence,
 * for example); then neither the reader nor what its parts point to may be freed.
 */
bool my_reader_stop(struct my_reader *r);

#endif
