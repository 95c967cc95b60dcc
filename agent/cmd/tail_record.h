/*
 * tail_record: a record of a topic or file as one JSON line, whatever encoding it is in.
 *
 * RowChange, CustomerEvent and JSON lines all become the JSON line of DESIGN.md §4; everything `tail` shows
 * is made from that. The bytes may be anything.
 */
#ifndef TAILRACE_AGENT_CMD_TAIL_RECORD_H
#define TAILRACE_AGENT_CMD_TAIL_RECORD_H

#include "agent/encode/encoder.h"
#include "decoders/arena.h"

enum tail_form {
    TAIL_AUTO, /* by the first byte: all our encodings differ in it */
    TAIL_JSON,
    TAIL_CHANGE,
    TAIL_CUSTOMER,
};

struct tail_record {
    struct encoder *json;
    struct arena arena;
    struct buf key;
    struct buf line;
};

/* -1 with ERR_MEMORY. */
int tail_record_init(struct tail_record *r, struct err *e);
void tail_record_release(struct tail_record *r);

/* True when bytes that start like this are JSON lines and not delimited messages. `len` 0: no. */
bool tail_record_looks_like_lines(const uint8_t *data, size_t len);

/*
 * The JSON object of one record, without a line break: in r->line, until the next call. ERR_DATA when the
 * bytes are none of our encodings.
 */
int tail_record_read(struct tail_record *r, enum tail_form form, const void *data, size_t len, struct err *e);

#endif
