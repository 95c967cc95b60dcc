/*
 * pg_chunk: one chunk of a table's rows, read in one transaction.
 *
 * REPEATABLE READ, READ ONLY, and shorter than the chunk by the time it takes to notice its end:
 *
 *   lock       ACCESS SHARE on the table, before the snapshot: what rewrites a table (ALTER TABLE, TRUNCATE)
 *              leaves it empty for older snapshots. Waits a second at most.
 *   snapshot   pg_current_snapshot(), judged (pg_visible.h); what is not good is tried again some times
 *   describe   the table, as the log would (pg_shape.h), and what the log does not say (pg_catalog.h)
 *   COPY       the rows, in key order; each goes into the ring as it comes
 *
 * Row security is off: a policy makes the reading fail instead of hiding rows. A transaction that was cut
 * short by a standby's conflict or a lost connection has still given good rows.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_CHUNK_H
#define TAILRACE_AGENT_SOURCE_PG_CHUNK_H

#include "agent/source/pg_rows.h"
#include "agent/source/source.h"

/* Why a table without a key is not read, and the remedy. */
#define PG_CHUNK_NO_KEY                                                                                      \
    "no primary key, and no unique index over NOT NULL columns in ascending order; add a primary key"

/* Opens `c` as chunks need it. */
int pg_chunk_connect(struct pg_conn *c, const struct config_source *config, int stop_fd, struct err *e);

/*
 * Reads the chunk into the ring: FRAME_CHUNK, FRAME_CATALOG, FRAME_DATA, but not its end, which is what `end`
 * and `after` (the last row's key) say. A connection that is of no use any more is closed. -1 with
 * ERR_STOPPED when stop_fd said so.
 */
int pg_chunk_read(const struct pg_reading *r, struct pg_conn *c, const struct source_chunk *q,
                  struct source_chunk_end *end, struct buf *after, struct err *e);

#endif
