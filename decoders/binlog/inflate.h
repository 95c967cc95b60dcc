/*
 * inflate: events that hold compressed bytes: MariaDB's *_COMPRESSED (zlib) and MySQL's TRANSACTION_PAYLOAD
 * (zstd).
 *
 * Declared sizes are capped before anything is allocated. A payload is inflated as a stream: one nested event
 * at a time, bounded by that event and the window, whatever the size of the transaction.
 */
#ifndef TAILRACE_DECODERS_BINLOG_INFLATE_H
#define TAILRACE_DECODERS_BINLOG_INFLATE_H

#include "decoders/arena.h"
#include "decoders/binlog/event.h"

#define INFLATE_MAX ((size_t)1 << 30) /* the server's limit of one event */

/* True for the types that inflate_event() takes. */
bool inflate_wanted(uint8_t type);

/* Rewrites a compressed QUERY or rows event into its plain form: type, and a body in `a`. */
int inflate_event(struct binlog_event *ev, const struct binlog_format *f, struct arena *a, struct err *e);

/* The events of a TRANSACTION_PAYLOAD, in order. */
struct payload;
struct payload *payload_new(void); /* keeps its buffers from one transaction to the next */
void payload_free(struct payload *p);
int payload_open(struct payload *p, const struct binlog_event *ev, struct err *e);
/* The next nested event's bytes, valid until the next call. *len 0: the end. */
int payload_next(struct payload *p, const void **data, size_t *len, struct err *e);

#endif
