/*
 * my_readable: the tables of a MySQL or MariaDB whose rows can be read in chunks (source_ops.readable).
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_READABLE_H
#define TAILRACE_AGENT_SOURCE_MY_READABLE_H

#include "agent/source/source.h"

/* Over a connection of its own. Any thread. */
int my_readable(const struct config_source *s, source_readable_fn fn, void *ctx, struct err *e);

#endif
