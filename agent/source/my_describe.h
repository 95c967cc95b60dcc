/*
 * my_describe: the tables that the patterns select, as the catalogue (information_schema) has them now.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_DESCRIBE_H
#define TAILRACE_AGENT_SOURCE_MY_DESCRIBE_H

#include "agent/source/my_server.h"
#include "agent/source/source.h"

/* source_ops.describe. Patterns that select nothing are said on the log. */
int my_describe(struct my_client *c, const struct config_source *s, const struct my_server *server,
                source_table_fn fn, void *ctx, struct err *e);

/* The kind of a value in a column of a type ("int", "varbinary"), 0: not known. Pure. */
enum value_kind my_describe_kind(const char *data_type, const char *column_type);

#endif
