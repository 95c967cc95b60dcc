/*
 * buf: a growing byte buffer with a sticky error.
 *
 * Append freely, check buf_failed() once at the end: after an allocation failed every further append is a
 * no-op. buf_clear() keeps the capacity, so that a reused buffer allocates nothing in steady state.
 */
#ifndef TAILRACE_DECODERS_BUF_H
#define TAILRACE_DECODERS_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
    uint8_t *data;
    size_t len;
    size_t cap;
    bool failed;
};

/* An empty buffer; allocates nothing. `struct buf b = {0};` is the same. */
void buf_init(struct buf *b);

/* Makes room for `more` further bytes. False (and sticky) when memory runs out. */
bool buf_reserve(struct buf *b, size_t more);

/* Appends bytes, one byte, a C string, printf-formatted text, an unsigned or signed decimal. */
static inline void buf_put(struct buf *b, const void *data, size_t len) {
    if ((len > b->cap - b->len || b->failed) && !buf_reserve(b, len)) return;
    if (len) memcpy(b->data + b->len, data, len);
    b->len += len;
}

static inline void buf_putc(struct buf *b, char c) {
    buf_put(b, &c, 1);
}

void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_put_u64(struct buf *b, uint64_t v);
void buf_put_i64(struct buf *b, int64_t v);

/* Appends big-endian integers (checkpoint and catalogue layouts). */
void buf_put_be16(struct buf *b, uint16_t v);
void buf_put_be32(struct buf *b, uint32_t v);
void buf_put_be64(struct buf *b, uint64_t v);

/* The content as a C string (a NUL is put behind it, not counted). "" when the buffer failed. */
const char *buf_cstr(struct buf *b);

/* True when an append was lost. */
bool buf_failed(const struct buf *b);

/* Empties the buffer and the error, keeps the capacity; gives memory above `keep` bytes back. */
void buf_clear(struct buf *b, size_t keep);

/* Frees the memory. */
void buf_release(struct buf *b);

#endif
