/*
 * thread: threads and the eventfds that wake them.
 */
#ifndef TAILRACE_AGENT_BASE_THREAD_H
#define TAILRACE_AGENT_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "decoders/err.h"

/* A new eventfd, not blocking; -1 and `e` on failure. */
int event_new(struct err *e);

/* Makes it readable; makes it unreadable again. Any thread. */
void event_raise(int fd);
void event_clear(int fd);

/* Starts a thread that takes no signals. `name` has at most 15 characters. */
int thread_start(pthread_t *t, const char *name, void *(*fn)(void *), void *arg, struct err *e);

/*
 * Waits for its end until `until_us` (wall clock, microseconds). False: it is stuck, in a name server's
 * silence for example; it was detached, and what it uses must not be freed.
 */
bool thread_join(pthread_t t, int64_t until_us);

#endif
