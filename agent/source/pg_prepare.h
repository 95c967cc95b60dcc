/*
 * pg_prepare: from a configuration and a checkpoint to a PostgreSQL that is ready to stream, without a
 * silent gap.
 *
 * It makes what is missing (publications first, committed, then the slot), or proves that what is there still
 * continues where the checkpoint ends: same cluster, database, history, slot and publications, nothing passed
 * over. What does not hold is a gap (ERR_GAP with the remedy), unless accepted. Afterwards it checks
 * every reconnect the same way.
 *
 * The server silently fast-forwards a START_REPLICATION from before the slot's confirmed position; so the
 * check is made once more after streaming has begun: pg_prepare_started().
 *
 * Use: open → run → take_connection → (START_REPLICATION → started → … → new connection → verify → …) → free.
 * One thread at a time; the reader's thread after the start.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_PREPARE_H
#define TAILRACE_AGENT_SOURCE_PG_PREPARE_H

#include "agent/source/pg_conn.h"
#include "agent/source/pg_server.h"
#include "agent/source/pg_streamed.h"
#include "agent/source/pg_watch.h"
#include "agent/source/source.h"

struct pg_prepare;

/*
 * Connects (an ordinary connection, kept for later questions) and reads the server's facts; creates nothing.
 * `decoder` reads and writes position blobs by their text. All arguments outlive it.
 */
int pg_prepare_open(const struct config_source *c, const struct clock *clock,
                    const struct decoder_ops *decoder, struct pg_prepare **out, struct err *e);
void pg_prepare_free(struct pg_prepare *p);

/* Facts of the server as last read: by open, and by each verify. */
const struct pg_server *pg_prepare_server(const struct pg_prepare *p);

/* source_ops.prepare: see there. Keeps what it found for verify. */
int pg_prepare_run(struct pg_prepare *p, const struct source_resume *r, struct source_start *out,
                   struct err *e);

/*
 * Moves the replication connection that run left open to `out`, for streaming: a temporary slot lives only
 * in the connection that made it. Its stop_fd becomes `stop_fd`.
 */
void pg_prepare_take_connection(struct pg_prepare *p, struct pg_conn *out, int stop_fd);

/* The publications that the stream names. After the run. */
void pg_prepare_streamed(const struct pg_prepare *p, struct pg_streamed *out);

/* What a pg_watch of this stream needs; points into `p`. */
struct pg_watch_parts pg_prepare_watch(const struct pg_prepare *p);

/* False: the slot is temporary and gone with the connection that made it. */
bool pg_prepare_durable(const struct pg_prepare *p);

/* The slot's name, and the value of the option publication_names: "a","b" (identifiers quoted, not a
 * literal). */
const char *pg_prepare_slot(const struct pg_prepare *p);
const char *pg_prepare_publications(const struct pg_prepare *p);

/*
 * Before streaming goes on over a new replication connection: is all as it was, and can the slot still give
 * what follows `position`? ERR_GAP when not; ERR_FENCED with `retriable` while the slot is still active
 * elsewhere (wait and try again). A temporary slot is gone with its connection: ERR_GAP. Uses `c` only, so
 * no second connection is needed. When the server was promoted meanwhile, `identity` (cleared first) gets
 * what is to be stored from now on: it travels as the data of FRAME_RESTART, ahead of the first row.
 */
int pg_prepare_verify(struct pg_prepare *p, struct pg_conn *c, uint64_t position, struct buf *identity,
                      struct err *e);

/*
 * After START_REPLICATION from `position` and before its first row is used: the slot must not be confirmed
 * beyond it (ERR_GAP). Asks over the ordinary connection, which it opens again when need be, watching
 * `stop_fd`, and closes afterwards: idle, it would hold up a smart shutdown.
 */
int pg_prepare_started(struct pg_prepare *p, uint64_t position, int stop_fd, struct err *e);

/* source_ops.describe. */
int pg_prepare_describe(struct pg_prepare *p, source_table_fn fn, void *ctx, struct err *e);

/* source_ops.end_position. */
int pg_prepare_end_position(struct pg_prepare *p, struct buf *out, struct err *e);

/*
 * Once the replication connection is closed for good: removes the publications of a run without state, which
 * leaves nothing behind. Trouble is logged. pg_prepare_free() does it too.
 */
void pg_prepare_clean_up(struct pg_prepare *p);

#endif
