#include <string.h>

#include "decoders/binlog/gtid_set.h"
#include "decoders/binlog/varlen.h"

#define TAGGED ((uint64_t)1)

static int malformed(struct err *e, const struct cursor *c) {
    return err_set(e, ERR_DATA, "a set of GTIDs is malformed at byte %zu", cursor_offset(c));
}

/* 8 bytes count, then first and one behind the last, 8 bytes each. */
static int read_intervals(struct gtid_set *s, struct cursor *c, const struct gtid *g, struct err *e) {
    uint64_t n, first, end, before = 0;
    if (!cursor_u64le(c, &n) || n > cursor_left(c) / 16) return malformed(e, c);
    for (; n; n--) {
        if (!cursor_u64le(c, &first) || !cursor_u64le(c, &end) || first <= before || end <= first)
            return malformed(e, c);
        if (gtid_set_add_range(s, g, first, end - 1, e)) return -1;
        before = end;
    }
    return 0;
}

/*
 * MySQL (sql/rpl_gtid_set.cc, Gtid_set::encode). The first eight bytes: how many origins, in the lower seven
 * of them, or, with a 1 as the highest byte, in the six between the highest and the lowest, which is 1 too.
 * An origin: 16 bytes uuid; in the tagged form the tag's length (varlen) and the tag; its intervals.
 */
static int read_mysql(struct gtid_set *s, struct cursor *c, struct err *e) {
    uint64_t n;
    if (!cursor_u64le(c, &n) || n >> 56 > TAGGED) return malformed(e, c);
    bool tagged = n >> 56 == TAGGED;
    n = tagged ? (n & UINT64_C(0x00ffffffffffff00)) >> 8 : n & UINT64_C(0x00ffffffffffffff);
    for (; n; n--) {
        struct gtid g = {.flavour = FLAVOUR_MYSQL};
        const uint8_t *uuid, *tag;
        uint64_t len = 0;
        if (!cursor_bytes(c, sizeof(g.uuid), &uuid)) return malformed(e, c);
        memcpy(g.uuid, uuid, sizeof(g.uuid));
        if (tagged && (!varlen_u64(c, &len) || len > GTID_TAG_MAX || !cursor_bytes(c, (size_t)len, &tag)))
            return malformed(e, c);
        if (len && !gtid_tag_read(tag, (size_t)len, g.tag)) return malformed(e, c);
        if (read_intervals(s, c, &g, e)) return -1;
    }
    return cursor_left(c) ? malformed(e, c) : 0;
}

/* MariaDB (Gtid_list_log_event): 4 bytes count, the upper four bits flags; domain 4, server 4, number 8. */
static int read_mariadb(struct gtid_set *s, struct cursor *c, struct err *e) {
    uint32_t n;
    if (!cursor_u32le(c, &n)) return malformed(e, c);
    n &= 0x0fffffff;
    if (n != cursor_left(c) / 16) return malformed(e, c);
    for (; n; n--) {
        struct gtid g = {.flavour = FLAVOUR_MARIADB};
        if (!cursor_u32le(c, &g.domain) || !cursor_u32le(c, &g.server) || !cursor_u64le(c, &g.number))
            return malformed(e, c);
        if (g.number && gtid_set_add(s, &g, e)) return -1;
    }
    return 0;
}

int gtid_set_read(struct gtid_set *s, struct cursor *body, struct err *e) {
    return s->flavour == FLAVOUR_MARIADB ? read_mariadb(s, body, e) : read_mysql(s, body, e);
}

static void put_le64(struct buf *out, uint64_t v) {
    uint8_t b[8];
    for (int i = 0; i < 8; i++) b[i] = (uint8_t)(v >> (8 * i));
    buf_put(out, b, sizeof(b));
}

void gtid_set_encode(const struct gtid_set *s, struct buf *out) {
    bool tagged = false;
    for (size_t i = 0; i < s->count; i++) tagged |= s->lanes[i].tag[0] != '\0';
    put_le64(out, tagged ? TAGGED << 56 | (uint64_t)s->count << 8 | TAGGED : s->count);
    for (size_t i = 0; i < s->count; i++) {
        const struct gtid_lane *l = &s->lanes[i];
        size_t len = strlen(l->tag);
        buf_put(out, l->uuid, sizeof(l->uuid));
        if (tagged) {
            buf_putc(out, (char)(len << 1)); /* varlen: below 128 one byte */
            buf_put(out, l->tag, len);
        }
        put_le64(out, l->count);
        for (size_t k = 0; k < l->count; k++) {
            put_le64(out, l->intervals[k].first);
            put_le64(out, l->intervals[k].last + 1);
        }
    }
}
