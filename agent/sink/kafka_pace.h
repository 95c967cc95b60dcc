/*
 * kafka_pace: records leave at once while few come, and gather into large batches while many do.
 *
 * linger.ms cannot be changed while a producer runs, and one value does not suit both. A short one makes many
 * small batches, and worse: an idempotent producer keeps one batch of a partition under way, and as soon as
 * the next one has lingered, librdkafka's thread polls without sleeping until the answer is there (2.0
 * to 2.15: rd_kafka_toppar_producer_serve() and rd_kafka_msgq_allow_wakeup_at()), which costs as much as all
 * the rest. So linger.ms is longer than a round trip, and while few bytes come a thread calls
 * rd_kafka_flush(), during which records do not linger.
 */
#ifndef TAILRACE_AGENT_SINK_KAFKA_PACE_H
#define TAILRACE_AGENT_SINK_KAFKA_PACE_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/err.h"

#define KAFKA_PACE_LINGER_MS "20"
#define KAFKA_PACE_WINDOW_US INT64_C(100000)
#define KAFKA_PACE_MANY ((size_t)128 << 10) /* bytes in a window */

/* Whether many bytes come. Pure; starts zeroed, which is few. */
struct kafka_flow {
    bool many;
    size_t bytes;     /* since `since_us` */
    int64_t since_us; /* when this window began */
};

/* Counts a record. The first window that has KAFKA_PACE_MANY bytes begins it, one that has fewer ends it. */
void kafka_flow_count(struct kafka_flow *f, size_t bytes, int64_t now_us);

struct kafka_pace;

/* Starts the thread. Owned by the caller, who frees it before the producer is destroyed. NULL with `e`. */
struct kafka_pace *kafka_pace_new(rd_kafka_t *rd, struct err *e);
void kafka_pace_free(struct kafka_pace *p);

/* A record of so many bytes was produced: sends it at once, unless many come. Called by one thread. */
void kafka_pace_sent(struct kafka_pace *p, size_t bytes, int64_t now_us);

#endif
