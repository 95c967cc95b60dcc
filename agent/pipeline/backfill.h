/*
 * backfill: the rows that were there before, published beside the stream.
 *
 * Owned and called by the pipeline's thread. It knows which tables are to be read and how far each is, asks
 * the source for chunks (source.h says why a chunk is exact), and sends their rows on.
 *
 * Chunks come in rounds. A round begins between two transactions of the stream; until it ends the stream is
 * not handled. In it each connection reads chunks of one table, small tables first; no chunk is begun after
 * 50 ms, a chunk is sized to take some 100 ms, and is told to end when it takes a second. Between two rounds
 * the stream gets at least as long as the round took, as long as it has something to do, and up to four times
 * as long when it stays behind.
 *
 * The chunks of a round are sent on one after the other, in the order of their stamps, so that `ord` grows
 * from record to record as it does in the stream.
 *
 * Where not everything delivered is visible yet, a chunk is asked for again, in the same round as long as
 * that is short, then in later ones.
 *
 * Progress is durable by the checkpoint: what backfill_state_store() says of a table is the last key whose
 * rows are all delivered. A crash reads again at most the chunks that were under way.
 *
 * A table that cannot be read is said on the log and left for later; it never stops the stream.
 */
#ifndef TAILRACE_AGENT_PIPELINE_BACKFILL_H
#define TAILRACE_AGENT_PIPELINE_BACKFILL_H

#include <poll.h>

#include "agent/ack/ledger.h"
#include "agent/config/config.h"
#include "agent/pipeline/backfill_request.h"
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
    bool joining;       /* tables that join are read too */
    struct position at; /* where the stream begins, between two transactions; lent */
    /*
     * Empty, or how far the stream has to come before the first chunk: parts of a transaction were delivered
     * before the start that do not come again, and no row may be read behind them that is older. Lent.
     */
    struct position first;
};

/* `parts` is copied. */
int backfill_new(const struct backfill_parts *parts, struct backfill **out, struct err *e);
/* Ends threads and connections: no more chunks. NULL is fine. */
void backfill_stop(struct backfill *b);
/* After all that knows tables by their address is gone. NULL is fine. */
void backfill_free(struct backfill *b);

/* Tells it of every change of the stream, after that was sent on. */
int backfill_note(struct backfill *b, const struct change *c, struct err *e);

/* True: no frame of the stream may be handled now (it becomes true between two transactions only). */
bool backfill_holds(const struct backfill *b);

/* Handles what chunks have brought, a bounded amount of it, and asks for more. `stream_waits`: there are
 * frames to handle. *more: there may be more at once. -1: the pipeline cannot go on (a row was not sent). */
int backfill_turn(struct backfill *b, bool stream_waits, bool *more, struct err *e);

/* A person asks: see backfill_request(). */
int backfill_ask(struct backfill *b, const struct backfill_request *q, struct err *e);

/* Tells chunks that take too long to end; to be called now and then where backfill_turn() is not. */
void backfill_cut_late(struct backfill *b);

/* Everything that was to be read has been sent on, or was given up until the next start: *left tables (may be
 * NULL). */
bool backfill_done(const struct backfill *b, size_t *left);

/* For poll(): fills up to BACKFILL_FDS entries, and when backfill_turn() is due anyway (-1: not). */
#define BACKFILL_FDS 1
size_t backfill_fds(const struct backfill *b, struct pollfd *fds);
int backfill_due_ms(const struct backfill *b);
/* After poll(). */
void backfill_wake(struct backfill *b, const struct pollfd *fds, size_t n);

#endif
