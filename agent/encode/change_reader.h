/*
 * change_reader: a tailrace.v1.RowChange back into the event it was made from.
 *
 * For people and tools that look into topics; the bytes may be anything. Every length is bounded by the
 * record, names and texts are checked to be UTF-8, and what a newer Tailrace may have written (a higher
 * version, an operation or a kind of value that is not known here) is an error, never left out. Unknown
 * fields are passed over.
 */
#ifndef TAILRACE_AGENT_ENCODE_CHANGE_READER_H
#define TAILRACE_AGENT_ENCODE_CHANGE_READER_H

#include "agent/encode/wire.h"
#include "agent/event/event.h"
#include "decoders/arena.h"

#define CHANGE_READER_MAX_COLUMNS 8192

/*
 * Reads one record. What *out points to lives in `a` and in `data`, and is valid until one of them changes;
 * its selection has a serial of its own, so that an encoder that gets it must forget its table afterwards.
 * ERR_DATA: not a RowChange, or a newer one. ERR_MEMORY.
 */
int change_read(const void *data, size_t len, struct arena *a, const struct event **out, struct err *e);

/* Reads the body of one Value message into `v`; shared with customer_reader. */
int change_read_value(const struct wire_reader *r, struct arena *a, struct value *v, struct err *e);

/* Fills c->ord and *sub from a record's ord, and takes the ".sub" off c->id. ERR_DATA when `ord` has not the
 * length it should have. */
int change_read_identity(const struct wire_field *ord, struct change *c, uint16_t *sub, struct err *e);

/* A commit time in microseconds; ERR_DATA when it is outside of what can be written as a date. */
int change_read_time(const struct wire_field *f, int64_t *micros, struct err *e);

/* A field that holds text in UTF-8, as it is in the record; -1 with `e`. */
int change_read_text(const struct wire_field *f, struct text *t, struct err *e);

/* A field that holds text in UTF-8 without U+0000, as a C string in `a`; NULL with `e`. */
const char *change_read_name(const struct wire_field *f, struct arena *a, struct err *e);

#endif
