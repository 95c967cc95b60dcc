/*
 * results: the queue of records that a byte stream accepted and has not reported yet.
 *
 * Each record ends at an offset of the stream; once the stream has been written up to there, the record is
 * ready, and results_give() reports it. Bounded; allocates once.
 */
#ifndef TAILRACE_AGENT_SINK_RESULTS_H
#define TAILRACE_AGENT_SINK_RESULTS_H

#include "agent/sink/sink.h"

#define RESULTS_MAX 8192u /* a power of two */

struct result {
    uint64_t seq;
    uint64_t end; /* offset in the stream behind the record's last byte */
};

struct results {
    struct result *ring;
    size_t given; /* counters, not indexes: given <= ready <= count */
    size_t ready;
    size_t count;
    uint64_t ready_end; /* end of the last ready record: what lies behind it was written in part */
};

/* -1 when memory runs out. Release with results_release(). */
int results_init(struct results *r, struct err *e);
void results_release(struct results *r);

/* One more record, which ends at `end`. The caller asked results_full() before. */
void results_push(struct results *r, uint64_t seq, uint64_t end);
bool results_full(const struct results *r);

/* The stream is written up to the offset `written`. */
void results_written(struct results *r, uint64_t written);

/* Reports every ready record as delivered; returns how many. */
size_t results_give(struct results *r, sink_result_fn fn, void *ctx);

/* Records not reported yet. */
size_t results_out(const struct results *r);

#endif
