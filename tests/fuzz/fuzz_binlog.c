/*
 * Any sequence of events through the binlog decoder, as MySQL's and as MariaDB's, by GTID and by file, with a
 * connection made anew where the input says so. Whatever comes: no row's ord is at or before the last one's,
 * and BEGIN and COMMIT alternate. The index of statements (ddl_index.h) reads along, and never goes back in a
 * file.
 *
 * Input: 1 byte (1 MariaDB, 2 by file), then events as captures hold them (tests/golden/events.h): length 4,
 * event. A length of 0 is a new connection at the last position. Checksums are taken off first, so that
 * changed bytes get behind them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/binlog/ddl_index.h"
#include "decoders/binlog/decoder.h"
#include "decoders/spill.h"
#include "tests/golden/dump.h"
#include "tests/golden/events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    uint8_t ord[CHANGE_ORD_LEN];
    struct buf resume, text;
    bool open; /* BEGIN without COMMIT */
};

static void require(bool ok) {
    if (!ok) abort();
}

static void keep(struct buf *b, const void *data, size_t len) {
    buf_clear(b, SIZE_MAX);
    buf_put(b, data, len);
}

static int look(void *ctx, const struct change *c, struct err *e) {
    struct seen *s = ctx;
    (void)e;
    buf_clear(&s->text, 1 << 16);
    dump_change(c, &s->text); /* reads every byte of it */
    if (c->op == CHANGE_BEGIN) require(!s->open);
    if (c->op == CHANGE_BEGIN || c->op == CHANGE_COMMIT) s->open = c->op == CHANGE_BEGIN;
    if (c->op == CHANGE_HEARTBEAT) require(!s->open);
    if (c->op == CHANGE_HEARTBEAT || c->op == CHANGE_COMMIT) {
        buf_clear(&s->text, 1 << 16);
        binlog_position_text(c->position, &s->text);
        require(s->text.len > 0);
        keep(&s->resume, c->position.bytes, c->position.len);
    }
    if (c->id.len) {
        require(memcmp(c->ord, s->ord, sizeof(s->ord)) > 0);
        memcpy(s->ord, c->ord, sizeof(s->ord));
    }
    return 0;
}

static void beginning(bool mariadb, bool by_file, struct buf *out) {
    struct binlog_position p;
    require(binlog_position_init(&p, mariadb ? FLAVOUR_MARIADB : FLAVOUR_MYSQL, NULL) == 0);
    p.by_gtid = !by_file;
    snprintf(p.from.file, sizeof(p.from.file), "binlog.000001");
    snprintf(p.through.file, sizeof(p.through.file), "binlog.000001");
    p.from.offset = p.through.offset = 4;
    binlog_position_write(&p, out);
    binlog_position_release(&p);
}

/* A spill that is kept in memory. */
struct memory {
    struct spill base;
    struct buf all;
    size_t at;
};

static int memory_put(struct spill *s, const void *data, size_t len, struct err *e) {
    struct memory *m = (struct memory *)s;
    buf_put(&m->all, &len, sizeof(len));
    buf_put(&m->all, data, len);
    return buf_failed(&m->all) ? err_memory(e, "spilling") : 0;
}

static int memory_rewind(struct spill *s, struct err *e) {
    (void)e;
    ((struct memory *)s)->at = 0;
    return 0;
}

static int memory_next(struct spill *s, const void **data, size_t *len, struct err *e) {
    struct memory *m = (struct memory *)s;
    (void)e;
    *len = 0;
    if (m->at == m->all.len) return 0;
    memcpy(len, m->all.data + m->at, sizeof(*len));
    *data = m->all.data + m->at + sizeof(*len);
    m->at += sizeof(*len) + *len;
    return 0;
}

static void memory_free(struct spill *s) {
    buf_release(&((struct memory *)s)->all);
    free(s);
}

static const struct spill_ops memory_ops = {memory_put, memory_rewind, memory_next, memory_free};

static struct spill *new_memory(void *ctx, struct err *e) {
    struct memory *m = calloc(1, sizeof(*m));
    (void)ctx;
    if (!m) {
        err_memory(e, "spilling");
        return NULL;
    }
    m->base.ops = &memory_ops;
    return &m->base;
}

/* The event as one without a checksum: in a FORMAT_DESCRIPTION the algorithm says so. */
static void without_checksum(const uint8_t *event, size_t len, bool *checksums, struct buf *out) {
    keep(out, event, len);
    if (len < BINLOG_HEADER_LEN + 5) return;
    if (event[4] == BINLOG_FORMAT_DESCRIPTION) {
        *checksums = event[len - 5] == 1;
        out->data[len - 5] = 0;
    } else if (*checksums) {
        out->len -= 4;
    }
    for (int i = 0; i < 4; i++) out->data[9 + i] = (uint8_t)(out->len >> (8 * i));
}

/* What it does not understand it may refuse; it goes on with the next all the same. */
static void index_event(struct ddl_index *x, const struct buf *event) {
    const struct binlog_place before = *ddl_index_end(x);
    const struct text database = {"shop", 4}, table = {"t", 1};
    struct err e = {0};
    if (ddl_index_feed(x, event->data, event->len, &e)) require(e.code == ERR_DATA && e.text[0] != '\0');
    if (strcmp(before.file, ddl_index_end(x)->file) == 0 && event->data[4] != BINLOG_ROTATE)
        require(ddl_index_end(x)->offset >= before.offset);
    ddl_index_last(x, &before, database, table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct decoder_options options = {.epoch = 1, .spill = new_memory};
    struct decoder *d = decoder_binlog.create(&options);
    struct ddl_index *index = ddl_index_new();
    struct seen seen = {0};
    struct cursor c = cursor_of(data, size);
    struct buf plain = {0};
    struct err e = {0};
    uint8_t kind = 0;
    bool rotated = false, checksums = false;
    unsigned file = 0;
    const uint8_t *event;
    size_t len;
    require(d != NULL && index != NULL);
    if (!cursor_u8(&c, &kind)) kind = 0;
    beginning(kind & 1, kind & 2, &seen.resume);
    struct frame start = {.kind = FRAME_START, .data = seen.resume.data, .len = seen.resume.len};
    int result = d->ops->feed(d, &start, look, &seen, &e);
    require(result == 0);
    while (result == 0 && events_next(&c, &event, &len)) {
        if (len == 0) {
            keep(&plain, seen.resume.data, seen.resume.len);
            start = (struct frame){.kind = FRAME_START, .data = plain.data, .len = plain.len};
            result = d->ops->feed(d, &start, look, &seen, &e);
            continue;
        }
        without_checksum(event, len, &checksums, &plain);
        if (plain.len > 4) index_event(index, &plain);
        result = events_feed(d, plain.data, plain.len, &file, &rotated, look, &seen, &e);
    }
    if (result) require(e.code != ERR_NONE && e.text[0] != '\0');
    d->ops->destroy(d);
    ddl_index_free(index);
    buf_release(&seen.resume);
    buf_release(&seen.text);
    buf_release(&plain);
    return 0;
}
