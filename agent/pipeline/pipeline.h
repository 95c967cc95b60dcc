/*
 * pipeline: one source's way from frames to acknowledged positions.
 *
 *     source → ring → decoder → map → encoder → sink        changes go forward
 *     source ← ack ← checkpoint ← ledger ← results          only positions come back
 *
 * One thread runs a pipeline from start to end. It sleeps on the ring, the sink and a stop signal; nothing in
 * it is specific to a database or a broker.
 */
#ifndef TAILRACE_AGENT_PIPELINE_PIPELINE_H
#define TAILRACE_AGENT_PIPELINE_PIPELINE_H

#include "agent/ack/checkpoint.h"
#include "agent/base/clock.h"
#include "agent/config/config.h"
#include "agent/encode/encoder.h"
#include "agent/pipeline/backfill_request.h"
#include "agent/pipeline/claims.h"
#include "agent/sink/sink.h"
#include "agent/source/source.h"

struct pipeline;

/* The plug-ins a pipeline is made of; looked up in agent/registry.c. */
struct pipeline_parts {
    const struct config *config;
    const struct config_source *source;
    const struct source_ops *source_ops;
    const struct encoder_ops *encoder_ops;
    const struct encoder_ops *entity_ops;
    const struct entity_schema *const *schemas; /* closed by NULL */
    const struct sink_ops *sink_ops;
    struct claims *claims; /* which topic is whose, over all pipelines; NULL: does not matter */
    const struct clock *clock;
};

/* Figures of a running pipeline; pipeline_stats() may be called from any thread. */
struct pipeline_stats {
    uint64_t rows;    /* row changes decoded and wanted */
    uint64_t records; /* records sent */
    uint64_t bytes;   /* their keys and values */
    uint64_t transactions;
    uint64_t unconverted; /* values that a conversion could not read: published as invalid */
    uint64_t lag_bytes;   /* server's end of WAL (as last told) minus acknowledged */
    int64_t lag_us;       /* now minus commit time of the change handled last; 0 when idle */
    size_t in_flight;     /* ledger entries not done */
    size_t ring_peak;
    /* The snapshot: tables that are read, or were; 0: none. */
    size_t tables;
    size_t tables_read;
    uint64_t table_rows;       /* sent */
    uint64_t table_rows_total; /* estimate; UINT64_MAX: unknown */
};

/* Makes a pipeline; nothing is connected yet. `parts` is copied; what it points to outlives the pipeline. */
struct pipeline *pipeline_new(const struct pipeline_parts *parts, struct err *e);

/*
 * Connects, checks, streams, until pipeline_stop(), `until` or an error that trying again does not heal.
 * Drains, writes the checkpoint and closes everything before it returns. 0: done as told. -1: `e` says why;
 * what was acknowledged is durable.
 */
int pipeline_run(struct pipeline *p, struct err *e);

/*
 * A person asks about tables that are read, or for them: see backfill_request(). Any thread but the
 * pipeline's; waits until the pipeline comes to it.
 */
int pipeline_request(struct pipeline *p, const struct backfill_request *q, struct err *e);

/* Asks it to drain and return; any thread, also from a signal-handling thread. A second call gives up the
 * draining. */
void pipeline_stop(struct pipeline *p);

/* Copies the figures as they are now. Any thread, as long as the pipeline is not freed. */
void pipeline_stats(const struct pipeline *p, struct pipeline_stats *out);

/* Frees a pipeline that is not running. */
void pipeline_free(struct pipeline *p);

#endif
