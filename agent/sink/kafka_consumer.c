#include "agent/sink/kafka_consumer.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/base/clock.h"
#include "agent/config/secret.h"
#include "agent/sink/kafka_error.h"
#include "agent/sink/kafka_log.h"
#include "agent/sink/kafka_outage.h"
#include "agent/sink/kafka_tls.h"

#define REFRESH_MS 30000 /* how soon new partitions are noticed */
#define ASK_MS 5000      /* how long brokers may take to answer when nothing came */

struct partition {
    int64_t end; /* stop_at_end: the first offset not to be read; -1: follow */
    bool done;
};

struct topic {
    rd_kafka_topic_t *rd;
    struct partition *partitions;
    int32_t npartitions;
};

struct kafka_consumer {
    rd_kafka_t *rd;
    rd_kafka_queue_t *queue;
    struct topic *topics;
    size_t ntopics;
    rd_kafka_message_t *last; /* what the caller looks at */
    int64_t from;
    bool stop_at_end;
    size_t open; /* partitions that are not done, when stop_at_end */
    int64_t refreshed_ms;
    int patience_ms;
    int64_t heard_ms; /* when something came, or could have */
    struct kafka_log log;
    struct kafka_outage outage;
    struct kafka_tls tls;
};

/* ---- Called by librdkafka ---- */

static void on_log(const rd_kafka_t *rd, int level, const char *facility, const char *text) {
    struct kafka_consumer *c = rd_kafka_opaque(rd);
    kafka_log_line(&c->log, level, facility, text);
}

/* In rd_kafka_poll() only. */
static void on_error(rd_kafka_t *rd, int code, const char *reason, void *opaque) {
    struct kafka_consumer *c = opaque;
    char text[400];
    (void)rd;
    reason = kafka_tls_explain(&c->tls, (rd_kafka_resp_err_t)code, reason, text, sizeof(text));
    kafka_outage_error(&c->outage, (rd_kafka_resp_err_t)code, reason);
}

/* 1: the certificate is accepted. */
static int on_certificate(rd_kafka_t *rd, const char *broker, int32_t id, int *x509_error, int depth,
                          const char *der, size_t len, char *why, size_t size, void *opaque) {
    struct kafka_consumer *c = opaque;
    (void)rd, (void)broker, (void)id, (void)depth, (void)der, (void)len;
    if (kafka_tls_checked(&c->tls, *x509_error)) return 1;
    snprintf(why, size, "OpenSSL's verification error %d", *x509_error);
    return 0;
}

/* ---- Settings ---- */

static const struct {
    const char *name;
    const char *value;
} defaults[] = {
    {"client.id", "tailrace-tail"},         {"enable.partition.eof", "true"},
    {"isolation.level", "read_committed"},  {"fetch.wait.max.ms", "100"},
    {"fetch.error.backoff.ms", "100"},      {"queued.max.messages.kbytes", "16384"},
    {"fetch.message.max.bytes", "4194304"}, {"receive.message.max.bytes", "1000000000"},
    {"reconnect.backoff.max.ms", "2000"},
};

static int set(rd_kafka_conf_t *conf, const char *name, const char *value, struct err *e) {
    char why[512];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK) return 0;
    return err_set(e, ERR_CONFIG, "Kafka property %s: %s (librdkafka %s)", name, why, rd_kafka_version_str());
}

static int set_property(rd_kafka_conf_t *conf, const struct config_pair *p, struct err *e) {
    struct buf value = {0};
    if (!p->secret) return set(conf, p->name, p->value, e);
    int rc = secret_read(p->secret, &value, e);
    if (rc < 0) {
        err_prefix(e, "Kafka property %s", p->name);
    } else {
        rc = set(conf, p->name, buf_cstr(&value), e);
    }
    secret_wipe(&value);
    return rc;
}

static int make_client(struct kafka_consumer *c, const struct kafka_consumer_options *o, struct err *e) {
    char why[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (!conf) return err_memory(e, "the Kafka configuration");
    rd_kafka_conf_set_opaque(conf, c);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_ssl_cert_verify_cb(conf, on_certificate); /* fails in a librdkafka without TLS */
    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
        if (set(conf, defaults[i].name, defaults[i].value, e)) goto failed;
    for (size_t i = 0; i < o->nproperties; i++)
        if (set_property(conf, &o->properties[i], e)) goto failed;
    if (set(conf, "bootstrap.servers", o->brokers, e)) goto failed;
    c->rd = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
    if (c->rd) {
        c->queue = rd_kafka_queue_new(c->rd);
        return c->queue ? 0 : err_memory(e, "a Kafka queue");
    }
    err_set(e, ERR_CONFIG, "Kafka client: %s", why);
failed:
    rd_kafka_conf_destroy(conf);
    return -1;
}

/* ---- Topics and partitions ---- */

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t start_offset(const struct kafka_consumer *c) {
    if (c->from == KAFKA_CONSUMER_BEGINNING) return RD_KAFKA_OFFSET_BEGINNING;
    if (c->from == KAFKA_CONSUMER_END) return RD_KAFKA_OFFSET_END;
    return RD_KAFKA_OFFSET_TAIL(c->from);
}

static int failed(struct err *e, const char *what, const char *topic, rd_kafka_resp_err_t code) {
    bool config = kafka_verdict(code) == KAFKA_DENIED || kafka_verdict(code) == KAFKA_MISSING;
    return err_set(e, config ? ERR_CONFIG : ERR_IO, "topic %s: %s: %s", topic, what, rd_kafka_err2str(code));
}

/* Where reading of a partition ends: at its high watermark now. */
static int find_end(struct kafka_consumer *c, const char *topic, int32_t number, struct partition *p,
                    int timeout_ms, struct err *e) {
    int64_t low, high;
    p->end = -1;
    if (!c->stop_at_end) return 0;
    rd_kafka_resp_err_t code =
        rd_kafka_query_watermark_offsets(c->rd, topic, number, &low, &high, timeout_ms);
    if (code) return failed(e, "cannot ask for the end of a partition", topic, code);
    p->end = high;
    p->done = high <= low || c->from == 0 || c->from == KAFKA_CONSUMER_END;
    return 0;
}

/* Starts reading the partitions from the `npartitions`th on that the topic has by now. */
static int start_partitions(struct kafka_consumer *c, struct topic *t, int32_t count, int64_t offset,
                            int timeout_ms, struct err *e) {
    const char *name = rd_kafka_topic_name(t->rd);
    struct partition *partitions = realloc(t->partitions, (size_t)count * sizeof(*partitions));
    if (!partitions) return err_memory(e, "the partitions of a topic");
    t->partitions = partitions;
    for (int32_t i = t->npartitions; i < count; i++) {
        struct partition *p = &t->partitions[i];
        *p = (struct partition){0};
        if (find_end(c, name, i, p, timeout_ms, e)) return -1;
        t->npartitions = i + 1;
        if (p->done) continue;
        if (rd_kafka_consume_start_queue(t->rd, i, offset, c->queue) != 0)
            return failed(e, "cannot read a partition", name, rd_kafka_last_error());
        c->open++;
    }
    return 0;
}

static int no_answer(struct kafka_consumer *c, rd_kafka_resp_err_t code, struct err *e) {
    rd_kafka_poll(c->rd, 0); /* brings the reason */
    return err_set(e, ERR_IO, "no Kafka broker answers: %s",
                   *c->outage.reason ? c->outage.reason : rd_kafka_err2str(code));
}

/* Partitions that the topic has now; -1 with `e`. */
static int32_t count_partitions(struct kafka_consumer *c, struct topic *t, int timeout_ms, struct err *e) {
    const char *name = rd_kafka_topic_name(t->rd);
    const struct rd_kafka_metadata *m = NULL;
    rd_kafka_resp_err_t code = rd_kafka_metadata(c->rd, 0, t->rd, &m, timeout_ms);
    if (code) return no_answer(c, code, e);
    int32_t count = m->topic_cnt == 1 ? m->topics[0].partition_cnt : 0;
    code = m->topic_cnt == 1 ? m->topics[0].err : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
    rd_kafka_metadata_destroy(m);
    if (code && kafka_verdict(code) == KAFKA_MISSING)
        return err_set(e, ERR_CONFIG, "there is no topic %s", name);
    return code ? failed(e, "cannot ask for its partitions", name, code) : count;
}

static int open_topic(struct kafka_consumer *c, const char *name, int timeout_ms, struct err *e) {
    struct topic *t = &c->topics[c->ntopics];
    t->rd = rd_kafka_topic_new(c->rd, name, NULL);
    if (!t->rd) return failed(e, "cannot open it", name, rd_kafka_last_error());
    c->ntopics++;
    int32_t count = count_partitions(c, t, timeout_ms, e);
    return count < 0 ? -1 : start_partitions(c, t, count, start_offset(c), timeout_ms, e);
}

int kafka_consumer_open(const struct kafka_consumer_options *o, int timeout_ms, struct kafka_consumer **out,
                        struct err *e) {
    struct kafka_consumer *c = calloc(1, sizeof(*c));
    if (!c) return err_memory(e, "a Kafka consumer");
    c->from = o->from;
    c->stop_at_end = o->stop_at_end;
    c->patience_ms = o->patience_ms;
    c->log.source = "tail";
    kafka_outage_init(&c->outage, &clock_system, "tail");
    c->refreshed_ms = now_ms();
    c->topics = calloc(o->ntopics + 1, sizeof(*c->topics));
    if (!c->topics) {
        err_memory(e, "a Kafka consumer");
        goto failed;
    }
    if (make_client(c, o, e)) goto failed;
    for (size_t i = 0; i < o->ntopics; i++)
        if (open_topic(c, o->topics[i], timeout_ms, e)) goto failed;
    c->heard_ms = now_ms();
    *out = c;
    return 0;
failed:
    kafka_consumer_close(c);
    return -1;
}

/* New partitions are read from their beginning: nothing in them was there before. Trouble waits for the next
 * time. */
static void refresh(struct kafka_consumer *c) {
    struct err e;
    if (c->stop_at_end || now_ms() - c->refreshed_ms < REFRESH_MS) return;
    c->refreshed_ms = now_ms();
    for (size_t i = 0; i < c->ntopics; i++) {
        int32_t count = count_partitions(c, &c->topics[i], 1000, &e);
        if (count > c->topics[i].npartitions)
            start_partitions(c, &c->topics[i], count, RD_KAFKA_OFFSET_BEGINNING, 1000, &e);
    }
}

/* ---- When nothing comes ---- */

static void hear(struct kafka_consumer *c) {
    c->heard_ms = now_ms();
    kafka_outage_answer(&c->outage);
}

/* Whether every partition that is still to be read has a leader. */
static int check_leaders(const struct topic *t, const struct rd_kafka_metadata *m, struct err *e) {
    const rd_kafka_metadata_topic_t *now = &m->topics[0];
    if (m->topic_cnt != 1 || now->err)
        return failed(e, "cannot be read any more", rd_kafka_topic_name(t->rd),
                      m->topic_cnt == 1 ? now->err : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
    for (int i = 0; i < now->partition_cnt; i++) {
        int32_t number = now->partitions[i].id;
        if (number >= t->npartitions || t->partitions[number].done || now->partitions[i].leader >= 0)
            continue;
        return err_set(e, ERR_IO, "partition %d of topic %s has no leader: its brokers are down", number,
                       now->topic);
    }
    return 0;
}

static bool is_open(const struct topic *t) {
    for (int32_t i = 0; i < t->npartitions; i++)
        if (!t->partitions[i].done) return true;
    return false;
}

/* Asks whether the rest can come at all. */
static int check_rest(struct kafka_consumer *c, struct err *e) {
    int timeout_ms = c->patience_ms < ASK_MS ? c->patience_ms : ASK_MS;
    for (size_t i = 0; i < c->ntopics; i++) {
        const struct rd_kafka_metadata *m;
        if (!is_open(&c->topics[i])) continue;
        rd_kafka_resp_err_t code = rd_kafka_metadata(c->rd, 0, c->topics[i].rd, &m, timeout_ms);
        int rc = code ? no_answer(c, code, e) : check_leaders(&c->topics[i], m, e);
        if (!code) rd_kafka_metadata_destroy(m);
        if (rc) return err_prefix(e, "nothing came for %d s, before the end", c->patience_ms / 1000);
    }
    return 0;
}

static enum kafka_next wait_on(struct kafka_consumer *c, struct err *e) {
    if (!c->stop_at_end || now_ms() - c->heard_ms < c->patience_ms) return KAFKA_NEXT_NOTHING;
    if (check_rest(c, e)) return KAFKA_NEXT_ERROR;
    c->heard_ms = now_ms();
    return KAFKA_NEXT_NOTHING;
}

/* ---- Records ---- */

static struct partition *partition_of(struct kafka_consumer *c, const rd_kafka_message_t *m) {
    for (size_t i = 0; i < c->ntopics; i++) {
        struct topic *t = &c->topics[i];
        if (t->rd == m->rkt || strcmp(rd_kafka_topic_name(t->rd), rd_kafka_topic_name(m->rkt)) == 0)
            return m->partition >= 0 && m->partition < t->npartitions ? &t->partitions[m->partition] : NULL;
    }
    return NULL;
}

static void finish(struct kafka_consumer *c, struct partition *p) {
    if (p->done || !c->stop_at_end) return;
    p->done = true;
    c->open--;
}

/* An error that a message carries: the end of a partition, or trouble. */
static enum kafka_next take_error(struct kafka_consumer *c, const rd_kafka_message_t *m, struct err *e) {
    struct partition *p = m->rkt ? partition_of(c, m) : NULL;
    if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        if (p) finish(c, p);
        hear(c);
        return KAFKA_NEXT_NOTHING;
    }
    if (kafka_verdict(m->err) == KAFKA_RETRY) return wait_on(c, e);
    failed(e, "cannot read", m->rkt ? rd_kafka_topic_name(m->rkt) : "?", m->err);
    return KAFKA_NEXT_ERROR;
}

static enum kafka_next take_record(struct kafka_consumer *c, const rd_kafka_message_t *m,
                                   struct kafka_record *out) {
    struct partition *p = partition_of(c, m);
    hear(c);
    if (p && p->end >= 0) {
        if (m->offset + 1 >= p->end) finish(c, p);
        if (m->offset >= p->end) return KAFKA_NEXT_NOTHING; /* came later */
    }
    *out = (struct kafka_record){
        .topic = rd_kafka_topic_name(m->rkt),
        .partition = m->partition,
        .offset = m->offset,
        .key = m->key,
        .key_len = m->key_len,
        .value = m->payload,
        .value_len = m->len,
    };
    return KAFKA_NEXT_RECORD;
}

enum kafka_next kafka_consumer_next(struct kafka_consumer *c, int timeout_ms, struct kafka_record *out,
                                    struct err *e) {
    if (c->last) rd_kafka_message_destroy(c->last);
    c->last = NULL;
    if (c->stop_at_end && c->open == 0) return KAFKA_NEXT_END;
    refresh(c);
    c->last = rd_kafka_consume_queue(c->queue, timeout_ms);
    rd_kafka_poll(c->rd, 0);
    if (!c->last) return wait_on(c, e);
    return c->last->err ? take_error(c, c->last, e) : take_record(c, c->last, out);
}

void kafka_consumer_close(struct kafka_consumer *c) {
    if (!c) return;
    if (c->last) rd_kafka_message_destroy(c->last);
    for (size_t i = 0; i < c->ntopics; i++) {
        for (int32_t p = 0; p < c->topics[i].npartitions; p++) rd_kafka_consume_stop(c->topics[i].rd, p);
        rd_kafka_topic_destroy(c->topics[i].rd);
        free(c->topics[i].partitions);
    }
    if (c->queue) rd_kafka_queue_destroy(c->queue);
    if (c->rd) rd_kafka_destroy(c->rd);
    free(c->topics);
    free(c);
}
