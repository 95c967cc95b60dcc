#include "decoders/binlog/json_node.h"

#include "decoders/cursor.h"
#include "decoders/utf8.h"

/* Types as they are stored. */
enum stored {
    STORED_SMALL_OBJECT = 0x00,
    STORED_LARGE_OBJECT = 0x01,
    STORED_SMALL_ARRAY = 0x02,
    STORED_LARGE_ARRAY = 0x03,
    STORED_LITERAL = 0x04,
    STORED_INT16 = 0x05,
    STORED_UINT16 = 0x06,
    STORED_INT32 = 0x07,
    STORED_UINT32 = 0x08,
    STORED_INT64 = 0x09,
    STORED_UINT64 = 0x0a,
    STORED_DOUBLE = 0x0b,
    STORED_STRING = 0x0c,
    STORED_OPAQUE = 0x0f,
};

int json_malformed(const struct json_doc *d, const uint8_t *at, const char *what, struct err *e) {
    return err_set(e, ERR_DATA, "a JSON document is malformed at byte %zu: %s", (size_t)(at - d->start),
                   what);
}

/* Pays for bytes that are read. */
static int spend(struct json_doc *d, const uint8_t *at, size_t len, struct err *e) {
    if (len > d->unread) return json_malformed(d, at, "values overlap", e);
    d->unread -= len;
    return 0;
}

static size_t offset_size(bool large) {
    return large ? 4 : 2;
}

static bool read_offset(struct cursor *c, bool large, uint32_t *v) {
    uint16_t v16;
    if (large) return cursor_u32le(c, v);
    if (!cursor_u16le(c, &v16)) return false;
    *v = v16;
    return true;
}

/* A length of 7 bits a byte, and as many bytes. */
static bool read_bytes(struct cursor *c, const uint8_t **bytes, size_t *len) {
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t b;
        if (!cursor_u8(c, &b)) return false;
        n |= (uint64_t)(b & 0x7f) << shift;
        if (b & 0x80) continue;
        *len = (size_t)n;
        return n <= UINT32_MAX && cursor_bytes(c, *len, bytes);
    }
    return false;
}

static size_t head_size(const struct json_node *n) {
    const size_t offset = offset_size(n->large), members = n->count;
    return 2 * offset + members * (1 + offset) + (n->kind == JSON_OBJECT ? members * (offset + 2) : 0);
}

/* Reads what stands in front of keys and values. `c` ends where the value around it does. */
static int read_container(struct cursor *c, uint8_t stored, struct json_node *n, struct err *e) {
    uint32_t size;
    n->large = stored == STORED_LARGE_OBJECT || stored == STORED_LARGE_ARRAY;
    n->kind = stored == STORED_SMALL_OBJECT || stored == STORED_LARGE_OBJECT ? JSON_OBJECT : JSON_ARRAY;
    n->data = c->at;
    struct cursor all = *c;
    if (!read_offset(c, n->large, &n->count) || !read_offset(c, n->large, &size) || size > cursor_left(&all))
        return json_malformed(n->doc, n->data, "an object or array is longer than what it is in", e);
    n->len = size;
    if (head_size(n) > size)
        return json_malformed(n->doc, n->data, "an object or array has no room for its members", e);
    return spend(n->doc, n->data, head_size(n), e);
}

static bool read_number(struct cursor *c, uint8_t stored, struct json_node *n) {
    uint16_t u16;
    uint32_t u32;
    n->kind = JSON_INT;
    switch (stored) {
    case STORED_INT16:
    case STORED_UINT16:
        if (!cursor_u16le(c, &u16)) return false;
        n->v.i = stored == STORED_INT16 ? (int16_t)u16 : u16;
        return true;
    case STORED_INT32:
    case STORED_UINT32:
        if (!cursor_u32le(c, &u32)) return false;
        n->v.i = stored == STORED_INT32 ? (int32_t)u32 : (int64_t)u32;
        return true;
    case STORED_UINT64: n->kind = JSON_UINT; break;
    case STORED_DOUBLE: n->kind = JSON_DOUBLE; break;
    default: break;
    }
    return cursor_u64le(c, &n->v.u); /* a double by its bits */
}

static bool read_literal(struct cursor *c, struct json_node *n) {
    uint8_t literal;
    if (!cursor_u8(c, &literal) || literal > 2) return false;
    n->kind = literal == 0 ? JSON_NULL : literal == 1 ? JSON_TRUE : JSON_FALSE;
    return true;
}

static bool read_scalar(struct cursor *c, uint8_t stored, struct json_node *n) {
    switch (stored) {
    case STORED_LITERAL: return read_literal(c, n);
    case STORED_STRING: n->kind = JSON_STRING; return read_bytes(c, &n->data, &n->len);
    case STORED_OPAQUE:
        n->kind = JSON_OPAQUE;
        return cursor_u8(c, &n->type) && read_bytes(c, &n->data, &n->len);
    default: return stored >= STORED_INT16 && stored <= STORED_DOUBLE && read_number(c, stored, n);
    }
}

/* Reads a value at the front of `c`. `paid`: it lies in the head of what it is in. */
static int read_value(struct json_doc *d, struct cursor *c, uint8_t stored, bool paid, struct json_node *out,
                      struct err *e) {
    const uint8_t *at = c->at;
    *out = (struct json_node){.doc = d};
    if (stored <= STORED_LARGE_ARRAY) return read_container(c, stored, out, e);
    if (!read_scalar(c, stored, out)) return json_malformed(d, at, "no such value", e);
    if (out->kind == JSON_STRING && !utf8_valid((const char *)out->data, out->len))
        return json_malformed(d, out->data, "a string is not UTF-8", e);
    return paid ? 0 : spend(d, at, (size_t)(c->at - at), e);
}

int json_root(struct json_doc *d, const void *doc, size_t len, struct json_node *out, struct err *e) {
    struct cursor c = cursor_of(doc, len);
    uint8_t stored;
    *d = (struct json_doc){.start = c.start, .unread = len};
    *out = (struct json_node){.doc = d, .kind = JSON_NULL};
    if (!cursor_u8(&c, &stored)) return 0;
    return read_value(d, &c, stored, false, out, e);
}

static bool in_place(uint8_t stored, bool large) {
    return stored == STORED_LITERAL || stored == STORED_INT16 || stored == STORED_UINT16 ||
           (large && (stored == STORED_INT32 || stored == STORED_UINT32));
}

int json_key(const struct json_node *parent, uint32_t i, struct text *key, struct err *e) {
    const size_t offset = offset_size(parent->large);
    struct cursor c = cursor_of(parent->data, parent->len);
    const uint8_t *skipped;
    uint32_t from;
    uint16_t len;
    if (!cursor_bytes(&c, 2 * offset + i * (offset + 2), &skipped) ||
        !read_offset(&c, parent->large, &from) || !cursor_u16le(&c, &len) || from < head_size(parent) ||
        from > parent->len || len > parent->len - from)
        return json_malformed(parent->doc, parent->data, "a key lies outside of its object", e);
    *key = (struct text){(const char *)parent->data + from, len};
    return 0;
}

/* A key that is going to be printed. */
static int use_key(const struct json_node *parent, uint32_t i, struct text *key, struct err *e) {
    if (json_key(parent, i, key, e) != 0) return -1;
    const uint8_t *at = (const uint8_t *)key->ptr;
    if (!utf8_valid(key->ptr, key->len)) return json_malformed(parent->doc, at, "a key is not UTF-8", e);
    return spend(parent->doc, at, key->len, e);
}

int json_item(const struct json_node *parent, uint32_t i, struct text *key, struct json_node *out,
              struct err *e) {
    const size_t offset = offset_size(parent->large), head = head_size(parent);
    const bool object = parent->kind == JSON_OBJECT;
    struct cursor c = cursor_of(parent->data, parent->len), in = c;
    const size_t keys = object ? parent->count * (offset + 2) : 0;
    const uint8_t *skipped;
    uint8_t stored;
    uint32_t from;
    if (object && use_key(parent, i, key, e) != 0) return -1;
    if (!cursor_bytes(&c, 2 * offset + keys + i * (1 + offset), &skipped) || !cursor_u8(&c, &stored))
        return json_malformed(parent->doc, parent->data, "a member lies outside of its object or array", e);
    if (in_place(stored, parent->large)) return read_value(parent->doc, &c, stored, true, out, e);
    if (!read_offset(&c, parent->large, &from) || from < head || !cursor_bytes(&in, from, &skipped))
        return json_malformed(parent->doc, parent->data, "a value lies outside of its object or array", e);
    return read_value(parent->doc, &in, stored, false, out, e);
}
