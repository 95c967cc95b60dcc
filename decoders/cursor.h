/*
 * cursor: the only way to read a peer's bytes.
 *
 * A cursor is a bounded window that shrinks from the front. Every getter returns false when fewer bytes are
 * left than it needs; the cursor then stays where it was, and the caller must give up on the message. Lengths
 * are compared by subtraction (`len > left`), so no claimed length can overflow. Integers are big-endian
 * unless the name says `le`.
 */
#ifndef TAILRACE_DECODERS_CURSOR_H
#define TAILRACE_DECODERS_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MUST_CHECK __attribute__((warn_unused_result))

struct cursor {
    const uint8_t *start; /* for cursor_offset() */
    const uint8_t *at;
    const uint8_t *end;
};

/* A cursor over `len` bytes that the caller keeps alive. */
static inline struct cursor cursor_of(const void *data, size_t len) {
    const uint8_t *p = data ? data : (const uint8_t *)"";
    return (struct cursor){.start = p, .at = p, .end = p + (data ? len : 0)};
}

/* Bytes not read yet. */
static inline size_t cursor_left(const struct cursor *c) {
    return (size_t)(c->end - c->at);
}

/* Bytes read so far: where an error is. */
static inline size_t cursor_offset(const struct cursor *c) {
    return (size_t)(c->at - c->start);
}

/* The next `len` bytes, as a pointer into the window. */
MUST_CHECK static inline bool cursor_bytes(struct cursor *c, size_t len, const uint8_t **v) {
    if (len > cursor_left(c)) return false;
    *v = c->at;
    c->at += len;
    return true;
}

/* Fixed-width integers, network byte order. */
MUST_CHECK static inline bool cursor_u8(struct cursor *c, uint8_t *v) {
    if (cursor_left(c) < 1) return false;
    *v = *c->at++;
    return true;
}

MUST_CHECK static inline bool cursor_u16(struct cursor *c, uint16_t *v) {
    const uint8_t *p;
    if (!cursor_bytes(c, 2, &p)) return false;
    *v = (uint16_t)(p[0] << 8 | p[1]);
    return true;
}

MUST_CHECK static inline bool cursor_u32(struct cursor *c, uint32_t *v) {
    const uint8_t *p;
    if (!cursor_bytes(c, 4, &p)) return false;
    *v = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    return true;
}

MUST_CHECK static inline bool cursor_u64(struct cursor *c, uint64_t *v) {
    uint32_t high, low;
    if (cursor_left(c) < 8 || !cursor_u32(c, &high) || !cursor_u32(c, &low)) return false;
    *v = (uint64_t)high << 32 | low;
    return true;
}

MUST_CHECK static inline bool cursor_i32(struct cursor *c, int32_t *v) {
    uint32_t u;
    if (!cursor_u32(c, &u)) return false;
    *v = (int32_t)u;
    return true;
}

MUST_CHECK static inline bool cursor_i64(struct cursor *c, int64_t *v) {
    uint64_t u;
    if (!cursor_u64(c, &u)) return false;
    *v = (int64_t)u;
    return true;
}

/* Fixed-width integers, little-endian. 24 and 48 bits come in the next wider type. */
MUST_CHECK static inline bool cursor_u16le(struct cursor *c, uint16_t *v) {
    const uint8_t *p;
    if (!cursor_bytes(c, 2, &p)) return false;
    *v = (uint16_t)(p[1] << 8 | p[0]);
    return true;
}

MUST_CHECK static inline bool cursor_u24le(struct cursor *c, uint32_t *v) {
    const uint8_t *p;
    if (!cursor_bytes(c, 3, &p)) return false;
    *v = (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
    return true;
}

MUST_CHECK static inline bool cursor_u32le(struct cursor *c, uint32_t *v) {
    const uint8_t *p;
    if (!cursor_bytes(c, 4, &p)) return false;
    *v = (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
    return true;
}

MUST_CHECK static inline bool cursor_u48le(struct cursor *c, uint64_t *v) {
    uint32_t low;
    uint16_t high;
    if (cursor_left(c) < 6 || !cursor_u32le(c, &low) || !cursor_u16le(c, &high)) return false;
    *v = (uint64_t)high << 32 | low;
    return true;
}

MUST_CHECK static inline bool cursor_u64le(struct cursor *c, uint64_t *v) {
    uint32_t low, high;
    if (cursor_left(c) < 8 || !cursor_u32le(c, &low) || !cursor_u32le(c, &high)) return false;
    *v = (uint64_t)high << 32 | low;
    return true;
}

/*
 * MySQL's packed (length-encoded) integer: below 251 the byte itself; 252, 253, 254: 2, 3, 8 bytes
 * little-endian follow. False also for 251 (its NULL) and 255, which are no numbers.
 */
MUST_CHECK static inline bool cursor_packedle(struct cursor *c, uint64_t *v) {
    struct cursor at = *c;
    uint8_t first;
    uint16_t u16;
    uint32_t u24;
    if (!cursor_u8(&at, &first)) return false;
    *v = first;
    if (first == 252) {
        if (!cursor_u16le(&at, &u16)) return false;
        *v = u16;
    } else if (first == 253) {
        if (!cursor_u24le(&at, &u24)) return false;
        *v = u24;
    } else if (first == 254) {
        if (!cursor_u64le(&at, v)) return false;
    } else if (first > 250) {
        return false;
    }
    *c = at;
    return true;
}

/* A NUL-terminated string, as a pointer into the window; false when no NUL is left in it. */
MUST_CHECK static inline bool cursor_cstr(struct cursor *c, const char **v) {
    const uint8_t *nul = memchr(c->at, 0, cursor_left(c));
    if (!nul) return false;
    *v = (const char *)c->at;
    c->at = nul + 1;
    return true;
}

#endif
