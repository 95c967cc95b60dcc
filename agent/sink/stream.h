/*
 * stream: records as bytes on a descriptor; what stdout and file have in common.
 *
 * Records are lines (value and '\n') or, when `delimited`, values behind their length as a protobuf varint. A
 * record without a value (tombstone) takes no bytes. send() copies into a bounded buffer; a record larger
 * than that passes alone. A result is given once write(2) took the record's last byte.
 *
 * Nothing blocks, and the descriptor stays in blocking mode (it may be shared with a shell or a terminal): a
 * pipe is asked before each write, and written at most PIPE_BUF bytes at a time, which it then takes at once.
 * A full disk is waited for, and said in the log when it begins and ends; a short write is continued where it
 * stopped, so that no torn record stays in the middle. A pipe without reader is ERR_CLOSED, noticed when idle
 * too (SIGPIPE and SIGXFSZ must be ignored). Any other failure is fatal: what was written last is uncertain.
 */
#ifndef TAILRACE_AGENT_SINK_STREAM_H
#define TAILRACE_AGENT_SINK_STREAM_H

#include "agent/sink/results.h"
#include "agent/sink/sink.h"
#include "agent/sink/turn.h"
#include "decoders/buf.h"

struct stream {
    struct sink sink;
    char *name;         /* of the output, for messages */
    const char *source; /* for the log */
    int fd;
    bool delimited;
    bool regular;      /* a regular file: sync() means something */
    struct turn *turn; /* NULL: the descriptor is ours alone */
    sink_result_fn fn;
    void *ctx;
    struct results results;
    struct buf out; /* accepted bytes; the first `done` of them are written */
    size_t done;
    uint64_t queued; /* bytes accepted and written, since the start */
    uint64_t written;
    bool dirty;       /* written since the last sync() */
    int epoll;        /* readable when poll() can do something */
    int timer;        /* when to try a full disk again */
    bool pollable;    /* `fd` is in `epoll` */
    bool blocked;     /* waiting for room in the pipe */
    int64_t retry_us; /* full disk: not before that; 0: no full disk */
    int64_t full_us;  /* since when */
    struct err error; /* fatal, given by every call from now on */
};

/*
 * Takes over `fd` for records as `c` says; `name` (copied) and `source` are for messages. The caller sets
 * `turn` afterwards. -1: nothing was taken.
 */
int stream_init(struct stream *s, const struct sink_ops *ops, int fd, const char *name,
                const struct config_sink *c, const char *source, sink_result_fn fn, void *ctx, struct err *e);

/* Frees everything but the descriptor; bytes that were not written are lost. */
void stream_release(struct stream *s);

/* As in struct sink_ops. */
enum sink_send stream_send(struct sink *s, const struct sink_record *r, struct err *e);
int stream_poll(struct sink *s, int timeout_ms, struct err *e);
int stream_fd(struct sink *s);
int stream_sync(struct sink *s, struct err *e);
int stream_flush(struct sink *s, int timeout_ms, struct err *e);

#endif
