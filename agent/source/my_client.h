/*
 * my_client: the client library behind one face. MariaDB's Connector/C and Oracle's libmysqlclient differ in
 * how TLS is asked for and how a binary log is read; nobody else need know which one this build has.
 *
 * Calls block, within the timeouts given; my_client_abort() from another thread ends them. Otherwise one
 * thread at a time. Errors never hold a password.
 *
 * A password is never sent in clear but over TLS and sockets (see my_auth.h). With Oracle's library and no
 * TLS, caching_sha2_password may encrypt it with a key that the server has just sent: a secret from who
 * listens, not from who answers in the server's place.
 *
 * caching_sha2_password and ed25519 are run-time plug-ins of Connector/C: their folder comes with the library
 * (package libmariadb3), and MARIADB_PLUGIN_DIR names another one. mysql_native_password is one of Oracle's
 * library 9.x; LIBMYSQL_PLUGIN_DIR names the folder.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_CLIENT_H
#define TAILRACE_AGENT_SOURCE_MY_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/err.h"

enum my_tls { MY_TLS_OFF, MY_TLS_PREFER, MY_TLS_REQUIRE, MY_TLS_VERIFY_CA, MY_TLS_VERIFY_FULL };

struct my_client_options {
    const char *host;   /* NULL: `socket` */
    const char *socket; /* NULL with a host: none; both NULL: the library's default */
    unsigned port;
    const char *user;     /* NULL: the library's default */
    const char *password; /* NULL: none */
    enum my_tls tls;
    const char *ca; /* needed to verify; NULL otherwise */
    const char *cert;
    const char *key;
    unsigned connect_s;
    unsigned read_s; /* how long the server may be silent while we wait for it */
    bool compress;
};

struct my_client;

/*
 * Connects. ERR_CONFIG when a person must act (password, grants, TLS, a missing plug-in), else ERR_IO.
 */
int my_client_open(const struct my_client_options *o, struct my_client **out, struct err *e);
void my_client_close(struct my_client *c);

/* Any thread, between open and close: what waits for the server fails now, and so does all that follows. */
void my_client_abort(struct my_client *c);

/* What the server calls itself: "10.11.5-MariaDB-log", "9.7.4". */
const char *my_client_version(const struct my_client *c);

/* How long the server may be silent from now on. Oracle's library keeps the value it connected with: then
 * this does nothing, and my_client_can_set_patience() is false. */
void my_client_set_patience(struct my_client *c, unsigned seconds);
bool my_client_can_set_patience(void);

/* my_client_errno() when the connection broke, or the server was silent for too long. */
#define MY_CLIENT_LOST 2013

/* The server's number for the last error of this connection, or the library's; 0 none. */
unsigned my_client_errno(const struct my_client *c);

/* ---- SQL ---- */

struct my_result;

/* Runs one statement and keeps its rows. `what` opens the message of an error. NULL and `e` on failure. */
struct my_result *my_client_query(struct my_client *c, const char *what, const char *sql, struct err *e);
/* Likewise where no rows are expected. */
int my_client_exec(struct my_client *c, const char *what, const char *sql, struct err *e);

/* Moves to the next row, at first to the first one. False behind the last. */
bool my_result_next(struct my_result *r);
/* A column of the row: by number, or by name (in any case). NULL: NULL, or there is no such column. */
const char *my_result_at(const struct my_result *r, unsigned column);
const char *my_result_get(const struct my_result *r, const char *name);
void my_result_free(struct my_result *r);

/* ---- The log (my_client_log.c) ---- */

struct my_dump {
    uint32_t server_id; /* ours */
    const char *file;   /* "" with GTIDs: the server finds the file */
    uint64_t offset;
    bool by_gtid; /* MySQL's auto-positioning: `gtids` in the server's binary form */
    const uint8_t *gtids;
    size_t gtids_len;
    bool statements; /* MariaDB: ANNOTATE_ROWS events too; MySQL sends its ROWS_QUERY in any case */
    bool ends;       /* the server ends the stream at the end of its log, and does not wait for more */
};

/* Asks for the log; then my_client_fetch() until it ends. No SQL behind it. */
int my_client_dump(struct my_client *c, const struct my_dump *d, struct err *e);

/* The next event, whole, however many packets it came in. Valid until the next call. 1; 0: the server ended
 * the stream in good order; -1. */
int my_client_fetch(struct my_client *c, const uint8_t **event, size_t *len, struct err *e);

/* True when bytes of the next event are here already: a fetch will hardly have to wait. */
bool my_client_pending(const struct my_client *c);

/* Makes us visible in SHOW REPLICAS under `name`; trouble is an error. A no-op with Oracle's library. */
int my_client_register(struct my_client *c, uint32_t server_id, const char *name, struct err *e);

#endif
