/*
 * backward: the way of a position from delivered records to the source.
 *
 * ledger → sink made durable → checkpoint made durable → source acknowledged. One owner, in this order, never
 * back. Checkpoints are written beside the stream, one at a time: rows do not wait for the disk, only what is
 * acknowledged does.
 */
#ifndef TAILRACE_AGENT_PIPELINE_BACKWARD_H
#define TAILRACE_AGENT_PIPELINE_BACKWARD_H

#include "agent/ack/checkpoint.h"
#include "agent/ack/ledger.h"
#include "agent/config/config.h"
#include "agent/pipeline/backfill_state.h"
#include "agent/sink/sink.h"
#include "agent/source/source.h"

struct backward;

struct backward_parts {
    const struct config *config;
    const struct config_source *source;
    const struct source_start *start; /* identity and epoch; copied */
    struct source *running;           /* to acknowledge to */
    struct sink *sink;
    struct ledger *ledger;
    struct decoder *decoder;        /* what it knows of tables is kept too; NULL: nothing */
    struct checkpoint_store *store; /* NULL: nothing is kept, positions are acknowledged when delivered */
    const struct clock *clock;
    struct backfill_state *snapshot; /* is told what is delivered, and kept too */
    uint64_t fingerprint;
    struct position progress; /* of the loaded checkpoint, when it is still valid; else empty */
};

/* Writes the first checkpoint (who, where, epoch) before any row is read. `parts` is copied. */
int backward_new(const struct backward_parts *parts, struct backward **out, struct err *e);
void backward_free(struct backward *b);

/*
 * Begins a checkpoint when the watermark moved and it is time, and acknowledges one that has become durable;
 * with `now`, does both and waits for it. Cheap when there is nothing to do. A disk that refuses is said on
 * the log and tried again at the next tick: nothing is acknowledged meanwhile. -1 when trying again does not
 * help, or when `now` was set.
 */
int backward_tick(struct backward *b, bool now, struct err *e);

/* Checkpoints from now on say that positions were taken from this identity (a standby was promoted). */
int backward_identify(struct backward *b, const void *identity, size_t len, struct err *e);

/* The identity that checkpoints have now. */
struct position backward_identity(const struct backward *b);

/* Milliseconds until the next tick has something to do; -1: nothing waits, or only for backward_fd(). */
int backward_due_ms(const struct backward *b);

/* Readable when a checkpoint has been written and tick() can go on; -1: never. */
int backward_fd(const struct backward *b);

/* The position acknowledged last; len 0: none yet. */
struct position backward_acknowledged(const struct backward *b);

#endif
