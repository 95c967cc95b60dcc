#include "agent/pipeline/backward.h"

#include <stdlib.h>

#include "agent/ack/saver.h"
#include "agent/base/log.h"

#define BUSY_ENTRIES                                                                                         \
    1000 /* acknowledged since the last checkpoint: they would all come again after a crash */

struct backward {
    struct backward_parts parts;
    struct checkpoint checkpoint;
    struct buf acknowledged;
    struct saver *saver; /* NULL: without a store */
    bool saving;         /* a checkpoint is being written */
    uint64_t saving_watermark;
    struct buf saving_boundary; /* to acknowledge when it is there */
    uint64_t saved_watermark;
    int64_t saved_at;   /* when that was begun; monotonic, microseconds */
    int64_t saved_cost; /* how long that took */
    bool failing;       /* the disk refused the last checkpoint */
};

/* What the decoder knows of tables where the checkpoint's position is. */
static int set_shapes(struct backward *b, struct err *e) {
    const struct buf *at = &b->checkpoint.sections[CHECKPOINT_POSITION];
    struct buf *shapes = &b->checkpoint.sections[CHECKPOINT_SHAPES];
    struct decoder *d = b->parts.decoder;

    if (!d || !d->ops->remember) return 0;
    buf_clear(shapes, SIZE_MAX);
    d->ops->remember(d, (struct position){at->data, at->len}, shapes);
    return buf_failed(shapes) ? err_memory(e, "making a checkpoint") : 0;
}

/* How far the tables that are read have come. */
static int set_snapshot(struct backward *b, struct err *e) {
    struct buf *section = &b->checkpoint.sections[CHECKPOINT_SNAPSHOT];

    buf_clear(section, SIZE_MAX);
    backfill_state_store(b->parts.snapshot, section);
    return buf_failed(section) ? err_memory(e, "making a checkpoint") : 0;
}

/* The checkpoint is ready to be written. */
static int complete(struct backward *b, struct err *e) {
    if (b->parts.store && (set_shapes(b, e) || set_snapshot(b, e))) return -1;
    backfill_state_saved(b->parts.snapshot, true);
    return checkpoint_set_u64(&b->checkpoint, CHECKPOINT_WRITTEN_US, (uint64_t)clock_wall_us(b->parts.clock),
                              e);
}

/* The first one, before anything runs. */
static int save_first(struct backward *b, struct err *e) {
    if (complete(b, e)) return -1;
    if (!b->parts.store) return 0;
    if (checkpoint_save(b->parts.store, &b->checkpoint, e)) return -1;
    b->saver = saver_new(b->parts.store, b->parts.clock, e);
    return b->saver ? 0 : -1;
}

static int set_position(struct backward *b, struct position p, struct err *e) {
    struct buf text = {0};
    int rc;

    b->parts.running->ops->decoder->position_text(p, &text);
    rc = checkpoint_set(&b->checkpoint, CHECKPOINT_POSITION, p.bytes, p.len, e);
    if (!rc) rc = checkpoint_set(&b->checkpoint, CHECKPOINT_POSITION_TEXT, text.data, text.len, e);
    buf_release(&text);
    return rc;
}

int backward_new(const struct backward_parts *parts, struct backward **out, struct err *e) {
    const struct source_start *s = parts->start;
    struct backward *b = calloc(1, sizeof *b);
    struct checkpoint *c;

    if (!b) return err_memory(e, "making a pipeline");
    b->parts = *parts;
    c = &b->checkpoint;
    if (checkpoint_set(c, CHECKPOINT_SOURCE, parts->source->scheme, strlen(parts->source->scheme), e) ||
        checkpoint_set(c, CHECKPOINT_IDENTITY, s->identity.data, s->identity.len, e) ||
        checkpoint_set_u64(c, CHECKPOINT_EPOCH, s->epoch, e) ||
        checkpoint_set_u64(c, CHECKPOINT_FINGERPRINT, parts->fingerprint, e) ||
        checkpoint_set(c, CHECKPOINT_PROGRESS, parts->progress.bytes, parts->progress.len, e) ||
        set_position(b, (struct position){s->position.data, s->position.len}, e) || save_first(b, e)) {
        backward_free(b);
        return -1;
    }
    b->saved_at = clock_monotonic_us(parts->clock);
    *out = b;
    return 0;
}

void backward_free(struct backward *b) {
    if (!b) return;
    saver_free(b->saver);
    checkpoint_release(&b->checkpoint);
    buf_release(&b->acknowledged);
    buf_release(&b->saving_boundary);
    free(b);
}

int backward_identify(struct backward *b, const void *identity, size_t len, struct err *e) {
    return checkpoint_set(&b->checkpoint, CHECKPOINT_IDENTITY, identity, len, e);
}

struct position backward_identity(const struct backward *b) {
    const struct buf *identity = &b->checkpoint.sections[CHECKPOINT_IDENTITY];

    return (struct position){identity->data, identity->len};
}

/*
 * Under load checkpoints come more often than asked for, so that a crash repeats little; on a slow disk less
 * often: at most a twentieth of the time goes into them.
 */
static int64_t due_at(const struct backward *b) {
    int64_t interval = (int64_t)b->parts.config->checkpoint_ms * 1000;
    int64_t bearable = b->saved_cost * 20;

    if (ledger_watermark(b->parts.ledger) - b->saved_watermark >= BUSY_ENTRIES) return b->saved_at + bearable;
    return b->saved_at + (bearable > interval ? bearable : interval);
}

/* What is delivered, or the state of the snapshot, is not as it was kept. */
static bool is_unsaved(const struct backward *b) {
    uint64_t watermark = ledger_watermark(b->parts.ledger);

    return watermark != b->saved_watermark || backfill_state_unsaved(b->parts.snapshot, watermark);
}

int backward_due_ms(const struct backward *b) {
    int64_t left;

    if (b->saving || !is_unsaved(b)) return -1;
    left = due_at(b) - clock_monotonic_us(b->parts.clock);
    return left <= 0 ? 0 : (int)(left / 1000) + 1;
}

int backward_fd(const struct backward *b) {
    return b->saver ? saver_fd(b->saver) : -1;
}

/*
 * Progress inside a transaction that is no longer open is harmless (its ids never come again in this epoch),
 * so an empty mark leaves what is stored: it may belong to a transaction that is about to be sent again.
 */
static int take_marks(struct backward *b, struct err *e) {
    struct position boundary = ledger_boundary(b->parts.ledger);
    struct position progress = ledger_progress(b->parts.ledger);

    if (boundary.len > 0 && set_position(b, boundary, e)) return -1;
    if (progress.len > 0)
        return checkpoint_set(&b->checkpoint, CHECKPOINT_PROGRESS, progress.bytes, progress.len, e);
    return 0;
}

static void say(struct backward *b, bool failed, const struct err *e) {
    if (failed && !b->failing)
        log_msg(LOG_ERROR, b->parts.source->name,
                "checkpoint not written, nothing is acknowledged meanwhile: %s", e->text);
    else if (!failed && b->failing)
        log_msg(LOG_INFO, b->parts.source->name, "checkpoint written again");
    b->failing = failed;
}

static int begin(struct backward *b, struct err *e) {
    struct position boundary;

    b->saved_at = clock_monotonic_us(b->parts.clock);
    if (b->parts.sink->ops->sync(b->parts.sink, e) || take_marks(b, e)) return -1;
    backfill_state_reached(b->parts.snapshot, ledger_watermark(b->parts.ledger));
    if (complete(b, e)) return -1;
    boundary = ledger_boundary(b->parts.ledger);
    buf_clear(&b->saving_boundary, SIZE_MAX);
    buf_put(&b->saving_boundary, boundary.bytes, boundary.len);
    if (buf_failed(&b->saving_boundary)) return err_memory(e, "making a checkpoint");
    b->saving_watermark = ledger_watermark(b->parts.ledger);
    if (b->saver && saver_begin(b->saver, &b->checkpoint, e)) return -1;
    b->saving = true;
    return 0;
}

/* What was begun is durable. */
static void acknowledge(struct backward *b) {
    struct buf *boundary = &b->saving_boundary;
    struct buf before = b->acknowledged;

    b->saving = false;
    b->saved_watermark = b->saving_watermark;
    if (boundary->len == 0) return;
    b->acknowledged = *boundary;
    *boundary = before;
    b->parts.running->ops->ack(b->parts.running, backward_acknowledged(b));
}

/* Takes the result of what was begun, if it is there or `now` is set. */
static int finish(struct backward *b, bool now, struct err *e) {
    enum saver_result result = b->saver ? saver_take(b->saver, now, &b->saved_cost, e) : SAVER_SAVED;

    if (result == SAVER_NOTHING) return 0;
    say(b, result == SAVER_FAILED, e);
    if (result == SAVER_SAVED) {
        acknowledge(b);
        return 0;
    }
    b->saving = false;
    backfill_state_saved(b->parts.snapshot, false);
    return e->retriable && !now ? 0 : -1;
}

int backward_tick(struct backward *b, bool now, struct err *e) {
    if (b->saving && finish(b, now, e)) return -1;
    if (b->saving || !is_unsaved(b)) return 0;
    if (!now && clock_monotonic_us(b->parts.clock) < due_at(b)) return 0;
    if (begin(b, e)) return -1;
    return now || !b->saver ? finish(b, now, e) : 0;
}

struct position backward_acknowledged(const struct backward *b) {
    return (struct position){b->acknowledged.data, b->acknowledged.len};
}
