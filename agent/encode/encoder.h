/*
 * encoder: events in, key and value bytes out. Pure: no brokers, no order of positions.
 *
 * `json` writes one line per event (DESIGN §4), `change` writes tailrace.v1.RowChange, `customer` writes
 * tailrace.customer.v1.CustomerEvent for entity events. Keys: JSON rows {"id":1}; change: the same canonical
 * JSON object, so that every client partitions alike; entities: the entity key as it is.
 *
 * A record's id is the change's id, with ".sub" behind it when sub > 0; `ord` has two more bytes (sub,
 * big-endian).
 */
#ifndef TAILRACE_AGENT_ENCODE_ENCODER_H
#define TAILRACE_AGENT_ENCODE_ENCODER_H

#include "agent/event/event.h"
#include "decoders/buf.h"
#include "decoders/err.h"

struct encoder_ops;

/* Every encoder embeds this as its first member. */
struct encoder {
    const struct encoder_ops *ops;
};

struct encoder_ops {
    const char *name;       /* json | change | customer */
    bool binary;            /* values are not lines of text */
    bool splits_key_change; /* wants delete + create for an update of the key */
    /* A new encoder; NULL when memory runs out. Allocates nothing per row in steady state. */
    struct encoder *(*create)(void);
    /*
     * Appends to `key` and `value` (both cleared by the caller). *has_key is false for a record without key;
     * a tombstone leaves `value` empty. -1: memory, or a value that cannot be encoded (ERR_DATA, names table
     * and column).
     */
    int (*encode)(struct encoder *en, const struct event *ev, struct buf *key, bool *has_key,
                  struct buf *value, struct err *e);
    /* A table description is about to be freed: drop what is cached for selections of it. */
    void (*forget)(struct encoder *en, const struct table *t);
    void (*destroy)(struct encoder *en);
};

extern const struct encoder_ops encoder_json;
extern const struct encoder_ops encoder_change;
extern const struct encoder_ops encoder_customer;

/* The parts and fields of `customer` that a mapping may name, as the published schema has them. */
const struct entity_schema *encoder_customer_schema(void);

/*
 * Encodes an EVENT_ROW so that key + value is at most `max` bytes, by leaving out the largest non-key
 * columns, which are then listed as omitted. *stripped counts them. -1 with ERR_CONFIG when even the key
 * alone does not fit.
 */
int encoder_fit(struct encoder *en, const struct event *ev, size_t max, struct buf *key, bool *has_key,
                struct buf *value, size_t *stripped, struct err *e);

#endif
