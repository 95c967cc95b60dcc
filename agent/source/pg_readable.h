/*
 * pg_readable: the tables whose rows can be read beside the stream (source_ops.readable).
 *
 * Those that bear the names the stream gives to rows: in a publication with publish_via_partition_root the
 * partitioned table and not its partitions, else the partitions. They are in a publication that the stream
 * names and that publishes inserts, and the patterns select them.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_READABLE_H
#define TAILRACE_AGENT_SOURCE_PG_READABLE_H

#include "agent/source/pg_streamed.h"
#include "agent/source/pg_visible.h"
#include "agent/source/source.h"

/* Asks over a connection of its own. Those found at the first call are told to `visible`. */
int pg_readable(const struct config_source *config, const struct pg_streamed *streamed,
                struct pg_visible *visible, source_readable_fn fn, void *ctx, struct err *e);

#endif
