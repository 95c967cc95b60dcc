/*
 * events: captured logs of MySQL and MariaDB (tests/golden/capture_binlog.py), fed as a server sends them.
 *
 * A capture holds the events of all files of a log, in order: length (4 bytes, little-endian), event. On the
 * wire a made-up ROTATE comes in front of each file; it is made here where the file before did not end with
 * one.
 */
#ifndef TAILRACE_TESTS_GOLDEN_EVENTS_H
#define TAILRACE_TESTS_GOLDEN_EVENTS_H

#include <stdio.h>
#include <string.h>

#include "decoders/binlog/event.h"
#include "decoders/binlog/position.h"
#include "decoders/decoder.h"

/* Reads the next event; false at the end, or when the rest is none. It points into the cursor's bytes. */
static inline bool events_next(struct cursor *c, const uint8_t **event, size_t *len) {
    uint32_t n;
    if (!cursor_u32le(c, &n) || !cursor_bytes(c, n, event)) return false;
    *len = n;
    return true;
}

/* A ROTATE as the server makes one up: no time, no position, no checksum. */
static inline void events_rotate(unsigned file, struct buf *out) {
    char name[32];
    int n = snprintf(name, sizeof(name), "binlog.%06u", file);
    uint8_t head[BINLOG_HEADER_LEN + 8] = {[4] = BINLOG_ROTATE, [17] = BINLOG_FLAG_ARTIFICIAL, [19] = 4};
    head[9] = (uint8_t)(sizeof(head) + (size_t)n);
    buf_clear(out, SIZE_MAX);
    buf_put(out, head, sizeof(head));
    buf_put(out, name, (size_t)n);
}

/* The first frame: from the beginning of binlog.000001, or from what `position` says (text). */
static inline int events_start(struct decoder *d, const char *position, bool mariadb, bool by_gtid,
                               struct err *e) {
    struct buf blob = {0}, again = {0};
    struct binlog_position p;
    if (binlog_position_parse(position ? position : "binlog.000001:4", &blob, e) ||
        binlog_position_init(&p, mariadb ? FLAVOUR_MARIADB : FLAVOUR_MYSQL, e))
        return -1;
    int result = binlog_position_read((struct position){blob.data, blob.len}, &p, e);
    if (!position) {
        p.flavour = mariadb ? FLAVOUR_MARIADB : FLAVOUR_MYSQL;
        p.by_gtid = by_gtid;
    }
    binlog_position_write(&p, &again);
    struct frame f = {.kind = FRAME_START, .data = again.data, .len = again.len};
    if (result == 0) result = d->ops->feed(d, &f, NULL, NULL, e);
    binlog_position_release(&p);
    buf_release(&blob);
    buf_release(&again);
    return result;
}

/* Feeds one event, and in front of the first of a file what says so. `file` is 0 at first. */
static inline int events_feed(struct decoder *d, const uint8_t *event, size_t len, unsigned *file,
                              bool *rotated, change_fn fn, void *ctx, struct err *e) {
    struct frame f = {.kind = FRAME_DATA, .data = event, .len = len};
    uint8_t type = len > 4 ? event[4] : 0;
    if (type == BINLOG_FORMAT_DESCRIPTION) {
        struct buf made = {0};
        events_rotate(++*file, &made);
        struct frame first = {.kind = FRAME_DATA, .data = made.data, .len = made.len};
        int result = *rotated ? 0 : d->ops->feed(d, &first, fn, ctx, e);
        buf_release(&made);
        if (result) return -1;
    }
    *rotated = type == BINLOG_ROTATE;
    return d->ops->feed(d, &f, fn, ctx, e);
}

#endif
