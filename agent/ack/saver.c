#include "agent/ack/saver.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/base/thread.h"

#define BYTES_KEEP ((size_t)64 << 10)

struct saver {
    struct checkpoint_store *store;
    const struct clock *clock;
    pthread_t thread;
    sem_t wake;
    int fd; /* readable: `ended` was set */
    atomic_bool stop;
    atomic_bool ended;
    bool busy; /* begun and not yet taken */
    /* The thread's from begin to end, the owner's otherwise. */
    struct buf bytes;
    int rc;
    int64_t took_us;
    struct err err;
};

static void save(struct saver *s) {
    int64_t began = clock_monotonic_us(s->clock);

    err_clear(&s->err);
    s->rc = checkpoint_write(s->store, &s->bytes, &s->err);
    s->took_us = clock_monotonic_us(s->clock) - began;
    atomic_store(&s->ended, true);
    event_raise(s->fd);
}

static void *save_all(void *arg) {
    struct saver *s = arg;

    for (;;) {
        while (sem_wait(&s->wake) < 0 && errno == EINTR) continue;
        if (atomic_load(&s->stop)) return NULL;
        save(s);
    }
}

struct saver *saver_new(struct checkpoint_store *store, const struct clock *clock, struct err *e) {
    struct saver *s = calloc(1, sizeof *s);

    if (!s) {
        err_memory(e, "opening the state directory");
        return NULL;
    }
    s->store = store;
    s->clock = clock;
    sem_init(&s->wake, 0, 0);
    s->fd = event_new(e);
    if (s->fd >= 0 && thread_start(&s->thread, "tr-save", save_all, s, e) == 0) return s;
    if (s->fd >= 0) close(s->fd);
    sem_destroy(&s->wake);
    free(s);
    return NULL;
}

void saver_free(struct saver *s) {
    int64_t took_us;

    if (!s) return;
    saver_take(s, true, &took_us, NULL);
    atomic_store(&s->stop, true);
    sem_post(&s->wake);
    pthread_join(s->thread, NULL);
    sem_destroy(&s->wake);
    close(s->fd);
    buf_release(&s->bytes);
    free(s);
}

int saver_fd(const struct saver *s) {
    return s->fd;
}

int saver_begin(struct saver *s, const struct checkpoint *c, struct err *e) {
    buf_clear(&s->bytes, BYTES_KEEP);
    if (checkpoint_encode(c, &s->bytes, e) < 0) return -1;
    s->busy = true;
    sem_post(&s->wake);
    return 0;
}

enum saver_result saver_take(struct saver *s, bool wait, int64_t *took_us, struct err *e) {
    struct pollfd fd = {.fd = s->fd, .events = POLLIN};

    if (!s->busy) return SAVER_NOTHING;
    while (!atomic_load(&s->ended)) {
        if (!wait) return SAVER_NOTHING;
        poll(&fd, 1, -1);
    }
    /* Set just before the descriptor is raised: when that comes later, it only wakes once in vain. */
    event_clear(s->fd);
    atomic_store(&s->ended, false);
    s->busy = false;
    *took_us = s->took_us;
    if (s->rc == 0) return SAVER_SAVED;
    if (e) *e = s->err;
    return SAVER_FAILED;
}
