/*
 * my_chunks: the thread that reads rows of a MySQL or MariaDB, chunk by chunk, into a ring (source_ops,
 * chunks_*).
 *
 * A chunk is one transaction (my_visible.h) and one SELECT in key order, whose rows become the events that
 * the log would hold as they come (decoders/binlog/read_decoder.h). A chunk that is cut ends behind a whole
 * row, and the connection with it: the server has more to send.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_CHUNKS_H
#define TAILRACE_AGENT_SOURCE_MY_CHUNKS_H

#include "agent/source/source.h"

/* See struct source_ops; `ops` is what the handle bears. What is pointed to outlives it. */
int my_chunks_open(const struct source_ops *ops, const struct config_source *config,
                   const struct clock *clock, struct ring *ring, struct source_chunks **out, struct err *e);
int my_chunks_ask(struct source_chunks *c, const struct source_chunk *q, struct err *e);
void my_chunks_cut(struct source_chunks *c);
void my_chunks_close(struct source_chunks *c);

#endif
