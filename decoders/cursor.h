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

#define MUST_CHECK __attribute__((warn_unused_result))

struct cursor {
    const uint8_t *start; /* for cursor_offset() */
    const uint8_t *at;
    const uint8_t *end;
};

/* A cursor over `len` bytes that the caller keeps alive. */
struct cursor cursor_of(const void *data, size_t len);

/* Bytes not read yet. */
size_t cursor_left(const struct cursor *c);

/* Bytes read so far: where an error is. */
size_t cursor_offset(const struct cursor *c);

/* Fixed-width integers, network byte order. */
MUST_CHECK bool cursor_u8(struct cursor *c, uint8_t *v);
MUST_CHECK bool cursor_u16(struct cursor *c, uint16_t *v);
MUST_CHECK bool cursor_u32(struct cursor *c, uint32_t *v);
MUST_CHECK bool cursor_i32(struct cursor *c, int32_t *v);
MUST_CHECK bool cursor_u64(struct cursor *c, uint64_t *v);
MUST_CHECK bool cursor_i64(struct cursor *c, int64_t *v);

/* The next `len` bytes, as a pointer into the window. */
MUST_CHECK bool cursor_bytes(struct cursor *c, size_t len, const uint8_t **v);

/* A NUL-terminated string, as a pointer into the window; false when no NUL is left in it. */
MUST_CHECK bool cursor_cstr(struct cursor *c, const char **v);

#endif
