/*
 * kafka_pace: records leave at once while few come, and gather into large batches while many do.
 *
 * An idempotent producer keeps one batch of a partition under way. When the next one has lingered before the
 * answer is there, librdkafka's thread polls without sleeping until it comes (2.0 to 2.15:
 * rd_kafka_toppar_producer_serve() and rd_kafka_msgq_allow_wakeup_at()), which can cost more than all the
 * rest. So linger.ms is out of reach: a batch leaves when it is full, or in a pulse, a short rd_kafka_flush()
 * during which records do not linger. While few bytes come a pulse follows a record, or the answer that it
 * had to wait for; while many do, one comes every KAFKA_PACE_PULSE_MS as long as anything is out.
 */
#ifndef TAILRACE_AGENT_SINK_KAFKA_PACE_H
#define TAILRACE_AGENT_SINK_KAFKA_PACE_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/err.h"

#define KAFKA_PACE_LINGER_MS "60000"
#define KAFKA_PACE_PULSE_MS 20
#define KAFKA_PACE_TURN_US INT64_C(5000) /* how long an answer is waited for before the next pulse */
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

/* When a pulse is due while few come: what is sent during an answer goes with the next one. Pure; starts
 * zeroed. */
struct kafka_turn {
    size_t out;       /* records without result */
    size_t ahead;     /* of these, those that the last pulse was for */
    int64_t pulse_us; /* when that was due */
};

/* A record was sent, or so many have got their result: true when a pulse is due now. */
bool kafka_turn_sent(struct kafka_turn *t, int64_t now_us);
bool kafka_turn_done(struct kafka_turn *t, size_t records, int64_t now_us);

struct kafka_pace;

/* Starts the thread. Owned by the caller, who frees it before the producer is destroyed. NULL with `e`. */
struct kafka_pace *kafka_pace_new(rd_kafka_t *rd, struct err *e);
void kafka_pace_free(struct kafka_pace *p);

/* A record was produced; records have got their results, good or bad. `bytes` as produced. Called by one
 * thread. */
void kafka_pace_sent(struct kafka_pace *p, size_t bytes, int64_t now_us);
void kafka_pace_done(struct kafka_pace *p, size_t records, size_t bytes, int64_t now_us);

#endif
