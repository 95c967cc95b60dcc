#include "agent/source/pg_stream.h"

#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/base/clock.h"
#include "agent/source/pg_query.h"
#include "agent/source/pg_text.h"

#define NO_SUCH_OBJECT "42704" /* undefined_object: slot or publication */
#define TLS_REREADS 256        /* records taken in one go, before other things are looked after */
#define SKIPPED_OBJECT "55000" /* object_not_in_prerequisite_state, as a warning */

/* ---- Start ---- */

/* A literal of the replication grammar, which knows no backslashes and no E''. */
static void put_option_value(struct buf *b, const char *text) {
    buf_putc(b, '\'');
    for (; *text; text++) {
        if (*text == '\'') buf_putc(b, '\'');
        buf_putc(b, *text);
    }
    buf_putc(b, '\'');
}

static void put_command(struct buf *b, const struct pg_stream_options *o) {
    char lsn[PG_LSN_TEXT];

    buf_puts(b, "START_REPLICATION SLOT ");
    pg_put_ident(b, o->slot);
    buf_printf(b, " LOGICAL %s (proto_version '1', publication_names ", pg_lsn_format(o->position, lsn));
    put_option_value(b, o->publications);
    if (o->messages) buf_puts(b, ", messages 'true'");
    buf_putc(b, ')');
}

/* From PostgreSQL 18 on a publication that is missing at some place of the log is passed over with a warning.
 */
static void on_notice(void *ctx, const PGresult *res) {
    struct pg_stream *s = ctx;
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    const char *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

    if (!state || !severity || strcmp(state, SKIPPED_OBJECT) != 0 || strcmp(severity, "WARNING") != 0) return;
    snprintf(s->skipped, sizeof s->skipped, "%s", text && *text ? text : "a publication was passed over");
}

/* A slot or publication is missing at this place of the log: what comes from here on cannot be had. */
static int missing(const char *said, struct err *e) {
    return err_set(
        e, ERR_GAP,
        "the log no longer continues where we stopped, the server says: %s. Find out who dropped it or made "
        "it anew. To go on without what is missing, run once with --accept-gap: it publishes a gap event and "
        "begins a new epoch",
        said);
}

/* Reports why the stream does not start or go on. */
static int stream_failed(const struct pg_stream *s, const PGresult *res, const char *what, struct err *e) {
    const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
    const char *text = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;

    if (state && strcmp(state, NO_SUCH_OBJECT) == 0) return missing(text ? text : "", e);
    return pg_fail(s->conn, res, what, e);
}

int pg_stream_start(struct pg_stream *s, struct pg_conn *c, const struct pg_stream_options *o,
                    struct err *e) {
    const char *what = "starting to stream";
    struct buf command = {0};
    PGresult *res = NULL;
    int rc = -1;

    memset(s, 0, sizeof *s);
    s->conn = c;
    PQsetNoticeReceiver(c->pq, on_notice, s);
    put_command(&command, o);
    if (buf_failed(&command)) {
        err_memory(e, what);
        goto out;
    }
    if (pg_send(c, what, buf_cstr(&command), 0, NULL, e) || pg_wait(c, what, -1, e) < 0) goto out;
    res = PQgetResult(c->pq);
    if (PQresultStatus(res) != PGRES_COPY_BOTH)
        stream_failed(s, res, what, e);
    else if (PQsetnonblocking(c->pq, 1))
        pg_fail(c, NULL, what, e);
    else
        rc = 0;
out:
    PQclear(res);
    buf_release(&command);
    return rc;
}

void pg_stream_release(struct pg_stream *s) {
    PQfreemem(s->row);
    s->row = NULL;
}

/* ---- Reading ---- */

static void consume(struct pg_stream *s) {
    s->gave = false;
    if (!PQconsumeInput(s->conn->pq)) s->broken = true;
}

void pg_stream_receive(struct pg_stream *s) {
    s->rereads = PQsslInUse(s->conn->pq) ? TLS_REREADS : 0;
    consume(s);
}

/* libpq's copy of the next message, or what PQgetCopyData() says instead. */
static int next_row(struct pg_stream *s) {
    int len;

    PQfreemem(s->row);
    s->row = NULL;
    while ((len = PQgetCopyData(s->conn->pq, &s->row, 1)) == 0 && s->gave && s->rereads > 0 && !s->broken) {
        s->rereads--;
        consume(s);
    }
    return len;
}

/* CopyDone, or an error in its place. */
static int ended(struct pg_stream *s, struct err *e) {
    PGresult *res;

    if (pg_wait(s->conn, "reading the log", 1000, e) < 0) return -1;
    res = PQisBusy(s->conn->pq) ? NULL : PQgetResult(s->conn->pq);
    if (PQresultStatus(res) == PGRES_FATAL_ERROR)
        stream_failed(s, res, "reading the log", e);
    else
        err_set(e, ERR_IO, "reading the log: the server ended the stream");
    PQclear(res);
    return -1;
}

int pg_stream_next(struct pg_stream *s, struct pg_message *out, struct err *e) {
    int len = next_row(s);

    s->gave = len > 0;
    if (s->skipped[0]) return missing(s->skipped, e);
    if (len > 0) return pg_message_read(s->row, (size_t)len, out, e) ? -1 : 1;
    if (len == 0) return s->broken ? stream_failed(s, NULL, "reading the log", e) : 0;
    if (len == -1) return ended(s, e);
    return stream_failed(s, NULL, "reading the log", e);
}

bool pg_stream_pending(const struct pg_stream *s) {
    SSL *ssl = PQsslStruct(s->conn->pq, "OpenSSL");

    return ssl && SSL_pending(ssl) > 0;
}

void pg_stream_lowat(const struct pg_stream *s, int bytes) {
    setsockopt(PQsocket(s->conn->pq), SOL_SOCKET, SO_RCVLOWAT, &bytes,
               sizeof bytes); /* failing costs speed only */
}

/* ---- Writing ---- */

void pg_stream_flush(struct pg_stream *s) {
    int rc = PQflush(s->conn->pq);

    s->unsent = rc > 0;
    if (rc < 0) s->broken = true;
}

void pg_stream_feedback(struct pg_stream *s, uint64_t written, uint64_t flushed, int64_t now_us, bool ask) {
    uint8_t bytes[PG_FEEDBACK_LEN];

    if (s->broken || s->unsent) return; /* what is on its way says it, or the next one will */
    pg_feedback_write(bytes, written, flushed, now_us, ask);
    if (PQputCopyData(s->conn->pq, (const char *)bytes, sizeof bytes) < 0) s->broken = true;
    pg_stream_flush(s);
}

/* Drops what has come. True when the server has answered the goodbye: it sends that behind everything else.
 */
static bool drop_messages(struct pg_stream *s) {
    PGresult *res;
    int len;

    do {
        len = next_row(s);
        s->gave = len > 0;
    } while (len > 0);
    if (len == 0) return false;
    while (!PQisBusy(s->conn->pq)) {
        res = PQgetResult(s->conn->pq);
        if (!res) return true;
        PQclear(res);
    }
    return false;
}

void pg_stream_finish(struct pg_stream *s, int timeout_ms) {
    int64_t until = clock_monotonic_us(&clock_system) + (int64_t)timeout_ms * 1000;

    pg_stream_lowat(s, 1);
    if (s->broken || PQputCopyEnd(s->conn->pq, NULL) < 0) return;
    pg_stream_flush(s);
    while (!s->broken && !drop_messages(s)) {
        struct pollfd fd = {.fd = PQsocket(s->conn->pq),
                            .events = (short)(POLLIN | (s->unsent ? POLLOUT : 0))};
        int64_t left = until - clock_monotonic_us(&clock_system);

        if (left <= 0) return;
        if (!pg_stream_pending(s)) poll(&fd, 1, (int)(left / 1000) + 1);
        if (s->unsent) pg_stream_flush(s);
        pg_stream_receive(s);
    }
}
