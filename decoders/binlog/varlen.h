/*
 * varlen: MySQL's variable-length integers (libs/mysql/serialization/variable_length_integers.h), which only
 * its tagged GTIDs use: as many ones at the low end of the first byte as bytes follow, a zero, then the
 * number; with eight ones the next eight bytes are the number. Little-endian throughout.
 */
#ifndef TAILRACE_DECODERS_BINLOG_VARLEN_H
#define TAILRACE_DECODERS_BINLOG_VARLEN_H

#include "decoders/cursor.h"

/* Unsigned; false and unmoved when the bytes end before it. */
MUST_CHECK static inline bool varlen_u64(struct cursor *c, uint64_t *v) {
    if (cursor_left(c) < 1) return false;
    unsigned more = 0;
    const uint8_t *p;
    while (more < 8 && c->at[0] >> more & 1) more++;
    if (!cursor_bytes(c, (size_t)more + 1, &p)) return false;
    uint64_t n = 0;
    for (unsigned i = 0; i < more; i++) n |= (uint64_t)p[1 + i] << (8 * i);
    if (more < 7) n = n << (7 - more) | p[0] >> (more + 1);
    *v = n;
    return true;
}

/* Signed: the lowest bit is the sign; -1 is stored as 1. */
MUST_CHECK static inline bool varlen_i64(struct cursor *c, int64_t *v) {
    uint64_t n;
    if (!varlen_u64(c, &n)) return false;
    *v = (int64_t)(n >> 1 ^ (0 - (n & 1)));
    return true;
}

#endif
