/*
 * kafka_queue: librdkafka's events on the pipeline's thread, with a descriptor to sleep on.
 *
 * Looking whether something arrived costs one atomic exchange: librdkafka's threads set a flag and write an
 * eventfd when its queue is no longer empty. Whoever finds the flag set takes events until there is none.
 */
#ifndef TAILRACE_AGENT_SINK_KAFKA_QUEUE_H
#define TAILRACE_AGENT_SINK_KAFKA_QUEUE_H

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

#include "decoders/err.h"

struct kafka_queue {
    rd_kafka_queue_t *events;
    int fd;                  /* readable when there may be events */
    atomic_bool signalled;   /* set before the eventfd is written */
    bool unread;             /* it was signalled, but not yet written when we looked */
    rd_kafka_event_t **kept; /* by kafka_queue_keep() */
    size_t nkept;
    size_t next_kept;
};

/* Takes the main queue of a producer that has events switched on. Does not move afterwards. */
int kafka_queue_open(struct kafka_queue *q, rd_kafka_t *rd, struct err *e);

/* Before the producer is destroyed: lets go of the queue. Then, when its threads are gone, of the rest. */
void kafka_queue_detach(struct kafka_queue *q);
void kafka_queue_close(struct kafka_queue *q);

/* Resets the descriptor; true when there may be events: take all of them. */
bool kafka_queue_wake(struct kafka_queue *q);

/* The next event, which the caller destroys; NULL when there is none within `timeout_ms`. Kept ones first. */
rd_kafka_event_t *kafka_queue_next(struct kafka_queue *q, int timeout_ms);

/* The next event that was never kept. */
rd_kafka_event_t *kafka_queue_fresh(struct kafka_queue *q);

/* Puts an event aside for a later kafka_queue_next(). -1: no memory, the event is destroyed. */
int kafka_queue_keep(struct kafka_queue *q, rd_kafka_event_t *ev, struct err *e);

#endif
