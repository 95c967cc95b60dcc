#include "agent/sink/kafka_pace.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/base/thread.h"

#define HOLD_MS 3              /* a pulse that was asked for ends when all is delivered, or now */
#define BEAT_MS 1              /* one that came by itself: long enough for librdkafka's threads to see it */
#define FULL ((size_t)4 << 20) /* so many bytes out make full batches by themselves */
#define FULL_PULSE_MS 100      /* for partitions that get little of it */

struct kafka_pace {
    rd_kafka_t *rd;
    struct kafka_flow flow;
    struct kafka_turn turn;
    size_t bytes; /* out */
    pthread_t thread;
    int fd; /* wakes the thread: records are out, or a pulse is asked for */
    atomic_bool asked;
    atomic_bool stop;
    atomic_int pulse_ms; /* until the next pulse that nobody has to ask for; -1: nothing is out */
};

/* ---- When ---- */

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

static bool begin_turn(struct kafka_turn *t, int64_t now_us) {
    t->ahead = t->out;
    t->pulse_us = now_us;
    return true;
}

bool kafka_turn_sent(struct kafka_turn *t, int64_t now_us) {
    t->out++;
    if (t->ahead > 0 && now_us - t->pulse_us < KAFKA_PACE_TURN_US) return false;
    return begin_turn(t, now_us);
}

bool kafka_turn_done(struct kafka_turn *t, size_t records, int64_t now_us) {
    t->out -= records;
    t->ahead -= records < t->ahead ? records : t->ahead;
    return t->ahead == 0 && t->out > 0 && begin_turn(t, now_us);
}

/* ---- The thread ---- */

static void *send_pulses(void *arg) {
    struct kafka_pace *p = arg;
    struct pollfd fd = {.fd = p->fd, .events = POLLIN};

    for (;;) {
        bool woken = poll(&fd, 1, atomic_load(&p->pulse_ms)) != 0;
        if (woken) event_clear(p->fd);
        if (atomic_load(&p->stop)) return NULL;
        if (atomic_exchange(&p->asked, false))
            rd_kafka_flush(p->rd, HOLD_MS);
        else if (!woken && atomic_load(&p->pulse_ms) >= 0)
            rd_kafka_flush(p->rd, BEAT_MS);
    }
}

struct kafka_pace *kafka_pace_new(rd_kafka_t *rd, struct err *e) {
    struct kafka_pace *p = calloc(1, sizeof *p);

    if (!p) {
        err_memory(e, "opening the Kafka sink");
        return NULL;
    }
    p->rd = rd;
    atomic_init(&p->pulse_ms, -1);
    p->fd = event_new(e);
    if (p->fd >= 0 && thread_start(&p->thread, "tr-pace", send_pulses, p, e) == 0) return p;
    if (p->fd >= 0) close(p->fd);
    free(p);
    return NULL;
}

void kafka_pace_free(struct kafka_pace *p) {
    if (!p) return;
    atomic_store(&p->stop, true);
    event_raise(p->fd);
    pthread_join(p->thread, NULL);
    close(p->fd);
    free(p);
}

/* ---- The thread that produces ---- */

static void ask(struct kafka_pace *p) {
    if (!atomic_exchange(&p->asked, true)) event_raise(p->fd);
}

/* The thread sleeps for ever only while nothing is out. */
static void set_pulse(struct kafka_pace *p) {
    int before = atomic_load_explicit(&p->pulse_ms, memory_order_relaxed);
    int now = p->turn.out == 0 ? -1 : p->bytes >= FULL ? FULL_PULSE_MS : KAFKA_PACE_PULSE_MS;

    if (now == before) return;
    atomic_store(&p->pulse_ms, now);
    if (before < 0) event_raise(p->fd);
}

void kafka_pace_sent(struct kafka_pace *p, size_t bytes, int64_t now_us) {
    bool due = kafka_turn_sent(&p->turn, now_us);

    kafka_flow_count(&p->flow, bytes, now_us);
    p->bytes += bytes;
    set_pulse(p);
    if (due && !p->flow.many) ask(p);
}

void kafka_pace_done(struct kafka_pace *p, size_t records, size_t bytes, int64_t now_us) {
    bool due = kafka_turn_done(&p->turn, records, now_us);

    p->bytes -= bytes;
    set_pulse(p);
    if (due && !p->flow.many) ask(p);
}
