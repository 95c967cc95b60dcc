/*
 * pg_conn: one connection to PostgreSQL, and questions asked over it.
 *
 * The connection is opened with TLS as the configuration says (`verify-full` with the system's CA bundle
 * unless every host is a loopback address or a socket), with the password read at the moment of use and wiped
 * behind it, and with every session setting pinned that changes how a value is written (ISO dates, UTC, hex
 * bytea, shortest floats, …), so that a row looks the same whoever reads it. The encoding is UTF8; a
 * database that declares none (SQL_ASCII) stays raw.
 *
 * Waiting is never deaf: connecting and questions watch `stop_fd` too and give up with ERR_STOPPED when it
 * becomes readable. Not for concurrent use. Errors never contain the password.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_CONN_H
#define TAILRACE_AGENT_SOURCE_PG_CONN_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/config/config.h"
#include "decoders/buf.h"
#include "decoders/err.h"

enum pg_conn_kind {
    PG_CONN_SQL,         /* ordinary: parameters allowed, statement_timeout and lock_timeout set */
    PG_CONN_REPLICATION, /* replication=database: START_REPLICATION, and SQL without parameters */
};

/* `struct pg_conn c = {0};` is a closed one. Members are read by those who stream; only pg_conn writes them.
 */
struct pg_conn {
    PGconn *pq; /* NULL: closed */
    const struct config_source *config;
    enum pg_conn_kind kind;
    int stop_fd; /* 0: none */
};

/*
 * Connects. `stop_fd` is watched meanwhile and later (0: none). ERR_CONFIG when a person must act
 * (authentication, unknown database, TLS that contradicts itself, no CA bundle), ERR_IO (retriable) when the
 * server is not to be reached or not ready now. `s` outlives the connection.
 */
int pg_conn_open(struct pg_conn *c, const struct config_source *s, enum pg_conn_kind kind, int stop_fd,
                 struct err *e);

/* Closes; a closed one stays closed. */
void pg_conn_close(struct pg_conn *c);

/*
 * Runs one statement and waits for its result, which the caller PQclear()s; NULL on failure. Parameters are
 * texts ($1…, NULL for null); a replication connection takes none. `what` says what for, as the start of the
 * error: "reading pg_class".
 */
PGresult *pg_query(struct pg_conn *c, const char *what, const char *sql, int nparams,
                   const char *const *params, struct err *e);

/* Runs a statement (or several, separated by semicolons) for its effect. */
int pg_exec(struct pg_conn *c, const char *what, const char *sql, struct err *e);

/* The first column of the first row; *found false without rows or when it is null. Clears `out` first. */
int pg_value(struct pg_conn *c, const char *what, const char *sql, int nparams, const char *const *params,
             struct buf *out, bool *found, struct err *e);

/*
 * Turns the failure of `res` (NULL: of the connection) into an err by its SQLSTATE: grants and
 * authentication ERR_CONFIG; a slot in use (55006) ERR_FENCED with `retriable` set; network, shutdown,
 * starting up, too many connections and whatever else ERR_IO. Returns -1.
 */
int pg_fail(const struct pg_conn *c, const PGresult *res, const char *what, struct err *e);

/* True when `res` failed with this SQLSTATE ("42704"). */
bool pg_is_state(const PGresult *res, const char *sqlstate);

/* Fields of a result: "" for null; integers 0 when it is none; 't' is true. */
const char *pg_text(const PGresult *res, int row, int col);
uint64_t pg_u64(const PGresult *res, int row, int col);
bool pg_bool(const PGresult *res, int row, int col);

/* Log positions: "0/1A2B3C". pg_lsn() of a result field is 0 for null. */
#define PG_LSN_TEXT 24
bool pg_lsn_parse(const char *text, uint64_t *lsn);
const char *pg_lsn_format(uint64_t lsn, char out[PG_LSN_TEXT]);
uint64_t pg_lsn(const PGresult *res, int row, int col);

/* Appends an SQL identifier, a qualified name, a literal; quoted where needed, safe for any name. */
void pg_put_ident(struct buf *out, const char *name);
void pg_put_table(struct buf *out, const char *schema, const char *name);
void pg_put_literal(struct buf *out, const char *text);

#endif
