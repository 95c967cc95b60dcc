/*
 * kafka_outage: what is said while Kafka is away, once and not a thousand times.
 *
 * librdkafka reports each failed attempt of each connection. The log gets one line when no broker is
 * reachable any more, with the reason, one a minute while that lasts, and one when it is over. Trouble with
 * single brokers is said at most every half minute. Fed on the pipeline's thread only.
 */
#ifndef TAILRACE_AGENT_SINK_KAFKA_OUTAGE_H
#define TAILRACE_AGENT_SINK_KAFKA_OUTAGE_H

#include <librdkafka/rdkafka.h>
#include <stdint.h>

#include "agent/base/clock.h"
#include "decoders/err.h"

struct kafka_outage {
    const struct clock *clock;
    const char *source; /* for the log */
    bool reached;       /* a broker has answered since the start */
    int64_t down_us;    /* since when no broker is reachable; 0: some is */
    int64_t said_us;    /* the last line */
    int64_t silent_us;  /* since when an answer is waited for; 0: none is */
    int64_t refused_us; /* since when our credentials or certificates are refused; 0: they are not */
    char reason[400];   /* of the last failure */
};

/* Nothing has been reached and nothing said yet. `clock` and `source` outlive it. */
void kafka_outage_init(struct kafka_outage *o, const struct clock *clock, const char *source);

/* An error event. */
void kafka_outage_error(struct kafka_outage *o, rd_kafka_resp_err_t code, const char *reason);

/* An answer is being waited for: silence that lasts is said, too. Versions of librdkafka differ in what they
 * report of a broker that hangs up, as one does that expects TLS. */
void kafka_outage_wait(struct kafka_outage *o);

/* A broker answered. */
void kafka_outage_answer(struct kafka_outage *o);

/*
 * True when a person may have to do something: since the start no broker has let us in, as far as we know,
 * and our credentials have been refused for a while. Fills `e` (ERR_CONFIG).
 */
bool kafka_outage_hopeless(const struct kafka_outage *o, struct err *e);

#endif
