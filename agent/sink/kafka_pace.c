#include "agent/sink/kafka_pace.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "agent/base/thread.h"

#define FLUSH_MS 100 /* and again as long as records come; the longest that closing takes */

struct kafka_pace {
    rd_kafka_t *rd;
    struct kafka_flow flow;
    pthread_t thread;
    sem_t wake;
    atomic_bool asked; /* and not yet begun */
    atomic_bool stop;
};

void kafka_flow_count(struct kafka_flow *f, size_t bytes, int64_t now_us) {
    int64_t age = now_us - f->since_us;

    if (age >= KAFKA_PACE_WINDOW_US) {
        f->many = f->bytes >= KAFKA_PACE_MANY && age < 2 * KAFKA_PACE_WINDOW_US;
        f->since_us = now_us;
        f->bytes = 0;
    }
    f->bytes += bytes;
    if (f->bytes >= KAFKA_PACE_MANY) f->many = true;
}

/* Returns when everything is delivered; until then nothing that is produced lingers. */
static void *send_at_once(void *arg) {
    struct kafka_pace *p = arg;

    for (;;) {
        while (sem_wait(&p->wake) < 0 && errno == EINTR) continue;
        if (atomic_load(&p->stop)) return NULL;
        atomic_store(&p->asked, false);
        rd_kafka_flush(p->rd, FLUSH_MS);
    }
}

struct kafka_pace *kafka_pace_new(rd_kafka_t *rd, struct err *e) {
    struct kafka_pace *p = calloc(1, sizeof *p);

    if (!p) {
        err_memory(e, "opening the Kafka sink");
        return NULL;
    }
    p->rd = rd;
    sem_init(&p->wake, 0, 0);
    if (thread_start(&p->thread, "tr-pace", send_at_once, p, e)) {
        sem_destroy(&p->wake);
        free(p);
        return NULL;
    }
    return p;
}

void kafka_pace_free(struct kafka_pace *p) {
    if (!p) return;
    atomic_store(&p->stop, true);
    sem_post(&p->wake);
    pthread_join(p->thread, NULL);
    sem_destroy(&p->wake);
    free(p);
}

void kafka_pace_sent(struct kafka_pace *p, size_t bytes, int64_t now_us) {
    kafka_flow_count(&p->flow, bytes, now_us);
    if (!p->flow.many && !atomic_exchange(&p->asked, true)) sem_post(&p->wake);
}
