#include "agent/source/pg_reader.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/log.h"
#include "agent/base/thread.h"
#include "agent/source/backoff.h"
#include "agent/source/pg_session.h"
#include "agent/source/pg_text.h"

#define STOP_US INT64_C(5000000)
#define FENCED_MIN_US                                                                                        \
    INT64_C(60000000) /* how long a slot may stay active for another connection, at least                    \
                       */
#define FENCED_RETRY_MS 1000
#define RENEW_US INT64_C(600000000) /* at most so often a new connection for memory's sake */

struct pg_reader {
    struct pg_reader_parts parts;
    pthread_t thread;
    int stop_fd;
    int wake_fd;
    struct pg_side *side;
    atomic_ullong acked;
    atomic_ullong end;
    atomic_bool abandoned; /* stuck for too long: the ring may be gone */
    /* The thread's own. */
    struct pg_conn conn;
    uint64_t resume;
    struct backoff backoff;
    int64_t fenced_us; /* since when the slot is another's, 0 it is not */
    bool again;        /* not the first connection */
    int64_t renewed_us;
};

static const char *name_of(const struct pg_reader *r) {
    return r->parts.config->name;
}

/* ---- Waiting ---- */

/* Waits for `fd` (-1: nothing but the time), a stop, or `timeout_ms` (-1: for ever). False: stop. */
static bool wait_for(const struct pg_reader *r, int fd, int timeout_ms) {
    struct pollfd fds[2] = {{.fd = r->stop_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};

    poll(fds, 2, timeout_ms);
    return fds[0].revents == 0;
}

/* Pushes a frame, however long the ring takes to have room. */
static int push_patiently(struct pg_reader *r, const struct frame *f, struct err *e) {
    int rc;

    while ((rc = source_push(r->parts.ring, f, e)) == 1) {
        ring_flush(r->parts.ring);
        if (!wait_for(r, ring_space_fd(r->parts.ring), -1)) return err_set(e, ERR_STOPPED, "stopped");
        ring_space_clear(r->parts.ring);
    }
    ring_flush(r->parts.ring);
    return rc;
}

/* ---- One connection ---- */

/*
 * The first connection may come from pg_prepare, which has just proved everything. A later one is made when
 * the ring has room again: until then the server need not wait for us.
 */
static int connect_again(struct pg_reader *r, struct err *e) {
    struct frame restart = {.kind = FRAME_RESTART, .start = r->resume};
    struct buf identity = {0};
    int rc = -1;

    if (pg_conn_open(&r->conn, r->parts.config, PG_CONN_REPLICATION, r->stop_fd, e)) goto out;
    if (pg_prepare_verify(r->parts.prepare, &r->conn, r->resume, &identity, e)) goto out;
    restart.data = identity.data;
    restart.len = identity.len;
    rc = push_patiently(r, &restart, e);
out:
    buf_release(&identity);
    return rc;
}

static int wait_for_room(struct pg_reader *r, struct err *e) {
    bool full;

    while (!ring_reserve(r->parts.ring, sizeof(struct source_record), &full)) {
        if (!full) return err_memory(e, "queueing");
        ring_flush(r->parts.ring);
        if (!wait_for(r, ring_space_fd(r->parts.ring), -1)) return err_set(e, ERR_STOPPED, "stopped");
        ring_space_clear(r->parts.ring);
    }
    return 0;
}

static int open_connection(struct pg_reader *r, struct err *e) {
    bool again = r->again;

    r->again = true;
    if (!again) pg_prepare_take_connection(r->parts.prepare, &r->conn, r->stop_fd);
    if (r->conn.pq) return 0;
    return wait_for_room(r, e) || connect_again(r, e) ? -1 : 0;
}

static int start_stream(struct pg_reader *r, struct pg_stream *stream, struct err *e) {
    struct pg_stream_options o = {
        .slot = pg_prepare_slot(r->parts.prepare),
        .publications = pg_prepare_publications(r->parts.prepare),
        .position = r->resume,
        .messages = r->parts.config->messages,
    };
    char lsn[PG_LSN_TEXT];

    if (pg_stream_start(stream, &r->conn, &o, e)) return -1;
    if (pg_prepare_started(r->parts.prepare, r->resume, r->stop_fd, e)) return -1;
    log_kv(LOG_INFO, name_of(r), "streaming", "slot", o.slot, "from", pg_lsn_format(r->resume, lsn), NULL);
    r->fenced_us = 0;
    return 0;
}

/* From connecting to the end of that connection: -1, `e` says why it ended; 1: connect anew at once. */
static int stream_once(struct pg_reader *r, struct err *e) {
    struct pg_session_parts parts = {
        .config = r->parts.config,
        .clock = r->parts.clock,
        .ring = r->parts.ring,
        .side = r->side,
        .watch = r->parts.watch,
        .stop_fd = r->stop_fd,
        .wake_fd = r->wake_fd,
        .acked = &r->acked,
        .end = &r->end,
        .resume = &r->resume,
    };
    struct pg_stream stream = {0};
    bool progress = false;
    int64_t now = clock_monotonic_us(r->parts.clock);
    int rc = -1;

    err_clear(e);
    if (open_connection(r, e) == 0 && start_stream(r, &stream, e) == 0) {
        parts.wal_sender_timeout_ms = pg_prepare_server(r->parts.prepare)->wal_sender_timeout_ms;
        parts.may_renew = pg_prepare_durable(r->parts.prepare) && now - r->renewed_us >= RENEW_US;
        rc = pg_session_run(&parts, &stream, &progress, e);
    }
    if (progress) backoff_reset(&r->backoff);
    pg_stream_release(&stream);
    pg_conn_close(&r->conn);
    return rc;
}

static void renew(struct pg_reader *r) {
    r->renewed_us = clock_monotonic_us(r->parts.clock);
    log_msg(LOG_INFO, name_of(r), "connecting anew, to give back the memory that a huge row took");
}

/* ---- Again, or not ---- */

/* Our own old connection may keep the slot until the server misses us; so it gets that time and some more. */
static void judge_fence(struct pg_reader *r, struct err *e) {
    int64_t now = clock_monotonic_us(r->parts.clock);
    int64_t patience = (int64_t)pg_prepare_server(r->parts.prepare)->wal_sender_timeout_ms * 1500;

    if (e->code != ERR_FENCED || !e->retriable) return;
    if (patience < FENCED_MIN_US) patience = FENCED_MIN_US;
    if (r->fenced_us == 0) r->fenced_us = now;
    if (now - r->fenced_us >= patience) e->retriable = false;
}

static bool pause_before_next(struct pg_reader *r, const struct err *e) {
    uint32_t ms = backoff_next(&r->backoff);

    if (e->code == ERR_FENCED && ms > FENCED_RETRY_MS) ms = FENCED_RETRY_MS;
    log_msg(LOG_WARN, name_of(r), "%s; trying again in %u ms", e->text, (unsigned)ms);
    return wait_for(r, -1, (int)ms);
}

static void push_end(struct pg_reader *r, const struct err *why) {
    struct frame_end end = {.err = *why};
    struct frame f = {.kind = FRAME_END, .data = (const uint8_t *)&end, .len = sizeof end};

    push_patiently(r, &f, NULL); /* a stop in between needs no end */
}

static void *reader_main(void *arg) {
    struct pg_reader *r = arg;
    struct err e = {0};

    do {
        while (stream_once(r, &e) == 1) renew(r);
        judge_fence(r, &e);
    } while (e.retriable && pause_before_next(r, &e));
    if (e.retriable) err_set(&e, ERR_STOPPED, "stopped");
    if (!atomic_load(&r->abandoned)) push_end(r, &e);
    return NULL;
}

/* ---- Outside ---- */

static void release(struct pg_reader *r) {
    if (r->stop_fd >= 0) close(r->stop_fd);
    if (r->wake_fd >= 0) close(r->wake_fd);
    free(r);
}

int pg_reader_start(const struct pg_reader_parts *parts, struct pg_reader **out, struct err *e) {
    struct pg_reader *r = calloc(1, sizeof *r);

    if (!r) return err_memory(e, "starting a reader");
    r->parts = *parts;
    r->resume = parts->position;
    r->acked = parts->position;
    r->renewed_us = clock_monotonic_us(parts->clock) - RENEW_US;
    backoff_init(&r->backoff, (uint64_t)clock_wall_us(parts->clock) ^ (uint64_t)getpid() << 32);
    r->stop_fd = event_new(e);
    r->wake_fd = event_new(e);
    if (r->stop_fd < 0 || r->wake_fd < 0) goto fail;
    if (pg_side_start(parts->config, parts->clock, r->stop_fd, &r->side, e)) goto fail;
    if (thread_start(&r->thread, "tr-reader", reader_main, r, e)) goto fail;
    *out = r;
    return 0;
fail:
    if (r->stop_fd >= 0) event_raise(r->stop_fd);
    if (pg_side_free(r->side, clock_wall_us(&clock_system) + STOP_US)) release(r);
    return -1;
}

void pg_reader_ack(struct pg_reader *r, uint64_t lsn) {
    unsigned long long before = atomic_load(&r->acked);

    while (lsn > before)
        if (atomic_compare_exchange_weak(&r->acked, &before, lsn)) {
            event_raise(r->wake_fd);
            return;
        }
}

uint64_t pg_reader_lag(const struct pg_reader *r) {
    uint64_t end = atomic_load(&r->end), acked = atomic_load(&r->acked);

    return end > acked ? end - acked : 0;
}

bool pg_reader_stop(struct pg_reader *r) {
    int64_t until = clock_wall_us(&clock_system) + STOP_US;
    bool ended;

    event_raise(r->stop_fd);
    ended = thread_join(r->thread, until);
    ended = pg_side_free(r->side, until) && ended;
    if (!ended) {
        atomic_store(&r->abandoned, true);
        log_msg(LOG_WARN, name_of(r), "a connection does not let go within 5 s: left as it is");
        return false;
    }
    release(r);
    return true;
}
