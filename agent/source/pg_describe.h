/*
 * pg_describe: the matching tables as the catalogue has them now, for checks before the first row.
 *
 * The log describes its tables itself; these descriptions are for looking at a mapping, a topic name or a key
 * before anything is streamed. Their `serial` is 0.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_DESCRIBE_H
#define TAILRACE_AGENT_SOURCE_PG_DESCRIBE_H

#include "agent/source/pg_conn.h"
#include "agent/source/source.h"

/* Calls `fn` for each table that the source's patterns select, by schema and name. */
int pg_describe(struct pg_conn *c, source_table_fn fn, void *ctx, struct err *e);

#endif
