#include "agent/source/pg_conn.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/config/secret.h"
#include "agent/source/pg_params.h"
#include "agent/source/pg_query.h"

/* libpq's own words for TLS trouble; it has no codes for them. A person must act on each. */
static const char *const tls_trouble[] = {
    "certificate verify failed", "does not match host name",
    "does not support SSL",      "could not read root certificate file",
    "root certificate file",
};

/* The five characters of "FATAL:  28P01: text", as libpq writes it with verbose errors; "" when there are
 * none. */
static void find_sqlstate(const char *message, char out[6]) {
    const char *at = message;

    out[0] = '\0';
    while ((at = strstr(at, ":  "))) {
        at += 3;
        if (strspn(at, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && at[5] == ':') {
            memcpy(out, at, 5);
            out[5] = '\0';
            return;
        }
    }
}

/* libpq ends a message with newlines and puts LOCATION lines into verbose ones: keep what people need, on one
 * line. */
static void tidy(const char *message, char *out, size_t size) {
    size_t n = 0;

    while (*message && n + 3 < size) {
        size_t line = strcspn(message, "\n");
        if (line > 0 && strncmp(message, "LOCATION:", 9) != 0) {
            if (n > 0) {
                out[n++] = ';';
                out[n++] = ' ';
            }
            if (line > size - 1 - n) line = size - 1 - n;
            memcpy(out + n, message, line);
            n += line;
        }
        message += strcspn(message, "\n");
        message += strspn(message, "\n\t ");
    }
    out[n] = '\0';
}

static int connect_failed(struct pg_conn *c, struct err *e) {
    char text[700];
    const char *message = PQerrorMessage(c->pq);

    find_sqlstate(message, c->sqlstate);
    tidy(message, text, sizeof text);
    err_set(e, ERR_IO, "cannot connect to %s: %s", c->config->url, text);
    if (c->sqlstate[0]) {
        pg_classify(c->sqlstate, e);
        return -1;
    }
    if (PQconnectionNeedsPassword(c->pq))
        return err_set(e, ERR_CONFIG,
                       "%s asks for a password: name it with password_file, password_env or passfile",
                       c->config->url);
    for (size_t i = 0; i < sizeof tls_trouble / sizeof tls_trouble[0]; i++)
        if (strstr(message, tls_trouble[i])) {
            e->code = ERR_CONFIG;
            e->retriable = false;
        }
    return -1;
}

/* Waits until the socket is ready. 0; 1 when the time is up; -1 when stop_fd woke us. */
static int wait_socket(const PGconn *pq, int stop_fd, bool writing, int64_t until_us) {
    struct pollfd fds[2] = {
        {.fd = PQsocket(pq), .events = writing ? POLLOUT : POLLIN},
        {.fd = stop_fd > 0 ? stop_fd : -1, .events = POLLIN},
    };
    int64_t left = until_us - clock_monotonic_us(&clock_system);
    int n;

    if (left <= 0) return 1;
    n = poll(fds, 2, (int)(left / 1000) + 1);
    if (n < 0 && errno != EINTR) return 1;
    if (n > 0 && fds[1].revents) return -1;
    return 0;
}

/* Drives PQconnectPoll. */
static int establish(struct pg_conn *c, int timeout_ms, struct err *e) {
    PGconn *pq = c->pq;
    int64_t until = clock_monotonic_us(&clock_system) + (int64_t)timeout_ms * 1000;
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;

    if (PQstatus(pq) == CONNECTION_BAD) return connect_failed(c, e);
    while (status != PGRES_POLLING_OK) {
        int woke = wait_socket(pq, c->stop_fd, status == PGRES_POLLING_WRITING, until);
        if (woke < 0) return err_set(e, ERR_STOPPED, "stopped while connecting");
        if (woke > 0)
            return err_set(e, ERR_IO, "cannot connect to %s: no answer within %d s", c->config->url,
                           timeout_ms / 1000);
        status = PQconnectPoll(pq);
        if (status == PGRES_POLLING_FAILED) return connect_failed(c, e);
    }
    PQsetErrorVerbosity(pq, PQERRORS_DEFAULT);
    return 0;
}

/* The server's notices and warnings; without this they would go to stderr as they are. */
static void on_notice(void *ctx, const char *message) {
    const struct config_source *s = ctx;
    char text[700];

    tidy(message, text, sizeof text);
    log_msg(LOG_DEBUG, s->name, "server says: %s", text);
}

/* Starts with the password, which is read here and wiped here. */
static PGconn *start(struct pg_params *params, const struct config_source *s, struct err *e) {
    struct buf password = {0};
    size_t before = params->count;
    PGconn *pq = NULL;

    if (secret_read(&s->secret, &password, e)) goto out;
    if (password.len > 0 && pg_params_add(params, "password", buf_cstr(&password), e)) goto out;
    if (buf_failed(&password)) {
        err_memory(e, "reading the password");
        goto out;
    }
    pq = PQconnectStartParams(params->keywords, params->values, 1);
    if (!pq) err_memory(e, "connecting");
out:
    params->count = before; /* the text is wiped: nobody may look at it again */
    params->keywords[before] = NULL;
    params->values[before] = NULL;
    secret_wipe(&password);
    return pq;
}

/* A database without an encoding holds bytes that are valid in none: they stay as they are. */
static int keep_raw(struct pg_conn *c, struct err *e) {
    const char *encoding = PQparameterStatus(c->pq, "server_encoding");

    if (!encoding || strcmp(encoding, "SQL_ASCII") != 0) return 0;
    return pg_exec(c, "setting the encoding", "SET client_encoding TO 'SQL_ASCII'", e);
}

/* One server. */
static int try_one(struct pg_conn *c, struct pg_params *params, struct err *e) {
    c->sqlstate[0] = '\0';
    c->pq = start(params, c->config, e);
    if (!c->pq) return -1;
    PQsetErrorVerbosity(c->pq, PQERRORS_VERBOSE); /* connecting: the only way to learn the SQLSTATE */
    PQsetNoticeProcessor(c->pq, on_notice, (void *)(uintptr_t)c->config);
    if (!establish(c, params->timeout_ms, e) && !keep_raw(c, e)) return 0;
    pg_conn_close(c);
    return -1;
}

int pg_conn_open(struct pg_conn *c, const struct config_source *s, enum pg_conn_kind kind, int stop_fd,
                 struct err *e) {
    struct pg_params params;
    int rc = -1;

    memset(c, 0, sizeof *c);
    c->config = s;
    c->kind = kind;
    c->stop_fd = stop_fd;
    if (pg_params_init(&params, s, kind, e)) goto out;
    for (size_t i = 0; rc && i < params.nservers; i++) {
        if (pg_params_select(&params, i, e)) break;
        rc = try_one(c, &params, e);
        if (rc && e->code != ERR_IO) break; /* trying the others would not change it */
    }
out:
    pg_params_release(&params);
    return rc;
}

void pg_conn_close(struct pg_conn *c) {
    PQfinish(c->pq);
    c->pq = NULL;
}
