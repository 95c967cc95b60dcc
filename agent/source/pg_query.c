#include "agent/source/pg_query.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/clock.h"
#include "agent/source/pg_text.h"

#define CANCEL_WAIT_MS 5000

/* ---- What a failure means ---- */

struct meaning {
    const char *state; /* a SQLSTATE, or its class */
    enum err_code code;
    bool retriable;
};

/* The first that fits. */
static const struct meaning meanings[] = {
    {"55006", ERR_FENCED, true},  /* object_in_use: the slot is active for somebody else */
    {"53400", ERR_CONFIG, false}, /* configuration_limit_exceeded: no slot is free */
    {"55000", ERR_CONFIG, false}, /* object_not_in_prerequisite_state: wal_level, a lost slot */
    {"0A000", ERR_CONFIG, false}, /* feature_not_supported */
    {"25006", ERR_CONFIG, false}, /* read_only_sql_transaction: a standby, or a role that may not write */
    {"3D000", ERR_CONFIG, false}, /* the database does not exist */
    {"28", ERR_CONFIG, false},    /* authentication */
    {"42", ERR_CONFIG, false},    /* grants, unknown objects */
    {"22023", ERR_CONFIG, false}, /* a parameter has no such value */
};

void pg_classify(const char *sqlstate, struct err *e) {
    e->code = ERR_IO;
    e->retriable = true;
    if (!sqlstate) return;
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        const struct meaning *m = &meanings[i];
        if (strncmp(sqlstate, m->state, strlen(m->state)) != 0) continue;
        e->code = m->code;
        e->retriable = m->retriable;
        return;
    }
}

static const char *field(const PGresult *res, int code) {
    const char *text = res ? PQresultErrorField(res, code) : NULL;

    return text ? text : "";
}

int pg_fail(const struct pg_conn *c, const PGresult *res, const char *what, struct err *e) {
    const char *primary = field(res, PG_DIAG_MESSAGE_PRIMARY);
    const char *hint = field(res, PG_DIAG_MESSAGE_HINT);
    const char *detail = field(res, PG_DIAG_MESSAGE_DETAIL);
    struct err meaning = {0};

    pg_classify(field(res, PG_DIAG_SQLSTATE), &meaning);
    if (*primary) {
        err_set(e, meaning.code, "%s: %s (SQLSTATE %s)%s%s%s%s", what, primary, field(res, PG_DIAG_SQLSTATE),
                *detail ? "; " : "", detail, *hint ? "; " : "", hint);
    } else {
        const char *message = PQerrorMessage(c->pq);
        if (!*message) message = "the connection was lost";
        err_set(e, meaning.code, "%s: %.*s", what, (int)strcspn(message, "\n"), message);
    }
    if (e) e->retriable = meaning.retriable;
    return -1;
}

/* ---- Asking ---- */

int pg_send(struct pg_conn *c, const char *what, const char *sql, int nparams, const char *const *params,
            struct err *e) {
    int sent = nparams > 0 ? PQsendQueryParams(c->pq, sql, nparams, NULL, params, NULL, NULL, 0)
                           : PQsendQuery(c->pq, sql);

    return sent ? 0 : pg_fail(c, NULL, what, e);
}

/* Waits for more bytes. 1 there are some, 0 not in time, -1 stopped. */
static int wait_bytes(const struct pg_conn *c, const char *what, int timeout_ms, struct err *e) {
    struct pollfd fds[2] = {
        {.fd = PQsocket(c->pq), .events = POLLIN},
        {.fd = c->stop_fd > 0 ? c->stop_fd : -1, .events = POLLIN},
    };
    int n = poll(fds, 2, timeout_ms);

    if (n < 0 && errno != EINTR) return err_set(e, ERR_IO, "%s: cannot wait (errno %d)", what, errno);
    if (n > 0 && fds[1].revents) return err_set(e, ERR_STOPPED, "%s: stopped", what);
    return n > 0;
}

int pg_wait(struct pg_conn *c, const char *what, int timeout_ms, struct err *e) {
    int64_t until = clock_monotonic_us(&clock_system) + (int64_t)timeout_ms * 1000;

    while (PQisBusy(c->pq)) {
        int left = -1;
        if (timeout_ms >= 0) {
            int64_t us = until - clock_monotonic_us(&clock_system);
            left = us > 0 ? (int)(us / 1000) + 1 : 0;
        }
        int n = wait_bytes(c, what, left, e);
        if (n < 0) return -1;
        if (n == 0 && left == 0) return 0;
        if (n > 0 && !PQconsumeInput(c->pq)) return pg_fail(c, NULL, what, e);
    }
    return 1;
}

/* True for a result that ends the exchange or switches to copying, after which none follows. */
static bool is_copy(const PGresult *res) {
    ExecStatusType s = PQresultStatus(res);

    return s == PGRES_COPY_BOTH || s == PGRES_COPY_OUT || s == PGRES_COPY_IN;
}

static bool is_good(const PGresult *res) {
    ExecStatusType s = PQresultStatus(res);

    return s == PGRES_TUPLES_OK || s == PGRES_COMMAND_OK || s == PGRES_EMPTY_QUERY || is_copy(res);
}

/* The last result of the exchange, or the first bad one. */
PGresult *pg_result(struct pg_conn *c, const char *what, struct err *e) {
    PGresult *kept = NULL, *res;

    for (;;) {
        if (pg_wait(c, what, -1, e) < 0) {
            PQclear(kept);
            return NULL;
        }
        res = PQgetResult(c->pq);
        if (!res) break;
        if (kept && !is_good(kept)) {
            PQclear(res);
            continue;
        }
        PQclear(kept);
        kept = res;
        if (is_copy(res)) break;
    }
    if (kept && is_good(kept)) return kept;
    snprintf(c->sqlstate, sizeof c->sqlstate, "%s", field(kept, PG_DIAG_SQLSTATE));
    pg_fail(c, kept, what, e);
    PQclear(kept);
    return NULL;
}

PGresult *pg_query(struct pg_conn *c, const char *what, const char *sql, int nparams,
                   const char *const *params, struct err *e) {
    if (pg_send(c, what, sql, nparams, params, e)) return NULL;
    return pg_result(c, what, e);
}

PGresult *pg_execute(struct pg_conn *c, const char *what, const char *name, int nparams,
                     const char *const *params, struct err *e) {
    if (!PQsendQueryPrepared(c->pq, name, nparams, params, NULL, NULL, 0)) {
        pg_fail(c, NULL, what, e);
        return NULL;
    }
    return pg_result(c, what, e);
}

int pg_exec(struct pg_conn *c, const char *what, const char *sql, struct err *e) {
    PGresult *res = pg_query(c, what, sql, 0, NULL, e);

    PQclear(res);
    return res ? 0 : -1;
}

void pg_cancel(struct pg_conn *c) {
    PGcancel *cancel = PQgetCancel(c->pq);
    struct pg_conn deaf = *c; /* the stop signal that brought us here must not end this wait too */
    char complaint[256];

    deaf.stop_fd = 0;
    if (cancel && PQcancel(cancel, complaint, sizeof complaint))
        while (pg_wait(&deaf, "cancelling", CANCEL_WAIT_MS, NULL) == 1) {
            PGresult *res = PQgetResult(c->pq);
            if (!res) break;
            PQclear(res);
        }
    PQfreeCancel(cancel);
}

/* ---- Reading results ---- */

const char *pg_text(const PGresult *res, int row, int col) {
    return PQgetisnull(res, row, col) ? "" : PQgetvalue(res, row, col);
}

uint64_t pg_u64(const PGresult *res, int row, int col) {
    return strtoull(pg_text(res, row, col), NULL, 10);
}

bool pg_bool(const PGresult *res, int row, int col) {
    return pg_text(res, row, col)[0] == 't';
}

uint64_t pg_lsn(const PGresult *res, int row, int col) {
    uint64_t lsn;

    return pg_lsn_parse(pg_text(res, row, col), &lsn) ? lsn : 0;
}
