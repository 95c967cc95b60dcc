#include "decoders/pgoutput/read_decoder.h"

#include <stdlib.h>

#include "decoders/pgoutput/lsn.h"
#include "decoders/pgoutput/position.h"
#include "decoders/pgoutput/proto.h"
#include "decoders/pgoutput/row.h"
#include "decoders/read_id.h"

/* What the arena of a message keeps for the next one. */
#define ARENA_KEEP ((size_t)256 * 1024)

struct read_decoder {
    struct decoder base;
    size_t max_columns;
    uint16_t epoch;
    bool failed;
    bool open; /* a chunk has begun */
    struct relations relations;
    struct arena arena; /* of the message being decoded */
    struct read_id id;
    struct tx tx;
    char pos[LSN_TEXT];
    size_t pos_len;
};

/* One frame on its way through the decoder. */
struct feed {
    struct read_decoder *d;
    struct cursor cursor;
    change_fn fn;
    void *ctx;
    bool refused; /* by the callback: its error, not ours */
    struct err *e;
};

static int emit(struct feed *f, struct change *c) {
    c->tx = &f->d->tx;
    c->pos = (struct text){f->d->pos, f->d->pos_len};
    if (f->fn(f->ctx, c, f->e) == 0) return 0;
    f->refused = true;
    return -1;
}

/* Tables must be described again: what was known of them belongs to another chunk. */
static int feed_chunk(struct feed *f, const struct frame *frame) {
    struct read_decoder *d = f->d;
    uint64_t at = frame->len == RESUME_LEN ? lsn_load(frame->data) : 0;
    if (at == 0) return err_set(f->e, ERR_DATA, "a chunk does not say at which position it was read");
    read_id_begin(&d->id, d->epoch, at - 1, frame->start);
    d->pos_len = lsn_text(at, d->pos);
    d->tx = (struct tx){.xid = {"", 0}, .commit_us = frame->sent_us};
    d->open = true;
    relations_restart(&d->relations);
    return 0;
}

static int feed_relation(struct feed *f) {
    struct read_decoder *d = f->d;
    struct pgoutput_relation m;
    struct shape *shape, *replaced;
    bool fresh;
    if (pgoutput_read_relation(&f->cursor, d->max_columns, &d->arena, &m, f->e)) return -1;
    if (relations_describe(&d->relations, &m, &shape, &fresh, &replaced, f->e)) return -1;
    int result = 0;
    if (fresh) {
        struct change c = {
            .op = CHANGE_SCHEMA, .table = &shape->table, .replaced = replaced ? &replaced->table : NULL};
        result = emit(f, &c);
    }
    shape_free(replaced);
    return result;
}

static int feed_insert(struct feed *f) {
    struct read_decoder *d = f->d;
    uint32_t relid;
    if (pgoutput_read_relid(&f->cursor, PGOUTPUT_INSERT, &relid, f->e)) return -1;
    struct shape *s = relations_find(&d->relations, relid);
    if (!s) return err_set(f->e, ERR_DATA, "table %u: its rows come without its description", relid);
    struct change c = {.op = CHANGE_READ, .table = &s->table, .after_image = IMAGE_FULL, .after = s->after};
    if (pgoutput_read_insert(&f->cursor, s->table.ncolumns, s->after, f->e) ||
        row_parse(s, IMAGE_FULL, s->after, &d->arena, f->e) || read_id_next(&d->id, &c, f->e))
        return -1;
    return emit(f, &c);
}

static int feed_data(struct feed *f) {
    uint8_t kind;
    if (!cursor_u8(&f->cursor, &kind)) return err_set(f->e, ERR_DATA, "empty message");
    if (!f->d->open) return err_set(f->e, ERR_DATA, "a message comes outside of a chunk");
    if (kind == PGOUTPUT_RELATION) return feed_relation(f);
    if (kind == PGOUTPUT_INSERT) return feed_insert(f);
    return err_set(f->e, ERR_DATA, "unknown message 0x%02x at offset 0", kind);
}

static int feed_frame(struct feed *f, const struct frame *frame) {
    switch (frame->kind) {
    case FRAME_CHUNK: return feed_chunk(f, frame);
    case FRAME_CATALOG: return relations_catalog(&f->d->relations, frame->data, frame->len, f->e);
    case FRAME_DATA: return feed_data(f);
    case FRAME_KEEPALIVE:
    case FRAME_RESTART:
    case FRAME_START:
    case FRAME_CHUNK_END:
    case FRAME_END: break;
    }
    return err_set(f->e, ERR_DATA, "unknown kind of frame: %d", (int)frame->kind);
}

static int read_feed(struct decoder *base, const struct frame *frame, change_fn fn, void *ctx,
                     struct err *e) {
    struct read_decoder *d = (struct read_decoder *)base;
    struct err ignored;
    if (d->failed) return err_set(e, ERR_DATA, "the decoder stopped at an earlier message");
    arena_clear(&d->arena);
    struct feed f = {d, cursor_of(frame->data, frame->len), fn, ctx, false, e ? e : &ignored};
    if (feed_frame(&f, frame) == 0) return 0;
    d->failed = true;
    if (f.refused) return -1;
    err_prefix(f.e, "rows read at %s", d->open ? d->pos : "an unknown position");
    f.e->fatal = true;
    return -1;
}

/* Rows that were read have no progress: a chunk comes as a whole or again. */
static int read_resume(struct decoder *base, struct position progress, struct err *e) {
    (void)base;
    return progress.len == 0 ? 0 : err_set(e, ERR_DATA, "rows that are read have no progress");
}

static struct decoder *read_create(const struct decoder_options *o) {
    struct read_decoder *d = calloc(1, sizeof(*d));
    if (!d) return NULL;
    d->base.ops = &decoder_pgoutput_read;
    d->epoch = (uint16_t)o->epoch;
    d->max_columns =
        o->max_columns && o->max_columns < PGOUTPUT_MAX_COLUMNS ? o->max_columns : PGOUTPUT_MAX_COLUMNS;
    arena_init(&d->arena, ARENA_KEEP);
    relations_init(&d->relations);
    d->relations.serial = o->serials;
    return &d->base;
}

static void read_destroy(struct decoder *base) {
    struct read_decoder *d = (struct read_decoder *)base;
    if (!d) return;
    relations_release(&d->relations);
    arena_release(&d->arena);
    free(d);
}

const struct decoder_ops decoder_pgoutput_read = {
    .name = "pgoutput rows",
    .create = read_create,
    .feed = read_feed,
    .resume = read_resume,
    .position_text = position_to_text,
    .position_parse = position_from_text,
    .position_compare = position_order,
    .destroy = read_destroy,
};
