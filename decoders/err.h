/*
 * err: the one error shape of Tailrace.
 *
 * A function that can fail returns 0 or -1 and fills a `struct err` that its caller owns. Callers branch on
 * `code`, `retriable` and `fatal`, never on the text. The text is for people: what failed, where, and what to
 * do about it; it carries neither secrets nor row data. The first error wins: a function that only passes an
 * error on leaves it as it is, or puts the place in front of it with err_prefix().
 */
#ifndef TAILRACE_DECODERS_ERR_H
#define TAILRACE_DECODERS_ERR_H

#include <stdbool.h>

/* What an error means to the caller; the process exit code follows from it (agent/cmd/exit.h). */
enum err_code {
    ERR_NONE = 0,
    ERR_MEMORY,  /* an allocation failed, or a bound on memory was reached */
    ERR_IO,      /* network, disk, broker or server trouble: trying again may help */
    ERR_CONFIG,  /* wrong options, configuration, grants or mapping: a person has to change something */
    ERR_GAP,     /* the source can no longer give what follows our position */
    ERR_FENCED,  /* another agent holds the lock, the slot or the transactional id */
    ERR_DATA,    /* bytes that are not understood: fail closed */
    ERR_STOPPED, /* the caller asked to stop; not a failure */
    ERR_CLOSED,  /* the reader of our output went away (closed pipe) */
};

struct err {
    enum err_code code;
    bool retriable; /* the same call may succeed later without anybody changing anything */
    bool fatal;     /* the object that reported it is unusable from now on */
    char text[1024];
};

/* Fills `e` (which may be NULL) and returns -1, so that `return err_set(...)` works. ERR_IO sets `retriable`.
 */
int err_set(struct err *e, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " in front of the text that is there; code and flags stay. Returns -1. */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Reports that memory ran out while doing `what`. Returns -1. */
int err_memory(struct err *e, const char *what);

/* Makes `e` empty again, for reuse in a loop. */
void err_clear(struct err *e);

#endif
