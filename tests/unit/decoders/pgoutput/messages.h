/*
 * messages: pgoutput messages written by hand, for tests of what no server sends on demand.
 */
#ifndef TAILRACE_TESTS_UNIT_DECODERS_PGOUTPUT_MESSAGES_H
#define TAILRACE_TESTS_UNIT_DECODERS_PGOUTPUT_MESSAGES_H

#include "decoders/buf.h"

struct test_column {
    int identity;
    const char *name;
    uint32_t type;
    int32_t type_mod;
};

static inline void put_str(struct buf *b, const char *s) {
    buf_put(b, s, strlen(s) + 1);
}

static inline void put_begin(struct buf *b, uint64_t commit_lsn, uint32_t xid) {
    buf_putc(b, 'B');
    buf_put_be64(b, commit_lsn);
    buf_put_be64(b, 0); /* 2000-01-01 */
    buf_put_be32(b, xid);
}

static inline void put_commit(struct buf *b, uint64_t commit_lsn, uint64_t end_lsn) {
    buf_putc(b, 'C');
    buf_putc(b, 0);
    buf_put_be64(b, commit_lsn);
    buf_put_be64(b, end_lsn);
    buf_put_be64(b, 0);
}

static inline void put_relation(struct buf *b, uint32_t relid, const char *schema, const char *name,
                                char identity, const struct test_column *columns, uint16_t n) {
    buf_putc(b, 'R');
    buf_put_be32(b, relid);
    put_str(b, schema);
    put_str(b, name);
    buf_putc(b, identity);
    buf_put_be16(b, n);
    for (size_t i = 0; i < n; i++) {
        buf_putc(b, (char)columns[i].identity);
        put_str(b, columns[i].name);
        buf_put_be32(b, columns[i].type);
        buf_put_be32(b, (uint32_t)columns[i].type_mod);
    }
}

/* NULL is null, "\x01" unchanged, everything else text. */
static inline void put_tuple(struct buf *b, char kind, const char *const *values, uint16_t n) {
    buf_putc(b, kind);
    buf_put_be16(b, n);
    for (size_t i = 0; i < n; i++) {
        const char *v = values[i];
        buf_putc(b, v ? *v == 1 ? 'u' : 't' : 'n');
        if (!v || *v == 1) continue;
        buf_put_be32(b, (uint32_t)strlen(v));
        buf_puts(b, v);
    }
}

static inline void put_row(struct buf *b, char message, uint32_t relid) {
    buf_putc(b, message);
    buf_put_be32(b, relid);
}

static inline void put_message(struct buf *b, uint8_t flags, uint64_t lsn, const char *prefix,
                               const char *content) {
    buf_putc(b, 'M');
    buf_putc(b, (char)flags);
    buf_put_be64(b, lsn);
    put_str(b, prefix);
    buf_put_be32(b, (uint32_t)strlen(content));
    buf_puts(b, content);
}

static inline void put_truncate(struct buf *b, uint8_t options, const uint32_t *relids, uint32_t n) {
    buf_putc(b, 'T');
    buf_put_be32(b, n);
    buf_putc(b, (char)options);
    for (uint32_t i = 0; i < n; i++) buf_put_be32(b, relids[i]);
}

#endif
