#include "agent/pipeline/backward.h"

#include <stdlib.h>

#include "agent/base/log.h"

#define BUSY_ENTRIES                                                                                         \
    1000 /* acknowledged since the last checkpoint: they would all come again after a crash */
#define SNAPSHOT_NONE "never" /* remembered, so that a later version does not start one by itself */

struct backward {
    struct backward_parts parts;
    struct checkpoint checkpoint;
    struct buf acknowledged;
    uint64_t saved_watermark;
    int64_t saved_at;   /* monotonic, microseconds */
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

static int save(struct backward *b, struct err *e) {
    struct checkpoint *c = &b->checkpoint;

    if (b->parts.store && set_shapes(b, e)) return -1;
    if (checkpoint_set_u64(c, CHECKPOINT_WRITTEN_US, (uint64_t)clock_wall_us(b->parts.clock), e)) return -1;
    if (!b->parts.store) return 0;
    return checkpoint_save(b->parts.store, c, e);
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
        checkpoint_set(c, CHECKPOINT_SNAPSHOT, SNAPSHOT_NONE, strlen(SNAPSHOT_NONE), e) ||
        checkpoint_set(c, CHECKPOINT_PROGRESS, parts->progress.bytes, parts->progress.len, e) ||
        set_position(b, (struct position){s->position.data, s->position.len}, e) || save(b, e)) {
        backward_free(b);
        return -1;
    }
    b->saved_at = clock_monotonic_us(parts->clock);
    *out = b;
    return 0;
}

void backward_free(struct backward *b) {
    if (!b) return;
    checkpoint_release(&b->checkpoint);
    buf_release(&b->acknowledged);
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

int backward_due_ms(const struct backward *b) {
    int64_t left;

    if (ledger_watermark(b->parts.ledger) == b->saved_watermark) return -1;
    left = due_at(b) - clock_monotonic_us(b->parts.clock);
    return left <= 0 ? 0 : (int)(left / 1000) + 1;
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

static int save_and_say(struct backward *b, struct err *e) {
    int rc = save(b, e);

    if (rc && !b->failing)
        log_msg(LOG_ERROR, b->parts.source->name,
                "checkpoint not written, nothing is acknowledged meanwhile: %s", e->text);
    else if (!rc && b->failing)
        log_msg(LOG_INFO, b->parts.source->name, "checkpoint written again");
    b->failing = rc != 0;
    return rc;
}

int backward_tick(struct backward *b, bool now, struct err *e) {
    struct ledger *ledger = b->parts.ledger;
    uint64_t watermark = ledger_watermark(ledger);
    struct position boundary;

    if (watermark == b->saved_watermark) return 0;
    if (!now && clock_monotonic_us(b->parts.clock) < due_at(b)) return 0;
    b->saved_at = clock_monotonic_us(b->parts.clock);
    if (b->parts.sink->ops->sync(b->parts.sink, e) || take_marks(b, e)) return -1;
    if (save_and_say(b, e)) return e->retriable && !now ? 0 : -1;
    b->saved_cost = clock_monotonic_us(b->parts.clock) - b->saved_at;
    b->saved_watermark = watermark;
    boundary = ledger_boundary(ledger);
    if (boundary.len == 0) return 0;
    buf_clear(&b->acknowledged, SIZE_MAX);
    buf_put(&b->acknowledged, boundary.bytes, boundary.len);
    b->parts.running->ops->ack(b->parts.running, boundary);
    return 0;
}

struct position backward_acknowledged(const struct backward *b) {
    return (struct position){b->acknowledged.data, b->acknowledged.len};
}
