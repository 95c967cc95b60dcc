/*
 * pg_chunks: the thread that reads chunks of PostgreSQL's tables (source_ops.chunks_…), with a connection of
 * its own that it opens when first asked and closes when it is not asked for a while: an idle one would hold
 * up a smart shutdown of the server.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_CHUNKS_H
#define TAILRACE_AGENT_SOURCE_PG_CHUNKS_H

#include "agent/source/pg_streamed.h"
#include "agent/source/pg_visible.h"
#include "agent/source/source.h"

struct pg_chunks_parts {
    const struct config_source *config; /* outlives the thread */
    const struct pg_streamed *streamed; /* likewise */
    struct pg_visible *visible;         /* likewise, and is shared */
    struct ring *ring;
    bool *stuck; /* set by pg_chunks_close() when the thread does not end: what it uses is left to it */
};

/* Starts the thread. The `ops` of *out are the caller's to set. */
int pg_chunks_open(const struct pg_chunks_parts *parts, struct source_chunks **out, struct err *e);

/* As in source_ops. */
int pg_chunks_ask(struct source_chunks *c, const struct source_chunk *q, struct err *e);
void pg_chunks_cut(struct source_chunks *c);
void pg_chunks_close(struct source_chunks *c);

#endif
