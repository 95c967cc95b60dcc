/*
 * sink: where records go. It knows topics, keys, values and sequence numbers; neither rows nor log positions.
 *
 * Enqueued is not delivered: every record accepted by send() gets exactly one result later, through
 * `on_result`, called inside poll() or flush() on the caller's thread. A failed result is never treated as
 * done by the ledger.
 */
#ifndef TAILRACE_AGENT_SINK_SINK_H
#define TAILRACE_AGENT_SINK_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "agent/config/config.h"
#include "decoders/change.h"
#include "decoders/err.h"

#define SINK_PARTITION_BY_KEY (-1)

struct sink_record {
    uint32_t topic;    /* handle of topic() */
    int32_t partition; /* SINK_PARTITION_BY_KEY, or a partition (truncate goes to each) */
    struct text key;   /* ptr NULL: no key */
    struct text value; /* ptr NULL: tombstone */
    int64_t ts_us;     /* commit time; the sink never sends one that lies in the future */
    uint64_t seq;      /* given back with the result */
};

/* What a topic must be like; checked when it exists, used when it is created. */
struct sink_topic {
    const char *name;
    bool keep_forever;             /* no retention unless configured */
    bool compacted_ok;             /* false: refuse a compacted topic (entity topics, partial updates) */
    const char *why_not_compacted; /* for the message of that refusal */
};

/* `e` is NULL for delivered, else why not; a result that is not retriable by the sink itself is final. */
typedef void (*sink_result_fn)(void *ctx, uint64_t seq, const struct err *e);

/* What the pipeline needs to know to make a record smaller. */
enum sink_send { SINK_SENT = 0, SINK_FULL = 1, SINK_TOO_LARGE = 2, SINK_ERROR = -1 };

struct sink_ops;

/* Every sink embeds this as its first member. */
struct sink {
    const struct sink_ops *ops;
};

struct sink_ops {
    const char *name; /* kafka | stdout | file | null */
    /* Opens the sink for one source, named `source` in messages. Does not wait for a broker. */
    int (*open)(const struct config_sink *c, const char *source, sink_result_fn fn, void *ctx,
                struct sink **out, struct err *e);
    /*
     * Makes a topic usable: finds or creates it, checks its settings. Blocks in slices while the broker is
     * away and calls `keep_going(ctx)` between them; ERR_STOPPED when that returns false. Kafka: may take
     * seconds, once per topic.
     */
    int (*topic)(struct sink *s, const struct sink_topic *t, bool (*keep_going)(void *ctx), void *ctx,
                 uint32_t *handle, struct err *e);
    /* Partitions of a topic now (1 where the sink has none). */
    int32_t (*partitions)(struct sink *s, uint32_t topic);
    /* Largest key + value that the topic takes, in bytes; 0: no limit. */
    size_t (*max_record)(struct sink *s, uint32_t topic);
    /* Copies and enqueues. SINK_FULL: poll, then the same call again. */
    enum sink_send (*send)(struct sink *s, const struct sink_record *r, struct err *e);
    /* Hands out results, waits at most `timeout_ms` for the first. -1 with a fatal error: the sink must be
     * reopened. */
    int (*poll)(struct sink *s, int timeout_ms, struct err *e);
    /* A pollable fd that becomes readable when poll() has something, or -1. */
    int (*fd)(struct sink *s);
    /* Makes what was delivered durable (file: fsync). Before every checkpoint. */
    int (*sync)(struct sink *s, struct err *e);
    /* Waits until every result is in, at most `timeout_ms`. 0 all in; 1 time is up; -1 error. */
    int (*flush)(struct sink *s, int timeout_ms, struct err *e);
    /* Closes without waiting; results still out never come. */
    void (*close)(struct sink *s);
};

extern const struct sink_ops sink_kafka;
extern const struct sink_ops sink_stdout;
extern const struct sink_ops sink_file;
extern const struct sink_ops sink_null;

#endif
