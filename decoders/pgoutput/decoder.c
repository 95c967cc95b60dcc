#include "decoders/pgoutput/decoder.h"

#include <stdlib.h>
#include <string.h>

#include "decoders/pgoutput/lsn.h"
#include "decoders/pgoutput/position.h"
#include "decoders/pgoutput/proto.h"
#include "decoders/pgoutput/relation.h"
#include "decoders/pgoutput/row.h"

/* What the arena of a message keeps for the next one. */
#define ARENA_KEEP ((size_t)256 * 1024)

enum phase {
    OUTSIDE,  /* of any transaction */
    LIVE,     /* inside one that is (partly) new */
    REPLAYED, /* inside one that was emitted as a whole before a restart */
};

struct pgoutput {
    struct decoder base;
    size_t max_columns;
    uint16_t epoch;
    bool failed;
    bool restarted; /* transactions may come a second time */
    bool open;      /* a restart came inside the transaction `done.commit`: it must come again */
    enum phase phase;
    struct relations relations;
    struct arena arena; /* of the message being decoded */

    struct point at;   /* the record being decoded */
    struct point done; /* the row emitted last; after BEGIN: none of its transaction yet */
    struct point skip; /* rows up to this one were delivered: resume(), or before a restart */
    uint64_t whole;    /* commit LSN of the last transaction (or message outside of one) emitted as a whole */
    uint64_t resume_at; /* last resume position emitted */
    struct tx tx;

    char xid[12];
    char id[64];
    size_t prefix; /* of the id: what is the transaction's */
    char pos[LSN_TEXT];
    uint8_t progress[PROGRESS_LEN];
};

/* One frame on its way through the decoder. */
struct feed {
    struct pgoutput *d;
    struct cursor cursor;
    uint64_t lsn; /* as the transport says */
    change_fn fn;
    void *ctx;
    bool refused; /* by the callback: its error, not ours */
    struct err *e;
};

static int emit(struct feed *f, struct change *c) {
    c->tx = f->d->phase == LIVE ? &f->d->tx : NULL;
    if (f->fn(f->ctx, c, f->e) == 0) return 0;
    f->refused = true;
    return -1;
}

static struct text set_pos(struct pgoutput *d, uint64_t lsn) {
    return (struct text){d->pos, lsn_text(lsn, d->pos)};
}

/* ---- Identity of rows ---- */

/*
 * Goes on to the next row of the record at `lsn`. Records come in the order of the log, which `ord` and
 * resuming rely on.
 */
static int next_row(struct feed *f, uint64_t lsn) {
    struct point *at = &f->d->at;
    if (lsn == 0 || lsn < at->record)
        return err_set(f->e, ERR_DATA, "a record of the transaction comes before the one before it");
    if (lsn == at->record && at->index == UINT32_MAX)
        return err_set(f->e, ERR_DATA, "too many rows in one record");
    at->index = lsn == at->record ? at->index + 1 : 0;
    at->record = lsn;
    return 0;
}

static bool delivered(const struct pgoutput *d) {
    return d->phase == REPLAYED || point_reached(&d->at, &d->skip);
}

static char *put_decimal(char *to, uint32_t n) {
    char digits[10];
    size_t len = 0;
    do digits[len++] = (char)('0' + n % 10);
    while (n /= 10);
    while (len) *to++ = digits[--len];
    return to;
}

/* What the ids of a transaction begin with: `epoch:COMMITLSN:` */
static void set_prefix(struct pgoutput *d) {
    char *end = put_decimal(d->id, d->epoch);
    *end++ = ':';
    end += lsn_hex(d->at.commit, end);
    *end++ = ':';
    d->prefix = (size_t)(end - d->id);
}

/* id, ord and position of the row `d->at`. */
static void set_identity(struct pgoutput *d, struct change *c) {
    char *end = d->id + d->prefix;
    end += lsn_hex(d->at.record, end);
    *end++ = ':';
    end = put_decimal(end, d->at.index);
    c->id = (struct text){d->id, (size_t)(end - d->id)};

    point_store(&d->at, d->progress);
    c->ord[0] = (uint8_t)(d->epoch >> 8);
    c->ord[1] = (uint8_t)d->epoch;
    memcpy(c->ord + 2, d->progress, PROGRESS_LEN);
    c->position = (struct position){d->progress, PROGRESS_LEN};
}

static int emit_row(struct feed *f, struct change *c) {
    set_identity(f->d, c);
    c->pos = set_pos(f->d, f->lsn);
    f->d->done = f->d->at;
    return emit(f, c);
}

/* ---- Transactions ---- */

static int inside(struct feed *f, enum pgoutput_kind kind) {
    if (f->d->phase != OUTSIDE) return 0;
    return pgoutput_malformed(&f->cursor, kind, "comes outside of a transaction", f->e);
}

/*
 * Where a transaction belongs: commits come in the order of the log, so one that is not behind the last was
 * emitted before a restart (*again). One that was open then must come first of the others.
 */
static int place(struct feed *f, enum pgoutput_kind kind, uint64_t commit, bool *again) {
    struct pgoutput *d = f->d;
    *again = commit <= d->whole;
    if (*again && !d->restarted) return pgoutput_malformed(&f->cursor, kind, "was there already", f->e);
    if (*again) return 0;
    if (d->open && commit != d->done.commit) {
        char was[LSN_TEXT], is[LSN_TEXT];
        lsn_text(d->done.commit, was);
        lsn_text(commit, is);
        return err_set(
            f->e, ERR_DATA,
            "the transaction committed at %s was cut off by a lost connection and did not come again; "
            "the one at %s came instead",
            was, is);
    }
    d->restarted = false;
    return 0;
}

static int feed_begin(struct feed *f) {
    struct pgoutput *d = f->d;
    struct pgoutput_begin m;
    bool again;
    if (pgoutput_read_begin(&f->cursor, &m, f->e)) return -1;
    if (d->phase != OUTSIDE || m.commit_lsn == 0)
        return pgoutput_malformed(&f->cursor, PGOUTPUT_BEGIN, "comes inside a transaction", f->e);
    if (place(f, PGOUTPUT_BEGIN, m.commit_lsn, &again)) return -1;
    d->phase = again ? REPLAYED : LIVE;
    d->at = (struct point){.commit = m.commit_lsn};
    set_prefix(d);
    d->tx.xid = (struct text){d->xid, (size_t)(put_decimal(d->xid, m.xid) - d->xid)};
    d->tx.commit_us = m.commit_us;
    if (again) return 0;
    if (d->open) {
        d->open = false;
        return 0;
    }
    d->done = d->at;
    struct change c = {.op = CHANGE_BEGIN, .pos = set_pos(d, m.commit_lsn)};
    return emit(f, &c);
}

/* A resume position goes out. */
static int emit_position(struct feed *f, enum change_op op, uint64_t lsn) {
    struct pgoutput *d = f->d;
    uint8_t bytes[RESUME_LEN];
    lsn_store(lsn, bytes);
    struct change c = {.op = op, .pos = set_pos(d, lsn), .position = {bytes, sizeof(bytes)}};
    d->resume_at = lsn;
    return emit(f, &c);
}

static int feed_commit(struct feed *f) {
    struct pgoutput *d = f->d;
    struct pgoutput_commit m;
    if (pgoutput_read_commit(&f->cursor, &m, f->e)) return -1;
    if (inside(f, PGOUTPUT_COMMIT)) return -1;
    if (m.commit_lsn != d->at.commit || m.end_lsn <= m.commit_lsn)
        return pgoutput_malformed(&f->cursor, PGOUTPUT_COMMIT, "is not the commit that Begin announced",
                                  f->e);
    int result = 0;
    if (d->phase == LIVE) {
        d->whole = m.commit_lsn;
        result = emit_position(f, CHANGE_COMMIT, m.end_lsn);
    }
    d->phase = OUTSIDE;
    return result;
}

/* Inside a transaction, and while one is expected again, nobody may resume behind it. */
static int feed_keepalive(struct feed *f) {
    struct pgoutput *d = f->d;
    if (d->phase != OUTSIDE || d->open || f->lsn <= d->resume_at) return 0;
    return emit_position(f, CHANGE_HEARTBEAT, f->lsn);
}

/* A message outside of transactions takes the place of a whole one. */
static int place_message(struct feed *f, uint64_t lsn, bool *again) {
    struct pgoutput *d = f->d;
    if (place(f, PGOUTPUT_MESSAGE, lsn, again)) return -1;
    if (*again) return 0;
    if (d->open) return pgoutput_malformed(&f->cursor, PGOUTPUT_MESSAGE, "comes inside a transaction", f->e);
    d->whole = lsn;
    d->at = (struct point){.commit = lsn, .record = lsn};
    set_prefix(d);
    return 0;
}

/*
 * A message says where its record ends, which is where the next one begins. One byte before that no record
 * can begin: so ids stay unique, ord stays in order, and the rows' ids do not depend on messages being sent
 * at all.
 */
static int feed_message(struct feed *f) {
    struct pgoutput *d = f->d;
    struct pgoutput_message m;
    bool again = false;
    if (pgoutput_read_message(&f->cursor, &m, f->e)) return -1;
    if (m.transactional != (d->phase != OUTSIDE) || m.lsn == 0)
        return pgoutput_malformed(&f->cursor, PGOUTPUT_MESSAGE,
                                  m.transactional ? "comes outside of its transaction"
                                                  : "without a transaction comes inside one",
                                  f->e);
    if (m.transactional ? next_row(f, m.lsn - 1) : place_message(f, m.lsn - 1, &again)) return -1;
    if (again || delivered(d)) return 0;
    struct change c = {
        .op = CHANGE_MESSAGE,
        .message = {.prefix = {m.prefix, strlen(m.prefix)},
                    .content = {(const char *)m.content, m.len},
                    .transactional = m.transactional},
    };
    return emit_row(f, &c);
}

/* ---- Tables ---- */

static int feed_relation(struct feed *f) {
    struct pgoutput *d = f->d;
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

static int feed_type(struct feed *f) {
    struct pgoutput_typename m;
    if (pgoutput_read_type(&f->cursor, &m, f->e)) return -1;
    return types_put_name(&f->d->relations.types, m.oid, m.schema, m.name, f->e);
}

static struct shape *find_shape(struct feed *f, enum pgoutput_kind kind, uint32_t relid) {
    struct shape *s = relations_find(&f->d->relations, relid);
    if (!s) {
        pgoutput_malformed(&f->cursor, kind, "names a table that no Relation message described", f->e);
        err_prefix(f->e, "table %u", relid);
    }
    return s;
}

/* ---- Rows ---- */

/* The log leaves a large value out of the new image when it did not change; the old one may have it. */
static void complete(const struct shape *s) {
    for (size_t i = 0; i < s->table.ncolumns; i++)
        if (s->after[i].state == VALUE_UNCHANGED && s->before[i].state != VALUE_ABSENT)
            s->after[i] = s->before[i];
}

static int feed_row(struct feed *f, enum pgoutput_kind kind) {
    struct pgoutput *d = f->d;
    uint32_t relid;
    enum image old = IMAGE_NONE;
    if (pgoutput_read_relid(&f->cursor, kind, &relid, f->e) || inside(f, kind)) return -1;
    struct shape *s = find_shape(f, kind, relid);
    if (!s) return -1;
    size_t n = s->table.ncolumns;
    struct change c = {.table = &s->table};
    int result = -1;
    if (kind == PGOUTPUT_INSERT) {
        c.op = CHANGE_INSERT;
        result = pgoutput_read_insert(&f->cursor, n, s->after, f->e);
    } else if (kind == PGOUTPUT_UPDATE) {
        c.op = CHANGE_UPDATE;
        result = pgoutput_read_update(&f->cursor, n, &old, s->before, s->after, f->e);
    } else {
        c.op = CHANGE_DELETE;
        result = pgoutput_read_delete(&f->cursor, n, &old, s->before, f->e);
    }
    if (result || next_row(f, f->lsn)) return -1;
    if (delivered(d)) return 0;
    if (old != IMAGE_NONE) {
        c.before_image = old;
        c.before = s->before;
        if (row_parse(s, old, s->before, &d->arena, f->e)) return -1;
    }
    if (c.op != CHANGE_DELETE) {
        c.after_image = IMAGE_FULL;
        c.after = s->after;
        if (row_parse(s, IMAGE_FULL, s->after, &d->arena, f->e)) return -1;
        if (old != IMAGE_NONE) complete(s);
    }
    return emit_row(f, &c);
}

static int feed_truncate(struct feed *f) {
    struct pgoutput_truncate m;
    if (pgoutput_read_truncate(&f->cursor, &m, f->e) || inside(f, PGOUTPUT_TRUNCATE)) return -1;
    uint32_t relid;
    while (cursor_u32(&m.relids, &relid)) {
        struct shape *s = find_shape(f, PGOUTPUT_TRUNCATE, relid);
        if (!s || next_row(f, f->lsn)) return -1;
        if (delivered(f->d)) continue;
        struct change c = {.op = CHANGE_TRUNCATE, .table = &s->table};
        if (emit_row(f, &c)) return -1;
    }
    return 0;
}

/* ---- Frames ---- */

static int feed_origin(struct feed *f) {
    if (pgoutput_read_origin(&f->cursor, f->e)) return -1;
    return inside(f, PGOUTPUT_ORIGIN);
}

static int feed_data(struct feed *f) {
    uint8_t kind;
    if (!cursor_u8(&f->cursor, &kind)) return err_set(f->e, ERR_DATA, "empty message");
    switch (kind) {
    case PGOUTPUT_INSERT:
    case PGOUTPUT_UPDATE:
    case PGOUTPUT_DELETE: return feed_row(f, (enum pgoutput_kind)kind);
    case PGOUTPUT_TRUNCATE: return feed_truncate(f);
    case PGOUTPUT_BEGIN: return feed_begin(f);
    case PGOUTPUT_COMMIT: return feed_commit(f);
    case PGOUTPUT_RELATION: return feed_relation(f);
    case PGOUTPUT_TYPE: return feed_type(f);
    case PGOUTPUT_MESSAGE: return feed_message(f);
    case PGOUTPUT_ORIGIN: return feed_origin(f);
    case PGOUTPUT_STREAM_ABORT: return pgoutput_read_stream_abort(&f->cursor, f->e);
    default: return err_set(f->e, ERR_DATA, "unknown message 0x%02x at offset 0", kind);
    }
}

static int feed_restart(struct feed *f) {
    struct pgoutput *d = f->d;
    relations_restart(&d->relations);
    if (d->phase == LIVE) {
        d->open = true;
        if (!point_reached(&d->done, &d->skip)) d->skip = d->done;
    }
    d->phase = OUTSIDE;
    d->restarted = true;
    return 0;
}

static int feed_frame(struct feed *f, const struct frame *frame) {
    switch (frame->kind) {
    case FRAME_DATA: return feed_data(f);
    case FRAME_KEEPALIVE: return feed_keepalive(f);
    case FRAME_CATALOG: return relations_catalog(&f->d->relations, frame->data, frame->len, f->e);
    case FRAME_RESTART: return feed_restart(f);
    case FRAME_START:
    case FRAME_CHUNK:
    case FRAME_CHUNK_END:
    case FRAME_END: break;
    }
    return err_set(f->e, ERR_DATA, "unknown kind of frame: %d", (int)frame->kind);
}

static int decoder_feed(struct decoder *base, const struct frame *frame, change_fn fn, void *ctx,
                        struct err *e) {
    struct pgoutput *d = (struct pgoutput *)base;
    struct err ignored;
    if (d->failed) return err_set(e, ERR_DATA, "the decoder stopped at an earlier message");
    arena_clear(&d->arena);
    struct feed f = {d, cursor_of(frame->data, frame->len), frame->start, fn, ctx, false, e ? e : &ignored};
    if (feed_frame(&f, frame) == 0) return 0;
    d->failed = true;
    if (f.refused) return -1;
    char at[LSN_TEXT];
    lsn_text(frame->start ? frame->start : d->at.record ? d->at.record : d->at.commit, at);
    err_prefix(f.e, "pgoutput at %s", at);
    f.e->fatal = true;
    return -1;
}

static int decoder_resume(struct decoder *base, struct position progress, struct err *e) {
    struct pgoutput *d = (struct pgoutput *)base;
    if (progress.len == 0) return 0;
    if (point_load(progress, &d->skip)) return 0;
    return err_set(e, ERR_DATA, "not the progress of a PostgreSQL transaction");
}

static struct decoder *decoder_create(const struct decoder_options *o) {
    struct pgoutput *d = calloc(1, sizeof(*d));
    if (!d) return NULL;
    d->base.ops = &decoder_pgoutput;
    d->epoch = (uint16_t)o->epoch;
    d->max_columns =
        o->max_columns && o->max_columns < PGOUTPUT_MAX_COLUMNS ? o->max_columns : PGOUTPUT_MAX_COLUMNS;
    arena_init(&d->arena, ARENA_KEEP);
    relations_init(&d->relations);
    d->relations.serial = o->serials;
    return &d->base;
}

static void decoder_destroy(struct decoder *base) {
    struct pgoutput *d = (struct pgoutput *)base;
    if (!d) return;
    relations_release(&d->relations);
    arena_release(&d->arena);
    free(d);
}

const struct decoder_ops decoder_pgoutput = {
    .name = "pgoutput",
    .create = decoder_create,
    .feed = decoder_feed,
    .resume = decoder_resume,
    .position_text = position_to_text,
    .position_parse = position_from_text,
    .position_compare = position_order,
    .destroy = decoder_destroy,
};
