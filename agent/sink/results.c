#include "agent/sink/results.h"

#include <stdlib.h>

int results_init(struct results *r, struct err *e) {
    *r = (struct results){0};
    r->ring = calloc(RESULTS_MAX, sizeof *r->ring);
    return r->ring ? 0 : err_memory(e, "the queue of results");
}

void results_release(struct results *r) {
    free(r->ring);
    r->ring = NULL;
}

void results_push(struct results *r, uint64_t seq, uint64_t end) {
    r->ring[r->count++ % RESULTS_MAX] = (struct result){.seq = seq, .end = end};
}

bool results_full(const struct results *r) {
    return r->count - r->given == RESULTS_MAX;
}

void results_written(struct results *r, uint64_t written) {
    for (; r->ready < r->count; r->ready++) {
        uint64_t end = r->ring[r->ready % RESULTS_MAX].end;
        if (end > written) return;
        r->ready_end = end;
    }
}

size_t results_give(struct results *r, sink_result_fn fn, void *ctx) {
    size_t before = r->given;

    while (r->given < r->ready) {
        uint64_t seq = r->ring[r->given++ % RESULTS_MAX].seq;
        fn(ctx, seq, NULL);
    }
    return r->given - before;
}

size_t results_out(const struct results *r) {
    return r->count - r->given;
}
