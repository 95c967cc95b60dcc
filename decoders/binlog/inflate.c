#include "decoders/binlog/inflate.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "decoders/buf.h"

static int malformed(const struct binlog_event *ev, const struct cursor *c, struct err *e) {
    return err_set(e, ERR_DATA, "%s event is malformed at byte %zu of its body", binlog_type_name(ev->type),
                   cursor_offset(c));
}

/* ---- MariaDB: one event ---- */

bool inflate_wanted(uint8_t type) {
    return type >= MARIADB_QUERY_COMPRESSED && type <= MARIADB_DELETE_ROWS_COMPRESSED;
}

static uint8_t plain_type(uint8_t type) {
    if (type == MARIADB_QUERY_COMPRESSED) return BINLOG_QUERY;
    if (type >= MARIADB_WRITE_ROWS_COMPRESSED)
        return (uint8_t)(type - MARIADB_WRITE_ROWS_COMPRESSED + BINLOG_WRITE_ROWS);
    return (uint8_t)(type - MARIADB_WRITE_ROWS_COMPRESSED_V1 + BINLOG_WRITE_ROWS_V1);
}

/* Thread 4, seconds 4, length of the database 1, error 2, length of the variables 2; both; NUL; the text. */
static bool skip_query_head(struct cursor *c) {
    const uint8_t *skipped;
    uint8_t database;
    uint16_t variables;
    return cursor_bytes(c, 8, &skipped) && cursor_u8(c, &database) && cursor_bytes(c, 2, &skipped) &&
           cursor_u16le(c, &variables) && cursor_bytes(c, (size_t)variables + database + 1, &skipped);
}

/* All in front of the rows; see rows.h. */
static bool skip_rows_head(struct cursor *c, uint8_t type, const struct binlog_format *f) {
    const uint8_t *skipped;
    uint8_t plain = plain_type(type);
    uint64_t columns;
    if (!cursor_bytes(c, f->post_header[type] == 6 ? 6 : 8, &skipped)) return false;
    if (plain >= BINLOG_WRITE_ROWS) {
        uint16_t extra;
        if (!cursor_u16le(c, &extra) || extra < 2 || !cursor_bytes(c, extra - 2U, &skipped)) return false;
    }
    if (!cursor_packedle(c, &columns) || columns > UINT16_MAX) return false;
    size_t bitmap = ((size_t)columns + 7) / 8;
    bool two = plain == BINLOG_UPDATE_ROWS_V1 || plain == BINLOG_UPDATE_ROWS;
    return cursor_bytes(c, two ? 2 * bitmap : bitmap, &skipped);
}

/* A byte 1aaannnn: algorithm (0 is zlib), how many bytes of length follow; the length, big-endian. */
static bool read_length(struct cursor *c, size_t *out) {
    uint8_t head, byte;
    if (!cursor_u8(c, &head) || (head & 0xf8) != 0x80 || (head & 7) < 1 || (head & 7) > 4) return false;
    *out = 0;
    for (int n = head & 7; n; n--) {
        if (!cursor_u8(c, &byte)) return false;
        *out = *out << 8 | byte;
    }
    return *out > 0;
}

int inflate_event(struct binlog_event *ev, const struct binlog_format *f, struct arena *a, struct err *e) {
    struct cursor c = ev->body;
    size_t size = 0;
    bool ok = ev->type == MARIADB_QUERY_COMPRESSED ? skip_query_head(&c) : skip_rows_head(&c, ev->type, f);
    size_t head = cursor_offset(&c);
    if (!ok || !read_length(&c, &size)) return malformed(ev, &c, e);
    if (size > INFLATE_MAX - head)
        return err_set(e, ERR_DATA, "%s event says that it inflates to %zu bytes: no event is that long",
                       binlog_type_name(ev->type), size);
    /* zlib makes at most 1032 bytes of one. */
    if (size / 1040 > cursor_left(&c)) return malformed(ev, &c, e);
    uint8_t *body = arena_alloc(a, head + size);
    if (!body) return err_memory(e, "inflating an event");
    memcpy(body, ev->body.at, head);
    uLongf made = (uLongf)size;
    if (uncompress(body + head, &made, c.at, (uLong)cursor_left(&c)) != Z_OK || made != size)
        return err_set(e, ERR_DATA, "%s event cannot be inflated: its compressed part is damaged",
                       binlog_type_name(ev->type));
    ev->body = cursor_of(body, head + size);
    ev->type = plain_type(ev->type);
    return 0;
}

/* ---- MySQL: a whole transaction ---- */

enum payload_field { PAYLOAD_END = 0, PAYLOAD_SIZE = 1, PAYLOAD_COMPRESSION = 2, PAYLOAD_UNCOMPRESSED = 3 };
enum payload_compression { PAYLOAD_ZSTD = 0, PAYLOAD_NONE = 255 };

/* What the buffer keeps from one event to the next. */
#define PAYLOAD_KEEP ((size_t)1 << 20)

struct payload {
    ZSTD_DCtx *zstd;
    ZSTD_inBuffer in;
    bool plain;     /* not compressed at all */
    bool ended;     /* zstd: a frame ended with the input read so far */
    uint64_t left;  /* bytes that the event promises still */
    struct buf buf; /* of the event being read */
};

struct payload *payload_new(void) {
    struct payload *p = calloc(1, sizeof(*p));
    if (!p) return NULL;
    p->zstd = ZSTD_createDCtx();
    if (p->zstd) return p;
    free(p);
    return NULL;
}

void payload_free(struct payload *p) {
    if (!p) return;
    ZSTD_freeDCtx(p->zstd);
    buf_release(&p->buf);
    free(p);
}

struct payload_head {
    uint64_t size, compression, uncompressed;
};

/* Fields: type, length, value, each packed, up to a type of 0 that has neither. */
static bool read_payload_head(struct cursor *c, struct payload_head *h) {
    for (uint64_t type, len, value;;) {
        if (!cursor_packedle(c, &type)) return false;
        if (type == PAYLOAD_END) return true;
        if (!cursor_packedle(c, &len) || len > cursor_left(c)) return false;
        struct cursor field = cursor_of(c->at, (size_t)len);
        c->at += len;
        if (type > PAYLOAD_UNCOMPRESSED) continue;
        /* A packed integer; the compression type 255 does not fit into one byte. */
        if (!cursor_packedle(&field, &value) || cursor_left(&field)) return false;
        if (type == PAYLOAD_SIZE) h->size = value;
        if (type == PAYLOAD_COMPRESSION) h->compression = value;
        if (type == PAYLOAD_UNCOMPRESSED) h->uncompressed = value;
    }
}

int payload_open(struct payload *p, const struct binlog_event *ev, struct err *e) {
    struct cursor c = ev->body;
    struct payload_head h = {.compression = UINT64_MAX};
    if (!read_payload_head(&c, &h) || h.size != cursor_left(&c)) return malformed(ev, &c, e);
    if (h.compression != PAYLOAD_ZSTD && h.compression != PAYLOAD_NONE)
        return err_set(e, ERR_DATA, "a transaction is compressed in a way (%llu) that is not known",
                       (unsigned long long)h.compression);
    p->plain = h.compression == PAYLOAD_NONE;
    p->left = p->plain ? h.size : h.uncompressed;
    p->in = (ZSTD_inBuffer){c.at, cursor_left(&c), 0};
    p->ended = true;
    ZSTD_DCtx_reset(p->zstd, ZSTD_reset_session_only);
    return 0;
}

static int damaged(struct err *e, const char *why) {
    return err_set(e, ERR_DATA, "a compressed transaction is damaged: %s", why);
}

/* Fills the buffer up to `len` bytes. */
static int fill(struct payload *p, size_t len, struct err *e) {
    size_t more = len - p->buf.len;
    if (more > p->left) return damaged(e, "it ends within an event");
    if (!buf_reserve(&p->buf, more)) return err_memory(e, "inflating a transaction");
    p->left -= more;
    if (p->plain) {
        buf_put(&p->buf, (const uint8_t *)p->in.src + p->in.pos, more);
        p->in.pos += more;
        return 0;
    }
    ZSTD_outBuffer out = {p->buf.data + p->buf.len, more, 0};
    while (out.pos < out.size) {
        size_t read = p->in.pos, made = out.pos;
        size_t hint = ZSTD_decompressStream(p->zstd, &out, &p->in);
        if (ZSTD_isError(hint)) return damaged(e, ZSTD_getErrorName(hint));
        p->ended = hint == 0;
        if (read == p->in.pos && made == out.pos) return damaged(e, "it is shorter than it says");
    }
    p->buf.len += more;
    return 0;
}

/* Behind the last event nothing may come, neither compressed nor inflated. */
static int finish(struct payload *p, struct err *e) {
    uint8_t byte;
    ZSTD_outBuffer out = {&byte, 1, 0};
    while (!p->plain && (!p->ended || p->in.pos < p->in.size)) {
        size_t read = p->in.pos;
        size_t hint = ZSTD_decompressStream(p->zstd, &out, &p->in);
        if (ZSTD_isError(hint)) return damaged(e, ZSTD_getErrorName(hint));
        if (out.pos) return damaged(e, "it is longer than it says");
        p->ended = hint == 0;
        if (read == p->in.pos && (!p->ended || p->in.pos < p->in.size)) return damaged(e, "it is cut off");
    }
    return 0;
}

int payload_next(struct payload *p, const void **data, size_t *len, struct err *e) {
    *len = 0;
    buf_clear(&p->buf, PAYLOAD_KEEP);
    if (p->left == 0) return finish(p, e);
    if (fill(p, BINLOG_HEADER_LEN, e)) return -1;
    const uint8_t *size = p->buf.data + 9;
    size_t total = (size_t)size[3] << 24 | (size_t)size[2] << 16 | (size_t)size[1] << 8 | size[0];
    if (total < BINLOG_HEADER_LEN || total > INFLATE_MAX)
        return damaged(e, "an event in it has no such size");
    if (fill(p, total, e)) return -1;
    *data = p->buf.data;
    *len = total;
    return 0;
}
