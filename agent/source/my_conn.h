/*
 * my_conn: one connection to the server of a source, with everything pinned that changes how a value is
 * written (utf8mb4, UTC, no sql_mode), and the password read at the moment of use and wiped behind it.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_CONN_H
#define TAILRACE_AGENT_SOURCE_MY_CONN_H

#include "agent/config/config.h"
#include "agent/source/my_client.h"

/* How long a server may be silent: while it works on a question, and on the connection of a stream before it
 * streams. */
#define MY_CONN_SQL_S 120
#define MY_CONN_STREAM_S 30

/*
 * Connects to the first of the URL's servers that answers. Silence of `read_s` seconds is an error later.
 * ERR_CONFIG when a person must act, ERR_IO (retriable) when no server is to be reached. The message names
 * the source's URL, never a password.
 */
int my_conn_open(const struct config_source *s, unsigned read_s, struct my_client **out, struct err *e);

/*
 * The id we register with: the option server_id, else one above 2^31 derived from the source's name and the
 * host's, so that agents on several hosts, and sources of one agent, differ.
 */
uint32_t my_conn_server_id(const struct config_source *s);

#endif
