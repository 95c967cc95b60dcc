/*
 * my_begun: when a file of a server's log was begun, as its FORMAT_DESCRIPTION event says.
 *
 * A log that was reset has files of the same names again, and soon the same GTIDs; when they were begun tells
 * them from those we have read. In seconds: what was begun, read and reset within one second looks the same.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_BEGUN_H
#define TAILRACE_AGENT_SOURCE_MY_BEGUN_H

#include "agent/source/my_server.h"
#include "decoders/binlog/position.h"

/* Asks that server, over a connection of its own. *begun 0: the server cannot read the file either. */
int my_begun(const struct config_source *config, const struct my_server *server, const char *file,
             uint32_t *begun, struct err *e);

/* Asks for the files of both places, as far as they are that server's and it is not known. */
int my_begun_note(const struct config_source *config, const struct my_server *server,
                  struct binlog_position *p, struct err *e);

#endif
