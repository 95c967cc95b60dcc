/*
 * backfill_request: what a person asks of the reading of tables while it runs.
 *
 * A request is looked at as a whole before it changes anything.
 */
#ifndef TAILRACE_AGENT_PIPELINE_BACKFILL_REQUEST_H
#define TAILRACE_AGENT_PIPELINE_BACKFILL_REQUEST_H

#include "agent/pipeline/backfill_state.h"
#include "agent/source/source.h"

enum backfill_verb {
    BACKFILL_READ,   /* these tables, from their first row on; also once more */
    BACKFILL_LIST,   /* how far each is */
    BACKFILL_PAUSE,  /* no further chunk, until resumed or started again */
    BACKFILL_RESUME, /* go on; also with what was given up */
    BACKFILL_CANCEL, /* what is left is not read */
};

struct backfill_request {
    enum backfill_verb verb;
    const char *const *tables; /* "public.orders"; none: all that there are, but for READ */
    size_t ntables;
    struct buf *answer; /* text for people is appended */
};

/*
 * `seq`: the entry of the ledger behind which it takes effect in the checkpoint. ERR_CONFIG says which table
 * it is that cannot be read, or is not known, and nothing has changed.
 */
int backfill_request(struct backfill_state *s, struct source *source, uint64_t seq,
                     const struct backfill_request *q, struct err *e);

#endif
