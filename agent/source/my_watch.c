#include "agent/source/my_watch.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/thread.h"
#include "agent/source/my_conn.h"
#include "decoders/binlog/position.h"

#define EVERY_MS 5000

struct my_watch {
    const struct config_source *source;
    const struct clock *clock;
    pthread_t thread;
    bool started;
    int stop_fd;
    pthread_mutex_t lock; /* for these */
    struct my_client *client;
    bool stopping;
    char file[BINLOG_FILE_MAX + 1]; /* where we are */
    uint64_t offset;
    uint64_t behind;                       /* bytes of the log from the beginning of our file on; 0 unknown */
    char behind_file[BINLOG_FILE_MAX + 1]; /* …: that one */
};

/* ---- Asking ---- */

/* The sizes of our file and all behind it. False: our file is not there. */
static bool sum_files(struct my_result *r, const char *ours, uint64_t *out) {
    bool found = false;

    *out = 0;
    while (my_result_next(r)) {
        const char *name = my_result_at(r, 0), *size = my_result_at(r, 1);
        if (name && strcmp(name, ours) == 0) found = true;
        if (found && size) *out += strtoull(size, NULL, 10);
    }
    return found;
}

static void copy_file(struct my_watch *w, char out[BINLOG_FILE_MAX + 1]) {
    pthread_mutex_lock(&w->lock);
    memcpy(out, w->file, sizeof w->file);
    pthread_mutex_unlock(&w->lock);
}

static void look(struct my_watch *w, struct my_client *c, struct err *e) {
    char ours[BINLOG_FILE_MAX + 1];
    struct my_result *r = my_client_query(c, "listing the log's files", "SHOW BINARY LOGS", e);
    uint64_t behind;

    if (!r) return;
    copy_file(w, ours);
    if (sum_files(r, ours, &behind)) {
        pthread_mutex_lock(&w->lock);
        w->behind = behind;
        memcpy(w->behind_file, ours, sizeof ours);
        pthread_mutex_unlock(&w->lock);
    }
    my_result_free(r);
}

/* ---- The thread ---- */

static bool publish(struct my_watch *w, struct my_client *c) {
    bool stopping;

    pthread_mutex_lock(&w->lock);
    w->client = c;
    stopping = w->stopping;
    pthread_mutex_unlock(&w->lock);
    return !stopping;
}

static bool pause_until_next(const struct my_watch *w) {
    struct pollfd fd = {.fd = w->stop_fd, .events = POLLIN};

    poll(&fd, 1, EVERY_MS);
    return fd.revents == 0;
}

static void one_connection(struct my_watch *w) {
    struct my_client *c;
    struct err e = {0};

    if (my_conn_open(w->source, MY_CONN_STREAM_S, &c, &e)) return;
    if (publish(w, c)) do {
            look(w, c, &e);
        } while (e.code == ERR_NONE && pause_until_next(w));
    publish(w, NULL);
    my_client_close(c);
}

static void *watch_main(void *arg) {
    struct my_watch *w = arg;

    while (pause_until_next(w)) one_connection(w);
    return NULL;
}

/* ---- Outside ---- */

void my_watch_ack(struct my_watch *w, struct position position) {
    struct binlog_position p;

    if (binlog_position_init(&p, FLAVOUR_MYSQL, NULL)) return;
    if (binlog_position_read(position, &p, NULL) == 0) {
        pthread_mutex_lock(&w->lock);
        memcpy(w->file, p.through.file, sizeof w->file);
        w->offset = p.through.offset;
        pthread_mutex_unlock(&w->lock);
    }
    binlog_position_release(&p);
}

uint64_t my_watch_lag(const struct my_watch *w) {
    struct my_watch *m = (struct my_watch *)(uintptr_t)w; /* for its lock */
    uint64_t lag = 0;

    pthread_mutex_lock(&m->lock);
    if (strcmp(m->file, m->behind_file) == 0 && m->behind > m->offset) lag = m->behind - m->offset;
    pthread_mutex_unlock(&m->lock);
    return lag;
}

static void release(struct my_watch *w) {
    if (w->stop_fd >= 0) close(w->stop_fd);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

int my_watch_start(const struct config_source *s, const struct clock *clock, struct position position,
                   struct my_watch **out, struct err *e) {
    struct my_watch *w = calloc(1, sizeof *w);

    if (!w) return err_memory(e, "watching the log");
    w->source = s;
    w->clock = clock;
    pthread_mutex_init(&w->lock, NULL);
    my_watch_ack(w, position);
    w->stop_fd = event_new(e);
    if (w->stop_fd < 0 || thread_start(&w->thread, "tr-watch", watch_main, w, e)) {
        release(w);
        return -1;
    }
    *out = w;
    return 0;
}

bool my_watch_stop(struct my_watch *w, int64_t until_us) {
    if (!w) return true;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    if (w->client) my_client_abort(w->client);
    pthread_mutex_unlock(&w->lock);
    event_raise(w->stop_fd);
    if (!thread_join(w->thread, until_us)) return false;
    release(w);
    return true;
}
