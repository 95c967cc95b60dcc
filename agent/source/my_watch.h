/*
 * my_watch: how far behind we are: a thread that asks the server every few seconds, over a connection of its
 * own, where its log ends. Trouble is quiet: the stream's connection speaks of it.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_WATCH_H
#define TAILRACE_AGENT_SOURCE_MY_WATCH_H

#include "agent/base/clock.h"
#include "agent/config/config.h"
#include "decoders/change.h"
#include "decoders/err.h"

struct my_watch;

/* Starts it; `position` is where we are. What it is given outlives it. */
int my_watch_start(const struct config_source *s, const struct clock *clock, struct position position,
                   struct my_watch **out, struct err *e);

/* We are further now. Any thread. */
void my_watch_ack(struct my_watch *w, struct position position);

/* Bytes of log between our position and the end, as last seen; 0 before anything is known. Any thread. */
uint64_t my_watch_lag(const struct my_watch *w);

/* Ends and frees it by `until_us` (wall clock). False: it is stuck, and left alone. NULL is stopped. */
bool my_watch_stop(struct my_watch *w, int64_t until_us);

#endif
