/*
 * kafka_conf: a librdkafka configuration out of ours.
 *
 * Three layers: defaults that suit a log of changes (large batches, lz4; kafka_pace goes with their
 * linger.ms), over them the user's properties, and over those what the promises rest on (idempotence,
 * acks=all, no time limit, no gap). The configuration's loader has refused properties that would contradict
 * the last layer.
 */
#ifndef TAILRACE_AGENT_SINK_KAFKA_CONF_H
#define TAILRACE_AGENT_SINK_KAFKA_CONF_H

#include <librdkafka/rdkafka.h>

#include "agent/config/config.h"

struct kafka_conf {
    rd_kafka_conf_t *rd; /* owned by the caller, until rd_kafka_new() takes it */
    size_t batch_bytes;  /* batch.size in effect */
    size_t record_bytes; /* the user's message.max.bytes; 0: none given */
    bool own_linger;     /* the user has given linger.ms, which then holds always */
};

/* Secrets are read here and wiped. ERR_CONFIG names the property and has librdkafka's own words. */
int kafka_conf_make(const struct config_sink *c, const char *source, struct kafka_conf *out, struct err *e);

/* Makes the producer, which reports deliveries and errors as events; takes or frees `conf->rd`. NULL with
 * `e`. */
rd_kafka_t *kafka_conf_producer(struct kafka_conf *conf, struct err *e);

#endif
