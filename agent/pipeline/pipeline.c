#include "agent/pipeline/pipeline.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/base/log.h"
#include "agent/pipeline/pipeline_inside.h"

#define RECORDS_PER_TURN 2000 /* before results, checkpoints and the stop signal are looked at again */
#define WAIT_SLICE_MS 100
#define RETRY_FIRST_MS 200
#define RETRY_LAST_MS 10000
#define REQUEST_MS 10000 /* how long a person waits while everything is full */

struct pipeline *pipeline_new(const struct pipeline_parts *parts, struct err *e) {
    struct pipeline *p = calloc(1, sizeof *p);

    if (!p) {
        err_memory(e, "making a pipeline");
        return NULL;
    }
    p->parts = *parts;
    p->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (p->stop_fd < 0) {
        err_set(e, ERR_IO, "cannot make an eventfd (errno %d): raise the limit of open files", errno);
        pipeline_free(p);
        return NULL;
    }
    if (!(p->desk = desk_new(e))) {
        pipeline_free(p);
        return NULL;
    }
    return p;
}

void pipeline_free(struct pipeline *p) {
    if (!p) return;
    if (p->stop_fd >= 0) close(p->stop_fd);
    desk_free(p->desk);
    free(p);
}

void pipeline_stop(struct pipeline *p) {
    uint64_t one = 1;
    int was = atomic_load(&p->stop);

    if (was < 2) atomic_store(&p->stop, was + 1);
    if (write(p->stop_fd, &one, sizeof one) < 0) return; /* full means readable: it wakes all the same */
}

/* A desk_fn. */
static int take_request(void *ctx, void *arg, struct err *e) {
    struct pipeline *p = ctx;
    const struct backfill_request *q = arg;

    if (p->backfill) return backfill_ask(p->backfill, q, e);
    return err_set(e, ERR_CONFIG, "no tables can be read from this kind of source");
}

int pipeline_request(struct pipeline *p, const struct backfill_request *q, struct err *e) {
    return desk_ask(p->desk, take_request, (void *)(uintptr_t)q, REQUEST_MS, e);
}

static const char *name_of(const struct pipeline *p) {
    return p->parts.source->name;
}

bool pipeline_keep_going(void *ctx) {
    const struct pipeline *p = ctx;

    return atomic_load(&p->stop) == 0;
}

static bool only(const struct pipeline *p) {
    return p->parts.source->snapshot == SNAPSHOT_ONLY;
}

static bool keep_going(const struct pipeline *p) {
    return atomic_load(&p->stop) == 0;
}

/* The run has come to where it was to end, as far as the stream is concerned; and tables, too. */
static bool stream_ended(struct pipeline *p) {
    return (only(p) && !p->parts.config->until) || until_reached(&p->until);
}

static bool tables_ended(const struct pipeline *p) {
    return !p->backfill || backfill_done(p->backfill, NULL);
}

static bool ended(struct pipeline *p) {
    return tables_ended(p) && stream_ended(p);
}

static int stopped(struct err *e) {
    return err_set(e, ERR_STOPPED, "stopped");
}

/* A sink_result_fn. The first failure ends this run; what it was about never becomes done. */
void pipeline_result(void *ctx, uint64_t seq, const struct err *e) {
    struct pipeline *p = ctx;

    if (!e) {
        ledger_done(p->ledger, seq);
        return;
    }
    ledger_fail(p->ledger, seq);
    if (p->failure.code == ERR_NONE) p->failure = *e;
}

/* Results in, positions back. Also while something is full. */
static int turn_results(struct pipeline *p, int timeout_ms, struct err *e) {
    if (p->sink->ops->poll(p->sink, timeout_ms, e)) return -1;
    if (p->failure.code != ERR_NONE) {
        *e = p->failure;
        return -1;
    }
    return backward_tick(p->backward, false, e);
}

int pipeline_wait(void *ctx, struct err *e) {
    struct pipeline *p = ctx;

    if (!keep_going(p)) return stopped(e);
    if (p->backfill) backfill_cut_late(p->backfill);
    desk_serve(p->desk, p);
    return turn_results(p, WAIT_SLICE_MS, e);
}

static void publish_figures(struct pipeline *p) {
    const struct forward_counts *c = forward_counts(p->forward);
    struct backfill_figures f;

    atomic_store(&p->rows, c->rows);
    atomic_store(&p->records, c->records);
    atomic_store(&p->bytes, c->bytes);
    atomic_store(&p->transactions, c->transactions);
    atomic_store(&p->unconverted, forward_unconverted(p->forward));
    atomic_store(&p->commit_us, c->commit_us);
    atomic_store(&p->lag_bytes, p->parts.source_ops->lag_bytes(p->source));
    atomic_store(&p->in_flight, ledger_in_flight(p->ledger));
    atomic_store(&p->ring_peak, ring_peak(p->ring));
    if (!p->reading) return;
    backfill_state_figures(p->snapshot, &f);
    atomic_store(&p->tables, f.tables);
    atomic_store(&p->tables_read, f.done);
    atomic_store(&p->table_rows, f.rows);
    atomic_store(&p->table_rows_total, f.total);
}

/* A change_fn: forward, and see whether that was the end we were told to stop at. */
static int on_change(void *ctx, const struct change *c, struct err *e) {
    struct pipeline *p = ctx;

    if (forward_change(p->forward, c, e)) return -1;
    if (p->backfill && backfill_note(p->backfill, c, e)) return -1;
    until_note(&p->until, c);
    return 0;
}

int pipeline_take_read(void *ctx, const struct change *c, struct err *e) {
    struct pipeline *p = ctx;

    if (forward_change(p->forward, c, e)) return -1;
    until_note(&p->until, c);
    return 0;
}

static int feed(struct pipeline *p, const void *record, size_t len, struct err *e) {
    struct frame f;

    if (source_frame(record, len, &f, e)) return -1;
    if (f.kind == FRAME_END) {
        const struct frame_end *end = (const void *)f.data;
        *e = end->err;
        return -1;
    }
    if (f.kind == FRAME_RESTART && f.len > 0 && backward_identify(p->backward, f.data, f.len, e)) return -1;
    return p->decoder->ops->feed(p->decoder, &f, on_change, p, e);
}

/* Handles what the ring holds, a bounded amount of it. *more: there may be more at once. */
static int turn_frames(struct pipeline *p, bool *more, struct err *e) {
    const void *record;
    bool may_end = tables_ended(p);
    size_t len;

    *more = true;
    for (int i = 0; i < RECORDS_PER_TURN; i++) {
        if ((may_end && stream_ended(p)) || (p->backfill && backfill_holds(p->backfill))) return 0;
        record = ring_next(p->ring, &len);
        if (!record) {
            *more = false;
            return 0;
        }
        if (feed(p, record, len, e)) return -1;
    }
    return 0;
}

static int turn_backfill(struct pipeline *p, bool stream_waits, bool *more, struct err *e) {
    *more = false;
    return p->backfill ? backfill_turn(p->backfill, stream_waits, more, e) : 0;
}

/* -1: no timeout. */
static int sooner(int a, int b) {
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void sleep_until_needed(struct pipeline *p) {
    bool held = p->backfill && backfill_holds(p->backfill);
    struct pollfd fds[5 + BACKFILL_FDS] = {
        {.fd = held ? -1 : ring_data_fd(p->ring), .events = POLLIN},
        {.fd = p->sink->ops->fd(p->sink), .events = POLLIN},
        {.fd = p->stop_fd, .events = POLLIN},
        {.fd = backward_fd(p->backward), .events = POLLIN},
        {.fd = desk_fd(p->desk), .events = POLLIN},
    };
    int timeout = backward_due_ms(p->backward);
    size_t n = 0;

    if (p->backfill) {
        n = backfill_fds(p->backfill, fds + 5);
        timeout = sooner(timeout, backfill_due_ms(p->backfill));
    }
    if (tables_ended(p)) timeout = sooner(timeout, until_due_ms(&p->until));
    if (timeout < 0 || timeout > 1000) timeout = 1000;
    poll(fds, 5 + (nfds_t)n, timeout);
    if (fds[0].revents) ring_data_clear(p->ring);
    if (n > 0) backfill_wake(p->backfill, fds + 5, n);
}

static int stream(struct pipeline *p, struct err *e) {
    bool more, chunks;

    while (keep_going(p) && !ended(p)) {
        if (turn_frames(p, &more, e) || turn_backfill(p, more, &chunks, e)) return -1;
        if (turn_results(p, 0, e)) return -1;
        publish_figures(p);
        if (p->backfill && backfill_holds(p->backfill)) more = false; /* it has to wait anyway */
        desk_serve(p->desk, p);
        if (!more && !chunks && !ended(p)) sleep_until_needed(p);
    }
    return 0;
}

/* Waits for what is still out, at most the grace, then makes it durable. A second stop ends the waiting. */
static int drain(struct pipeline *p, struct err *e) {
    int64_t end = clock_monotonic_us(p->parts.clock) + (int64_t)p->parts.config->grace_ms * 1000;
    bool patient = ended(p) && keep_going(p); /* told to deliver everything: no grace, all of it */
    int rc = 1;

    while (rc == 1 && atomic_load(&p->stop) < 2 && (patient || clock_monotonic_us(p->parts.clock) < end)) {
        if ((rc = p->sink->ops->flush(p->sink, WAIT_SLICE_MS, e)) < 0) return -1;
        if (p->failure.code != ERR_NONE) {
            *e = p->failure;
            return -1;
        }
        if (backward_tick(p->backward, false, e)) return -1;
        patient = patient && keep_going(p);
    }
    if (backward_tick(p->backward, true, e)) return -1;
    publish_figures(p);
    if (rc == 0) return 0;
    log_msg(LOG_WARN, name_of(p),
            "stopped with %zu change(s) not yet acknowledged by the sink: they will be sent again",
            ledger_in_flight(p->ledger));
    return 0;
}

/* A snapshot that was all there was to do is worth nothing in parts. */
static int whole(const struct pipeline *p, struct err *e) {
    size_t left;

    if (!p->backfill || (backfill_done(p->backfill, &left) && left == 0)) return 0;
    return err_set(e, ERR_DATA, "%zu table(s) could not be read, see above", left);
}

/* One life of all the parts. What was delivered is made durable whatever ended it. */
static int run_once(struct pipeline *p, struct err *e) {
    struct err late = {0};
    int rc = pipeline_open(p, e);

    if (!rc) rc = stream(p, e);
    backfill_stop(p->backfill);
    if (!rc || (p->backward && e->code == ERR_STOPPED)) rc = drain(p, e);
    if (rc && p->backward && !e->fatal) {
        if (p->sink->ops->flush(p->sink, WAIT_SLICE_MS, &late) >= 0) backward_tick(p->backward, true, &late);
    }
    if (!rc && keep_going(p) && only(p)) rc = whole(p, e);
    pipeline_close(p);
    return rc;
}

static void pause_before_retry(struct pipeline *p, int *pause_ms) {
    struct pollfd fd = {.fd = p->stop_fd, .events = POLLIN};

    poll(&fd, 1, *pause_ms);
    *pause_ms = *pause_ms * 2 > RETRY_LAST_MS ? RETRY_LAST_MS : *pause_ms * 2;
}

/* A start that fails because nothing answers is an error at once; a stream that was running is taken up
 * again. */
static bool worth_retrying(const struct pipeline *p, const struct err *e) {
    if (!keep_going(p) || !p->streamed || !p->parts.config->state || only(p)) return false;
    return e->retriable || (e->fatal && e->code == ERR_IO);
}

int pipeline_run(struct pipeline *p, struct err *e) {
    int pause_ms = RETRY_FIRST_MS;
    int rc;

    while ((rc = run_once(p, e)) && worth_retrying(p, e)) {
        log_msg(LOG_WARN, name_of(p), "starting again from the checkpoint in %d ms: %s", pause_ms, e->text);
        pause_before_retry(p, &pause_ms);
        err_clear(e);
    }
    if (rc && e->code == ERR_STOPPED) rc = 0;
    checkpoint_release(&p->checkpoint);
    checkpoint_store_close(p->store);
    p->store = NULL;
    backfill_state_free(p->snapshot);
    p->snapshot = NULL;
    until_release(&p->until);
    return rc;
}

void pipeline_stats(const struct pipeline *p, struct pipeline_stats *out) {
    int64_t commit_us = atomic_load(&p->commit_us);

    *out = (struct pipeline_stats){
        .rows = atomic_load(&p->rows),
        .records = atomic_load(&p->records),
        .bytes = atomic_load(&p->bytes),
        .transactions = atomic_load(&p->transactions),
        .unconverted = atomic_load(&p->unconverted),
        .lag_bytes = atomic_load(&p->lag_bytes),
        .in_flight = atomic_load(&p->in_flight),
        .ring_peak = atomic_load(&p->ring_peak),
        .tables = atomic_load(&p->tables),
        .tables_read = atomic_load(&p->tables_read),
        .table_rows = atomic_load(&p->table_rows),
        .table_rows_total = atomic_load(&p->table_rows_total),
    };
    if (commit_us && (out->in_flight || out->lag_bytes))
        out->lag_us = clock_wall_us(p->parts.clock) - commit_us;
}
