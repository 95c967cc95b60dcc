/*
 * kafka_error: what an error of Kafka means to us.
 */
#ifndef TAILRACE_AGENT_SINK_KAFKA_ERROR_H
#define TAILRACE_AGENT_SINK_KAFKA_ERROR_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#include "decoders/err.h"

enum kafka_verdict {
    KAFKA_RETRY,   /* passes by itself */
    KAFKA_MISSING, /* the topic is not there (any more) */
    KAFKA_DENIED,  /* we lack a right, or the broker cannot tell */
    KAFKA_REFUSED, /* this record or request will never be taken */
    KAFKA_BROKEN,  /* the producer must be made anew */
};

/* The verdict on an error code; one that is not known breaks the producer. */
enum kafka_verdict kafka_verdict(rd_kafka_resp_err_t code);

/*
 * Why a record was not delivered to `topic` and what to do about it: ERR_CONFIG when only a person can help,
 * else ERR_IO and fatal. `bytes`: key and value.
 */
int kafka_error_delivery(struct err *e, rd_kafka_resp_err_t code, const char *topic, size_t bytes);

/* Whether a record failed because of something that is reported by itself. */
bool kafka_error_is_consequence(rd_kafka_resp_err_t code);

#endif
