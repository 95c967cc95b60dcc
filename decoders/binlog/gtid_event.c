#include "decoders/binlog/gtid_event.h"

#include <string.h>

#include "decoders/binlog/gtid_set.h"
#include "decoders/binlog/varlen.h"

static int malformed(const struct binlog_event *ev, const struct cursor *c, struct err *e) {
    return err_set(e, ERR_DATA, "%s event is malformed at byte %zu of its body", binlog_type_name(ev->type),
                   cursor_offset(c));
}

/* ---- MySQL: GTID, ANONYMOUS_GTID ---- */

static bool read_u56(struct cursor *c, uint64_t *v) {
    uint32_t low;
    const uint8_t *high;
    if (cursor_left(c) < 7 || !cursor_u32le(c, &low) || !cursor_bytes(c, 3, &high)) return false;
    *v = (uint64_t)high[2] << 48 | (uint64_t)high[1] << 40 | (uint64_t)high[0] << 32 | low;
    return true;
}

/*
 * Commit times, 7 bytes each: on the server we read from; its highest bit says that the original one follows.
 */
static bool read_times(struct cursor *c, struct gtid_event *out) {
    const uint64_t follows = (uint64_t)1 << 55;
    uint64_t immediate, original;
    if (!read_u56(c, &immediate)) return false;
    original = immediate & ~follows;
    if (immediate & follows && !read_u56(c, &original)) return false;
    out->immediate_commit_us = (int64_t)(immediate & ~follows);
    out->commit_us = (int64_t)original;
    return true;
}

/* Length of the transaction (packed), and server versions like the times above, 4 bytes each. */
static bool read_versions(struct cursor *c) {
    uint64_t length;
    uint32_t version;
    if (cursor_left(c) == 0) return true;
    if (!cursor_packedle(c, &length)) return false;
    if (cursor_left(c) == 0) return true;
    if (!cursor_u32le(c, &version)) return false;
    return !(version >> 31) || cursor_u32le(c, &version);
}

/*
 *      0  1  flags
 *      1 16  uuid
 *     17  8  number
 *     25  1  2: what follows is there (5.7)
 *     26  8  last committed
 *     34  8  sequence number
 *     42  …  commit times, length, versions (8.0); 8 bytes commit group ticket (8.0.34)
 */
static int read_mysql(const struct binlog_event *ev, struct gtid_event *out, struct err *e) {
    struct cursor c = ev->body;
    uint8_t flags, clock = 0;
    uint64_t number, ignored;
    const uint8_t *uuid;
    if (!cursor_u8(&c, &flags) || !cursor_bytes(&c, 16, &uuid) || !cursor_u64le(&c, &number))
        return malformed(ev, &c, e);
    if (cursor_left(&c) &&
        (!cursor_u8(&c, &clock) || clock != 2 || !cursor_u64le(&c, &ignored) || !cursor_u64le(&c, &ignored)))
        return malformed(ev, &c, e);
    if (cursor_left(&c) && (!read_times(&c, out) || !read_versions(&c))) return malformed(ev, &c, e);
    if (cursor_left(&c) && !cursor_u64le(&c, &ignored)) return malformed(ev, &c, e);
    if (cursor_left(&c)) return malformed(ev, &c, e);
    out->anonymous = ev->type == BINLOG_ANONYMOUS_GTID;
    if (out->anonymous) return 0;
    if (number == 0 || number >= GTID_MAX) return malformed(ev, &c, e);
    out->gtid.flavour = FLAVOUR_MYSQL;
    out->gtid.number = number;
    memcpy(out->gtid.uuid, uuid, 16);
    return 0;
}

/* ---- MySQL: GTID_TAGGED ---- */

enum tagged_field {
    TAGGED_FLAGS,
    TAGGED_UUID,
    TAGGED_NUMBER,
    TAGGED_TAG,
    TAGGED_LAST_COMMITTED,
    TAGGED_SEQUENCE,
    TAGGED_IMMEDIATE,
    TAGGED_ORIGINAL,
    TAGGED_LENGTH,
    TAGGED_VERSION,
    TAGGED_ORIGINAL_VERSION,
    TAGGED_TICKET,
    TAGGED_KNOWN, /* fields from here on are newer than we are */
};

static bool read_tagged_uuid(struct cursor *c, uint8_t out[16]) {
    for (int i = 0; i < 16; i++) {
        uint64_t byte;
        if (!varlen_u64(c, &byte) || byte > UINT8_MAX) return false;
        out[i] = (uint8_t)byte;
    }
    return true;
}

static bool read_tag(struct cursor *c, char out[GTID_TAG_MAX + 1]) {
    uint64_t len;
    const uint8_t *tag;
    if (!varlen_u64(c, &len) || len > GTID_TAG_MAX || !cursor_bytes(c, (size_t)len, &tag)) return false;
    out[0] = '\0';
    return len == 0 || gtid_tag_read(tag, (size_t)len, out);
}

static bool read_tagged_field(struct cursor *c, uint64_t id, struct gtid_event *out) {
    uint64_t u;
    int64_t number;
    switch ((enum tagged_field)id) {
    case TAGGED_UUID: return read_tagged_uuid(c, out->gtid.uuid);
    case TAGGED_TAG: return read_tag(c, out->gtid.tag);
    case TAGGED_NUMBER:
        if (!varlen_i64(c, &number) || number <= 0) return false;
        out->gtid.number = (uint64_t)number;
        return true;
    case TAGGED_IMMEDIATE:
    case TAGGED_ORIGINAL:
        if (!varlen_u64(c, &u) || u > INT64_MAX) return false;
        if (id == TAGGED_IMMEDIATE) out->immediate_commit_us = (int64_t)u;
        out->commit_us = (int64_t)u;
        return true;
    default: return varlen_u64(c, &u);
    }
}

/*
 * MySQL's serialization (libs/mysql/serialization/readme.md), integers of variable length: version, size of
 * all of it, the last field that must be understood; then fields: id, value. Ids rise; a field may be absent.
 */
static int read_tagged(const struct binlog_event *ev, struct gtid_event *out, struct err *e) {
    struct cursor c = ev->body;
    uint64_t version, size, must, id, before = 0;
    if (!varlen_u64(&c, &version) || !varlen_u64(&c, &size) || !varlen_u64(&c, &must) || version != 1 ||
        size != cursor_left(&ev->body))
        return malformed(ev, &c, e);
    if (must >= TAGGED_KNOWN)
        return err_set(e, ERR_DATA,
                       "%s event has a field (%llu) that this version does not know but must understand",
                       binlog_type_name(ev->type), (unsigned long long)must);
    out->gtid.flavour = FLAVOUR_MYSQL;
    for (bool first = true; cursor_left(&c); first = false) {
        if (!varlen_u64(&c, &id) || (!first && id <= before)) return malformed(ev, &c, e);
        if (id >= TAGGED_KNOWN) break;
        if (!read_tagged_field(&c, id, out)) return malformed(ev, &c, e);
        before = id;
    }
    return out->gtid.number ? 0 : malformed(ev, &c, e);
}

/* ---- MariaDB ---- */

enum mariadb_flag {
    MARIADB_STANDALONE = 0x01,
    MARIADB_GROUP_COMMIT = 0x02,
    MARIADB_PREPARED_XA = 0x40,
    MARIADB_COMPLETED_XA = 0x80,
};

/*
 *      0  8  sequence number
 *      8  4  domain
 *     12  1  flags
 *     13  8  commit id, with MARIADB_GROUP_COMMIT; else 6 bytes unused
 *
 * Behind it the xid of an XA transaction and, since 10.8, what parallel replication wants to know: neither
 * concerns us.
 */
static int read_mariadb(const struct binlog_event *ev, struct gtid_event *out, struct err *e) {
    struct cursor c = ev->body;
    uint8_t flags;
    const uint8_t *rest;
    out->gtid.flavour = FLAVOUR_MARIADB;
    out->gtid.server = ev->server_id;
    if (!cursor_u64le(&c, &out->gtid.number) || !cursor_u32le(&c, &out->gtid.domain) ||
        !cursor_u8(&c, &flags) || !cursor_bytes(&c, flags & MARIADB_GROUP_COMMIT ? 8 : 6, &rest) ||
        out->gtid.number == 0)
        return malformed(ev, &c, e);
    out->standalone = flags & MARIADB_STANDALONE;
    out->xa_prepare = flags & MARIADB_PREPARED_XA;
    out->xa_complete = flags & MARIADB_COMPLETED_XA;
    return 0;
}

int gtid_event_read(const struct binlog_event *ev, const struct binlog_format *f, struct gtid_event *out,
                    struct err *e) {
    (void)f; /* the layouts tell their length themselves */
    *out = (struct gtid_event){.commit_us = (int64_t)ev->timestamp * 1000000};
    switch (ev->type) {
    case BINLOG_GTID:
    case BINLOG_ANONYMOUS_GTID: return read_mysql(ev, out, e);
    case BINLOG_GTID_TAGGED: return read_tagged(ev, out, e);
    case MARIADB_GTID: return read_mariadb(ev, out, e);
    default: return err_set(e, ERR_DATA, "%s event is no GTID event", binlog_type_name(ev->type));
    }
}
