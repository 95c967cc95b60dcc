/*
 * my_columns: what tables were at a place in the log that does not name their columns.
 *
 * information_schema says what they are now. That is what they were at the place when no statement that
 * changed them was logged from there up to the end of the log, asked for behind it: so the log is read ahead
 * for statements. What was changed in between cannot be known any more: names are never guessed.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_COLUMNS_H
#define TAILRACE_AGENT_SOURCE_MY_COLUMNS_H

#include "agent/source/my_ahead.h"

struct my_columns;

/* `stop_fd` ends a long reading when it becomes readable; 0: none. */
int my_columns_new(const struct config_source *config, int stop_fd, struct my_columns **out, struct err *e);
void my_columns_free(struct my_columns *m);

/*
 * Appends the payload of a FRAME_CATALOG: what a table was at `at`, a resume position of the server of
 * `identity`. ERR_DATA: it cannot be known; the text says why.
 */
int my_columns_ask(struct my_columns *m, struct position identity, const char *database, const char *table,
                   struct position at, struct buf *out, struct err *e);

/* Likewise all tables that the patterns select and that were not changed since `at`. */
int my_columns_ask_all(struct my_columns *m, const struct my_server *server, const struct binlog_position *at,
                       struct buf *out, struct err *e);

#endif
