#include "decoders/binlog/position.h"

#include <string.h>

#define KIND_PROGRESS 2
#define KIND_RESUME_UNDATED 3
#define KIND_RESUME 4

/* ---- Places ---- */

int binlog_position_init(struct binlog_position *p, enum binlog_flavour flavour, struct err *e) {
    *p = (struct binlog_position){.flavour = flavour};
    p->from.gtids = gtid_set_new(flavour);
    p->through.gtids = gtid_set_new(flavour);
    if (p->from.gtids && p->through.gtids) return 0;
    binlog_position_release(p);
    return err_memory(e, "making a position");
}

void binlog_position_release(struct binlog_position *p) {
    gtid_set_free(p->from.gtids);
    gtid_set_free(p->through.gtids);
    *p = (struct binlog_position){0};
}

int binlog_place_copy(struct binlog_place *to, const struct binlog_place *from, struct err *e) {
    memcpy(to->file, from->file, sizeof(to->file));
    to->server = from->server;
    to->begun = from->begun;
    to->offset = from->offset;
    return gtid_set_copy(to->gtids, from->gtids) ? err_memory(e, "copying a position") : 0;
}

bool binlog_file_number(const char *file, uint64_t *number) {
    const char *dot = strrchr(file, '.');
    if (!dot || dot == file || !dot[1]) return false;
    uint64_t n = 0;
    for (const char *p = dot + 1; *p; p++) {
        if (*p < '0' || *p > '9' || n > UINT32_MAX) return false;
        n = n * 10 + (uint64_t)(*p - '0');
    }
    *number = n;
    return n <= UINT32_MAX;
}

int binlog_place_compare(const struct binlog_place *a, const struct binlog_place *b) {
    uint64_t left = 0, right = 0;
    binlog_file_number(a->file, &left);
    binlog_file_number(b->file, &right);
    if (left != right) return left < right ? -1 : 1;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

/* ---- Blobs ---- */

static void put_place(const struct binlog_place *p, struct buf *out) {
    size_t len = strlen(p->file);
    buf_put_be16(out, (uint16_t)len);
    buf_put(out, p->file, len);
    buf_put_be32(out, p->server);
    buf_put_be32(out, p->begun);
    buf_put_be64(out, p->offset);
    size_t at = out->len;
    buf_put_be32(out, 0);
    gtid_set_format(p->gtids, out);
    if (buf_failed(out)) return;
    size_t text = out->len - at - 4;
    for (int i = 0; i < 4; i++) out->data[at + (size_t)i] = (uint8_t)(text >> (24 - 8 * i));
}

void binlog_position_write(const struct binlog_position *p, struct buf *out) {
    buf_putc(out, KIND_RESUME);
    buf_putc(out, (char)p->flavour);
    buf_putc(out, (char)p->by_gtid);
    put_place(&p->from, out);
    put_place(&p->through, out);
}

static int bad_blob(struct err *e) {
    return err_set(e, ERR_DATA, "not a position in a binary log");
}

static int read_place(struct cursor *c, bool dated, enum binlog_flavour flavour, struct binlog_place *p,
                      struct err *e) {
    uint16_t len;
    uint32_t text_len;
    const uint8_t *file, *text;
    p->begun = 0;
    if (!cursor_u16(c, &len) || len > BINLOG_FILE_MAX || !cursor_bytes(c, len, &file) ||
        memchr(file, 0, len) || !cursor_u32(c, &p->server) || (dated && !cursor_u32(c, &p->begun)) ||
        !cursor_u64(c, &p->offset) || !cursor_u32(c, &text_len) || !cursor_bytes(c, text_len, &text))
        return bad_blob(e);
    memcpy(p->file, file, len);
    p->file[len] = '\0';
    struct gtid_set *fresh = gtid_set_new(flavour);
    if (!fresh) return err_memory(e, "reading a position");
    gtid_set_free(p->gtids);
    p->gtids = fresh;
    return gtid_set_parse(fresh, (const char *)text, text_len, e);
}

int binlog_position_read(struct position blob, struct binlog_position *p, struct err *e) {
    struct cursor c = cursor_of(blob.bytes, blob.len);
    uint8_t kind, flavour, by_gtid;
    if (!cursor_u8(&c, &kind) || !cursor_u8(&c, &flavour) || !cursor_u8(&c, &by_gtid) ||
        (kind != KIND_RESUME && kind != KIND_RESUME_UNDATED) ||
        (flavour != FLAVOUR_MYSQL && flavour != FLAVOUR_MARIADB) || by_gtid > 1)
        return bad_blob(e);
    p->flavour = (enum binlog_flavour)flavour;
    p->by_gtid = by_gtid;
    bool dated = kind == KIND_RESUME;
    if (read_place(&c, dated, p->flavour, &p->from, e) || read_place(&c, dated, p->flavour, &p->through, e))
        return -1;
    return cursor_left(&c) ? bad_blob(e) : 0;
}

static void store_be(uint8_t *out, uint64_t v, int bytes) {
    for (int i = 0; i < bytes; i++) out[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

void binlog_point_store(const struct binlog_point *p, uint8_t out[BINLOG_PROGRESS_LEN]) {
    out[0] = KIND_PROGRESS;
    store_be(out + 1, p->rank, 8);
    store_be(out + 9, p->event, 8);
    store_be(out + 17, p->row, 4);
    store_be(out + 21, p->name, 8);
}

bool binlog_point_load(struct position blob, struct binlog_point *out) {
    struct cursor c = cursor_of(blob.bytes, blob.len);
    uint8_t kind;
    if (blob.len != BINLOG_PROGRESS_LEN || !cursor_u8(&c, &kind) || kind != KIND_PROGRESS) return false;
    return cursor_u64(&c, &out->rank) && cursor_u64(&c, &out->event) && cursor_u32(&c, &out->row) &&
           cursor_u64(&c, &out->name) && out->rank != 0;
}

/* ---- For people ---- */

static void format(const struct binlog_position *p, struct buf *out) {
    if (p->through.file[0])
        buf_printf(out, "%s:%llu", p->through.file, (unsigned long long)p->through.offset);
    if (gtid_set_empty(p->through.gtids)) return;
    if (p->through.file[0]) buf_putc(out, ' ');
    gtid_set_format(p->through.gtids, out);
}

void binlog_position_text(struct position blob, struct buf *out) {
    struct binlog_point point;
    struct binlog_position p;
    if (binlog_point_load(blob, &point)) {
        buf_printf(out, "event %llu, row %u of transaction %llu", (unsigned long long)point.event, point.row,
                   (unsigned long long)point.rank);
        return;
    }
    if (binlog_position_init(&p, FLAVOUR_MYSQL, NULL)) return;
    if (binlog_position_read(blob, &p, NULL) == 0) format(&p, out);
    binlog_position_release(&p);
}

/* "binlog.000003:1234" in front of a blank or the end. False: it is none, and nothing was read. */
static bool parse_file(struct cursor *c, struct binlog_place *p) {
    const uint8_t *end = memchr(c->at, ' ', cursor_left(c));
    if (!end) end = c->end;
    const uint8_t *colon = memrchr(c->at, ':', (size_t)(end - c->at));
    uint64_t number, offset = 0;
    if (!colon || colon - c->at > BINLOG_FILE_MAX || colon + 1 == end) return false;
    for (const uint8_t *d = colon + 1; d < end; d++) {
        if (*d < '0' || *d > '9' || offset > (UINT64_MAX - 9) / 10) return false;
        offset = offset * 10 + (uint64_t)(*d - '0');
    }
    struct binlog_place found = {.offset = offset, .gtids = p->gtids};
    memcpy(found.file, c->at, (size_t)(colon - c->at));
    if (!binlog_file_number(found.file, &number)) return false;
    *p = found;
    c->at = end;
    return true;
}

/* MySQL's sets have colons; MariaDB's have none. Behind a file there is a blank. */
static enum binlog_flavour flavour_of(const char *text) {
    const char *set = strchr(text, ' ');
    if (!set) set = text;
    return strpbrk(set, "0123456789") && !strchr(set, ':') ? FLAVOUR_MARIADB : FLAVOUR_MYSQL;
}

int binlog_position_parse(const char *text, struct buf *out, struct err *e) {
    struct cursor c = cursor_of(text, strlen(text));
    struct binlog_position p;
    if (binlog_position_init(&p, flavour_of(text), e)) return -1;
    bool file = parse_file(&c, &p.through);
    int result = gtid_set_parse(p.through.gtids, (const char *)c.at, cursor_left(&c), e);
    p.by_gtid = !gtid_set_empty(p.through.gtids);
    if (result || (!file && !p.by_gtid)) {
        result = err_set(e, ERR_CONFIG,
                         "not a position in a binary log: write it like binlog.000003:1234, or as a set of "
                         "GTIDs, or both with a blank between");
    } else {
        result = binlog_place_copy(&p.from, &p.through, e);
        if (result == 0) binlog_position_write(&p, out);
        if (result == 0 && buf_failed(out)) result = err_memory(e, "reading a position");
    }
    binlog_position_release(&p);
    return result;
}

static int compare(const struct binlog_position *a, const struct binlog_position *b) {
    if (!a->by_gtid || !b->by_gtid) return binlog_place_compare(&a->through, &b->through);
    bool before = gtid_set_within(a->through.gtids, b->through.gtids);
    bool behind = gtid_set_within(b->through.gtids, a->through.gtids);
    if (before || behind) return behind - before;
    uint64_t left = gtid_set_rank(a->through.gtids), right = gtid_set_rank(b->through.gtids);
    return (left > right) - (left < right);
}

int binlog_position_compare(struct position a, struct position b) {
    struct binlog_position left = {0}, right = {0};
    int order = 0;
    if (a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0)) return 0;
    if (a.len == 0 || b.len == 0) return (a.len > b.len) - (a.len < b.len);
    if (binlog_position_init(&left, FLAVOUR_MYSQL, NULL) == 0 &&
        binlog_position_init(&right, FLAVOUR_MYSQL, NULL) == 0 && binlog_position_read(a, &left, NULL) == 0 &&
        binlog_position_read(b, &right, NULL) == 0)
        order = compare(&left, &right);
    binlog_position_release(&left);
    binlog_position_release(&right);
    return order;
}
