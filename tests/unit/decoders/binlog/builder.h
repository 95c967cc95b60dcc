/*
 * builder: events as MySQL writes them, made for tests, fed to a decoder; and what came of them as text.
 */
#ifndef TAILRACE_TESTS_UNIT_DECODERS_BINLOG_BUILDER_H
#define TAILRACE_TESTS_UNIT_DECODERS_BINLOG_BUILDER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/spill_file.h"
#include "decoders/binlog/catalog.h"
#include "decoders/binlog/decoder.h"
#include "decoders/binlog/event.h"
#include "decoders/binlog/position.h"
#include "tests/golden/dump.h"
#include "tests/unit/decoders/binlog/hex.h"

#define UUID "4ac15082-e763-11f1-9ad8-02fc00000001"

/* Lengths of MySQL 9.7.4's post-headers, from type 1 on. */
static const char builder_lengths[] =
    "000d0008000000000400040000006300041a08000000000000020000000a0a0a2a2a001234000a280000";
/* shop.t (id int primary key, note varchar(40)), table id 0x6a */
static const char builder_map[] =
    "6a000000000001000473686f700001740002030f02a000020101000203fcff000408026964046e6f74650801000c01c0";

struct builder {
    struct decoder *d;
    struct buf event, text;
    struct buf resume, progress; /* the last ones */
    struct err e;
    uint64_t at;          /* offset */
    uint32_t later;       /* seconds added to the time of events */
    const char *unwanted; /* a table's name */
    const char *pass_over;
    int result;
    int spills;
    size_t asked;        /* for tables */
    const char *columns; /* what shop.t is told to be: "id,note"; NULL: it cannot be known */
    size_t told;         /* how often */
    bool nested;         /* goes into `payload` instead */
    struct buf payload;
};

static inline bool builder_wanted(void *ctx, const char *space, const char *name) {
    struct builder *b = ctx;
    b->asked++;
    if (b->unwanted && strcmp(b->unwanted, "*") == 0) return false;
    return strcmp(space, "shop") == 0 && !(b->unwanted && strcmp(name, b->unwanted) == 0) &&
           strcmp(name, "*") != 0;
}

/* Answers for any table: (int unsigned, varchar(40)), the first of them the key, under the given names. */
static int builder_columns(void *ctx, const char *space, const char *name, struct position at,
                           struct buf *out, struct err *e) {
    struct builder *b = ctx;
    char names[64];
    (void)at;
    b->told++;
    if (!b->columns) return err_set(e, ERR_DATA, "it cannot be known");
    snprintf(names, sizeof(names), "%s", b->columns);
    char *second = strchr(names, ',');
    *second++ = '\0';
    struct catalog_column columns[] = {{names, "int(10) unsigned", "", 1},
                                       {second, "varchar(40)", "utf8mb4", 0}};
    const struct catalog_table t = {space, name, false, 2, columns};
    catalog_put_table(&t, out);
    return 0;
}

static struct spill *builder_spill(void *ctx, struct err *e) {
    struct builder *b = ctx;
    b->spills++;
    return spill_file_new(NULL, e);
}

static inline bool builder_passes(void *ctx, const char *id) {
    struct builder *b = ctx;
    return b->pass_over && strcmp(b->pass_over, id) == 0;
}

static int builder_hear(void *ctx, const struct change *c, struct err *e) {
    struct builder *b = ctx;
    (void)e;
    dump_change(c, &b->text);
    struct buf *keep = c->id.len ? &b->progress : &b->resume;
    if (c->position.len == 0) return 0;
    buf_clear(keep, SIZE_MAX);
    buf_put(keep, c->position.bytes, c->position.len);
    if (!c->id.len) buf_clear(&b->progress, SIZE_MAX);
    return 0;
}

static void put_le(struct buf *b, uint64_t v, int bytes) {
    while (bytes--) {
        buf_putc(b, (char)(v & 255));
        v >>= 8;
    }
}

static void feed_raw(struct builder *b, enum frame_kind kind) {
    struct frame f = {.kind = kind, .data = b->event.data, .len = b->event.len};
    if (b->result == 0) b->result = b->d->ops->feed(b->d, &f, builder_hear, b, &b->e);
}

/* An event with this body. */
static void feed_bytes(struct builder *b, uint8_t type, uint16_t flags, const void *body, size_t len) {
    size_t size = BINLOG_HEADER_LEN + len;
    bool in_file = !(flags & BINLOG_FLAG_ARTIFICIAL) && type != BINLOG_HEARTBEAT && !b->nested;
    struct buf *to = b->nested ? &b->payload : &b->event;
    if (in_file) b->at += size;
    if (!b->nested) buf_clear(to, SIZE_MAX);
    put_le(to, 1700000000 + b->later, 4);
    put_le(to, type, 1);
    put_le(to, 7, 4);
    put_le(to, size, 4);
    put_le(to, in_file || type == BINLOG_HEARTBEAT ? b->at : 0, 4);
    put_le(to, flags, 2);
    buf_put(to, body, len);
    if (!b->nested) feed_raw(b, FRAME_DATA);
}

static void feed_hex(struct builder *b, uint8_t type, const char *hex) {
    struct buf body = {0};
    hex_put(&body, hex);
    feed_bytes(b, type, 0, body.data, body.len);
    buf_release(&body);
}

static inline void rotate_to(struct builder *b, const char *file, uint64_t offset, bool made_up) {
    struct buf body = {0};
    put_le(&body, offset, 8);
    buf_puts(&body, file);
    feed_bytes(b, BINLOG_ROTATE, made_up ? BINLOG_FLAG_ARTIFICIAL : 0, body.data, body.len);
    b->at = offset;
    buf_release(&body);
}

static void format(struct builder *b, const char *version) {
    struct buf body = {0};
    char padded[50] = "";
    memcpy(padded, version, strlen(version));
    put_le(&body, 4, 2);
    buf_put(&body, padded, sizeof(padded));
    put_le(&body, 0, 4);
    put_le(&body, BINLOG_HEADER_LEN, 1);
    hex_put(&body, builder_lengths);
    put_le(&body, 0, 1); /* no checksums */
    put_le(&body, 0, 4);
    feed_bytes(b, BINLOG_FORMAT_DESCRIPTION, 0, body.data, body.len);
    buf_release(&body);
}

static void start(struct builder *b, const char *position, bool by_gtid) {
    struct buf blob = {0};
    struct binlog_position p;
    assert_int_equal(binlog_position_parse(position, &blob, &b->e), 0);
    assert_int_equal(binlog_position_init(&p, FLAVOUR_MYSQL, &b->e), 0);
    assert_int_equal(binlog_position_read((struct position){blob.data, blob.len}, &p, &b->e), 0);
    p.by_gtid = by_gtid;
    buf_clear(&b->event, SIZE_MAX);
    binlog_position_write(&p, &b->event);
    feed_raw(b, FRAME_START);
    binlog_position_release(&p);
    buf_release(&blob);
}

/* A connection at the beginning of binlog.000001. */
static void connect_to(struct builder *b, const char *version, bool by_gtid) {
    start(b, "binlog.000001:4", by_gtid);
    rotate_to(b, "binlog.000001", 4, true);
    format(b, version);
}

static void builder_init_as(struct builder *b, bool by_gtid, bool statements) {
    struct decoder_options o = {.epoch = 1,
                                .wanted = builder_wanted,
                                .wanted_ctx = b,
                                .spill = builder_spill,
                                .spill_ctx = b,
                                .passed_over = builder_passes,
                                .passed_over_ctx = b,
                                .columns = builder_columns,
                                .columns_ctx = b,
                                .statements = statements};
    *b = (struct builder){0};
    b->d = decoder_binlog.create(&o);
    assert_non_null(b->d);
    connect_to(b, "9.7.4", by_gtid);
}

static inline void builder_init(struct builder *b, bool by_gtid) {
    builder_init_as(b, by_gtid, false);
}

static void builder_release(struct builder *b) {
    b->d->ops->destroy(b->d);
    buf_release(&b->event);
    buf_release(&b->text);
    buf_release(&b->resume);
    buf_release(&b->progress);
    buf_release(&b->payload);
}

static inline void gtid(struct builder *b, uint64_t number) {
    struct buf body = {0};
    hex_put(&body, "00 4ac15082e76311f19ad802fc00000001");
    put_le(&body, number, 8);
    feed_bytes(b, BINLOG_GTID, 0, body.data, body.len);
    buf_release(&body);
}

static inline void anonymous(struct builder *b) {
    uint8_t body[25] = {0};
    feed_bytes(b, BINLOG_ANONYMOUS_GTID, 0, body, sizeof(body));
}

/* A statement in database shop, or `database`. */
static void query_in(struct builder *b, const char *database, const char *text) {
    struct buf body = {0};
    put_le(&body, 9, 4);
    put_le(&body, 0, 4);
    put_le(&body, strlen(database), 1);
    put_le(&body, 0, 4);
    buf_put(&body, database, strlen(database) + 1);
    buf_puts(&body, text);
    feed_bytes(b, BINLOG_QUERY, 0, body.data, body.len);
    buf_release(&body);
}

static inline void query(struct builder *b, const char *text) {
    query_in(b, "shop", text);
}

static inline void xid(struct builder *b) {
    feed_hex(b, BINLOG_XID, "0100000000000000");
}

static inline void table_map(struct builder *b) {
    feed_hex(b, BINLOG_TABLE_MAP, builder_map);
}

/* One row (id, "a") into shop.t. */
static inline void insert(struct builder *b, uint32_t id) {
    struct buf body = {0};
    hex_put(&body, "6a0000000000 0100 0200 02 ff 00");
    put_le(&body, id, 4);
    hex_put(&body, "0161");
    feed_bytes(b, BINLOG_WRITE_ROWS, 0, body.data, body.len);
    buf_release(&body);
}

/* A whole transaction of one row. */
static inline void commit_one(struct builder *b, uint64_t number, uint32_t id) {
    gtid(b, number);
    query(b, "BEGIN");
    table_map(b);
    insert(b, id);
    xid(b);
}

/* Lines of what came that begin so. */
static inline size_t count(const struct builder *b, const char *what) {
    size_t n = 0, len = strlen(what);
    const char *p = (const char *)b->text.data, *end = p + b->text.len;
    while (p && p < end) {
        n += (size_t)(end - p) >= len && memcmp(p, what, len) == 0;
        p = memchr(p, '\n', (size_t)(end - p));
        if (p) p++;
    }
    return n;
}

static inline void expect(struct builder *b, const char *text) {
    if (b->result) fail_msg("%s", b->e.text);
    assert_string_equal(buf_cstr(&b->text), text);
    buf_clear(&b->text, SIZE_MAX);
}

static inline void expect_error(struct builder *b, enum err_code code, const char *part) {
    assert_int_equal(b->result, -1);
    if (!strstr(b->e.text, part)) fail_msg("%s", b->e.text);
    assert_int_equal(b->e.code, code);
    assert_true(b->e.fatal);
    buf_clear(&b->text, SIZE_MAX);
}

#endif
