/*
 * pg_side: the ordinary connection beside the stream.
 *
 * A thread of its own, so that nothing the catalogue, a name server or a handshake takes its time for holds
 * back the feedback of the reader. It answers the reader's questions about tables; and while it is wanted
 * (rows are flowing, or are held back) it stays connected, tells now and then where the server's log ends,
 * and notices when the server shuts down: then it loses its connection and gets no new one. Opened when first
 * needed, closed after 30 s of not being wanted.
 *
 * All calls but the thread's own come from the reader thread.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_SIDE_H
#define TAILRACE_AGENT_SOURCE_PG_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/base/clock.h"
#include "agent/source/pg_catalog.h"

struct pg_side;

/* Starts the thread, which ends when `stop_fd` becomes readable. `c` and `clock` outlive it. */
int pg_side_start(const struct config_source *c, const struct clock *clock, int stop_fd, struct pg_side **out,
                  struct err *e);

/* After `stop_fd` was raised: waits until `until_us` (wall clock) and frees it. False: stuck, and not freed.
 */
bool pg_side_free(struct pg_side *s, int64_t until_us);

/* Readable when an answer has come or the server has begun to shut down. */
int pg_side_fd(const struct pg_side *s);
void pg_side_clear(struct pg_side *s);

/* Asks about the table of a Relation message. One question at a time. */
int pg_side_ask(struct pg_side *s, const struct pgoutput_peek *peek, struct err *e);

/* 1: answered, the payload of a FRAME_CATALOG is appended; 0: not yet; -1: it could not be found out. */
int pg_side_answer(struct pg_side *s, struct buf *payload, struct err *e);

/* The stream starts anew: gives up an open question, and lets the decoder be told everything again. */
void pg_side_restart(struct pg_side *s);

/* Stay connected: to be repeated while it holds. Cheap. */
void pg_side_want(struct pg_side *s);

/* Where the server's log ended when last looked at; 0 not known. */
uint64_t pg_side_end(const struct pg_side *s);

/* Since when (monotonic microseconds) the server has been shutting down, as far as is known; 0: it is not. */
int64_t pg_side_closing_us(const struct pg_side *s);

#endif
