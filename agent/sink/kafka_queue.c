#include "agent/sink/kafka_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Any thread of librdkafka: the queue is no longer empty. */
static void on_events(rd_kafka_t *rd, void *opaque) {
    struct kafka_queue *q = opaque;

    (void)rd;
    if (!atomic_exchange(&q->signalled, true)) eventfd_write(q->fd, 1);
}

int kafka_queue_open(struct kafka_queue *q, rd_kafka_t *rd, struct err *e) {
    *q = (struct kafka_queue){.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    if (q->fd < 0) return err_set(e, ERR_IO, "opening the Kafka sink: %s", strerror(errno));
    q->events = rd_kafka_queue_get_main(rd);
    if (!q->events) {
        kafka_queue_close(q);
        return err_memory(e, "opening the Kafka sink");
    }
    on_events(rd, q); /* look once, at what came before this */
    rd_kafka_queue_cb_event_enable(q->events, on_events, q);
    return 0;
}

void kafka_queue_detach(struct kafka_queue *q) {
    for (; q->next_kept < q->nkept; q->next_kept++) rd_kafka_event_destroy(q->kept[q->next_kept]);
    free(q->kept);
    q->kept = NULL;
    if (q->events) rd_kafka_queue_destroy(q->events);
    q->events = NULL;
}

void kafka_queue_close(struct kafka_queue *q) {
    if (q->fd >= 0) close(q->fd);
    q->fd = -1;
}

bool kafka_queue_wake(struct kafka_queue *q) {
    eventfd_t count;

    if (!atomic_exchange(&q->signalled, false) && !q->unread) return q->nkept > 0;
    q->unread = eventfd_read(q->fd, &count) < 0;
    return true;
}

rd_kafka_event_t *kafka_queue_next(struct kafka_queue *q, int timeout_ms) {
    if (q->next_kept < q->nkept) return q->kept[q->next_kept++];
    q->nkept = 0;
    q->next_kept = 0;
    return rd_kafka_queue_poll(q->events, timeout_ms);
}

rd_kafka_event_t *kafka_queue_fresh(struct kafka_queue *q) {
    return rd_kafka_queue_poll(q->events, 0);
}

int kafka_queue_keep(struct kafka_queue *q, rd_kafka_event_t *ev, struct err *e) {
    rd_kafka_event_t **more = realloc(q->kept, (q->nkept + 1) * sizeof(*more));

    if (!more) {
        rd_kafka_event_destroy(ev);
        return err_memory(e, "delivery reports");
    }
    q->kept = more;
    q->kept[q->nkept++] = ev;
    return 0;
}
