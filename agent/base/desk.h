/*
 * desk: one thread has another one do something for it, and waits for the result.
 *
 * For requests of people: rare, one at a time, while the thread that serves has other work to do. It looks at
 * its desk when desk_fd() is readable.
 */
#ifndef TAILRACE_AGENT_BASE_DESK_H
#define TAILRACE_AGENT_BASE_DESK_H

#include "decoders/err.h"

struct desk;

/* Nobody asks yet. NULL with `e` on failure. */
struct desk *desk_new(struct err *e);
/* Nobody asks or serves any more. NULL is fine. */
void desk_free(struct desk *d);

/* What is to be done, by the thread that serves. The result goes into `arg`. */
typedef int (*desk_fn)(void *ctx, void *arg, struct err *e);

/*
 * Any thread but the one that serves: has `fn(ctx, arg)` done and returns what it returned. -1 with ERR_IO:
 * it was not begun within `timeout_ms`, and will not be.
 */
int desk_ask(struct desk *d, desk_fn fn, void *arg, int timeout_ms, struct err *e);

/* Readable when somebody waits. */
int desk_fd(const struct desk *d);

/* Does what is asked for, if anything. `ctx` is handed to `fn`. */
void desk_serve(struct desk *d, void *ctx);

#endif
