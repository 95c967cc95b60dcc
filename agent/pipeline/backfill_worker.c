#include "agent/pipeline/backfill_worker.h"

#include <stdlib.h>
#include <string.h>

#define RECORDS_PER_TURN 2000
#define SERIAL_WORKER 56  /* bits: where a worker's tables begin, */
#define SERIAL_DECODER 36 /* and each of its decoders' */

/* A change_fn's context: whose error is it? */
struct sending {
    const struct backfill_worker *w;
    bool refused; /* by the pipeline */
};

void backfill_worker_init(struct backfill_worker *w, const struct backfill_parts *parts, unsigned index) {
    *w = (struct backfill_worker){.parts = parts, .cut_us = BACKFILL_CUT_US};
    w->serials = (uint64_t)(index + 1) << SERIAL_WORKER;
    backfill_pace_init(&w->pace);
}

void backfill_worker_close(struct backfill_worker *w) {
    if (w->chunks) w->chunks->ops->chunks_close(w->chunks);
    ring_free(w->ring);
    w->chunks = NULL;
    w->ring = NULL;
    w->busy = w->cut = false;
    err_clear(&w->broken);
}

void backfill_worker_release(struct backfill_worker *w) {
    if (w->decoder) w->decoder->ops->destroy(w->decoder);
    while (w->nspent > 0) {
        struct decoder *d = w->spent[--w->nspent];
        d->ops->destroy(d);
    }
    free(w->spent);
    w->spent = NULL;
    w->decoder = NULL;
}

/* ---- Asking ---- */

static int open_chunks(struct backfill_worker *w, struct err *e) {
    if (w->chunks) return 0;
    if (!w->ring && !(w->ring = ring_new(w->parts->source_config->chunk_bytes, e))) return -1;
    return w->parts->source->ops->chunks_open(w->parts->source, w->ring, &w->chunks, e);
}

static int make_decoder(struct backfill_worker *w, struct err *e) {
    struct decoder_options o = {.epoch = w->parts->epoch, .serials = w->serials};

    if (w->decoder) return 0;
    w->decoder = w->parts->source->ops->chunk_decoder->create(&o);
    w->serials += (uint64_t)1 << SERIAL_DECODER;
    return w->decoder ? 0 : err_memory(e, "making a decoder");
}

int backfill_worker_ask(struct backfill_worker *w, struct position at, uint32_t rows, int64_t now_us,
                        struct err *e) {
    const struct backfill_parts *p = w->parts;
    struct source_chunk q = {
        .space = w->table->space,
        .name = w->table->name,
        .after = {w->table->after.data, w->table->after.len},
        .rows = rows,
        .at = at,
    };

    if (open_chunks(w, e) || make_decoder(w, e)) return -1;
    q.stamp = backfill_state_stamp(p->state, clock_wall_us(p->clock));
    if (w->chunks->ops->chunks_ask(w->chunks, &q, e)) return -1;
    w->busy = true;
    w->cut = false;
    w->asked = rows;
    w->stamp = q.stamp;
    w->asked_us = w->heard_us = now_us;
    err_clear(&w->broken);
    return 0;
}

void backfill_worker_cut_late(struct backfill_worker *w, int64_t now_us) {
    if (!w->busy || w->cut || now_us - w->asked_us < w->cut_us) return;
    w->cut = true;
    w->chunks->ops->chunks_cut(w->chunks);
}

/* ---- What comes ---- */

static int send_on(void *ctx, const struct change *c, struct err *e) {
    struct sending *s = ctx;
    const struct backfill_parts *p = s->w->parts;

    if (c->op != CHANGE_READ && c->op != CHANGE_SCHEMA)
        return err_set(e, ERR_DATA, "a change that no chunk may have");
    if (!p->forward(p->ctx, c, e)) return 0;
    s->refused = true;
    return -1;
}

/* A decoder that failed is of no use any more. */
static int retire_decoder(struct backfill_worker *w, struct err *e) {
    struct decoder **spent = realloc(w->spent, (w->nspent + 1) * sizeof(*spent));

    if (!spent) return err_memory(e, "reading a chunk");
    w->spent = spent;
    w->spent[w->nspent++] = w->decoder;
    w->decoder = NULL;
    return 0;
}

static int take_rows(struct backfill_worker *w, const struct frame *f, struct err *e) {
    struct sending s = {.w = w};

    if (w->broken.code != ERR_NONE) return 0;
    if (!w->decoder->ops->feed(w->decoder, f, send_on, &s, e)) return 0;
    if (s.refused) return -1;
    w->broken = *e;
    err_clear(e);
    return retire_decoder(w, e);
}

static bool take_end(const struct frame *f, struct backfill_end *out) {
    struct source_chunk_end end;

    if (f->len < sizeof end) return false;
    memcpy(&end, f->data, sizeof end);
    if (end.after_len != f->len - sizeof end) return false;
    *out = (struct backfill_end){.outcome = end.outcome,
                                 .rows = end.rows,
                                 .err = end.err,
                                 .after = {f->data + sizeof end, end.after_len}};
    return end.outcome >= CHUNK_MORE && end.outcome <= CHUNK_FAILED;
}

static int finish(struct backfill_worker *w, struct backfill_end *end) {
    if (w->broken.code != ERR_NONE) *end = (struct backfill_end){.outcome = CHUNK_FAILED, .err = w->broken};
    w->busy = w->cut = false;
    return 1;
}

static int take_frame(struct backfill_worker *w, const struct frame *f, struct backfill_end *end,
                      struct err *e) {
    switch (f->kind) {
    case FRAME_CHUNK_END:
        if (take_end(f, end)) return finish(w, end);
        return err_set(e, ERR_DATA, "the end of a chunk is damaged");
    case FRAME_END: /* the thread is gone */
        *end = (struct backfill_end){.outcome = CHUNK_FAILED};
        end->err = ((const struct frame_end *)(const void *)f->data)->err;
        backfill_worker_close(w);
        return 1;
    default: return take_rows(w, f, e);
    }
}

int backfill_worker_turn(struct backfill_worker *w, int64_t now_us, bool *more, struct backfill_end *end,
                         struct err *e) {
    const void *record;
    struct frame f;
    size_t len;
    int rc;

    for (int i = 0; i < RECORDS_PER_TURN; i++) {
        record = ring_next(w->ring, &len);
        if (!record) return 0;
        w->heard_us = now_us;
        if (source_frame(record, len, &f, e)) return -1;
        if ((rc = take_frame(w, &f, end, e))) return rc;
    }
    *more = true;
    return 0;
}
