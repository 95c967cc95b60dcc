/*
 * ddl_index: which tables were changed last where, in a stretch of the log: read before its rows are, to know
 * whether what the catalogue says now was true then.
 *
 * Fed with the events of the log as the server sends them, without rows being read. Keeps one place per name
 * of a table or database that a statement changed, whatever it was called in letter case (tellings_fold()).
 */
#ifndef TAILRACE_DECODERS_BINLOG_DDL_INDEX_H
#define TAILRACE_DECODERS_BINLOG_DDL_INDEX_H

#include "decoders/binlog/position.h"

#define DDL_TEXT_SHOWN 120

/* A statement that changed a table, or may have. */
struct ddl_change {
    uint64_t file, offset;         /* its end; the number of the file */
    char text[DDL_TEXT_SHOWN + 4]; /* how it begins */
};

struct ddl_index;

/* Empty (NULL: memory), and the end of it. */
struct ddl_index *ddl_index_new(void);
void ddl_index_free(struct ddl_index *x);

/* Forgets everything: the stretch begins at this place, of which file and offset count. */
void ddl_index_clear(struct ddl_index *x, const struct binlog_place *from);
/* A connection begins, that sends the log from where feeding ended. */
void ddl_index_connect(struct ddl_index *x);

/* Takes the next event. ERR_DATA: it is not understood. */
int ddl_index_feed(struct ddl_index *x, const void *event, size_t len, struct err *e);

/* Up to where it was fed; and whether a place lies in the stretch. */
const struct binlog_place *ddl_index_end(const struct ddl_index *x);
bool ddl_index_covers(const struct ddl_index *x, const struct binlog_place *at);

/* The last statement behind `at` that changed this table; NULL: none. */
const struct ddl_change *ddl_index_last(const struct ddl_index *x, const struct binlog_place *at,
                                        struct text database, struct text table);

#endif
