/*
 * kafka: records to Kafka through one idempotent producer per source.
 *
 * A record counts as delivered when all in-sync replicas have it. The queue is bounded here, in bytes with
 * what librdkafka adds to each record.
 *
 * A broker that is away is waited for, for ever. A record that a broker refuses for good fails with
 * ERR_CONFIG and the producer takes no more: nothing behind it in its partition is appended (the gapless
 * guarantee). What breaks the producer in another way is fatal: the pipeline opens a new one and begins at
 * the checkpoint.
 */
#include <stdio.h>
#include <stdlib.h>

#include <librdkafka/rdkafka.h>

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/sink/kafka_conf.h"
#include "agent/sink/kafka_error.h"
#include "agent/sink/kafka_log.h"
#include "agent/sink/kafka_outage.h"
#include "agent/sink/kafka_pace.h"
#include "agent/sink/kafka_partition.h"
#include "agent/sink/kafka_queue.h"
#include "agent/sink/kafka_tls.h"
#include "agent/sink/kafka_topic.h"
#include "agent/sink/sink.h"

#define MESSAGE_OVERHEAD 256u     /* of one record inside librdkafka, with malloc's own */
#define CAUSE_US INT64_C(2000000) /* how long the cause of a gap may take to arrive behind it */

struct topic {
    char *name;
    size_t max_record;
    struct kafka_partition partition;
};

struct kafka_sink {
    struct sink sink;
    const struct config_sink *config;
    const char *source;
    sink_result_fn fn;
    void *ctx;
    rd_kafka_t *rd;
    struct kafka_queue queue;
    struct kafka_pace *pace; /* NULL: the user has chosen linger.ms */
    struct kafka_log log;
    struct kafka_outage outage;
    struct kafka_tls tls;
    struct topic **topics;
    uint32_t ntopics;
    size_t batch_bytes;
    int32_t admin_broker;
    size_t record_bytes;
    size_t out;  /* records without result */
    size_t held; /* their bytes */
    int64_t now_us;
    struct err refusal; /* a record failed for good: the pipeline was told */
    int64_t gap_us;     /* when the producer stopped because of a gap; its cause is about to come */
    struct err fatal;
    bool (*keep_going)(void *ctx); /* during topic() */
    void *keep_going_ctx;
};

/* ---- Called by librdkafka ---- */

static void on_log(const rd_kafka_t *rd, int level, const char *facility, const char *text) {
    struct kafka_sink *k = rd_kafka_opaque(rd);

    kafka_log_line(&k->log, level, facility, text);
}

/* 1: the certificate is accepted. */
static int on_certificate(rd_kafka_t *rd, const char *broker, int32_t id, int *x509_error, int depth,
                          const char *der, size_t len, char *why, size_t size, void *opaque) {
    struct kafka_sink *k = opaque;

    (void)rd, (void)broker, (void)id, (void)depth, (void)der, (void)len;
    if (kafka_tls_checked(&k->tls, *x509_error)) return 1;
    snprintf(why, size, "OpenSSL's verification error %d", *x509_error);
    return 0;
}

/* ---- Results ---- */

static int fail(struct kafka_sink *k, enum err_code code, const char *what, const char *why) {
    if (k->fatal.code) return -1;
    err_set(&k->fatal, code, "Kafka producer: %s: %s", what, why);
    k->fatal.fatal = true;
    return -1;
}

static int between(void *ctx, struct err *e);

static struct kafka_admin admin(struct kafka_sink *k) {
    return (struct kafka_admin){.rd = k->rd,
                                .config = k->config,
                                .source = k->source,
                                .batch_bytes = k->batch_bytes,
                                .broker = &k->admin_broker,
                                .between = between,
                                .ctx = k};
}

/* Kafka said that there is no such topic: a restarting broker may say that wrongly, so ask again. */
static void explain_missing(struct kafka_sink *k, rd_kafka_resp_err_t code, const char *topic, size_t bytes,
                            struct err *e) {
    struct kafka_admin a = admin(k);
    int there = kafka_topic_exists(&a, topic, e);

    if (there == 0) kafka_error_delivery(e, code, topic, bytes);
    if (there != 1) return;
    err_set(e, ERR_IO, "Kafka denied for a moment that topic %s exists", topic);
    e->fatal = true;
}

/* The producer has stopped itself because of a record whose own report is still to come. */
static void await_cause(struct kafka_sink *k) {
    if (!k->gap_us) k->gap_us = clock_monotonic_us(&clock_system);
}

static void give_failure(struct kafka_sink *k, const rd_kafka_message_t *m) {
    const char *topic = rd_kafka_topic_name(m->rkt);
    size_t bytes = m->len + m->key_len;
    struct err e = {0};

    if (m->err == RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE) await_cause(k);
    if (kafka_error_is_consequence(m->err) || k->fatal.code) return;
    if (!k->refusal.code) { /* the first one says why */
        if (kafka_verdict(m->err) == KAFKA_MISSING)
            explain_missing(k, m->err, topic, bytes, &e);
        else
            kafka_error_delivery(&e, m->err, topic, bytes);
        if (e.code == ERR_CONFIG)
            k->refusal = e;
        else
            k->fatal = e;
    }
    if (k->refusal.code) k->fn(k->ctx, (uint64_t)(uintptr_t)m->_private, &k->refusal);
}

static size_t cost(size_t bytes) {
    return bytes + MESSAGE_OVERHEAD;
}

static void give_results(struct kafka_sink *k, rd_kafka_event_t *ev) {
    const rd_kafka_message_t *m;
    bool delivered = false;
    size_t records = 0, bytes = 0;

    while ((m = rd_kafka_event_message_next(ev))) {
        records++;
        bytes += m->len + m->key_len;
        if (m->err) {
            give_failure(k, m);
            continue;
        }
        delivered = true;
        k->fn(k->ctx, (uint64_t)(uintptr_t)m->_private, NULL);
    }
    k->out -= records;
    k->held -= bytes + records * MESSAGE_OVERHEAD;
    if (k->pace && records) kafka_pace_done(k->pace, records, bytes, clock_monotonic_us(&clock_system));
    if (delivered) kafka_outage_answer(&k->outage);
}

/* ---- Events ---- */

/* The producer has stopped itself. */
static void take_fatal(struct kafka_sink *k) {
    char why[512] = "";
    rd_kafka_resp_err_t code = rd_kafka_fatal_error(k->rd, why, sizeof why);

    if (code == RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE) {
        await_cause(k);
        return;
    }
    if (kafka_verdict(code) == KAFKA_DENIED)
        fail(k, ERR_CONFIG, why,
             "grant IdempotentWrite on the cluster, or Write on the topics (Kafka 2.8 and later)");
    else
        fail(k, ERR_IO, "must be opened anew", why);
}

static void take_error(struct kafka_sink *k, rd_kafka_event_t *ev) {
    rd_kafka_resp_err_t code = rd_kafka_event_error(ev);
    const char *reason = rd_kafka_event_error_string(ev);
    char text[400];

    if (rd_kafka_event_error_is_fatal(ev) || code == RD_KAFKA_RESP_ERR__FATAL)
        take_fatal(k);
    else
        kafka_outage_error(&k->outage, code, kafka_tls_explain(&k->tls, code, reason, text, sizeof text));
}

/* Consumes the event; true when it brought results. */
static bool take_event(struct kafka_sink *k, rd_kafka_event_t *ev) {
    bool results = rd_kafka_event_type(ev) == RD_KAFKA_EVENT_DR;

    if (results)
        give_results(k, ev);
    else if (rd_kafka_event_type(ev) == RD_KAFKA_EVENT_ERROR)
        take_error(k, ev);
    rd_kafka_event_destroy(ev);
    return results;
}

/* Refused by everybody, not only by one broker of several. */
static bool is_hopeless(struct kafka_sink *k, struct err *e) {
    if (!kafka_outage_hopeless(&k->outage, e)) return false;
    if (!kafka_topic_answers(k->rd)) return true;
    kafka_outage_answer(&k->outage);
    return false;
}

/* Between slices of waiting for an answer about a topic. */
static int between(void *ctx, struct err *e) {
    struct kafka_sink *k = ctx;
    rd_kafka_event_t *ev;

    while ((ev = kafka_queue_fresh(&k->queue))) {
        if (rd_kafka_event_type(ev) != RD_KAFKA_EVENT_DR) {
            take_event(k, ev);
        } else if (kafka_queue_keep(&k->queue, ev, e) <
                   0) { /* results are given in poll() and flush() only */
            k->fatal = *e;
            return -1;
        }
    }
    if (is_hopeless(k, e)) return -1;
    kafka_outage_wait(&k->outage);
    if (k->keep_going && !k->keep_going(k->keep_going_ctx))
        return err_set(e, ERR_STOPPED, "told to stop while waiting for Kafka");
    return 0;
}

/* Everything that is there now; true when results were given. */
static bool drain(struct kafka_sink *k) {
    bool results = false;
    rd_kafka_event_t *ev;

    while ((ev = kafka_queue_next(&k->queue, 0))) results |= take_event(k, ev);
    return results;
}

static int check_fatal(struct kafka_sink *k, struct err *e) {
    if (k->gap_us && !k->refusal.code && clock_monotonic_us(&clock_system) - k->gap_us > CAUSE_US)
        fail(k, ERR_IO, "must be opened anew", "a batch failed");
    if (!k->fatal.code && is_hopeless(k, &k->fatal)) k->fatal.fatal = true;
    if (!k->fatal.code) return 0;
    if (e) *e = k->fatal;
    return -1;
}

/* ---- Life ---- */

static void topic_free(struct topic *t) {
    if (!t) return;
    kafka_partition_close(&t->partition);
    free(t->name);
    free(t);
}

static void kafka_close(struct sink *s) {
    struct kafka_sink *k = (struct kafka_sink *)s;

    kafka_pace_free(k->pace);
    kafka_queue_detach(&k->queue);
    if (k->rd)
        rd_kafka_purge(k->rd,
                       RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
    for (uint32_t i = 0; i < k->ntopics; i++) topic_free(k->topics[i]);
    free(k->topics);
    if (k->rd) rd_kafka_destroy(k->rd);
    kafka_queue_close(&k->queue);
    free(k);
}

static int make_producer(struct kafka_sink *k, struct err *e) {
    struct kafka_conf conf;

    if (kafka_conf_make(k->config, k->source, &conf, e) < 0) return -1;
    k->batch_bytes = conf.batch_bytes;
    k->record_bytes = conf.record_bytes;
    rd_kafka_conf_set_opaque(conf.rd, k);
    rd_kafka_conf_set_log_cb(conf.rd, on_log);
    rd_kafka_conf_set_ssl_cert_verify_cb(conf.rd, on_certificate); /* fails in a librdkafka without TLS */
    k->rd = kafka_conf_producer(&conf, e);
    if (!k->rd || kafka_queue_open(&k->queue, k->rd, e) < 0) return -1;
    if (conf.own_linger) return 0;
    k->pace = kafka_pace_new(k->rd, e);
    return k->pace ? 0 : -1;
}

static int kafka_open(const struct config_sink *c, const char *source, sink_result_fn fn, void *ctx,
                      struct sink **out, struct err *e) {
    struct kafka_sink *k = calloc(1, sizeof *k);

    if (!k) return err_memory(e, "opening the Kafka sink");
    k->sink.ops = &sink_kafka;
    k->config = c;
    k->source = source;
    k->log.source = source;
    k->fn = fn;
    k->ctx = ctx;
    kafka_outage_init(&k->outage, &clock_system, source);
    k->queue.fd = -1;
    k->admin_broker = KAFKA_BROKER_UNKNOWN;
    if (make_producer(k, e) < 0) {
        kafka_close(&k->sink);
        return -1;
    }
    *out = &k->sink;
    return 0;
}

/* ---- Topics ---- */

static int fill_topic(struct kafka_sink *k, struct topic *t, const struct sink_topic *wanted, struct err *e) {
    struct kafka_admin a = admin(k);
    struct kafka_settings settings;
    int32_t count;

    if (kafka_topic_prepare(&a, wanted, &settings, e) < 0) return -1;
    kafka_outage_answer(&k->outage);
    t->max_record = kafka_topic_max_record(&settings, k->record_bytes);
    if (kafka_partition_open(&t->partition, k->rd, t->name, e) < 0 ||
        kafka_topic_partitions(&a, t->partition.rd, &count, e) < 0)
        return -1;
    kafka_partition_set(&t->partition, count);
    return 0;
}

static int add_topic(struct kafka_sink *k, const struct sink_topic *wanted, struct err *e) {
    struct topic **more = realloc(k->topics, (k->ntopics + 1) * sizeof(*more));
    struct topic *t = calloc(1, sizeof *t);

    if (more) k->topics = more;
    if (t) t->name = strdup(wanted->name);
    if (!more || !t || !t->name) {
        topic_free(t);
        return err_memory(e, "a topic");
    }
    if (fill_topic(k, t, wanted, e) < 0) {
        topic_free(t);
        return -1;
    }
    k->topics[k->ntopics++] = t;
    return 0;
}

static int kafka_topic(struct sink *s, const struct sink_topic *wanted, bool (*keep_going)(void *ctx),
                       void *ctx, uint32_t *handle, struct err *e) {
    struct kafka_sink *k = (struct kafka_sink *)s;
    int rc;

    for (*handle = 0; *handle < k->ntopics; (*handle)++)
        if (strcmp(k->topics[*handle]->name, wanted->name) == 0) return 0;
    k->keep_going = keep_going;
    k->keep_going_ctx = ctx;
    rc = add_topic(k, wanted, e);
    k->keep_going = NULL;
    return rc;
}

static int32_t kafka_partitions(struct sink *s, uint32_t topic) {
    struct kafka_sink *k = (struct kafka_sink *)s;
    struct kafka_partition *p = &k->topics[topic]->partition;

    kafka_partition_say(p, k->source);
    return p->count;
}

static size_t kafka_max_record(struct sink *s, uint32_t topic) {
    return ((struct kafka_sink *)s)->topics[topic]->max_record;
}

/* ---- Sending ---- */

/* Kafka's milliseconds; never in the future, or the broker refuses it. 0: now. */
static int64_t timestamp(struct kafka_sink *k, int64_t ts_us) {
    if (ts_us > k->now_us) k->now_us = clock_wall_us(&clock_system);
    if (ts_us > k->now_us) ts_us = k->now_us;
    return ts_us >= 1000 ? ts_us / 1000 : 0;
}

/* Hands the record to librdkafka, which copies it. */
static rd_kafka_resp_err_t produce(struct kafka_sink *k, struct topic *t, const struct sink_record *r) {
    rd_kafka_vu_t v[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = t->partition.rd},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = kafka_partition_for(&t->partition, r)},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = timestamp(k, r->ts_us)},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = (void *)(uintptr_t)r->seq},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(uintptr_t)r->value.ptr, r->value.len}},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)r->key.ptr, r->key.len}},
    };
    size_t n = sizeof v / sizeof *v - (r->key.ptr ? 0 : 1);
    rd_kafka_error_t *error = rd_kafka_produceva(k->rd, v, n);
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);

    rd_kafka_error_destroy(error);
    return code;
}

static enum sink_send too_large(const struct topic *t, size_t bytes, struct err *e) {
    err_set(e, ERR_CONFIG, "a record of %zu bytes is larger than topic %s takes (%zu)", bytes, t->name,
            t->max_record);
    return SINK_TOO_LARGE;
}

static enum sink_send not_taken(struct kafka_sink *k, rd_kafka_resp_err_t code, const struct topic *t,
                                size_t bytes, struct err *e) {
    struct err why = {0};

    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL || kafka_error_is_consequence(code))
        return SINK_FULL; /* poll() says why */
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) return too_large(t, bytes, e);
    if (kafka_verdict(code) == KAFKA_MISSING)
        explain_missing(k, code, t->name, bytes, &why);
    else
        kafka_error_delivery(&why, code, t->name, bytes);
    if (e) *e = why;
    return SINK_ERROR;
}

static size_t length(struct text t) {
    return t.ptr ? t.len : 0;
}

static enum sink_send kafka_send(struct sink *s, const struct sink_record *r, struct err *e) {
    struct kafka_sink *k = (struct kafka_sink *)s;
    struct topic *t = k->topics[r->topic];
    size_t bytes = length(r->key) + length(r->value);

    if (bytes > t->max_record) return too_large(t, bytes, e);
    if (k->out > 0 && k->held + cost(bytes) > k->config->queue_bytes) return SINK_FULL;
    rd_kafka_resp_err_t code = produce(k, t, r);
    if (code) return not_taken(k, code, t, bytes, e);
    k->out++;
    k->held += cost(bytes);
    if (k->pace) kafka_pace_sent(k->pace, bytes, clock_monotonic_us(&clock_system));
    if (kafka_partition_moved(&t->partition)) kafka_partition_say(&t->partition, k->source);
    return SINK_SENT;
}

/* ---- Results ---- */

static int kafka_poll(struct sink *s, int timeout_ms, struct err *e) {
    struct kafka_sink *k = (struct kafka_sink *)s;
    bool results = false;

    if (kafka_queue_wake(&k->queue)) results = drain(k);
    if (!results && timeout_ms > 0 && !k->fatal.code) {
        rd_kafka_event_t *ev = kafka_queue_next(&k->queue, timeout_ms);
        if (ev) take_event(k, ev);
        drain(k);
    }
    return check_fatal(k, e);
}

static int kafka_fd(struct sink *s) {
    return ((struct kafka_sink *)s)->queue.fd;
}

static int kafka_sync(struct sink *s, struct err *e) {
    (void)s, (void)e; /* what is reported is on all in-sync replicas */
    return 0;
}

static int kafka_flush(struct sink *s, int timeout_ms, struct err *e) {
    struct kafka_sink *k = (struct kafka_sink *)s;
    int64_t deadline = clock_monotonic_us(&clock_system) + (int64_t)timeout_ms * 1000;
    int wait = 0;

    for (;;) {
        if (kafka_poll(s, wait, e) < 0) return -1;
        if (k->out == 0 || k->refusal.code) return 0;
        int64_t left = deadline - clock_monotonic_us(&clock_system);
        if (left <= 0) return 1;
        wait = left < 100000 ? (int)(left / 1000) + 1 : 100;
    }
}

const struct sink_ops sink_kafka = {
    .name = "kafka",
    .open = kafka_open,
    .topic = kafka_topic,
    .partitions = kafka_partitions,
    .max_record = kafka_max_record,
    .send = kafka_send,
    .poll = kafka_poll,
    .fd = kafka_fd,
    .sync = kafka_sync,
    .flush = kafka_flush,
    .close = kafka_close,
};
