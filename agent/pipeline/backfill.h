/*
 * backfill: the rows that were there before, published beside the stream.
 *
 * Owned and called by the pipeline's thread. It knows which tables are to be read and how far each is, asks
 * the source for chunks (source.h says why a chunk is exact), and sends their rows on. While a chunk is under
 * way the stream is not handled; between two rounds of chunks it gets at least as long as the round took, as
 * long as it has something to do. A chunk is sized so that a round takes some 100 ms, and is cut when it
 * takes a second.
 *
 * Progress is durable by the checkpoint: what backfill_remember() says of a table is the last key whose rows
 * are all delivered. A crash reads again at most the chunks that were under way.
 *
 * A table that cannot be read is said on the log and left for later; it never stops the stream.
 */
#ifndef TAILRACE_AGENT_PIPELINE_BACKFILL_H
#define TAILRACE_AGENT_PIPELINE_BACKFILL_H

#include <poll.h>

#include "agent/ack/ledger.h"
#include "agent/config/config.h"
#include "agent/pipeline/backfill_state.h"
#include "agent/source/source.h"

struct backfill;

struct backfill_parts {
    const struct config *config;
    const struct config_source *source_config;
    const struct clock *clock;
    struct source *source; /* started */
    uint32_t epoch;
    struct ledger *ledger;
    struct backfill_state *state; /* what is done and what is left; outlives the backfill */
    change_fn forward;            /* takes the rows */
    void *ctx;
};

/* Begins with the stream at the resume position `at`, between two transactions. `parts` is copied. */
int backfill_new(const struct backfill_parts *parts, struct position at, struct backfill **out,
                 struct err *e);
/* Ends the threads. NULL is fine. */
void backfill_free(struct backfill *b);

/* Tells it of every change of the stream, after that was sent on. */
int backfill_note(struct backfill *b, const struct change *c, struct err *e);

/* True: no frame of the stream may be handled now, or not beyond the transaction at hand (`backfill_note()`
 * makes it true between two transactions). */
bool backfill_holds(const struct backfill *b);

/* Handles what chunks have brought, a bounded amount of it, and asks for more. `stream_waits`: there are
 * frames to handle. *more: there may be more at once. -1: the pipeline cannot go on (a row was not sent). */
int backfill_turn(struct backfill *b, bool stream_waits, bool *more, struct err *e);

/* Everything that was to be read has been sent on. */
bool backfill_done(const struct backfill *b);

/* For poll(): fills up to `max` entries; and when backfill_turn() is due anyway (-1: not). */
size_t backfill_fds(const struct backfill *b, struct pollfd *fds, size_t max);
int backfill_due_ms(const struct backfill *b);
/* After poll(). */
void backfill_wake(struct backfill *b, const struct pollfd *fds, size_t n);

#endif
