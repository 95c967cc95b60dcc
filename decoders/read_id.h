/*
 * read_id: the identity of rows that were read and not logged (CHANGE_READ).
 *
 * id: `epoch:r:STAMP:row`, where the stamp is the chunk's (microseconds since 1970, never the same twice in a
 * source) and row counts from 0. ord: the epoch, the rank of the last transaction published before the chunk,
 * then a record above all of that transaction's: 1 << 63 | stamp, and the row. So it sorts behind everything
 * published before it and before everything behind it.
 */
#ifndef TAILRACE_DECODERS_READ_ID_H
#define TAILRACE_DECODERS_READ_ID_H

#include "decoders/change.h"
#include "decoders/err.h"

struct read_id {
    uint16_t epoch;
    uint64_t rank;
    uint64_t stamp;
    uint32_t row; /* the next one */
    size_t prefix;
    char id[64];
};

/* A chunk begins. */
void read_id_begin(struct read_id *r, uint16_t epoch, uint64_t rank, uint64_t stamp);

/* Sets id and ord of the next row. ERR_DATA: more rows than can be counted. */
int read_id_next(struct read_id *r, struct change *c, struct err *e);

#endif
