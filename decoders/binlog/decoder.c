#include "decoders/binlog/decoder.h"

#include <stdlib.h>
#include <string.h>

#include "decoders/binlog/binlog.h"

/* What the arenas of an event and of a row keep for the next one. */
#define ARENA_KEEP ((size_t)256 * 1024)

/* ---- Where we are in the log ---- */

/*
 * The offset behind an event, of which the log tells the lower 32 bits. It only grows; an event is at most
 * 1 GiB long, so a smaller number is a wrap only when it is smaller by far.
 */
static int next_offset(struct feed *f, uint32_t log_pos, uint64_t *out) {
    const uint64_t span = UINT64_C(1) << 32;
    uint64_t at = f->d->here.offset, next = (at & ~(span - 1)) | log_pos;
    if (next < at) next += span;
    if (next - at > span / 2)
        return err_set(f->e, ERR_DATA, "an event that ends at %u does not lie behind the one before it",
                       log_pos);
    *out = next;
    return 0;
}

static int set_file(struct feed *f, const uint8_t *name, size_t len, uint64_t offset) {
    struct binlog_place *here = &f->d->here;
    if (len == 0 || len > BINLOG_FILE_MAX || memchr(name, 0, len))
        return err_set(f->e, ERR_DATA, "a file of the log has a malformed name");
    if (strncmp(here->file, (const char *)name, len) != 0 || here->file[len]) here->begun = 0;
    memcpy(here->file, name, len);
    here->file[len] = '\0';
    here->offset = offset;
    return 0;
}

/* ---- Events about the log itself ---- */

/*
 * 8 bytes offset of the next event, then the file it is in, up to the end. One that the server made up for us
 * bears the server's own id.
 */
static int feed_rotate(struct feed *f, const struct binlog_event *ev) {
    struct cursor c = ev->body;
    uint64_t offset;
    if (!cursor_u64le(&c, &offset)) return err_set(f->e, ERR_DATA, "ROTATE event is malformed");
    if (group_abandon(f)) return -1;
    if (ev->flags & BINLOG_FLAG_ARTIFICIAL) f->d->here.server = ev->server_id;
    return set_file(f, c.at, cursor_left(&c), offset);
}

static int feed_format(struct feed *f, const struct binlog_event *ev) {
    struct binlog *d = f->d;
    if (group_abandon(f) || binlog_format_read(ev, &d->format, f->e)) return -1;
    if (d->format.mariadb != (d->flavour == FLAVOUR_MARIADB))
        return err_set(f->e, ERR_DATA, "the server is %s %.50s, but this source is configured for %s",
                       d->format.mariadb ? "MariaDB" : "MySQL", d->format.server_version,
                       d->format.mariadb ? "MySQL" : "MariaDB");
    /* Table ids count anew in a server that was started anew. */
    tables_forget(&d->tables);
    shapes_unbind(d->shapes);
    d->here.begun = ev->timestamp;
    /* One that is sent in the middle of a file may bear the offset it has at its beginning. */
    if (ev->log_pos > d->here.offset) d->here.offset = ev->log_pos;
    return 0;
}

/* By file the set of GTIDs grows with the log; by GTID it is known already. */
static int feed_gtids(struct feed *f, const struct binlog_event *ev) {
    struct cursor c = ev->body;
    if (f->d->by_gtid) return 0;
    return gtid_set_read(f->d->here.gtids, &c, f->e);
}

/* Version 2: fields: type, length, value; the file's name and the offset (packed). Type 0 ends them. */
static int feed_heartbeat_v2(struct feed *f, const struct binlog_event *ev) {
    struct cursor c = ev->body;
    struct text file = {0};
    uint64_t type, len, offset = 0;
    for (;;) {
        if (!cursor_packedle(&c, &type)) break;
        if (type == 0) return file.len ? set_file(f, (const uint8_t *)file.ptr, file.len, offset) : 0;
        if (!cursor_packedle(&c, &len) || len > cursor_left(&c)) break;
        struct cursor field = cursor_of(c.at, (size_t)len);
        c.at += len;
        if (type == 1) file = (struct text){(const char *)field.at, (size_t)len};
        if (type == 2 && !cursor_packedle(&field, &offset)) break;
    }
    return err_set(f->e, ERR_DATA, "HEARTBEAT_V2 event is malformed");
}

/*
 * Version 1: the file's name; the offset is the header's. MariaDB has 8 bytes more in front when the offset
 * does not fit there, which is 0 then.
 */
static int feed_heartbeat_v1(struct feed *f, const struct binlog_event *ev) {
    struct binlog *d = f->d;
    struct cursor c = ev->body;
    uint64_t offset = ev->log_pos;
    size_t len = strlen(d->here.file);
    if (ev->log_pos == 0 && d->flavour == FLAVOUR_MARIADB && !cursor_u64le(&c, &offset))
        return err_set(f->e, ERR_DATA, "HEARTBEAT event is malformed");
    bool same = cursor_left(&c) == len && memcmp(c.at, d->here.file, len) == 0;
    if (same && ev->log_pos && next_offset(f, ev->log_pos, &offset)) return -1;
    return set_file(f, c.at, cursor_left(&c), offset);
}

/* The server is idle at the place that the event names. Inside a transaction nobody may resume. */
static int feed_heartbeat(struct feed *f, const struct binlog_event *ev) {
    struct binlog *d = f->d;
    if (d->group.open) return 0;
    if (ev->type == BINLOG_HEARTBEAT_V2 ? feed_heartbeat_v2(f, ev) : feed_heartbeat_v1(f, ev)) return -1;
    if (d->cut || d->seen || !d->here.file[0]) return 0;
    if (!d->by_gtid && binlog_place_compare(&d->here, &d->whole) < 0) return 0;
    if (binlog_place_compare(&d->here, &d->told) == 0) return 0;
    return emit_position(f, CHANGE_HEARTBEAT);
}

/* 2 bytes number, 1 length, message. */
static int feed_incident(struct feed *f, const struct binlog_event *ev) {
    struct cursor c = ev->body;
    uint16_t number;
    uint8_t len = 0;
    const uint8_t *text = (const uint8_t *)"";
    if (cursor_u16le(&c, &number) && cursor_u8(&c, &len) && !cursor_bytes(&c, len, &text)) len = 0;
    return err_set(f->e, ERR_GAP,
                   "the server says that its log lacks changes (an incident: %.*s); read the tables anew and "
                   "go on behind it with --accept-gap",
                   (int)len, (const char *)text);
}

static int feed_event(struct feed *f, struct binlog_event *ev, uint64_t start) {
    switch (ev->type) {
    case BINLOG_ROTATE: return feed_rotate(f, ev);
    case BINLOG_FORMAT_DESCRIPTION: return feed_format(f, ev);
    case BINLOG_HEARTBEAT:
    case BINLOG_HEARTBEAT_V2: return feed_heartbeat(f, ev);
    case BINLOG_STOP: return group_abandon(f);
    case BINLOG_INCIDENT: return feed_incident(f, ev);
    case BINLOG_PREVIOUS_GTIDS:
    case MARIADB_GTID_LIST: return feed_gtids(f, ev);
    /* Which files the server needs for its own recovery; that the file on its disk is encrypted. */
    case MARIADB_BINLOG_CHECKPOINT:
    case MARIADB_START_ENCRYPTION: return 0;
    default: break;
    }
    if (f->d->format.known) return group_event(f, ev, start, false);
    return err_set(f->e, ERR_DATA, "%s event in front of the FORMAT_DESCRIPTION", binlog_type_name(ev->type));
}

/* Heartbeats are not in the file, and say where the server is; nor is what it made up for us. */
static bool is_in_file(const struct binlog_event *ev) {
    return ev->log_pos && !(ev->flags & BINLOG_FLAG_ARTIFICIAL) && ev->type != BINLOG_HEARTBEAT &&
           ev->type != BINLOG_HEARTBEAT_V2 && ev->type != BINLOG_FORMAT_DESCRIPTION;
}

static int feed_data(struct feed *f, const struct frame *frame) {
    struct binlog *d = f->d;
    struct binlog_event ev;
    if (!d->started)
        return err_set(f->e, ERR_DATA, "an event came before anything said where the log begins");
    arena_clear(&d->arena);
    if (binlog_event_read(frame->data, frame->len, &d->format, false, &ev, f->e)) return -1;
    uint64_t start = d->here.offset;
    if (is_in_file(&ev)) {
        if (next_offset(f, ev.log_pos, &d->here.offset)) return -1;
        start = d->here.offset - (d->here.offset < frame->len ? d->here.offset : frame->len);
    } else if (d->group.open && ev.log_pos == 0) {
        /* MariaDB 11.4 and later leave it out inside transactions. */
        d->here.offset += frame->len;
    }
    return feed_event(f, &ev, start);
}

/* ---- Beginning, and beginning again ---- */

static int begin_here(struct feed *f, const struct binlog_position *p) {
    struct binlog *d = f->d;
    if (!d->started) {
        d->flavour = p->flavour;
        d->by_gtid = p->by_gtid;
        if (binlog_place_copy(&d->here, &p->through, f->e)) return -1;
        memcpy(d->whole.file, p->through.file, sizeof(d->whole.file));
        d->whole.offset = p->through.offset;
    }
    if (p->flavour != d->flavour || p->by_gtid != d->by_gtid)
        return err_set(f->e, ERR_IO,
                       "the server tells its transactions apart in another way than before: "
                       "starting anew from the last checkpoint");
    if (gtid_set_add_all(d->here.gtids, p->through.gtids, f->e)) return -1;
    memcpy(d->here.file, p->from.file, sizeof(d->here.file));
    d->here.server = p->from.server;
    d->here.begun = p->from.begun;
    d->here.offset = p->from.offset;
    gtid_set_free(d->seen);
    d->seen = NULL;
    if (!d->by_gtid || gtid_set_within(d->here.gtids, p->from.gtids)) return 0;
    d->seen = gtid_set_new(d->flavour);
    if (!d->seen || gtid_set_copy(d->seen, p->from.gtids)) return err_memory(f->e, "keeping a set of GTIDs");
    return 0;
}

static int feed_start(struct feed *f, const struct frame *frame) {
    struct binlog *d = f->d;
    struct binlog_position p;
    group_cut(d);
    d->format = (struct binlog_format){0};
    tables_forget(&d->tables);
    shapes_unbind(d->shapes);
    if (d->cut &&
        (d->done.rank != d->skip.rank || d->done.name != d->skip.name || d->done.event > d->skip.event ||
         (d->done.event == d->skip.event && d->done.row > d->skip.row)))
        d->skip = d->done;
    if (binlog_position_init(&p, FLAVOUR_MYSQL, f->e)) return -1;
    int result = binlog_position_read((struct position){frame->data, frame->len}, &p, f->e);
    if (result == 0) result = begin_here(f, &p);
    binlog_position_release(&p);
    d->started = result == 0;
    return result;
}

/* ---- The face ---- */

static int feed_frame(struct feed *f, const struct frame *frame) {
    switch (frame->kind) {
    case FRAME_DATA: return feed_data(f, frame);
    case FRAME_START: return feed_start(f, frame);
    case FRAME_CATALOG: return shapes_catalog(f->d->shapes, frame->data, frame->len, f->e);
    case FRAME_KEEPALIVE:
    case FRAME_RESTART: return 0; /* a FRAME_START follows, which says all that we need to know */
    case FRAME_CHUNK:
    case FRAME_CHUNK_END:
    case FRAME_END: break;
    }
    return err_set(f->e, ERR_DATA, "a frame of an unknown kind (%d)", (int)frame->kind);
}

static int decoder_feed(struct decoder *base, const struct frame *frame, change_fn fn, void *ctx,
                        struct err *e) {
    struct binlog *d = (struct binlog *)base;
    struct err ignored;
    if (d->failed) {
        err_set(e, ERR_DATA, "the decoder failed before and cannot go on");
        if (e) e->fatal = true;
        return -1;
    }
    struct feed f = {.d = d, .fn = fn, .ctx = ctx, .e = e ? e : &ignored};
    if (feed_frame(&f, frame) == 0) return 0;
    d->failed = true;
    if (f.refused) return -1;
    err_prefix(f.e, "binary log at %s:%llu", d->here.file, (unsigned long long)d->here.offset);
    f.e->fatal = true;
    return -1;
}

static int decoder_resume(struct decoder *base, struct position progress, struct err *e) {
    struct binlog *d = (struct binlog *)base;
    if (progress.len == 0 || binlog_point_load(progress, &d->skip)) return 0;
    return err_set(e, ERR_DATA, "not the progress of a transaction in a binary log");
}

static void decoder_destroy(struct decoder *base) {
    struct binlog *d = (struct binlog *)base;
    if (!d) return;
    emit_release(d);
    hold_release(&d->hold);
    statement_text_release(&d->coming);
    statement_text_release(&d->stated);
    prepared_release(&d->prepared);
    tables_release(&d->tables);
    shapes_free(d->shapes);
    charsets_free(d->charsets);
    payload_free(d->payload);
    gtid_set_free(d->here.gtids);
    gtid_set_free(d->seen);
    arena_release(&d->arena);
    arena_release(&d->row);
    buf_release(&d->resume);
    buf_release(&d->scratch);
    free(d);
}

static struct decoder *decoder_create(const struct decoder_options *o) {
    struct binlog *d = calloc(1, sizeof(*d));
    if (!d) return NULL;
    d->base.ops = &decoder_binlog;
    d->options = *o;
    d->epoch = (uint16_t)o->epoch;
    arena_init(&d->arena, ARENA_KEEP);
    arena_init(&d->row, ARENA_KEEP);
    hold_init(&d->hold);
    d->here.gtids = gtid_set_new(FLAVOUR_MYSQL);
    d->shapes = shapes_new();
    d->charsets = charsets_new();
    if (d->shapes) shapes_count_from(d->shapes, o->serials);
    if (d->here.gtids && d->shapes && d->charsets) return &d->base;
    decoder_destroy(&d->base);
    return NULL;
}

const struct decoder_ops decoder_binlog = {
    .name = "binlog",
    .create = decoder_create,
    .feed = decoder_feed,
    .resume = decoder_resume,
    .position_text = binlog_position_text,
    .position_parse = binlog_position_parse,
    .position_compare = binlog_position_compare,
    .remember = columns_remember,
    .recall = columns_recall,
    .learn = columns_learn,
    .destroy = decoder_destroy,
};
