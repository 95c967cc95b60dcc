/*
 * my_visible: transactions that show everything the stream has delivered.
 *
 * A commit is in the log before others can see it (semi-synchronous replication may hold it there), so the
 * log's own position proves nothing. What does:
 *
 *   MySQL with GTIDs       @@GLOBAL.gtid_executed, read before the snapshot is taken: a transaction enters it
 *                          when it is visible
 *   MariaDB                binlog_snapshot_file and _position: where the log was when the snapshot was taken
 *   MySQL without GTIDs    LOCK TABLES … READ over another connection: granted when no transaction that wrote
 *                          to the table is open; given up after 50 ms, so that no writer waits longer
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_VISIBLE_H
#define TAILRACE_AGENT_SOURCE_MY_VISIBLE_H

#include "agent/source/my_server.h"
#include "decoders/binlog/position.h"

struct my_visible;

/* `stop_fd` ends waiting when it becomes readable. */
int my_visible_new(const struct config_source *config, int stop_fd, struct my_visible **out, struct err *e);
void my_visible_free(struct my_visible *v);

/*
 * Begins a transaction with a consistent snapshot on `sql` in which everything up to `at` (its `through`) is
 * visible, as far as it is about the table. 0; 1: it is not visible yet, `e` says what is waited for (its
 * code is ERR_IO), and there is no transaction; -1.
 */
int my_visible_begin(struct my_visible *v, struct my_client *sql, const struct my_server *server,
                     const struct binlog_position *at, const char *database, const char *table,
                     struct err *e);

/* Any thread, between new and free: what waits for a server fails. */
void my_visible_abort(struct my_visible *v);

#endif
