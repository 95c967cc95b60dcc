/*
 * pg_query: questions over a connection, and what their failures mean.
 *
 * Waiting for an answer watches the connection's stop_fd too; after ERR_STOPPED the connection is good for
 * nothing but closing.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_QUERY_H
#define TAILRACE_AGENT_SOURCE_PG_QUERY_H

#include "agent/source/pg_conn.h"

/*
 * Runs one statement and waits for its result, which the caller PQclear()s; NULL on failure. Parameters are
 * texts ($1…, NULL for null); a replication connection takes none. `what` says what for, as the start of the
 * error: "reading pg_class".
 */
PGresult *pg_query(struct pg_conn *c, const char *what, const char *sql, int nparams,
                   const char *const *params, struct err *e);

/* The same for a statement that was prepared by that name (PREPARE). */
PGresult *pg_execute(struct pg_conn *c, const char *what, const char *name, int nparams,
                     const char *const *params, struct err *e);

/* Runs a statement (or several, separated by semicolons, as one transaction) for its effect. */
int pg_exec(struct pg_conn *c, const char *what, const char *sql, struct err *e);

/* The halves of pg_query(), for a statement that may take long. pg_wait: 1 answered, 0 not within timeout_ms.
 */
int pg_send(struct pg_conn *c, const char *what, const char *sql, int nparams, const char *const *params,
            struct err *e);
int pg_wait(struct pg_conn *c, const char *what, int timeout_ms, struct err *e);
PGresult *pg_result(struct pg_conn *c, const char *what, struct err *e);

/* Asks the server to give up the running statement, and eats its answer if that comes within 5 s. */
void pg_cancel(struct pg_conn *c);

/*
 * Turns the failure of `res` (NULL: of the connection) into an err by its SQLSTATE: grants and authentication
 * ERR_CONFIG; a slot in use (55006) ERR_FENCED with `retriable` set; network, shutdown, starting up, too many
 * connections and whatever else ERR_IO. Returns -1.
 */
int pg_fail(const struct pg_conn *c, const PGresult *res, const char *what, struct err *e);

/* The same by SQLSTATE alone ("" or NULL: the connection broke); fills code and retriable, not the text. */
void pg_classify(const char *sqlstate, struct err *e);

/* Fields of a result: "" for null, 0 when it is no number, true for 't'. */
const char *pg_text(const PGresult *res, int row, int col);
uint64_t pg_u64(const PGresult *res, int row, int col);
bool pg_bool(const PGresult *res, int row, int col);
uint64_t pg_lsn(const PGresult *res, int row, int col);

#endif
