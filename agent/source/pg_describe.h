/*
 * pg_describe: the wanted tables as the catalogue has them now, for checks before the first row.
 *
 * The log describes its tables itself; these descriptions are for looking at a mapping, a topic name or a key
 * before anything is streamed. They are made by the decoder itself, out of the messages that the server would
 * send, so that both describe a table alike.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_DESCRIBE_H
#define TAILRACE_AGENT_SOURCE_PG_DESCRIBE_H

#include "agent/source/pg_discover.h"
#include "agent/source/pg_publication.h"
#include "agent/source/source.h"

struct pg_describe {
    const struct pg_server *server;
    const struct pg_tables *tables;
    const struct pg_publication *publication; /* whose column lists count */
    const struct decoder_ops *decoder;
};

/* Calls `fn` for each wanted table, by schema and name. */
int pg_describe(struct pg_conn *c, const struct pg_describe *d, source_table_fn fn, void *ctx, struct err *e);

#endif
