/*
 * pg_conn: one connection to PostgreSQL.
 *
 * The connection is opened with TLS as the configuration says (`verify-full` with the system's CA bundle
 * unless every host is a loopback address or a socket), with the password read at the moment of use and wiped
 * behind it, and with every session setting pinned that changes how a value is written (ISO dates, UTC, hex
 * bytea, shortest floats, …), so that a row looks the same whoever reads it. The encoding is UTF8; a
 * database that declares none (SQL_ASCII) stays raw.
 *
 * Waiting is never deaf: connecting (and pg_query) watches `stop_fd` too and gives up with ERR_STOPPED when
 * it becomes readable. Not for concurrent use. Errors never contain the password.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_CONN_H
#define TAILRACE_AGENT_SOURCE_PG_CONN_H

#include <libpq-fe.h>

#include "agent/config/config.h"
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
    int stop_fd;      /* 0: none */
    char sqlstate[6]; /* why the server refused pg_conn_open(), or what pg_result() asked; "" when it said
                         nothing */
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

#endif
