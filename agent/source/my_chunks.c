#include "agent/source/my_chunks.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/log.h"
#include "agent/base/thread.h"
#include "agent/source/my_chunk.h"
#include "agent/source/my_conn.h"

#define CLOSE_US INT64_C(5000000)

/* What is asked for, with memory of its own. */
struct asked {
    struct source_chunk chunk;
    struct buf texts, after, at;
};

struct my_chunks {
    struct source_chunks base;
    const struct config_source *config;
    const struct clock *clock;
    struct ring *ring;
    pthread_t thread;
    bool started;
    int ask_fd, stop_fd;
    atomic_bool cut, stopping;
    pthread_mutex_t lock; /* for these */
    bool waiting;         /* `asked` is for the thread; else the caller's */
    struct my_client *client;
    /* The thread's alone: */
    struct asked asked;
    struct my_client *sql; /* NULL: not connected */
    struct my_server server;
    struct my_collations *collations;
    struct my_visible *visible;
};

static struct my_chunks *of(struct source_chunks *c) {
    return (struct my_chunks *)(void *)c;
}

static int stopped(struct err *e) {
    return err_set(e, ERR_STOPPED, "stopped");
}

/* ---- The ring ---- */

/* False: a stop. */
static bool wait_for(const struct my_chunks *c, int fd) {
    struct pollfd fds[2] = {{.fd = c->stop_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};

    while (poll(fds, 2, -1) < 0) continue;
    return fds[0].revents == 0;
}

static int push(void *ctx, const struct frame *f, struct err *e) {
    struct my_chunks *c = ctx;
    int rc;

    while ((rc = source_push(c->ring, f, e)) > 0) {
        ring_flush(c->ring);
        if (!wait_for(c, ring_space_fd(c->ring))) return stopped(e);
        ring_space_clear(c->ring);
    }
    return rc;
}

static int push_end(struct my_chunks *c, const struct my_chunk_end *end, const struct err *err) {
    struct source_chunk_end head = {
        .outcome = end->outcome, .rows = end->rows, .err = *err, .after_len = (uint32_t)end->after.len};
    struct frame f = {.kind = FRAME_CHUNK_END, .start = c->asked.chunk.stamp};
    struct buf data = {0};
    struct err e = {0};
    int rc;

    buf_put(&data, &head, sizeof head);
    if (end->after.len) buf_put(&data, end->after.data, end->after.len);
    f.data = data.data;
    f.len = data.len;
    rc = buf_failed(&data) ? -1 : push(c, &f, &e);
    buf_release(&data);
    ring_flush(c->ring);
    return rc;
}

/* ---- The connection ---- */

/* Lets a stop reach it; or takes it away from there. */
static int publish(struct my_chunks *c, struct my_client *client, struct err *e) {
    pthread_mutex_lock(&c->lock);
    c->client = client;
    pthread_mutex_unlock(&c->lock);
    return client && atomic_load(&c->stopping) ? stopped(e) : 0;
}

static void hang_up(struct my_chunks *c) {
    publish(c, NULL, NULL);
    my_client_close(c->sql);
    c->sql = NULL;
    my_collations_free(c->collations);
    c->collations = NULL;
}

static int connect_to(struct my_chunks *c, struct err *e) {
    /* It may have been lost while nobody asked. */
    if (c->sql && my_client_exec(c->sql, "asking the server", "DO 1", NULL) == 0) return 0;
    hang_up(c);
    if (my_conn_open(c->config, MY_CONN_SQL_S, &c->sql, e)) return -1;
    if (publish(c, c->sql, e) || my_server_read(c->sql, c->config, &c->server, e) ||
        my_collations_read(c->sql, &c->server, &c->collations, e) ||
        my_chunk_session(c->sql, &c->server, e)) {
        hang_up(c);
        return -1;
    }
    return 0;
}

/* ---- The thread ---- */

static void read_chunk(struct my_chunks *c) {
    struct my_chunk_end end = {.outcome = CHUNK_FAILED};
    struct err e = {0};

    if (connect_to(c, &e) == 0) {
        const struct my_chunk_parts parts = {
            .config = c->config,
            .clock = c->clock,
            .sql = c->sql,
            .server = &c->server,
            .collations = c->collations,
            .visible = c->visible,
            .ask = &c->asked.chunk,
            .cut = &c->cut,
            .push = push,
            .ctx = c,
        };
        my_chunk_read(&parts, &end, &e);
        if (end.hang_up) hang_up(c);
    }
    pthread_mutex_lock(&c->lock);
    c->waiting = false;
    pthread_mutex_unlock(&c->lock);
    if (!atomic_load(&c->stopping)) push_end(c, &end, &e);
    buf_release(&end.after);
}

static void *chunks_main(void *arg) {
    struct my_chunks *c = arg;

    while (wait_for(c, c->ask_fd)) {
        event_clear(c->ask_fd);
        read_chunk(c);
    }
    return NULL;
}

/* ---- Outside ---- */

static void release(struct my_chunks *c) {
    hang_up(c);
    my_visible_free(c->visible);
    if (c->ask_fd >= 0) close(c->ask_fd);
    if (c->stop_fd >= 0) close(c->stop_fd);
    buf_release(&c->asked.texts);
    buf_release(&c->asked.after);
    buf_release(&c->asked.at);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

int my_chunks_open(const struct source_ops *ops, const struct config_source *config,
                   const struct clock *clock, struct ring *ring, struct source_chunks **out, struct err *e) {
    struct my_chunks *c = calloc(1, sizeof *c);

    if (!c) return err_memory(e, "reading rows");
    c->base.ops = ops;
    c->config = config;
    c->clock = clock;
    c->ring = ring;
    c->ask_fd = c->stop_fd = -1;
    pthread_mutex_init(&c->lock, NULL);
    c->ask_fd = event_new(e);
    if (c->ask_fd >= 0) c->stop_fd = event_new(e);
    if (c->stop_fd < 0 || my_visible_new(config, c->stop_fd, &c->visible, e) ||
        thread_start(&c->thread, "tr-chunks", chunks_main, c, e)) {
        release(c);
        return -1;
    }
    *out = &c->base;
    return 0;
}

static void copy(struct asked *to, const struct source_chunk *q) {
    buf_clear(&to->texts, SIZE_MAX);
    buf_clear(&to->after, SIZE_MAX);
    buf_clear(&to->at, SIZE_MAX);
    buf_put(&to->texts, q->space, strlen(q->space) + 1);
    buf_put(&to->texts, q->name, strlen(q->name) + 1);
    buf_put(&to->after, q->after.bytes, q->after.len);
    buf_put(&to->at, q->at.bytes, q->at.len);
    to->chunk = *q;
    to->chunk.space = (const char *)to->texts.data;
    to->chunk.name = to->chunk.space + strlen(q->space) + 1;
    to->chunk.after = (struct position){to->after.data, to->after.len};
    to->chunk.at = (struct position){to->at.data, to->at.len};
}

int my_chunks_ask(struct source_chunks *base, const struct source_chunk *q, struct err *e) {
    struct my_chunks *c = of(base);
    bool busy;

    pthread_mutex_lock(&c->lock);
    busy = c->waiting;
    c->waiting = true;
    pthread_mutex_unlock(&c->lock);
    if (busy) return err_set(e, ERR_IO, "a chunk is being read");
    copy(&c->asked, q);
    if (buf_failed(&c->asked.texts) || buf_failed(&c->asked.after) || buf_failed(&c->asked.at)) {
        c->waiting = false;
        return err_memory(e, "asking for rows");
    }
    atomic_store(&c->cut, false);
    event_raise(c->ask_fd);
    return 0;
}

void my_chunks_cut(struct source_chunks *base) {
    atomic_store(&of(base)->cut, true);
}

void my_chunks_close(struct source_chunks *base) {
    struct my_chunks *c;

    if (!base) return;
    c = of(base);
    atomic_store(&c->stopping, true);
    event_raise(c->stop_fd);
    pthread_mutex_lock(&c->lock);
    if (c->client) my_client_abort(c->client);
    pthread_mutex_unlock(&c->lock);
    my_visible_abort(c->visible);
    if (thread_join(c->thread, clock_wall_us(&clock_system) + CLOSE_US)) {
        release(c);
        return;
    }
    log_msg(LOG_WARN, c->config->name, "the connection that reads rows does not end: left behind");
}
