/*
 * my_log: where a server's binary log begins and ends: files, offsets, GTIDs.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_LOG_H
#define TAILRACE_AGENT_SOURCE_MY_LOG_H

#include "agent/source/my_client.h"
#include "agent/source/my_server.h"
#include "decoders/binlog/position.h"

struct my_log_file {
    char name[BINLOG_FILE_MAX + 1];
    uint64_t size; /* bytes */
};

/* What is there now. */
struct my_log {
    struct my_log_file *files; /* oldest first; at least one */
    size_t count;
    struct binlog_position end; /* `through`: behind all that was committed when it was asked for */
    struct gtid_set *purged;    /* before the oldest file; empty where there are no GTIDs */
};

/* Reads it. `by_gtid` of the end is as the server is. Release also after a failure. */
int my_log_read(struct my_client *c, const struct my_server *s, struct my_log *out, struct err *e);
void my_log_release(struct my_log *l);

/* Reads only the end: file, offset and GTIDs of one moment. `out` was initialised. */
int my_log_end(struct my_client *c, const struct my_server *s, struct binlog_place *out, struct err *e);

/* The file of that name, NULL when there is none (any more). */
const struct my_log_file *my_log_find(const struct my_log *l, const char *name);

/*
 * MariaDB: the GTIDs up to a place in the log. *known false: there is no such place.
 */
int my_log_gtids_at(struct my_client *c, const char *file, uint64_t offset, struct gtid_set *out, bool *known,
                    struct err *e);

/*
 * MySQL: whether the transactions from a place on have GTIDs, judged by the first of them; true when none
 * follows.
 */
int my_log_has_gtids(struct my_client *c, const struct my_log *l, const struct binlog_place *at, bool *out,
                     struct err *e);

/* Appends a name as a literal, safe for any. */
void my_put_literal(struct buf *out, const char *text);

#endif
