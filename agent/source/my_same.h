/*
 * my_same: one more connection to the very server that we are connected to, whichever of the URL's servers
 * answers by now.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_SAME_H
#define TAILRACE_AGENT_SOURCE_MY_SAME_H

#include "agent/source/my_server.h"

/* As my_conn_open(), with a server's patience for questions. ERR_IO (retriable): another server answers. */
int my_same_open(const struct config_source *config, const struct my_server *server, struct my_client **out,
                 struct err *e);

#endif
