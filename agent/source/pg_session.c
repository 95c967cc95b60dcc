#include "agent/source/pg_session.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "agent/base/log.h"
#include "agent/base/thread.h"
#include "agent/source/pg_lowat.h"
#include "agent/source/pg_pulse.h"
#include "agent/source/source.h"
#include "decoders/pgoutput/proto.h"

#define MARK_INTERVAL_US INT64_C(200000) /* between keepalives that go into the ring */
#define FULL_US INT64_C(1000000)         /* a ring full for so long is not about to have room */
#define FULL_SAY_US INT64_C(10000000)    /* … and for so long is worth a word */
#define BUSY_US INT64_C(5000000)         /* rows flowing for so long: we may be behind */
#define PAUSE_US INT64_C(1000000)        /* without data for so long: they are not flowing */
#define FINISH_MS 1500
#define HUGE_BYTES ((size_t)16 << 20) /* a row whose buffer is worth a new connection */
#define QUIET_US INT64_C(5000000)     /* … once nothing has come for so long */

/* What has to happen before the message in hand can go on. */
enum hold { HOLD_NONE, HOLD_ROOM, HOLD_CATALOG };

/* How far the description of the Relation message in hand is. */
enum described { NOT_ASKED, ASKED, ANSWERED, DESCRIBED };

struct session {
    const struct pg_session_parts *p;
    struct pg_stream *stream;
    int64_t now;
    struct pg_pulse pulse;
    struct pg_lowat lowat;
    size_t got;     /* bytes since the last sleep */
    size_t largest; /* message so far */
    uint64_t written;
    bool in_transaction;

    struct pg_message message; /* in hand */
    bool in_hand;
    enum hold hold;
    enum described described;
    struct pgoutput_peek peek;
    struct buf catalog;

    uint64_t mark; /* keepalive's position that waits for its turn, 0 none */
    bool mark_now;
    int64_t marked_us;

    int64_t full_us; /* since when the ring has had no room, 0 it has */
    bool full_said;
    int64_t flow_us; /* since when data has been flowing */
    int64_t data_us; /* last data */
    bool hung_up;    /* the server closed while we were not reading */
};

/* ---- Into the ring ---- */

/* 0 pushed, 1 no room now, -1. */
static int push(struct session *s, const struct frame *f, struct err *e) {
    int rc = source_push(s->p->ring, f, e);

    if (rc == 1) {
        s->hold = HOLD_ROOM;
        if (s->full_us == 0) s->full_us = s->now;
    } else if (s->full_us != 0) {
        if (s->full_said) log_msg(LOG_INFO, s->p->config->name, "the sink takes changes again: going on");
        s->full_us = 0;
        s->full_said = false;
    }
    return rc;
}

/* A keepalive goes the way of everything else, so that it is acknowledged behind what came before it. */
static int push_mark(struct session *s, struct err *e) {
    struct frame f = {.kind = FRAME_KEEPALIVE, .start = s->mark, .sent_us = clock_wall_us(s->p->clock)};
    int rc = push(s, &f, e);

    if (rc) return rc;
    *s->p->resume = s->mark;
    s->mark = 0;
    s->mark_now = false;
    s->marked_us = s->now;
    return 0;
}

static int64_t mark_due_us(const struct session *s) {
    if (s->mark == 0) return INT64_MAX;
    return s->mark_now ? s->now : s->marked_us + MARK_INTERVAL_US;
}

/* Inside a transaction its commit will say more; behind it, keepalives come again. */
static void on_keepalive(struct session *s) {
    const struct pg_message *m = &s->message;

    if (m->reply) pg_pulse_asked(&s->pulse, m->start, s->now);
    if (m->start > s->written) s->written = m->start;
    if (s->in_transaction || m->start <= *s->p->resume) return;
    if (m->start > s->mark) s->mark = m->start;
    s->mark_now = s->mark_now || m->reply;
}

/* ---- Relation messages: what the catalogue has to add ---- */

/* 0: the decoder is told, or the message is none it needs to be told about; 1: later; -1. */
static int describe(struct session *s, struct err *e) {
    struct frame f = {.kind = FRAME_CATALOG, .start = s->message.start, .sent_us = s->message.sent_us};
    int rc;

    if (s->described == NOT_ASKED) {
        if (!pgoutput_peek_relation(s->message.data, s->message.len, &s->peek)) return 0;
        pg_watch_saw(s->p->watch, s->peek.relid);
        buf_clear(&s->catalog, SIZE_MAX);
        if (pg_side_ask(s->p->side, &s->peek, e)) return -1;
        s->described = ASKED;
    }
    if (s->described == ASKED) {
        s->hold = HOLD_CATALOG;
        rc = pg_side_answer(s->p->side, &s->catalog, e);
        if (rc <= 0) return rc == 0 ? 1 : -1;
        if (buf_failed(&s->catalog)) return err_memory(e, "describing a table");
        s->described = ANSWERED;
    }
    if (s->described == ANSWERED && s->catalog.len > 0) {
        f.data = s->catalog.data;
        f.len = s->catalog.len;
        rc = push(s, &f, e);
        if (rc) return rc;
    }
    s->described = DESCRIBED;
    return 0;
}

/* ---- Messages ---- */

/* Where another connection would have to go on, now that the ring has this message. */
static void note_delivered(struct session *s) {
    struct cursor c = cursor_of(s->message.data, s->message.len);
    struct pgoutput_commit commit;
    uint8_t kind;

    s->mark = 0; /* older than this message */
    s->described = NOT_ASKED;
    if (!cursor_u8(&c, &kind)) return;
    if (kind == PGOUTPUT_BEGIN) s->in_transaction = true;
    if (kind != PGOUTPUT_COMMIT) return;
    s->in_transaction = false;
    if (pgoutput_read_commit(&c, &commit, NULL) == 0 && commit.end_lsn > *s->p->resume)
        *s->p->resume = commit.end_lsn; /* a malformed one is the decoder's to refuse */
}

/* 0 delivered, 1 not now, -1. */
static int deliver(struct session *s, struct err *e) {
    const struct pg_message *m = &s->message;
    struct frame f = {
        .kind = FRAME_DATA, .start = m->start, .sent_us = m->sent_us, .data = m->data, .len = m->len};
    int rc;

    if (m->kind == PG_MESSAGE_KEEPALIVE) {
        on_keepalive(s);
        return 0;
    }
    if (m->len > 0 && m->data[0] == PGOUTPUT_RELATION && s->described != DESCRIBED) {
        rc = describe(s, e);
        if (rc) return rc;
    }
    rc = push(s, &f, e);
    if (rc == 0) note_delivered(s);
    return rc;
}

static void on_data(struct session *s) {
    s->got += s->message.len;
    if (s->message.len > s->largest) s->largest = s->message.len;
    if (s->message.kind != PG_MESSAGE_DATA) return;
    if (s->message.start > s->written) s->written = s->message.start;
    if (s->data_us != s->now) {
        if (s->now - s->data_us > PAUSE_US) s->flow_us = s->now;
        s->data_us = s->now;
        pg_pulse_moved(&s->pulse);
    }
}

/* Moves what has arrived into the ring, until there is nothing more or it cannot go on now. */
static int take(struct session *s, bool *progress, struct err *e) {
    int rc;

    for (;;) {
        if (!s->in_hand) {
            s->hold = HOLD_NONE;
            rc = pg_stream_next(s->stream, &s->message, e);
            if (rc <= 0) return rc;
            s->in_hand = true;
            *progress = true;
            pg_pulse_heard(&s->pulse, s->now);
            on_data(s);
        }
        rc = deliver(s, e);
        if (rc) return rc < 0 ? -1 : 0;
        s->in_hand = false;
    }
}

/* ---- Feedback, and what else is due ---- */

static void feedback(struct session *s) {
    pg_pulse_sent(&s->pulse, s->written, atomic_load(s->p->acked), s->now);
    pg_stream_feedback(s->stream, s->pulse.written, s->pulse.flushed, clock_wall_us(s->p->clock),
                       pg_pulse_ask(&s->pulse, s->now));
}

/* The connection beside the stream watches the server while we may be far behind, or stand still. */
static void look_after_side(struct session *s) {
    bool full = s->full_us != 0 && s->now - s->full_us >= FULL_US;
    bool busy = s->now - s->data_us < PAUSE_US && s->now - s->flow_us >= BUSY_US;

    if (full || busy) pg_side_want(s->p->side);
    if (full && !s->full_said && s->now - s->full_us >= FULL_SAY_US) {
        s->full_said = true;
        log_msg(LOG_WARN, s->p->config->name,
                "the sink takes nothing and the queue is full: waiting, the server keeps its log meanwhile");
    }
}

/* A server that shuts down waits for our confirmations, for ever: do not let it. */
static int leave(struct session *s, struct err *e) {
    int64_t closing = pg_side_closing_us(s->p->side);

    if (!pg_pulse_leave(&s->pulse, s->now) && (closing == 0 || s->now - closing < PG_PULSE_GRACE_US))
        return 0;
    return err_set(
        e, ERR_IO,
        "the server is shutting down and waits for changes that are not delivered yet: left it, so that it "
        "can; they follow when it is back");
}

static int speak(struct session *s, struct err *e) {
    uint64_t end = pg_side_end(s->p->side);

    if (s->written > end) end = s->written;
    if (end > atomic_load(s->p->end)) atomic_store(s->p->end, end);
    if (s->now >= pg_pulse_due_us(&s->pulse, atomic_load(s->p->acked))) feedback(s);
    if (s->hold == HOLD_NONE && s->now >= mark_due_us(s) && push_mark(s, e) < 0) return -1;
    look_after_side(s);
    if (s->hold != HOLD_NONE) pg_pulse_heard(&s->pulse, s->now);
    if (pg_pulse_silent(&s->pulse, s->now))
        return err_set(e, ERR_IO, "the server has given no sign of life for five minutes");
    return leave(s, e);
}

/* When a new connection is due to give memory back. */
static int64_t renew_due_us(const struct session *s) {
    bool huge = s->p->may_renew && s->largest >= HUGE_BYTES;

    return huge && s->hold == HOLD_NONE && !s->in_transaction ? s->data_us + QUIET_US : INT64_MAX;
}

/* ---- Sleep ---- */

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t sleep_until(const struct session *s) {
    int64_t until = pg_pulse_due_us(&s->pulse, atomic_load(s->p->acked));
    int64_t closing = pg_side_closing_us(s->p->side);

    until = earlier(until, renew_due_us(s));
    if (s->hold == HOLD_NONE) until = earlier(until, mark_due_us(s));
    if (s->hold == HOLD_NONE && s->lowat.gather) until = earlier(until, s->now + PG_LOWAT_WAIT_US);
    if (s->full_us != 0) until = earlier(until, s->now + FULL_US);
    if (closing != 0) until = earlier(until, closing + PG_PULSE_GRACE_US);
    if (s->hold == HOLD_NONE && (s->stream->broken || pg_stream_pending(s->stream))) until = s->now;
    return until;
}

static void set_lowat(struct session *s) {
    if (pg_lowat_read(&s->lowat, s->got, s->now))
        pg_stream_lowat(s->stream, s->lowat.gather ? PG_LOWAT_MARK : 1);
    s->got = 0;
}

static short socket_events(const struct session *s) {
    int events = POLLRDHUP;

    if (s->hold == HOLD_NONE) events |= POLLIN;
    if (s->stream->unsent) events |= POLLOUT;
    return (short)events;
}

/* Waits for anything to happen; -1 with ERR_STOPPED when it was a stop. */
static int sleep_on_all(struct session *s, struct err *e) {
    enum { STOP, WAKE, SIDE, ROOM, SOCKET, COUNT };
    struct pollfd fds[COUNT] = {
        [STOP] = {.fd = s->p->stop_fd, .events = POLLIN},
        [WAKE] = {.fd = s->p->wake_fd, .events = POLLIN},
        [SIDE] = {.fd = pg_side_fd(s->p->side), .events = POLLIN},
        [ROOM] = {.fd = s->hold == HOLD_ROOM ? ring_space_fd(s->p->ring) : -1, .events = POLLIN},
        [SOCKET] = {.fd = s->hung_up ? -1 : PQsocket(s->stream->conn->pq), .events = socket_events(s)},
    };
    int64_t us = sleep_until(s) - s->now;
    struct timespec timeout = {.tv_sec = us > 0 ? us / 1000000 : 0,
                               .tv_nsec = us > 0 ? us % 1000000 * 1000 : 0};

    ring_flush(s->p->ring);
    if (ppoll(fds, COUNT, &timeout, NULL) < 0 && errno != EINTR)
        return err_set(e, ERR_IO, "cannot wait for the server (errno %d)", errno);
    s->now = clock_monotonic_us(s->p->clock);
    if (fds[STOP].revents) return err_set(e, ERR_STOPPED, "stopped");
    if (fds[WAKE].revents) event_clear(s->p->wake_fd);
    if (fds[SIDE].revents) pg_side_clear(s->p->side);
    if (fds[ROOM].revents) ring_space_clear(s->p->ring);
    if (fds[SOCKET].revents & POLLOUT) pg_stream_flush(s->stream);
    if (fds[SOCKET].revents & POLLIN) pg_pulse_heard(&s->pulse, s->now);
    if (s->hold == HOLD_NONE)
        pg_stream_receive(s->stream);
    else if (fds[SOCKET].revents & (POLLRDHUP | POLLHUP | POLLERR))
        s->hung_up = true; /* what it sent before is taken first */
    return 0;
}

/* ---- Life ---- */

static int run(struct session *s, bool *progress, struct err *e) {
    for (;;) {
        if (take(s, progress, e) || speak(s, e)) return -1;
        if (s->now >= renew_due_us(s)) return 1;
        if (s->hold == HOLD_NONE) set_lowat(s);
        if (sleep_on_all(s, e)) return -1;
    }
}

int pg_session_run(const struct pg_session_parts *p, struct pg_stream *stream, bool *progress,
                   struct err *e) {
    int rc;
    struct session s = {.p = p, .stream = stream, .now = clock_monotonic_us(p->clock), .written = *p->resume};

    pg_side_restart(p->side);
    pg_pulse_init(&s.pulse, p->wal_sender_timeout_ms, atomic_load(p->acked), s.now);
    pg_lowat_init(&s.lowat);
    s.flow_us = s.now;
    s.mark = *p->resume; /* nothing to deliver before it: known without asking, and it may be all there is */
    s.mark_now = true;
    rc = run(&s, progress, e);
    if (rc == 1 || e->code == ERR_STOPPED) {
        s.now = clock_monotonic_us(p->clock);
        feedback(&s);
        pg_stream_finish(stream, FINISH_MS);
    }
    buf_release(&s.catalog);
    return rc;
}
