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
#include "agent/base/spill_file.h"
#include "agent/pipeline/backward.h"
#include "agent/pipeline/forward.h"
#include "agent/pipeline/until.h"

#define LEDGER_ENTRIES ((size_t)1 << 18)
#define RECORDS_PER_TURN 2000 /* before results, checkpoints and the stop signal are looked at again */
#define WAIT_SLICE_MS 100
#define RETRY_FIRST_MS 200
#define RETRY_LAST_MS 10000

/* What lives from one connection of everything to the next. */
struct pipeline {
    struct pipeline_parts parts;
    atomic_int stop; /* 0 run, 1 drain, 2 leave at once */
    int stop_fd;
    struct checkpoint_store *store;
    struct checkpoint checkpoint; /* as loaded */
    bool has_checkpoint;
    bool streamed; /* this process has streamed before: a retry, not a start */
    bool gap_used; /* --accept-gap counts once */

    struct source *source;
    struct source_start start;
    struct ring *ring;
    struct decoder *decoder;
    struct sink *sink;
    struct ledger *ledger;
    struct forward *forward;
    struct backward *backward;
    struct until until;
    struct err failure; /* of a delivery */

    /* Figures, written by the pipeline thread. */
    atomic_ullong rows, records, bytes, transactions, unconverted, lag_bytes;
    atomic_llong commit_us;
    atomic_size_t in_flight, ring_peak;
};

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
    return p;
}

void pipeline_free(struct pipeline *p) {
    if (!p) return;
    if (p->stop_fd >= 0) close(p->stop_fd);
    free(p);
}

void pipeline_stop(struct pipeline *p) {
    uint64_t one = 1;
    int was = atomic_load(&p->stop);

    if (was < 2) atomic_store(&p->stop, was + 1);
    if (write(p->stop_fd, &one, sizeof one) < 0) return; /* full means readable: it wakes all the same */
}

static const char *name_of(const struct pipeline *p) {
    return p->parts.source->name;
}

static bool keep_going(void *ctx) {
    struct pipeline *p = ctx;

    return atomic_load(&p->stop) == 0;
}

static int stopped(struct err *e) {
    return err_set(e, ERR_STOPPED, "stopped");
}

/* A sink_result_fn. The first failure ends this run; what it was about never becomes done. */
static void on_result(void *ctx, uint64_t seq, const struct err *e) {
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

/* forward's `wait`. */
static int wait_for_room(void *ctx, struct err *e) {
    struct pipeline *p = ctx;

    if (!keep_going(p)) return stopped(e);
    return turn_results(p, WAIT_SLICE_MS, e);
}

static int open_store(struct pipeline *p, struct err *e) {
    const char *dir = p->parts.config->state;

    if (!dir || p->store) return 0;
    return checkpoint_store_open(dir, name_of(p), &p->store, e);
}

static int load_checkpoint(struct pipeline *p, struct err *e) {
    const struct buf *kind = &p->checkpoint.sections[CHECKPOINT_SOURCE];
    const char *scheme = p->parts.source->scheme;

    checkpoint_release(&p->checkpoint);
    p->has_checkpoint = false;
    if (!p->store) return 0;
    if (checkpoint_load(p->store, &p->checkpoint, &p->has_checkpoint, e)) return -1;
    if (p->has_checkpoint && (kind->len != strlen(scheme) || memcmp(kind->data, scheme, kind->len) != 0))
        return err_set(
            e, ERR_GAP,
            "the checkpoint of %s was taken from a %.*s source, not %s: give this source another name, or "
            "remove the old one with 'tailrace drop'",
            name_of(p), (int)kind->len, (const char *)kind->data, scheme);
    return 0;
}

static struct position section(const struct pipeline *p, enum checkpoint_section s) {
    const struct buf *b = &p->checkpoint.sections[s];

    return (struct position){b->data, b->len};
}

static int prepare_source(struct pipeline *p, struct err *e) {
    const struct source_ops *ops = p->parts.source_ops;
    const struct config *config = p->parts.config;
    struct source_resume r = {
        .identity = section(p, CHECKPOINT_IDENTITY),
        .position = section(p, CHECKPOINT_POSITION),
        .epoch = (uint32_t)checkpoint_u64(&p->checkpoint, CHECKPOINT_EPOCH, 0),
        .first_run = !p->has_checkpoint,
        .durable = config->state != NULL,
        .accept_gap = config->accept_gap && !p->gap_used,
        .from = config->from,
        .stop_fd = p->stop_fd,
    };

    if (ops->prepare(p->source, &r, &p->start, e)) return -1;
    p->gap_used = p->gap_used || p->start.gap;
    return 0;
}

/* A place for what a decoder cannot keep in memory. */
static struct spill *make_spill(void *ctx, struct err *e) {
    const struct pipeline *p = ctx;

    return spill_file_new(p->parts.config->state, e);
}

/* A question of the decoder's, for the source. */
static int ask_columns(void *ctx, const char *space, const char *name, struct position at, struct buf *out,
                       struct err *e) {
    struct pipeline *p = ctx;

    return p->parts.source_ops->columns(p->source, backward_identity(p->backward), space, name, at, out, e);
}

/* What is known of tables where streaming begins: kept with the checkpoint, else as they are now. */
static int teach_decoder(struct pipeline *p, struct err *e) {
    const struct decoder_ops *ops = p->decoder->ops;
    const struct buf *known = &p->checkpoint.sections[CHECKPOINT_SHAPES], *now = &p->start.columns;
    struct position at = {p->start.position.data, p->start.position.len};

    if (p->has_checkpoint && !p->start.gap && known->len > 0 && ops->recall &&
        ops->recall(p->decoder, at, known->data, known->len, e))
        return -1;
    return now->len > 0 && ops->learn ? ops->learn(p->decoder, now->data, now->len, e) : 0;
}

static int make_decoder(struct pipeline *p, struct err *e) {
    struct decoder_options o = {
        .epoch = p->start.epoch,
        .wanted = forward_wants,
        .wanted_ctx = p->forward,
        .spill = make_spill,
        .spill_ctx = p,
        .passed_over = forward_passes_over,
        .passed_over_ctx = p->forward,
        .columns = p->parts.source_ops->columns ? ask_columns : NULL,
        .columns_ctx = p,
        .statements = p->parts.source->statements,
    };

    p->decoder = p->parts.source_ops->decoder->create(&o);
    return p->decoder ? teach_decoder(p, e) : err_memory(e, "making a decoder");
}

/* Checks the mapping against the tables as they are, before anything is made in the database. */
static int make_forward(struct pipeline *p, struct err *e) {
    struct forward_parts parts = {
        .config = p->parts.config,
        .source = p->parts.source,
        .encoder_ops = p->parts.encoder_ops,
        .entity_ops = p->parts.entity_ops,
        .schemas = p->parts.schemas,
        .claims = p->parts.claims,
        .sink = p->sink,
        .ledger = p->ledger,
        .wait = wait_for_room,
        .keep_going = keep_going,
        .ctx = p,
    };

    if (forward_new(&parts, &p->forward, e)) return -1;
    return p->parts.source_ops->describe(p->source, forward_check, p->forward, e);
}

static int make_backward(struct pipeline *p, struct err *e) {
    struct backward_parts parts = {
        .config = p->parts.config,
        .source = p->parts.source,
        .start = &p->start,
        .running = p->source,
        .sink = p->sink,
        .ledger = p->ledger,
        .decoder = p->decoder,
        .store = p->store,
        .clock = p->parts.clock,
        .fingerprint = forward_fingerprint(p->forward),
    };
    bool same = checkpoint_u64(&p->checkpoint, CHECKPOINT_FINGERPRINT, 0) == parts.fingerprint;

    if (p->has_checkpoint && same && !p->start.gap) parts.progress = section(p, CHECKPOINT_PROGRESS);
    if (parts.progress.len > 0 && p->decoder->ops->resume(p->decoder, parts.progress, e)) return -1;
    return backward_new(&parts, &p->backward, e);
}

/* An accepted gap is an event of the new epoch, before any row of it. */
static int publish_gap(struct pipeline *p, struct err *e) {
    char id[32];
    struct change c = {
        .op = CHANGE_GAP,
        .position = {p->start.position.data, p->start.position.len},
        .message.content = {(const char *)p->start.gap_text.data, p->start.gap_text.len},
    };
    int n = snprintf(id, sizeof id, "%u:gap", p->start.epoch);

    if (!p->start.gap) return 0;
    c.id = (struct text){id, (size_t)n};
    c.ord[0] = (uint8_t)(p->start.epoch >> 8);
    c.ord[1] = (uint8_t)p->start.epoch;
    log_msg(LOG_WARN, name_of(p), "gap accepted, epoch %u begins: %s", p->start.epoch,
            buf_cstr(&p->start.gap_text));
    return forward_change(p->forward, &c, e);
}

static int open_all(struct pipeline *p, struct err *e) {
    const struct config *config = p->parts.config;
    struct position from;

    if (open_store(p, e) || load_checkpoint(p, e)) return -1;
    if (p->parts.source_ops->open(p->parts.source, p->parts.clock, &p->source, e)) return -1;
    if (!(p->ledger = ledger_new(LEDGER_ENTRIES, e))) return -1;
    if (p->parts.sink_ops->open(&config->sink, name_of(p), on_result, p, &p->sink, e)) return -1;
    if (make_forward(p, e) || prepare_source(p, e) || make_decoder(p, e)) return -1;
    if (forward_declare_topics(p->forward, e) || make_backward(p, e) || publish_gap(p, e)) return -1;
    from = (struct position){p->start.position.data, p->start.position.len};
    if (p->streamed)
        until_restart(&p->until);
    else if (until_init(&p->until, config->until, p->source, from, p->parts.clock, e))
        return -1;
    if (!(p->ring = ring_new(config->ring_bytes, e))) return -1;
    if (p->parts.source_ops->start(p->source, p->ring, e)) return -1;
    p->streamed = true;
    return 0;
}

static void close_all(struct pipeline *p) {
    if (p->source) p->parts.source_ops->stop(p->source);
    if (p->source) p->parts.source_ops->destroy(p->source);
    forward_free(p->forward);
    backward_free(p->backward);
    if (p->sink) p->sink->ops->close(p->sink);
    if (p->decoder) p->decoder->ops->destroy(p->decoder);
    ledger_free(p->ledger);
    ring_free(p->ring);
    source_start_release(&p->start);
    p->source = NULL;
    p->forward = NULL;
    p->backward = NULL;
    p->sink = NULL;
    p->decoder = NULL;
    p->ledger = NULL;
    p->ring = NULL;
    memset(&p->start, 0, sizeof p->start);
    err_clear(&p->failure);
}

static void publish_figures(struct pipeline *p) {
    const struct forward_counts *c = forward_counts(p->forward);

    atomic_store(&p->rows, c->rows);
    atomic_store(&p->records, c->records);
    atomic_store(&p->bytes, c->bytes);
    atomic_store(&p->transactions, c->transactions);
    atomic_store(&p->unconverted, forward_unconverted(p->forward));
    atomic_store(&p->commit_us, c->commit_us);
    atomic_store(&p->lag_bytes, p->parts.source_ops->lag_bytes(p->source));
    atomic_store(&p->in_flight, ledger_in_flight(p->ledger));
    atomic_store(&p->ring_peak, ring_peak(p->ring));
}

/* A change_fn: forward, and see whether that was the end we were told to stop at. */
static int on_change(void *ctx, const struct change *c, struct err *e) {
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
    size_t len;

    *more = true;
    for (int i = 0; i < RECORDS_PER_TURN; i++) {
        if (until_reached(&p->until)) return 0;
        record = ring_next(p->ring, &len);
        if (!record) {
            *more = false;
            return 0;
        }
        if (feed(p, record, len, e)) return -1;
    }
    return 0;
}

static void sleep_until_needed(struct pipeline *p) {
    struct pollfd fds[4] = {
        {.fd = ring_data_fd(p->ring), .events = POLLIN},
        {.fd = p->sink->ops->fd(p->sink), .events = POLLIN},
        {.fd = p->stop_fd, .events = POLLIN},
        {.fd = backward_fd(p->backward), .events = POLLIN},
    };
    int timeout = until_due_ms(&p->until);
    int due = backward_due_ms(p->backward);

    if (due >= 0 && (timeout < 0 || due < timeout)) timeout = due;
    if (timeout < 0 || timeout > 1000) timeout = 1000;
    poll(fds, 4, timeout);
    if (fds[0].revents) ring_data_clear(p->ring);
}

static int stream(struct pipeline *p, struct err *e) {
    bool more;

    while (keep_going(p) && !until_reached(&p->until)) {
        if (turn_frames(p, &more, e)) return -1;
        if (turn_results(p, 0, e)) return -1;
        publish_figures(p);
        if (!more && !until_reached(&p->until)) sleep_until_needed(p);
    }
    return 0;
}

/* Waits for what is still out, at most the grace, then makes it durable. A second stop ends the waiting. */
static int drain(struct pipeline *p, struct err *e) {
    int64_t end = clock_monotonic_us(p->parts.clock) + (int64_t)p->parts.config->grace_ms * 1000;
    bool patient =
        until_reached(&p->until) && keep_going(p); /* told to deliver everything: no grace, all of it */
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

/* One life of all the parts. What was delivered is made durable whatever ended it. */
static int run_once(struct pipeline *p, struct err *e) {
    struct err late = {0};
    int rc = open_all(p, e);

    if (!rc) rc = stream(p, e);
    if (!rc || (p->backward && e->code == ERR_STOPPED)) {
        rc = drain(p, e);
    } else if (p->backward && !e->fatal) {
        if (p->sink->ops->flush(p->sink, WAIT_SLICE_MS, &late) >= 0) backward_tick(p->backward, true, &late);
    }
    close_all(p);
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
    if (!keep_going((void *)(uintptr_t)p) || !p->streamed || !p->parts.config->state) return false;
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
    };
    if (commit_us && (out->in_flight || out->lag_bytes))
        out->lag_us = clock_wall_us(p->parts.clock) - commit_us;
}
