/*
 * my_prepare: from a configuration and a checkpoint to a position from which a MySQL or MariaDB can be read
 * without a silent gap.
 *
 * Nothing is made on the server. Proved are: its settings and our grants; on a resume, that it is the server
 * the checkpoint comes from, or one that shares its GTIDs, that it has what we have seen, and that it still
 * has what follows. What does not hold is a gap (ERR_GAP with the remedy), unless accepted.
 *
 * Use: open → run → (verify, for each new connection) → free. One thread at a time; the reader's after the
 * start.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_PREPARE_H
#define TAILRACE_AGENT_SOURCE_MY_PREPARE_H

#include "agent/source/my_server.h"
#include "agent/source/source.h"

struct my_prepare;

/* Connects and reads the server's facts. `c` outlives it. */
int my_prepare_open(const struct config_source *c, struct my_prepare **out, struct err *e);
void my_prepare_free(struct my_prepare *p);

/* source_ops.prepare: see there. Keeps what it found for verify. */
int my_prepare_run(struct my_prepare *p, const struct source_resume *r, struct source_start *out,
                   struct err *e);

/* Closes the connection for questions; the next question opens it again. */
void my_prepare_hang_up(struct my_prepare *p);

/* Facts of the server as last read. */
const struct my_server *my_prepare_server(const struct my_prepare *p);

/*
 * Before streaming goes on over a new connection: can this server still give what follows `position`? ERR_GAP
 * when not. When it is another one than before (a failover), `identity` (cleared first) gets what is to be
 * stored from now on: it travels as the data of FRAME_RESTART. When positions must be told apart another way
 * (gtid_mode was switched): ERR_IO, fatal: the pipeline starts anew from the checkpoint.
 */
int my_prepare_verify(struct my_prepare *p, struct my_client *c, struct position position,
                      struct buf *identity, struct err *e);

/* source_ops.describe and .end_position; over the connection of open, made anew when it was lost. */
int my_prepare_describe(struct my_prepare *p, source_table_fn fn, void *ctx, struct err *e);
int my_prepare_end_position(struct my_prepare *p, struct buf *out, struct err *e);

#endif
