/* null: counts as delivered whatever it is given, for measuring everything else. */
#include <poll.h>
#include <stdlib.h>

#include "agent/sink/results.h"
#include "agent/sink/sink.h"
#include "agent/sink/topicless.h"

struct null_sink {
    struct sink sink;
    struct results results;
    sink_result_fn fn;
    void *ctx;
};

static void null_close(struct sink *s) {
    struct null_sink *n = (struct null_sink *)s;

    results_release(&n->results);
    free(n);
}

static int null_open(const struct config_sink *c, const char *source, sink_result_fn fn, void *ctx,
                     struct sink **out, struct err *e) {
    struct null_sink *n = calloc(1, sizeof *n);

    (void)c;
    (void)source;
    if (!n) return err_memory(e, "opening the null sink");
    if (results_init(&n->results, e) < 0) {
        free(n);
        return -1;
    }
    n->sink.ops = &sink_null;
    n->fn = fn;
    n->ctx = ctx;
    *out = &n->sink;
    return 0;
}

static enum sink_send null_send(struct sink *s, const struct sink_record *r, struct err *e) {
    struct null_sink *n = (struct null_sink *)s;

    (void)e;
    if (results_full(&n->results)) return SINK_FULL;
    results_push(&n->results, r->seq, 0);
    return SINK_SENT;
}

static int null_poll(struct sink *s, int timeout_ms, struct err *e) {
    struct null_sink *n = (struct null_sink *)s;

    (void)e;
    results_written(&n->results, 0);
    if (results_give(&n->results, n->fn, n->ctx) == 0 && timeout_ms > 0) poll(NULL, 0, timeout_ms);
    return 0;
}

static int null_fd(struct sink *s) {
    (void)s;
    return -1;
}

static int null_sync(struct sink *s, struct err *e) {
    (void)s, (void)e;
    return 0;
}

static int null_flush(struct sink *s, int timeout_ms, struct err *e) {
    (void)timeout_ms;
    return null_poll(s, 0, e);
}

const struct sink_ops sink_null = {
    .name = "null",
    .open = null_open,
    .topic = topicless_topic,
    .partitions = topicless_partitions,
    .max_record = topicless_max_record,
    .send = null_send,
    .poll = null_poll,
    .fd = null_fd,
    .sync = null_sync,
    .flush = null_flush,
    .close = null_close,
};
