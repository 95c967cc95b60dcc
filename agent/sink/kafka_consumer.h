/*
 * kafka_consumer: reads topics, all partitions of them, without a consumer group.
 *
 * For people who look into topics: nothing is committed, no rights on groups are needed, nobody else's
 * reading is disturbed. Records of one partition come in order; partitions come as they arrive. Uncommitted
 * transactions are not shown.
 */
#ifndef TAILRACE_AGENT_SINK_KAFKA_CONSUMER_H
#define TAILRACE_AGENT_SINK_KAFKA_CONSUMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/config/config.h"
#include "decoders/err.h"

#define KAFKA_CONSUMER_BEGINNING (-1)
#define KAFKA_CONSUMER_END (-2)

struct kafka_consumer;

struct kafka_consumer_options {
    const char *brokers;                  /* host:port, several joined by commas */
    const struct config_pair *properties; /* librdkafka's, over our defaults */
    size_t nproperties;
    const char *const *topics;
    size_t ntopics;
    int64_t from;     /* KAFKA_CONSUMER_BEGINNING or _END, else that many of the last records per partition */
    bool stop_at_end; /* end at what was there when it was opened; otherwise go on for ever */
    int patience_ms;  /* stop_at_end: when nothing came for so long, somebody must be able to send the rest */
};

struct kafka_record {
    const char *topic;
    int32_t partition;
    int64_t offset;
    const char *key; /* NULL: no key */
    size_t key_len;
    const char *value; /* NULL: a tombstone */
    size_t value_len;
};

enum kafka_next { KAFKA_NEXT_RECORD, KAFKA_NEXT_NOTHING, KAFKA_NEXT_END, KAFKA_NEXT_ERROR };

/*
 * Finds the topics and starts reading. ERR_CONFIG: a topic that does not exist, a property that librdkafka
 * does not know. ERR_IO: no broker answers within `timeout_ms`. The options are not needed afterwards.
 */
int kafka_consumer_open(const struct kafka_consumer_options *o, int timeout_ms, struct kafka_consumer **out,
                        struct err *e);

/*
 * The next record, valid until the next call; NOTHING when none came within `timeout_ms`; END when every
 * partition is read (stop_at_end). Broker trouble is waited out, as librdkafka heals it; with stop_at_end it
 * is ERROR with ERR_IO when the patience is over and no broker answers, or none leads what is still to be
 * read.
 */
enum kafka_next kafka_consumer_next(struct kafka_consumer *c, int timeout_ms, struct kafka_record *out,
                                    struct err *e);

/* Stops reading and frees everything; NULL is nothing. */
void kafka_consumer_close(struct kafka_consumer *c);

#endif
