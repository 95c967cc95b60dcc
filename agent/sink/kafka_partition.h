/*
 * kafka_partition: a topic as the producer sees it, and the partition each of its records goes to.
 *
 * Keys go where Java clients put them (murmur2), so that topics co-partition with Kafka Streams and ksqlDB.
 * Records without a key go to one partition for a while, then to the next, as newer Java clients do. That a
 * topic has grown is noticed by the partitioner itself, at the first record whose key may have moved.
 */
#ifndef TAILRACE_AGENT_SINK_KAFKA_PARTITION_H
#define TAILRACE_AGENT_SINK_KAFKA_PARTITION_H

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

#include "agent/sink/sink.h"

struct kafka_partition {
    rd_kafka_topic_t *rd;
    int32_t count;         /* partitions, as last said */
    _Atomic(int32_t) seen; /* as the partitioner was told last */
    uint32_t unkeyed;      /* records without a key so far */
};

/* The producer's handle for an existing topic; `p` does not move until it is closed. */
int kafka_partition_open(struct kafka_partition *p, rd_kafka_t *rd, const char *topic, struct err *e);
void kafka_partition_close(struct kafka_partition *p);

/* The topic has `count` partitions: what Kafka said when it was asked. */
void kafka_partition_set(struct kafka_partition *p, int32_t count);

/* The partition for a record, RD_KAFKA_PARTITION_UA for "by its key". */
int32_t kafka_partition_for(struct kafka_partition *p, const struct sink_record *r);

/* Says on the log when the number of partitions is another one now. Cheap. */
static inline bool kafka_partition_moved(struct kafka_partition *p) {
    return atomic_load_explicit(&p->seen, memory_order_relaxed) != p->count;
}
void kafka_partition_say(struct kafka_partition *p, const char *source);

#endif
