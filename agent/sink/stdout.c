/* stdout: records on the standard output, shared by all sources of the process. */
#include <stdlib.h>
#include <unistd.h>

#include "agent/sink/stream.h"
#include "agent/sink/topicless.h"

static struct turn turn;

static int stdout_open(const struct config_sink *c, const char *source, sink_result_fn fn, void *ctx,
                       struct sink **out, struct err *e) {
    struct stream *s = calloc(1, sizeof *s);

    if (!s) return err_memory(e, "opening the standard output");
    if (stream_init(s, &sink_stdout, STDOUT_FILENO, "standard output", c, source, fn, ctx, e) < 0) {
        free(s);
        return -1;
    }
    s->turn = &turn;
    *out = &s->sink;
    return 0;
}

static void stdout_close(struct sink *sink) {
    struct stream *s = (struct stream *)sink;

    stream_release(s);
    free(s);
}

const struct sink_ops sink_stdout = {
    .name = "stdout",
    .open = stdout_open,
    .topic = topicless_topic,
    .partitions = topicless_partitions,
    .max_record = topicless_max_record,
    .send = stream_send,
    .poll = stream_poll,
    .fd = stream_fd,
    .sync = stream_sync,
    .flush = stream_flush,
    .close = stdout_close,
};
