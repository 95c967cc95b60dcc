#include "decoders/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *b) {
    *b = (struct buf){0};
}

bool buf_reserve(struct buf *b, size_t more) {
    if (b->failed) return false;
    if (more <= b->cap - b->len) return true;
    if (more > SIZE_MAX / 2 - b->len) {
        b->failed = true;
        return false;
    }
    size_t cap = b->cap ? b->cap : 64;
    while (cap - b->len < more) cap += cap / 2;
    uint8_t *data = realloc(b->data, cap);
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

void buf_puts(struct buf *b, const char *s) {
    buf_put(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) {
        b->failed = true;
        return;
    }
    if (!buf_reserve(b, (size_t)n + 1)) return;
    va_start(ap, fmt);
    vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)n;
}

void buf_put_u64(struct buf *b, uint64_t v) {
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    buf_put(b, digits + at, sizeof(digits) - at);
}

void buf_put_i64(struct buf *b, int64_t v) {
    if (v < 0) buf_putc(b, '-');
    buf_put_u64(b, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void buf_put_be16(struct buf *b, uint16_t v) {
    const uint8_t bytes[2] = {(uint8_t)(v >> 8), (uint8_t)v};
    buf_put(b, bytes, sizeof(bytes));
}

void buf_put_be32(struct buf *b, uint32_t v) {
    const uint8_t bytes[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    buf_put(b, bytes, sizeof(bytes));
}

void buf_put_be64(struct buf *b, uint64_t v) {
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof(bytes); i++) bytes[i] = (uint8_t)(v >> (56 - 8 * i));
    buf_put(b, bytes, sizeof(bytes));
}

const char *buf_cstr(struct buf *b) {
    if (!buf_reserve(b, 1)) return "";
    b->data[b->len] = '\0';
    return (const char *)b->data;
}

bool buf_failed(const struct buf *b) {
    return b->failed;
}

void buf_clear(struct buf *b, size_t keep) {
    b->len = 0;
    b->failed = false;
    if (b->cap <= keep) return;
    free(b->data);
    b->data = NULL;
    b->cap = 0;
}

void buf_release(struct buf *b) {
    free(b->data);
    buf_init(b);
}
