/*
 * my_xa: transactions that are prepared and not decided when a source begins somewhere in the log. The rows
 * of some lie in front of that, and are published when they commit: so the log is read again from the file
 * that holds the oldest of them.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_XA_H
#define TAILRACE_AGENT_SOURCE_MY_XA_H

#include "agent/source/my_log.h"

/*
 * Moves `from` to the beginning of that file; leaves it alone when nothing is prepared in front of it, or
 * the server is so old that it logs rows of XA transactions with their commit. What is prepared and not in
 * the log any more is said on the log, under `source`: its commit will stop the source.
 */
int my_xa_begin(struct my_client *c, const struct my_server *s, const struct my_log *log, const char *source,
                struct binlog_place *from, struct err *e);

#endif
