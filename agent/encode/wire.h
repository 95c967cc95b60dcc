/*
 * wire: the protobuf wire format, written and read by hand.
 *
 * The writer exists because the hot path must be fast: bytes are written through a bare pointer (wire_put_*)
 * into room that wire_room() made, for at most what wire_size_* say. What it writes is what
 * protobuf-c packs, byte for byte; tests hold it to that.
 *
 * The reader exists because topics and files are untrusted: it is bounded by its cursor, copies nothing,
 * refuses groups, varints of more than ten bytes, field number 0, lengths past the end, and nesting deeper
 * than WIRE_MAX_DEPTH.
 */
#ifndef TAILRACE_AGENT_ENCODE_WIRE_H
#define TAILRACE_AGENT_ENCODE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "decoders/buf.h"
#include "decoders/cursor.h"
#include "decoders/err.h"

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

/* The tag of a field: a number for wire_put_varint(); one byte for fields 1 to 15. */
#define WIRE_TAG(field, type) ((uint32_t)(field) << 3 | (uint32_t)(type))

#define WIRE_MAX_VARINT 10 /* bytes of the longest varint */

/* ---- Writing ---- */

/* Signed to unsigned so that small magnitudes stay short (sint32, sint64). */
static inline uint64_t wire_zigzag(int64_t v) {
    return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

/* Bytes of a varint: 1 to 10. */
static inline size_t wire_size_varint(uint64_t v) {
    return (size_t)(64 - __builtin_clzll(v | 1) + 6) / 7;
}

/* Bytes of a length and what it counts. */
static inline size_t wire_size_counted(size_t len) {
    return wire_size_varint(len) + len;
}

/* Room for `size` bytes behind what a buffer holds: where to write; then set its `len`. NULL when memory runs
 * out (sticky). */
static inline uint8_t *wire_room(struct buf *out, size_t size) {
    return size <= out->cap - out->len || buf_reserve(out, size) ? out->data + out->len : NULL;
}

/* Each writes at `p` and returns the place behind it; the caller has made room. */
static inline uint8_t *wire_put_varint(uint8_t *p, uint64_t v) {
    while (v >= 0x80) {
        *p++ = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    *p++ = (uint8_t)v;
    return p;
}

static inline uint8_t *wire_put_raw(uint8_t *p, const void *data, size_t len) {
    if (len) memcpy(p, data, len);
    return p + len;
}

static inline uint8_t *wire_put_counted(uint8_t *p, const void *data, size_t len) {
    return wire_put_raw(wire_put_varint(p, len), data, len);
}

static inline uint8_t *wire_put_fixed32(uint8_t *p, uint32_t v) {
    for (int i = 0; i < 4; i++) *p++ = (uint8_t)(v >> 8 * i);
    return p;
}

static inline uint8_t *wire_put_fixed64(uint8_t *p, uint64_t v) {
    for (int i = 0; i < 8; i++) *p++ = (uint8_t)(v >> 8 * i);
    return p;
}

/* The same for cold places, with the field's tag in front, appended to a buffer. */
void wire_add_varint(struct buf *out, uint32_t field, uint64_t v);
void wire_add_bytes(struct buf *out, uint32_t field, const void *data, size_t len);

/* ---- Reading ---- */

#define WIRE_MAX_DEPTH 32

/* A message being read. */
struct wire_reader {
    struct cursor in;
    unsigned depth; /* of nesting; 0: the outermost message */
};

/* One field of it. */
struct wire_field {
    uint32_t number; /* 1 to 2^29 - 1 */
    enum wire_type type;
    uint64_t value;      /* varints and fixed numbers */
    const uint8_t *data; /* WIRE_BYTES: points into the message */
    size_t len;
};

/* A reader over the `len` bytes of one message. */
struct wire_reader wire_reader_of(const void *data, size_t len);

/* Reads the next field: 1, or 0 at the end, or -1 with ERR_DATA that names the offset. */
MUST_CHECK int wire_next(struct wire_reader *r, struct wire_field *f, struct err *e);

/* A reader over a field that holds a message; ERR_DATA when it is no WIRE_BYTES or nested too deep. */
MUST_CHECK int wire_enter(const struct wire_reader *r, const struct wire_field *f, struct wire_reader *inner,
                          struct err *e);

/* Checks that a field has the type that its number calls for; ERR_DATA otherwise. */
MUST_CHECK int wire_expect(const struct wire_field *f, enum wire_type type, struct err *e);

/* Reads a bare varint (the length in front of a delimited message): 1, 0 when more bytes are needed, -1 when
 * it is longer than ten bytes. The cursor moves only on 1. */
MUST_CHECK int wire_varint(struct cursor *c, uint64_t *v);

/* The number of a sint32 or sint64, a double, a float. */
static inline int64_t wire_unzigzag(uint64_t v) {
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}
double wire_double(uint64_t bits);
float wire_float(uint64_t bits);

#endif
