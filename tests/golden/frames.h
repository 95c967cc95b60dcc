/*
 * frames: captured frames of a log in a file, for golden tests and as fuzzing input.
 *
 * One record a frame, integers big-endian:   u8 frame kind, u64 start, u32 length, bytes
 */
#ifndef TAILRACE_TESTS_GOLDEN_FRAMES_H
#define TAILRACE_TESTS_GOLDEN_FRAMES_H

#include <stdio.h>
#include <stdlib.h>

#include "decoders/buf.h"
#include "decoders/cursor.h"
#include "decoders/decoder.h"

/* Reads the next frame; false at the end, or when the rest is no frame. It points into the cursor's bytes. */
static inline bool frames_next(struct cursor *c, struct frame *out) {
    uint8_t kind;
    uint32_t len;
    *out = (struct frame){0};
    if (!cursor_u8(c, &kind) || !cursor_u64(c, &out->start) || !cursor_u32(c, &len) ||
        !cursor_bytes(c, len, &out->data))
        return false;
    out->kind = (enum frame_kind)kind;
    out->len = len;
    return true;
}

/* Appends a frame as frames_next() reads it. */
static inline void frames_put(struct buf *b, const struct frame *f) {
    buf_putc(b, (char)f->kind);
    buf_put_be64(b, f->start);
    buf_put_be32(b, (uint32_t)f->len);
    buf_put(b, f->data, f->len);
}

/* Reads a whole file; false when that fails. */
static inline bool frames_load(const char *path, struct buf *out) {
    char chunk[65536];
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), file)) > 0;) buf_put(out, chunk, n);
    bool ok = !ferror(file) && !buf_failed(out);
    fclose(file);
    return ok;
}

#endif
