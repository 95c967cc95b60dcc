/*
 * my_ahead: reads the log ahead of where its rows are read, for the statements in it alone (ddl_index.h).
 *
 * What it has read it does not read again: from one question to the next only what was written meanwhile.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_AHEAD_H
#define TAILRACE_AGENT_SOURCE_MY_AHEAD_H

#include "agent/source/my_server.h"
#include "decoders/binlog/ddl_index.h"

struct my_ahead {
    const struct config_source *config;
    int stop_fd; /* readable: give up; 0: none */
    struct ddl_index *index;
};

/* Makes it empty, and frees what it holds. `config` outlives it. */
int my_ahead_init(struct my_ahead *a, const struct config_source *config, int stop_fd, struct err *e);
void my_ahead_release(struct my_ahead *a);

/*
 * Reads from `from` up to `to` (of which file and offset count), as far as that was not done, over a
 * connection of its own to `server`. Afterwards a->index answers for every place between the two.
 */
int my_ahead_read(struct my_ahead *a, const struct my_server *server, const struct binlog_position *from,
                  const struct binlog_place *to, struct err *e);

#endif
