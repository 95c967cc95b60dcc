/*
 * backfill_worker: one connection that reads chunks, with its ring and its decoder; one chunk at a time.
 *
 * Owned by the backfill. What it brings is decoded and sent on here; what comes of a chunk that ended is
 * decided there.
 */
#ifndef TAILRACE_AGENT_PIPELINE_BACKFILL_WORKER_H
#define TAILRACE_AGENT_PIPELINE_BACKFILL_WORKER_H

#include "agent/pipeline/backfill.h"
#include "agent/pipeline/backfill_pace.h"

#define BACKFILL_CUT_US 1000000 /* a chunk is told to end after that long */

struct backfill_worker {
    const struct backfill_parts *parts;
    uint64_t serials; /* of its next decoder's tables */
    struct ring *ring;
    struct source_chunks *chunks; /* NULL: not open */
    struct decoder *decoder;      /* NULL: to be made */
    struct decoder **spent;       /* cannot be used any more, but their tables are known by their address */
    size_t nspent;

    struct backfill_table *table; /* stays with it from chunk to chunk; NULL: none */
    struct backfill_pace pace;    /* of the table */
    int64_t cut_us;               /* how long a chunk of it may take */
    int64_t not_before_us;        /* monotonic: it rests until then */

    /* The chunk under way. */
    bool busy;
    bool cut;
    uint32_t asked;
    uint64_t stamp;
    int64_t asked_us, heard_us; /* monotonic */
    struct err broken;          /* it was not understood: the rest of it is thrown away */
};

/* How a chunk ended; the key points into the ring. */
struct backfill_end {
    enum source_chunk_outcome outcome;
    uint64_t rows;
    struct err err;
    struct position after;
};

/* `index` tells workers of a source apart. Nothing is opened yet. */
void backfill_worker_init(struct backfill_worker *w, const struct backfill_parts *parts, unsigned index);
/* Ends thread and connection, and forgets the chunk under way. They are made again when asked. */
void backfill_worker_close(struct backfill_worker *w);
/* After close, and after everything that knows tables by their address is gone. */
void backfill_worker_release(struct backfill_worker *w);

/* Asks for the table's next chunk of `rows` rows at `at`. -1: nothing is under way. */
int backfill_worker_ask(struct backfill_worker *w, struct position at, uint32_t rows, int64_t now_us,
                        struct err *e);

/* Handles what came, a bounded amount of it. 1: the chunk ended, see *end; 0: not yet (*more: there may be
 * more at once); -1: the pipeline cannot go on. */
int backfill_worker_turn(struct backfill_worker *w, int64_t now_us, bool *more, struct backfill_end *end,
                         struct err *e);

/* Tells a chunk that takes too long to end. */
void backfill_worker_cut_late(struct backfill_worker *w, int64_t now_us);

#endif
