/*
 * position: the blobs by which the rest of Tailrace carries PostgreSQL's positions without reading them.
 *
 *     resume    8 bytes: LSN behind a commit (or a keepalive's), where to go on
 *     progress 20 bytes: commit LSN, record LSN, index: one row within a transaction
 *
 * All integers big-endian.
 */
#ifndef TAILRACE_DECODERS_PGOUTPUT_POSITION_H
#define TAILRACE_DECODERS_PGOUTPUT_POSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/buf.h"
#include "decoders/change.h"
#include "decoders/err.h"

#define RESUME_LEN 8
#define PROGRESS_LEN 20

/* One row (or truncated table, or message): the index counts those with the same record LSN. */
struct point {
    uint64_t commit; /* LSN of the transaction's commit record; 0: no point */
    uint64_t record; /* 0: before the first row */
    uint32_t index;
};

/* Writes a progress blob. */
void point_store(const struct point *p, uint8_t out[PROGRESS_LEN]);

/* False when it is no progress blob. */
bool point_load(struct position p, struct point *out);

/* True when `p` is in the transaction of `end`, and `end` itself or before it. */
bool point_reached(const struct point *p, const struct point *end);

/* The position functions of struct decoder_ops; see there. */
void position_to_text(struct position p, struct buf *out);
int position_from_text(const char *text, struct buf *out, struct err *e);
int position_order(struct position a, struct position b);

#endif
