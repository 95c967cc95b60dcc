/*
 * pipeline_inside: what a pipeline is made of, for pipeline.c (running) and pipeline_open.c (making and
 * closing).
 */
#ifndef TAILRACE_AGENT_PIPELINE_PIPELINE_INSIDE_H
#define TAILRACE_AGENT_PIPELINE_PIPELINE_INSIDE_H

#include <stdatomic.h>

#include "agent/base/desk.h"
#include "agent/pipeline/backfill.h"
#include "agent/pipeline/backward.h"
#include "agent/pipeline/forward.h"
#include "agent/pipeline/pipeline.h"
#include "agent/pipeline/until.h"

/* What lives from one connection of everything to the next. */
struct pipeline {
    struct pipeline_parts parts;
    atomic_int stop; /* 0 run, 1 drain, 2 leave at once */
    int stop_fd;
    struct checkpoint_store *store;
    struct checkpoint checkpoint; /* as loaded */
    bool has_checkpoint;
    bool streamed;     /* this process has streamed before: a retry, not a start */
    bool gap_used;     /* --accept-gap counts once */
    struct desk *desk; /* for requests of people */
    struct backfill_state *snapshot;
    bool reading; /* tables that join are to be read */

    struct source *source;
    struct source_start start;
    struct ring *ring;
    struct decoder *decoder;
    struct sink *sink;
    struct ledger *ledger;
    struct forward *forward;
    struct backward *backward;
    struct backfill *backfill; /* NULL: nothing is read */
    struct until until;
    struct err failure; /* of a delivery */

    /* Figures, written by the pipeline thread. */
    atomic_ullong rows, records, bytes, transactions, unconverted, lag_bytes;
    atomic_llong commit_us;
    atomic_size_t in_flight, ring_peak, tables, tables_read;
    atomic_ullong table_rows, table_rows_total;
};

/* Makes and connects all parts, and starts the stream. After -1 pipeline_close() closes what there is. */
int pipeline_open(struct pipeline *p, struct err *e);
void pipeline_close(struct pipeline *p);

/* For the parts (`ctx` is the pipeline): the sink's sink_result_fn, forward's `wait` and `keep_going`. */
void pipeline_result(void *ctx, uint64_t seq, const struct err *e);
int pipeline_wait(void *ctx, struct err *e);
bool pipeline_keep_going(void *ctx);

/* A change_fn for what is sent on: of the stream, and of tables that are read. */
int pipeline_take_read(void *ctx, const struct change *c, struct err *e);

#endif
