/*
 * kafka_topic: finding, creating and checking a topic through Kafka's admin interface.
 *
 * It never lets a broker create a topic by itself, because that one would forget records after the broker's
 * default time. Where we lack the right to look, it says so once and goes on with Kafka's defaults.
 */
#ifndef TAILRACE_AGENT_SINK_KAFKA_TOPIC_H
#define TAILRACE_AGENT_SINK_KAFKA_TOPIC_H

#include <librdkafka/rdkafka.h>

#include "agent/sink/sink.h"

#define KAFKA_BROKER_UNKNOWN INT32_MIN

struct kafka_admin {
    rd_kafka_t *rd;
    const struct config_sink *config;
    const char *source; /* for the log */
    size_t batch_bytes; /* batch.size in effect */
    int32_t *broker;    /* which one to ask, -1: whichever; starts as KAFKA_BROKER_UNKNOWN */
    /* Called between slices of waiting; -1 with `e` gives up. */
    int (*between)(void *ctx, struct err *e);
    void *ctx;
};

/* What a topic's settings say; numbers are -1 where unlimited, INT64_MIN where unknown. */
struct kafka_settings {
    char cleanup[64];
    int64_t retention_ms;
    int64_t retention_bytes;
    int64_t max_message_bytes;
};

/*
 * Finds or creates the topic, waits as long as Kafka is away, and checks it: ERR_CONFIG with the remedy for
 * one that may not be used. Fills `out`.
 */
int kafka_topic_prepare(const struct kafka_admin *a, const struct sink_topic *t, struct kafka_settings *out,
                        struct err *e);

/* Its number of partitions; waits until Kafka tells. */
int kafka_topic_partitions(const struct kafka_admin *a, rd_kafka_topic_t *topic, int32_t *out, struct err *e);

/* Whether the topic is there now, asked anew: 1 yes or nobody can tell, 0 no, -1 `e`. */
int kafka_topic_exists(const struct kafka_admin *a, const char *name, struct err *e);

/* Whether any broker answers now; only before there are topics (see kafka_topic.c, find_broker()). */
bool kafka_topic_answers(rd_kafka_t *rd);

/* Largest key + value of one record under these settings, and a limit of the user's (0: none). */
size_t kafka_topic_max_record(const struct kafka_settings *s, size_t user_limit);

#endif
