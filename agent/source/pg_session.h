/*
 * pg_session: the reader's life on one connection: messages from the stream into the ring, feedback on time.
 *
 * It sleeps on everything at once (socket, room in the ring, answers of the catalogue, acknowledgements,
 * stop), so that nothing can keep it from its feedback. While the ring is full it does not read; the server
 * then waits in its own send, hears our feedback, and stays.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_SESSION_H
#define TAILRACE_AGENT_SOURCE_PG_SESSION_H

#include <stdatomic.h>

#include "agent/base/clock.h"
#include "agent/base/ring.h"
#include "agent/source/pg_side.h"
#include "agent/source/pg_stream.h"
#include "agent/source/pg_watch.h"

/* What outlives a connection. */
struct pg_session_parts {
    const struct config_source *config;
    const struct clock *clock;
    struct ring *ring;
    struct pg_side *side;
    struct pg_watch *watch;     /* hears of each table in the stream; NULL: none */
    int stop_fd;                /* readable: end */
    int wake_fd;                /* readable: `acked` has moved */
    const atomic_ullong *acked; /* delivered and durable */
    atomic_ullong *end;         /* how far the server's log is known to reach */
    uint64_t *resume; /* where another connection goes on: behind the last whole transaction in the ring */
    uint32_t wal_sender_timeout_ms;
    bool may_renew; /* may ask for a new connection when that is good for memory */
};

/*
 * Streams until the connection or the run ends: -1. ERR_STOPPED: `stop_fd` was raised, and the server was
 * told the last acknowledged position. Or 1: the stream is quiet, and libpq's buffer, which grew with a huge
 * row and never shrinks, is best given back by connecting anew. *progress is set when anything arrived.
 */
int pg_session_run(const struct pg_session_parts *p, struct pg_stream *stream, bool *progress, struct err *e);

#endif
