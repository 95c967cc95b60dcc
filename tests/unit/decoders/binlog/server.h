/*
 * server: a captured log that can be asked for from any position, as the server would send it.
 */
#ifndef TAILRACE_TESTS_UNIT_DECODERS_BINLOG_SERVER_H
#define TAILRACE_TESTS_UNIT_DECODERS_BINLOG_SERVER_H

#include <stdlib.h>
#include <string.h>

#include "decoders/binlog/decoder.h"
#include "decoders/binlog/gtid_event.h"
#include "tests/golden/events.h"
#include "tests/golden/frames.h"

struct logged {
    const uint8_t *data;
    size_t len;
    unsigned file;
    uint64_t start; /* offset */
    bool header;    /* belongs to no transaction */
    bool has_gtid;  /* of its transaction */
    struct gtid gtid;
};

struct server {
    struct buf capture;
    struct logged *events;
    size_t count;
    bool mariadb;
};

static inline void server_load(struct server *s, const char *path) {
    struct cursor c;
    const uint8_t *data;
    size_t len, room = 0;
    struct binlog_format format = {0};
    struct gtid_event group = {.anonymous = true};
    struct binlog_event ev;
    bool inside = false;
    *s = (struct server){.mariadb = strstr(path, "mariadb") != NULL};
    assert_true(frames_load(path, &s->capture));
    c = cursor_of(s->capture.data, s->capture.len);
    unsigned file = 0;
    uint64_t at = 4;
    while (events_next(&c, &data, &len)) {
        if (s->count == room)
            s->events = realloc(s->events, (room = room ? 2 * room : 64) * sizeof(*s->events));
        if (data[4] == BINLOG_FORMAT_DESCRIPTION) {
            format = (struct binlog_format){0};
            file++;
            at = 4;
        }
        assert_int_equal(binlog_event_read(data, len, &format, false, &ev, NULL), 0);
        if (ev.type == BINLOG_FORMAT_DESCRIPTION) assert_int_equal(binlog_format_read(&ev, &format, NULL), 0);
        bool opens = ev.type == BINLOG_GTID || ev.type == BINLOG_ANONYMOUS_GTID ||
                     ev.type == BINLOG_GTID_TAGGED || ev.type == MARIADB_GTID;
        if (opens) {
            assert_int_equal(gtid_event_read(&ev, &format, &group, NULL), 0);
            inside = true;
        }
        bool about_log = ev.type == BINLOG_FORMAT_DESCRIPTION || ev.type == BINLOG_ROTATE ||
                         ev.type == BINLOG_STOP || ev.type == BINLOG_PREVIOUS_GTIDS ||
                         ev.type == MARIADB_GTID_LIST || ev.type == MARIADB_BINLOG_CHECKPOINT;
        s->events[s->count++] = (struct logged){.data = data,
                                                .len = len,
                                                .file = file,
                                                .start = at,
                                                .header = about_log || !inside,
                                                .has_gtid = inside && !group.anonymous,
                                                .gtid = group.gtid};
        at += len;
    }
}

static inline void server_release(struct server *s) {
    free(s->events);
    buf_release(&s->capture);
}

/* Whether a server asked for `from` sends this event. */
static inline bool server_sends(const struct server *s, const struct logged *l,
                                const struct binlog_position *from) {
    (void)s;
    if (from->by_gtid) return l->header || !gtid_set_has(from->from.gtids, &l->gtid);
    uint64_t file;
    if (!binlog_file_number(from->from.file, &file)) return true;
    if (l->data[4] == BINLOG_FORMAT_DESCRIPTION && l->file == file) return true;
    return l->file > file || (l->file == file && l->start >= from->from.offset);
}

static inline int server_feed(struct decoder *d, const void *data, size_t len, change_fn fn, void *ctx,
                              struct err *e) {
    struct frame f = {.kind = FRAME_DATA, .data = data, .len = len};
    return d->ops->feed(d, &f, fn, ctx, e);
}

static inline int server_rotate(struct decoder *d, unsigned file, uint64_t offset, change_fn fn, void *ctx,
                                struct err *e) {
    struct buf made = {0};
    events_rotate(file, &made);
    for (int i = 0; i < 8; i++) made.data[BINLOG_HEADER_LEN + i] = (uint8_t)(offset >> (8 * i));
    int result = server_feed(d, made.data, made.len, fn, ctx, e);
    buf_release(&made);
    return result;
}

/*
 * Connects at `position` and sends what comes from there, at most `limit` events of the log; the decoder's
 * result.
 */
static inline int server_send(const struct server *s, struct decoder *d, struct position position,
                              size_t limit, change_fn fn, void *ctx, struct err *e) {
    struct binlog_position from;
    struct frame start = {.kind = FRAME_START, .data = position.bytes, .len = position.len};
    unsigned file = 0;
    if (d->ops->feed(d, &start, fn, ctx, e)) return -1;
    if (binlog_position_init(&from, FLAVOUR_MYSQL, e) || binlog_position_read(position, &from, e)) return -1;
    int result = 0;
    for (size_t i = 0; i < s->count && i < limit && result == 0; i++) {
        const struct logged *l = &s->events[i];
        if (!server_sends(s, l, &from)) continue;
        if (l->file != file) {
            bool middle = !file && !from.by_gtid && from.from.offset > 4;
            file = l->file;
            result = server_rotate(d, file, middle ? from.from.offset : 4, fn, ctx, e);
            if (result) break;
        }
        result = server_feed(d, l->data, l->len, fn, ctx, e);
    }
    binlog_position_release(&from);
    return result;
}

/* The beginning of the log, as a resume position. */
static inline void server_beginning(const struct server *s, bool by_gtid, struct buf *out) {
    struct binlog_position p;
    assert_int_equal(binlog_position_init(&p, s->mariadb ? FLAVOUR_MARIADB : FLAVOUR_MYSQL, NULL), 0);
    p.by_gtid = by_gtid;
    snprintf(p.from.file, sizeof(p.from.file), "binlog.000001");
    p.from.offset = 4;
    memcpy(p.through.file, p.from.file, sizeof(p.through.file));
    p.through.offset = 4;
    binlog_position_write(&p, out);
    binlog_position_release(&p);
}

#endif
