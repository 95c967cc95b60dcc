/*
 * forward: the way of a change from the decoder to the sink.
 *
 * For each change: a ledger entry, the events the map makes of it, their bytes, and one send per record. A
 * full queue or a full ledger is waited out through the pipeline's `wait`, so that results and checkpoints go
 * on meanwhile.
 */
#ifndef TAILRACE_AGENT_PIPELINE_FORWARD_H
#define TAILRACE_AGENT_PIPELINE_FORWARD_H

#include "agent/ack/ledger.h"
#include "agent/config/config.h"
#include "agent/encode/encoder.h"
#include "agent/map/map.h"
#include "agent/pipeline/claims.h"
#include "agent/sink/sink.h"

struct forward;

struct forward_parts {
    const struct config *config;
    const struct config_source *source;
    const struct encoder_ops *encoder_ops;
    const struct encoder_ops *entity_ops;
    const struct entity_schema *const *schemas; /* closed by NULL */
    struct claims *claims;                      /* NULL: topics need not be kept apart from other sources' */
    struct sink *sink;
    struct ledger *ledger;
    /*
     * Lets results in while something is full, for a short while. Non-zero: give up with the error given here
     * (ERR_STOPPED when the pipeline is to stop).
     */
    int (*wait)(void *ctx, struct err *e);
    bool (*keep_going)(void *ctx);
    void *ctx;
};

/* Figures since forward_new(). */
struct forward_counts {
    uint64_t rows;
    uint64_t records;
    uint64_t bytes;
    uint64_t transactions;
    uint64_t skipped;
    int64_t commit_us; /* of the transaction handled last */
};

/* Makes map and encoders. ERR_CONFIG when the mapping cannot be right. `parts` is copied. */
int forward_new(const struct forward_parts *parts, struct forward **out, struct err *e);
void forward_free(struct forward *f);

/* A change_fn: `ctx` is the struct forward. */
int forward_change(void *ctx, const struct change *c, struct err *e);

/* Checks a table of the catalogue before streaming begins (`ctx` is the struct forward). */
int forward_check(void *ctx, const struct table *t, struct err *e);

/* For the decoder (`ctx` is the struct forward): whether anybody wants a table, and whether --skip names an
 * id. */
bool forward_wants(void *ctx, const char *space, const char *name);
bool forward_passes_over(void *ctx, const char *id);

/* Makes the topics that are known before any row: those of entities. */
int forward_declare_topics(struct forward *f, struct err *e);

/* Of everything that shapes the stream; progress inside a transaction is valid only under the same. */
uint64_t forward_fingerprint(const struct forward *f);

/* The figures so far; valid as long as `f`. */
const struct forward_counts *forward_counts(const struct forward *f);
/* Values that a conversion could not read, so far. */
uint64_t forward_unconverted(const struct forward *f);

#endif
