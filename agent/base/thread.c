#include "agent/base/thread.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

int event_new(struct err *e) {
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    if (fd < 0) err_set(e, ERR_IO, "cannot make an eventfd (errno %d): raise the limit of open files", errno);
    return fd;
}

void event_raise(int fd) {
    uint64_t one = 1;

    while (write(fd, &one, sizeof one) < 0 && errno == EINTR) continue;
}

void event_clear(int fd) {
    uint64_t count;

    while (read(fd, &count, sizeof count) < 0 && errno == EINTR) continue;
}

int thread_start(pthread_t *t, const char *name, void *(*fn)(void *), void *arg, struct err *e) {
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(t, NULL, fn, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc) return err_set(e, ERR_MEMORY, "cannot start a thread (errno %d)", rc);
    pthread_setname_np(*t, name);
    return 0;
}

bool thread_join(pthread_t t, int64_t until_us) {
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = (until_us % 1000000) * 1000};

    if (pthread_timedjoin_np(t, NULL, &until) == 0) return true;
    pthread_detach(t);
    return false;
}
