/*
 * my_from: where a source without a checkpoint begins: the option --from.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_FROM_H
#define TAILRACE_AGENT_SOURCE_MY_FROM_H

#include "agent/source/my_log.h"

struct my_from_parts {
    struct my_client *sql;
    const struct my_server *server;
    const struct my_log *log;
};

/*
 * `from` is NULL or "now" (the end, which *position holds already), or a position: FILE:OFFSET, a GTID set,
 * or both. *complete becomes false where the GTIDs up to it are not known (MySQL, by file and offset alone).
 * ERR_CONFIG for what the server cannot give.
 */
int my_from(const struct my_from_parts *parts, const char *from, struct binlog_position *position,
            bool *complete, struct err *e);

#endif
