#include "agent/source/pg_chunks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/thread.h"
#include "agent/source/pg_chunk.h"

#define STOP_US INT64_C(5000000)
#define IDLE_MS 5000

/* A copy of a struct source_chunk that owns its texts. */
struct asked {
    struct source_chunk q;
    char *space, *name;
    struct buf after, at;
};

struct pg_chunks {
    struct source_chunks base;
    struct pg_reading reading;
    pthread_t thread;
    pthread_mutex_t lock; /* of `next` and `waits` */
    struct asked next;
    bool waits; /* `next` is to be read */
    atomic_bool cut;
    atomic_bool abandoned; /* stuck for too long: the ring may be gone */
    bool *stuck;           /* the source's */
    /* The thread's own. */
    struct pg_conn conn;
    int64_t served_us; /* when the last chunk ended, monotonic */
};

static struct pg_chunks *of(struct source_chunks *c) {
    return (struct pg_chunks *)(void *)c;
}

/* ---- What is asked ---- */

static void asked_release(struct asked *a) {
    free(a->space);
    free(a->name);
    buf_release(&a->after);
    buf_release(&a->at);
    memset(a, 0, sizeof *a);
}

static int asked_copy(struct asked *a, const struct source_chunk *q, struct err *e) {
    memset(a, 0, sizeof *a);
    a->q = *q;
    a->space = strdup(q->space);
    a->name = strdup(q->name);
    if (q->after.len > 0) buf_put(&a->after, q->after.bytes, q->after.len);
    if (q->at.len > 0) buf_put(&a->at, q->at.bytes, q->at.len);
    if (!a->space || !a->name || buf_failed(&a->after) || buf_failed(&a->at)) {
        asked_release(a);
        return err_memory(e, "asking for rows");
    }
    a->q.space = a->space;
    a->q.name = a->name;
    a->q.after = (struct position){a->after.data, a->after.len};
    a->q.at = (struct position){a->at.data, a->at.len};
    return 0;
}

static bool take_asked(struct pg_chunks *c, struct asked *out) {
    bool taken;

    pthread_mutex_lock(&c->lock);
    taken = c->waits;
    if (taken) *out = c->next;
    c->waits = false;
    pthread_mutex_unlock(&c->lock);
    return taken;
}

/* ---- One chunk ---- */

static int push_end(struct pg_chunks *c, const struct source_chunk_end *end, const struct buf *after,
                    struct err *e) {
    struct buf payload = {0};
    struct source_chunk_end head = *end;
    struct frame f = {.kind = FRAME_CHUNK_END};
    int rc;

    head.after_len = (uint32_t)after->len;
    buf_put(&payload, &head, sizeof head);
    buf_put(&payload, after->data, after->len);
    f.data = payload.data;
    f.len = payload.len;
    rc = buf_failed(&payload) ? err_memory(e, "ending a chunk") : pg_rows_push(&c->reading, &f, e);
    ring_flush(c->reading.ring);
    buf_release(&payload);
    return rc;
}

static enum source_chunk_outcome judge_connect(const struct err *e) {
    return e->retriable ? CHUNK_LATER : CHUNK_FAILED;
}

/* Reads it and says how it ended; -1: stopped, or there is no memory to say so. */
static int read_one(struct pg_chunks *c, const struct source_chunk *q, struct err *e) {
    struct source_chunk_end end = {0};
    struct buf after = {0};
    int rc = 0;

    if (!c->conn.pq && pg_chunk_connect(&c->conn, c->reading.config, c->reading.stop_fd, &end.err)) {
        rc = end.err.code == ERR_STOPPED ? -1 : 0;
        end.outcome = judge_connect(&end.err);
        if (q->after.len > 0) buf_put(&after, q->after.bytes, q->after.len);
    } else {
        rc = pg_chunk_read(&c->reading, &c->conn, q, &end, &after, e);
    }
    if (rc == 0 && !atomic_load(&c->abandoned)) rc = push_end(c, &end, &after, e);
    buf_release(&after);
    return rc;
}

/* Reads all that is asked for now. -1: the thread ends. */
static int serve(struct pg_chunks *c, struct err *e) {
    struct asked asked;
    int rc = 0;

    while (rc == 0 && take_asked(c, &asked)) {
        rc = read_one(c, &asked.q, e);
        asked_release(&asked);
        c->served_us = clock_monotonic_us(&clock_system);
    }
    return rc;
}

static void *chunks_main(void *arg) {
    struct pg_chunks *c = arg;
    struct err e = {0};
    int rc = 0;

    while (rc == 0 && pg_rows_wait(&c->reading, -1, c->conn.pq ? IDLE_MS : -1)) {
        rc = serve(c, &e);
        if (clock_monotonic_us(&clock_system) - c->served_us >= IDLE_MS * INT64_C(1000))
            pg_conn_close(&c->conn);
    }
    pg_conn_close(&c->conn);
    if (rc && e.code != ERR_STOPPED && e.code != ERR_NONE)
        log_msg(LOG_ERROR, c->reading.config->name, "reading rows has ended: %s", e.text);
    return NULL;
}

/* ---- Outside ---- */

static void release(struct pg_chunks *c) {
    if (c->reading.stop_fd >= 0) close(c->reading.stop_fd);
    if (c->reading.wake_fd >= 0) close(c->reading.wake_fd);
    if (c->waits) asked_release(&c->next);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

int pg_chunks_open(const struct pg_chunks_parts *parts, struct source_chunks **out, struct err *e) {
    struct pg_chunks *c = calloc(1, sizeof *c);

    if (!c) return err_memory(e, "reading rows");
    pthread_mutex_init(&c->lock, NULL);
    c->stuck = parts->stuck;
    c->reading = (struct pg_reading){
        .config = parts->config,
        .streamed = parts->streamed,
        .visible = parts->visible,
        .ring = parts->ring,
        .stop_fd = event_new(e),
        .wake_fd = event_new(e),
        .cut = &c->cut,
    };
    if (c->reading.stop_fd < 0 || c->reading.wake_fd < 0 ||
        thread_start(&c->thread, "tr-chunks", chunks_main, c, e)) {
        release(c);
        return -1;
    }
    *out = &c->base;
    return 0;
}

int pg_chunks_ask(struct source_chunks *chunks, const struct source_chunk *q, struct err *e) {
    struct pg_chunks *c = of(chunks);
    struct asked asked;

    if (asked_copy(&asked, q, e)) return -1;
    pthread_mutex_lock(&c->lock);
    if (c->waits) asked_release(&c->next);
    c->next = asked;
    c->waits = true;
    atomic_store(&c->cut, false);
    pthread_mutex_unlock(&c->lock);
    event_raise(c->reading.wake_fd);
    return 0;
}

void pg_chunks_cut(struct source_chunks *chunks) {
    struct pg_chunks *c = of(chunks);

    atomic_store(&c->cut, true);
    event_raise(c->reading.wake_fd);
}

void pg_chunks_close(struct source_chunks *chunks) {
    struct pg_chunks *c = of(chunks);

    if (!c) return;
    event_raise(c->reading.stop_fd);
    if (!thread_join(c->thread, clock_wall_us(&clock_system) + STOP_US)) {
        atomic_store(&c->abandoned, true);
        *c->stuck = true;
        log_msg(LOG_WARN, c->reading.config->name,
                "a connection that reads rows does not let go within 5 s: left as it is");
        return;
    }
    release(c);
}
