/*
 * my_stream: asks a server for its log as a replica does.
 *
 * Registers with the source's server id and a UUID made of it, so that the server ends an older connection of
 * the same replica (ours, when it was cut off without knowing), and says so to the other. Heartbeats come
 * every MY_HEARTBEAT_S while nothing else does.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_STREAM_H
#define TAILRACE_AGENT_SOURCE_MY_STREAM_H

#include "agent/source/my_client.h"
#include "agent/source/my_server.h"
#include "decoders/binlog/position.h"

#define MY_HEARTBEAT_S 2
#define MY_PATIENCE_S 8 /* how long the server may be silent once it streams */
#define MY_SEARCH_S 300 /* … and while it looks for our position in a large file */

/* Asks for what follows `from`; my_client_fetch() gives it. The errors are explained by my_stream_explain().
 */
int my_stream_start(struct my_client *c, const struct config_source *s, const struct my_server *server,
                    const struct binlog_position *p, struct err *e);

/*
 * Asks for what is in the log now behind `from`, without registering: by file and offset where it has a file,
 * else by GTID. my_client_fetch() gives it, and 0 at its end.
 */
int my_stream_look(struct my_client *c, const struct my_server *server, const struct binlog_position *p,
                   struct err *e);

/*
 * Gives an error of the stream its meaning: what the server no longer has is ERR_GAP, our id taken over by
 * somebody else ERR_FENCED, missing grants ERR_CONFIG. Other errors stay as they are. Returns -1.
 */
int my_stream_explain(const struct my_client *c, const struct config_source *s, struct err *e);

#endif
