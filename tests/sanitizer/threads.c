/*
 * C11 threads for ThreadSanitizer builds, on top of POSIX threads.
 *
 * librdkafka uses thrd_create(), mtx_lock() and so on where the C library has them. ThreadSanitizer of gcc 12
 * and clang 14 knows POSIX threads only: a thread it did not see begin crashes it, and a lock it does not see
 * is no lock to it. Linked into the program, these take the place of the C library's, whose types have the
 * same layout (glibc implements one by the other).
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(thrd_t) == sizeof(pthread_t), "thrd_t is a pthread_t");
_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "mtx_t is a pthread_mutex_t");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "cnd_t is a pthread_cond_t");
_Static_assert(sizeof(once_flag) == sizeof(pthread_once_t), "once_flag is a pthread_once_t");

struct start {
    thrd_start_t run;
    void *arg;
};

static int result(int error) {
    switch (error) {
    case 0: return thrd_success;
    case ENOMEM: return thrd_nomem;
    case ETIMEDOUT: return thrd_timedout;
    case EBUSY: return thrd_busy;
    default: return thrd_error;
    }
}

static void *begin(void *given) {
    struct start s = *(struct start *)given;
    free(given);
    return (void *)(intptr_t)s.run(s.arg);
}

int thrd_create(thrd_t *thread, thrd_start_t run, void *arg) {
    struct start *s = malloc(sizeof *s);
    if (!s) return thrd_nomem;
    *s = (struct start){run, arg};
    int error = pthread_create(thread, NULL, begin, s);
    if (error) free(s);
    return result(error);
}

int thrd_join(thrd_t thread, int *code) {
    void *value;
    int error = pthread_join(thread, &value);
    if (!error && code) *code = (int)(intptr_t)value;
    return result(error);
}

int thrd_detach(thrd_t thread) {
    return result(pthread_detach(thread));
}

void thrd_exit(int code) {
    pthread_exit((void *)(intptr_t)code);
}

void call_once(once_flag *flag, void (*run)(void)) {
    pthread_once((pthread_once_t *)flag, run);
}

int mtx_init(mtx_t *m, int type) {
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    if (type & mtx_recursive) pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    int error = pthread_mutex_init((pthread_mutex_t *)m, &attr);
    pthread_mutexattr_destroy(&attr);
    return result(error);
}

void mtx_destroy(mtx_t *m) {
    pthread_mutex_destroy((pthread_mutex_t *)m);
}

int mtx_lock(mtx_t *m) {
    return result(pthread_mutex_lock((pthread_mutex_t *)m));
}

int mtx_trylock(mtx_t *m) {
    return result(pthread_mutex_trylock((pthread_mutex_t *)m));
}

int mtx_unlock(mtx_t *m) {
    return result(pthread_mutex_unlock((pthread_mutex_t *)m));
}

int cnd_init(cnd_t *c) {
    return result(pthread_cond_init((pthread_cond_t *)c, NULL));
}

void cnd_destroy(cnd_t *c) {
    pthread_cond_destroy((pthread_cond_t *)c);
}

int cnd_signal(cnd_t *c) {
    return result(pthread_cond_signal((pthread_cond_t *)c));
}

int cnd_broadcast(cnd_t *c) {
    return result(pthread_cond_broadcast((pthread_cond_t *)c));
}

int cnd_wait(cnd_t *c, mtx_t *m) {
    return result(pthread_cond_wait((pthread_cond_t *)c, (pthread_mutex_t *)m));
}

int cnd_timedwait(cnd_t *c, mtx_t *m, const struct timespec *until) {
    return result(pthread_cond_timedwait((pthread_cond_t *)c, (pthread_mutex_t *)m, until));
}
