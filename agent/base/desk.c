#include "agent/base/desk.h"

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/thread.h"

enum phase { FREE, ASKED, UNDER_WAY, ANSWERED };

struct desk {
    pthread_mutex_t lock; /* of everything below */
    pthread_cond_t moved;
    int fd;
    enum phase phase;
    desk_fn fn;
    void *arg;
    struct err *err; /* of who asks */
    int rc;
};

struct desk *desk_new(struct err *e) {
    struct desk *d = calloc(1, sizeof *d);
    pthread_condattr_t monotonic;

    if (!d) {
        err_memory(e, "making a desk");
        return NULL;
    }
    if ((d->fd = event_new(e)) < 0) {
        free(d);
        return NULL;
    }
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->moved, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return d;
}

void desk_free(struct desk *d) {
    if (!d) return;
    pthread_cond_destroy(&d->moved);
    pthread_mutex_destroy(&d->lock);
    close(d->fd);
    free(d);
}

int desk_fd(const struct desk *d) {
    return d->fd;
}

static struct timespec in_ms(int ms) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000L;
    }
    return t;
}

/* Under the lock: waits while the desk is in that phase. False: it still is when the time is up. */
static bool wait_while(struct desk *d, enum phase p, const struct timespec *until) {
    while (d->phase == p)
        if (pthread_cond_timedwait(&d->moved, &d->lock, until)) return d->phase != p;
    return true;
}

int desk_ask(struct desk *d, desk_fn fn, void *arg, int timeout_ms, struct err *e) {
    struct timespec until = in_ms(timeout_ms);
    int rc;

    pthread_mutex_lock(&d->lock);
    d->fn = fn;
    d->arg = arg;
    d->err = e;
    d->phase = ASKED;
    event_raise(d->fd);
    if (!wait_while(d, ASKED, &until)) {
        d->phase = FREE;
        pthread_mutex_unlock(&d->lock);
        return err_set(e, ERR_IO, "the agent is busy: ask again");
    }
    while (d->phase == UNDER_WAY) pthread_cond_wait(&d->moved, &d->lock);
    rc = d->rc;
    d->phase = FREE;
    pthread_mutex_unlock(&d->lock);
    return rc;
}

void desk_serve(struct desk *d, void *ctx) {
    pthread_mutex_lock(&d->lock);
    event_clear(d->fd);
    if (d->phase == ASKED) {
        d->phase = UNDER_WAY;
        pthread_cond_signal(&d->moved);
        pthread_mutex_unlock(&d->lock);
        d->rc = d->fn(ctx, d->arg, d->err);
        pthread_mutex_lock(&d->lock);
        d->phase = ANSWERED;
        pthread_cond_signal(&d->moved);
    }
    pthread_mutex_unlock(&d->lock);
}
