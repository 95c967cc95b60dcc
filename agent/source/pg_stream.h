/*
 * pg_stream: the log as one connection gives it, from START_REPLICATION to its end.
 *
 * Nothing in here waits except the start and the finish, which watch the connection's stop_fd or a deadline:
 * the owner polls PQsocket() itself. Reading has two halves: pg_stream_receive() moves what has arrived into
 * libpq's buffer, pg_stream_next() takes messages out of it until there is none.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_STREAM_H
#define TAILRACE_AGENT_SOURCE_PG_STREAM_H

#include "agent/source/pg_conn.h"
#include "agent/source/pg_message.h"

struct pg_stream {
    struct pg_conn *conn;
    char *row;         /* libpq's copy of the message given out last */
    bool broken;       /* the connection is gone; what had arrived is still to be read */
    bool unsent;       /* feedback waits for room in the socket */
    bool gave;         /* a message came out of what was received last */
    int rereads;       /* how often pg_stream_next() may look at the socket by itself */
    char skipped[256]; /* the server's warning that it passed a publication over; "" */
};

struct pg_stream_options {
    const char *slot;
    const char *publications; /* "a","b": identifiers quoted */
    uint64_t position;
    bool messages; /* logical messages too */
};

/*
 * Starts streaming over `c`, an open replication connection that stays the caller's. ERR_GAP when slot or
 * publication do not exist; ERR_FENCED (retriable) while the slot is active for another connection.
 */
int pg_stream_start(struct pg_stream *s, struct pg_conn *c, const struct pg_stream_options *o, struct err *e);

/* Frees what it holds; the connection is left to pg_conn_close(). */
void pg_stream_release(struct pg_stream *s);

/*
 * Takes what has arrived off the socket; with TLS only one record of it, so that pg_stream_next() looks again
 * by itself a limited number of times. Trouble is reported by pg_stream_next(), behind what came before it.
 */
void pg_stream_receive(struct pg_stream *s);

/*
 * The next message, valid until the next call: 1; 0: none now; -1: the stream has ended, `e` says why.
 * ERR_GAP when a publication is missing at this place of the log, be it by an error or, from PostgreSQL 18
 * on, by a mere warning.
 */
int pg_stream_next(struct pg_stream *s, struct pg_message *out, struct err *e);

/* True when TLS holds bytes that the socket will not show: do not sleep on it. */
bool pg_stream_pending(const struct pg_stream *s);

/* Sets the socket's low-water mark, in bytes. */
void pg_stream_lowat(const struct pg_stream *s, int bytes);

/* Sends feedback (pg_feedback_write) without waiting; `unsent` says that pg_stream_flush() must follow when
 * there is room. */
void pg_stream_feedback(struct pg_stream *s, uint64_t written, uint64_t flushed, int64_t now_us, bool ask);
void pg_stream_flush(struct pg_stream *s);

/*
 * Ends the stream in good order: says goodbye, drops what still comes, and waits until the server has let go
 * of the slot (so it has read the last feedback too), for at most `timeout_ms`.
 */
void pg_stream_finish(struct pg_stream *s, int timeout_ms);

#endif
