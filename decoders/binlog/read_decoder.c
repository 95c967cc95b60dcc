#include "decoders/binlog/read_decoder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "decoders/binlog/position.h"
#include "decoders/binlog/rows.h"
#include "decoders/read_id.h"

#define ARENA_KEEP ((size_t)256 * 1024)

struct read_decoder {
    struct decoder base;
    uint16_t epoch;
    bool failed;
    bool begun; /* a FRAME_CHUNK came */
    struct binlog_format format;
    struct shapes *shapes;
    struct shape *shape; /* of the chunk; NULL: not described yet */
    struct charsets *charsets;
    struct arena arena; /* of the frame being read */
    struct arena row;
    struct buf scratch;
    struct read_id id;
    struct tx tx;
    char pos[BINLOG_FILE_MAX + 24];
};

/* One frame on its way through. */
struct feed {
    struct read_decoder *d;
    change_fn fn;
    void *ctx;
    bool refused; /* by the callback: its error, not ours */
    struct err *e;
};

static int emit(struct feed *f, struct change *c) {
    c->tx = &f->d->tx;
    if (f->fn(f->ctx, c, f->e) == 0) return 0;
    f->refused = true;
    return -1;
}

/* ---- The beginning ---- */

/*
 * Between the rank of what was published last and that of what comes next (decoder.h): a transaction begins
 * in front of the place where it ends, and the next one not before that.
 */
static int rank_of(const struct binlog_position *p, uint64_t *out, struct err *e) {
    const struct binlog_place *at = &p->through;
    uint64_t number;
    *out = gtid_set_rank(at->gtids);
    if (p->by_gtid) return 0;
    if (!binlog_file_number(at->file, &number) || at->offset > UINT32_MAX)
        return err_set(e, ERR_DATA, "what is read at %s:%" PRIu64 " cannot be put in order", at->file,
                       at->offset);
    *out = number << 32 | at->offset;
    *out -= *out > 0;
    return 0;
}

static int begin_at(struct feed *f, const struct frame *frame, const struct binlog_position *p) {
    struct read_decoder *d = f->d;
    uint64_t rank;
    if (rank_of(p, &rank, f->e)) return -1;
    read_id_begin(&d->id, d->epoch, rank, frame->start);
    d->tx = (struct tx){.commit_us = frame->sent_us};
    d->format = (struct binlog_format){.known = true, .mariadb = p->flavour == FLAVOUR_MARIADB};
    d->format.post_header[BINLOG_TABLE_MAP] = 8;
    d->format.post_header[BINLOG_WRITE_ROWS] = 10;
    snprintf(d->pos, sizeof(d->pos), "%s:%" PRIu64, p->through.file, p->through.offset);
    if (!p->through.file[0]) d->pos[0] = '\0';
    d->shape = NULL;
    d->begun = true;
    return 0;
}

static int feed_chunk(struct feed *f, const struct frame *frame) {
    struct binlog_position p;
    if (binlog_position_init(&p, FLAVOUR_MYSQL, f->e)) return -1;
    int rc = binlog_position_read((struct position){frame->data, frame->len}, &p, f->e);
    if (rc == 0) rc = begin_at(f, frame, &p);
    binlog_position_release(&p);
    return rc;
}

/* ---- Rows ---- */

static int feed_table_map(struct feed *f, const struct binlog_event *ev) {
    struct read_decoder *d = f->d;
    struct table_map m;
    struct shape *replaced;
    bool fresh;
    if (table_map_read(ev, &d->format, &d->arena, &m, f->e)) return -1;
    d->shape = shapes_take(d->shapes, &m, &fresh, &replaced, f->e);
    if (!d->shape) return -1;
    if (fresh) {
        struct change c = {
            .op = CHANGE_SCHEMA, .table = &d->shape->table, .replaced = replaced ? &replaced->table : NULL};
        if (emit(f, &c)) return -1;
        shapes_sweep(d->shapes);
    }
    return 0;
}

static int feed_rows(struct feed *f, const struct binlog_event *ev) {
    struct read_decoder *d = f->d;
    const struct cell_reader reader = {&d->row, d->charsets, &d->scratch};
    struct rows r;
    if (!d->shape) return err_set(f->e, ERR_DATA, "rows in front of their table's description");
    if (rows_open(ev, &d->format, &r, f->e)) return -1;
    for (;;) {
        struct change c = {0};
        bool more;
        arena_clear(&d->row);
        if (rows_next(&r, &reader, d->shape, &c, &more, f->e)) return -1;
        if (!more) return 0;
        c.op = CHANGE_READ;
        c.pos = (struct text){d->pos, strlen(d->pos)};
        if (read_id_next(&d->id, &c, f->e) || emit(f, &c)) return -1;
    }
}

static int feed_data(struct feed *f, const struct frame *frame) {
    struct binlog_event ev = {.type = (uint8_t)frame->start, .body = cursor_of(frame->data, frame->len)};
    if (!f->d->begun) return err_set(f->e, ERR_DATA, "rows in front of the place they were read at");
    arena_clear(&f->d->arena);
    switch (frame->start) {
    case BINLOG_TABLE_MAP: return feed_table_map(f, &ev);
    case BINLOG_WRITE_ROWS: return feed_rows(f, &ev);
    default:
        return err_set(f->e, ERR_DATA, "an event of type %" PRIu64 " is none that rows are read as",
                       frame->start);
    }
}

static int feed_frame(struct feed *f, const struct frame *frame) {
    switch (frame->kind) {
    case FRAME_CHUNK: return feed_chunk(f, frame);
    case FRAME_CATALOG: return shapes_catalog(f->d->shapes, frame->data, frame->len, f->e);
    case FRAME_DATA: return feed_data(f, frame);
    default: return err_set(f->e, ERR_DATA, "a frame of kind %u is not about rows", frame->kind);
    }
}

/* ---- struct decoder_ops ---- */

static int read_feed(struct decoder *base, const struct frame *frame, change_fn fn, void *ctx,
                     struct err *e) {
    struct read_decoder *d = (struct read_decoder *)base;
    struct err ignored;
    struct feed f = {.d = d, .fn = fn, .ctx = ctx, .e = e ? e : &ignored};
    if (d->failed)
        err_set(f.e, ERR_DATA, "the decoder failed before and cannot go on");
    else if (feed_frame(&f, frame) == 0)
        return 0;
    d->failed = true;
    if (f.refused) return -1;
    f.e->fatal = true;
    return err_prefix(f.e, "rows read at %s", d->pos);
}

/* Nothing goes on within a chunk: it is read again. */
static int read_resume(struct decoder *base, struct position progress, struct err *e) {
    (void)base;
    if (progress.len == 0) return 0;
    return err_set(e, ERR_DATA, "rows that were read have no progress to go on from");
}

static void read_destroy(struct decoder *base) {
    struct read_decoder *d = (struct read_decoder *)base;
    if (!d) return;
    shapes_free(d->shapes);
    charsets_free(d->charsets);
    arena_release(&d->arena);
    arena_release(&d->row);
    buf_release(&d->scratch);
    free(d);
}

static struct decoder *read_create(const struct decoder_options *o) {
    struct read_decoder *d = calloc(1, sizeof(*d));
    if (!d) return NULL;
    d->base.ops = &decoder_binlog_read;
    d->epoch = (uint16_t)o->epoch;
    arena_init(&d->arena, ARENA_KEEP);
    arena_init(&d->row, ARENA_KEEP);
    d->shapes = shapes_new();
    d->charsets = charsets_new();
    if (d->shapes) shapes_count_from(d->shapes, o->serials);
    if (d->shapes && d->charsets) return &d->base;
    read_destroy(&d->base);
    return NULL;
}

const struct decoder_ops decoder_binlog_read = {
    .name = "binlog rows",
    .create = read_create,
    .feed = read_feed,
    .resume = read_resume,
    .position_text = binlog_position_text,
    .position_parse = binlog_position_parse,
    .position_compare = binlog_position_compare,
    .destroy = read_destroy,
};
