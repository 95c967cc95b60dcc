#include "agent/sink/kafka_topic.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/sink/kafka_error.h"

#define SLICE_MS 100
#define REQUEST_MS 10000
#define OPERATION_MS 5000
#define PATIENCE_US INT64_C(30000000) /* what may be a cluster that is just starting */
#define VANISHED_US INT64_C(10000000) /* a restarting broker may deny a topic for a while */
#define UNKNOWN INT64_MIN
#define DEFAULT_MAX_MESSAGE 1048588 /* Kafka's own */
#define RECORD_OVERHEAD 128u        /* batch header 61, record header up to 32, and some room */
#define BATCH_OVERHEAD 1024

/* ---- Requests ---- */

struct request {
    rd_kafka_queue_t *queue;
    rd_kafka_AdminOptions_t *options;
};

static int request_begin(const struct kafka_admin *a, rd_kafka_admin_op_t op, struct request *r,
                         struct err *e) {
    char why[256];

    r->queue = rd_kafka_queue_new(a->rd);
    r->options = rd_kafka_AdminOptions_new(a->rd, op);
    if (!r->queue || !r->options) return err_memory(e, "asking Kafka");
    rd_kafka_AdminOptions_set_request_timeout(r->options, REQUEST_MS, why, sizeof why);
    if (op == RD_KAFKA_ADMIN_OP_CREATETOPICS)
        rd_kafka_AdminOptions_set_operation_timeout(r->options, OPERATION_MS, why, sizeof why);
    return 0;
}

static void request_end(struct request *r) {
    if (r->options) rd_kafka_AdminOptions_destroy(r->options);
    if (r->queue) rd_kafka_queue_destroy(r->queue);
}

/* The answer, or NULL with `e` when waiting was given up. */
static rd_kafka_event_t *await(const struct kafka_admin *a, const struct request *r, struct err *e) {
    for (;;) {
        rd_kafka_event_t *ev = rd_kafka_queue_poll(r->queue, SLICE_MS);
        if (ev) return ev;
        if (a->between(a->ctx, e) < 0) return NULL;
    }
}

static int pause_slice(const struct kafka_admin *a, struct err *e) {
    poll(NULL, 0, SLICE_MS);
    return a->between(a->ctx, e);
}

static bool is_over(int64_t since_us, int64_t patience_us) {
    return clock_monotonic_us(&clock_system) - since_us > patience_us;
}

static const char *first_broker(const struct kafka_admin *a) {
    return a->config->brokers.count ? a->config->brokers.items[0] : "BROKER";
}

/* ---- Reading settings ---- */

static int64_t to_number(const char *text) {
    char *end;
    int64_t v = strtoll(text, &end, 10);

    return *text && !*end ? v : UNKNOWN;
}

static void take_setting(struct kafka_settings *s, const char *name, const char *value) {
    if (strcmp(name, "cleanup.policy") == 0) snprintf(s->cleanup, sizeof s->cleanup, "%s", value);
    if (strcmp(name, "retention.ms") == 0) s->retention_ms = to_number(value);
    if (strcmp(name, "retention.bytes") == 0) s->retention_bytes = to_number(value);
    if (strcmp(name, "max.message.bytes") == 0) s->max_message_bytes = to_number(value);
}

static struct kafka_settings unknown_settings(void) {
    return (struct kafka_settings){
        .retention_ms = UNKNOWN, .retention_bytes = UNKNOWN, .max_message_bytes = UNKNOWN};
}

static rd_kafka_resp_err_t read_settings(const rd_kafka_event_t *ev, struct kafka_settings *out) {
    rd_kafka_resp_err_t code = rd_kafka_event_error((rd_kafka_event_t *)ev);
    const rd_kafka_ConfigResource_t **resources;
    const rd_kafka_ConfigEntry_t **entries;
    size_t n;

    if (code) return code;
    resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result((rd_kafka_event_t *)ev), &n);
    if (n != 1) return RD_KAFKA_RESP_ERR__BAD_MSG;
    code = rd_kafka_ConfigResource_error(resources[0]);
    if (code) return code;
    entries = rd_kafka_ConfigResource_configs(resources[0], &n);
    for (size_t i = 0; i < n; i++) {
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);
        if (value) take_setting(out, rd_kafka_ConfigEntry_name(entries[i]), value);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/*
 * Any broker can tell a topic's settings, librdkafka would wait for the controller. So the first one that
 * answers is asked from then on; should it go away, the controller. Only before there is any topic: a later
 * request like this one might create topics.
 */
static void find_broker(const struct kafka_admin *a) {
    const struct rd_kafka_metadata *m;

    if (*a->broker != KAFKA_BROKER_UNKNOWN || rd_kafka_metadata(a->rd, 0, NULL, &m, 5 * SLICE_MS)) return;
    *a->broker = m->orig_broker_id;
    /* librdkafka 2.14 says of what a bootstrap server told that no broker did. */
    if (m->orig_broker_id < 0 && m->broker_cnt > 0) *a->broker = m->brokers[0].id;
    rd_kafka_metadata_destroy(m);
}

/* One try: *code says how it went. -1 when waiting was given up. */
static int describe(const struct kafka_admin *a, const char *name, struct kafka_settings *out,
                    rd_kafka_resp_err_t *code, struct err *e) {
    rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name);
    rd_kafka_event_t *ev = NULL;
    struct request r;
    char why[256];

    *out = unknown_settings();
    find_broker(a);
    if (request_begin(a, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, &r, e) == 0) {
        if (*a->broker >= 0) rd_kafka_AdminOptions_set_broker(r.options, *a->broker, why, sizeof why);
        rd_kafka_DescribeConfigs(a->rd, &resource, 1, r.options, r.queue);
        ev = await(a, &r, e);
    }
    if (ev) {
        *code = read_settings(ev, out);
        if (kafka_verdict(*code) == KAFKA_RETRY) *a->broker = -1;
        rd_kafka_event_destroy(ev);
    }
    rd_kafka_ConfigResource_destroy(resource);
    request_end(&r);
    return ev ? 0 : -1;
}

/* ---- Creating ---- */

static const char *configured(const struct config_sink *c, const char *name) {
    for (size_t i = 0; i < c->ntopic_config; i++)
        if (strcmp(c->topic_config[i].name, name) == 0) return c->topic_config[i].value;
    return NULL;
}

static rd_kafka_NewTopic_t *new_topic(const struct kafka_admin *a, const struct sink_topic *t,
                                      struct err *e) {
    const struct config_sink *c = a->config;
    char why[256];
    rd_kafka_NewTopic_t *n = rd_kafka_NewTopic_new(t->name, c->partitions, c->replication, why, sizeof why);

    if (!n) {
        err_set(e, ERR_CONFIG, "topic %s cannot be created: %s", t->name, why);
        return NULL;
    }
    if (t->keep_forever && !configured(c, "retention.ms"))
        rd_kafka_NewTopic_set_config(n, "retention.ms", "-1");
    if (t->keep_forever && !configured(c, "retention.bytes"))
        rd_kafka_NewTopic_set_config(n, "retention.bytes", "-1");
    if (!t->compacted_ok && !configured(c, "cleanup.policy"))
        rd_kafka_NewTopic_set_config(n, "cleanup.policy", "delete");
    for (size_t i = 0; i < c->ntopic_config; i++)
        rd_kafka_NewTopic_set_config(n, c->topic_config[i].name, c->topic_config[i].value);
    return n;
}

/* One try: *code and `why`, the broker's words. -1 when waiting was given up. */
static int try_create(const struct kafka_admin *a, const struct sink_topic *t, rd_kafka_resp_err_t *code,
                      char *why, size_t size, struct err *e) {
    const rd_kafka_topic_result_t **results;
    rd_kafka_NewTopic_t *n = new_topic(a, t, e);
    rd_kafka_event_t *ev = NULL;
    struct request r;
    size_t count;

    if (!n) return -1;
    if (request_begin(a, RD_KAFKA_ADMIN_OP_CREATETOPICS, &r, e) == 0) {
        rd_kafka_CreateTopics(a->rd, &n, 1, r.options, r.queue);
        ev = await(a, &r, e);
    }
    if (ev) {
        *code = rd_kafka_event_error(ev);
        snprintf(why, size, "%s", rd_kafka_err2str(*code));
        if (!*code) {
            results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(ev), &count);
            *code = count == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
            const char *text = count == 1 ? rd_kafka_topic_result_error_string(results[0]) : NULL;
            snprintf(why, size, "%s", text ? text : rd_kafka_err2str(*code));
        }
        rd_kafka_event_destroy(ev);
    }
    rd_kafka_NewTopic_destroy(n);
    request_end(&r);
    return ev ? 0 : -1;
}

static int cannot_create(const struct kafka_admin *a, const struct sink_topic *t, const char *why,
                         struct err *e) {
    return err_set(
        e, ERR_CONFIG,
        "topic %s cannot be created: %s. Correct sink.partitions, sink.replication or sink.topic_config, "
        "or create it: kafka-topics.sh --bootstrap-server %s --create --topic %s --config "
        "retention.ms=-1",
        t->name, why, first_broker(a), t->name);
}

/* Whether it is worth trying again: also when too few brokers have come up yet. */
static bool may_pass(rd_kafka_resp_err_t code, int64_t since_us) {
    if (kafka_verdict(code) == KAFKA_RETRY) return true;
    return code == RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR && !is_over(since_us, PATIENCE_US);
}

/* Creates it; fine when it exists. `lenient`: fine too when we may not. */
static int create(const struct kafka_admin *a, const struct sink_topic *t, bool lenient, struct err *e) {
    int64_t since = clock_monotonic_us(&clock_system);
    rd_kafka_resp_err_t code;
    char why[300];

    for (;;) {
        if (try_create(a, t, &code, why, sizeof why, e) < 0) return -1;
        if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return 0;
        if (lenient && kafka_verdict(code) == KAFKA_DENIED) return 0;
        if (!code) break;
        if (!may_pass(code, since)) return cannot_create(a, t, why, e);
        if (pause_slice(a, e) < 0) return -1;
    }
    log_kv(LOG_INFO, a->source, "topic created", "topic", t->name, NULL);
    return 0;
}

/* What is wrong with creating it at all, before anything is done. */
static int may_create(const struct kafka_admin *a, const struct sink_topic *t, struct err *e) {
    const char *cleanup = configured(a->config, "cleanup.policy");

    if (!a->config->create_topics)
        return err_set(e, ERR_CONFIG,
                       "topic %s does not exist, and sink.create_topics is off. Create it: kafka-topics.sh "
                       "--bootstrap-server %s --create --topic %s --config retention.ms=-1",
                       t->name, first_broker(a), t->name);
    if (cleanup && strstr(cleanup, "compact") && !t->compacted_ok)
        return err_set(
            e, ERR_CONFIG,
            "sink.topic_config: cleanup.policy=%s cannot be used for topic %s: %s. Create that topic "
            "beforehand with cleanup.policy=delete, or leave cleanup.policy out",
            cleanup, t->name, t->why_not_compacted);
    return 0;
}

/* ---- Checking ---- */

static void warn_about_retention(const struct kafka_admin *a, const struct sink_topic *t,
                                 const struct kafka_settings *s) {
    bool finite = s->retention_ms >= 0 || s->retention_bytes >= 0;

    if (!t->keep_forever || !finite || !strstr(s->cleanup, "delete")) return;
    if (configured(a->config, "retention.ms") || configured(a->config, "retention.bytes")) return;
    log_msg(
        LOG_WARN, a->source,
        "topic %s forgets records (retention.ms=%" PRId64 " retention.bytes=%" PRId64
        "): to keep them: kafka-configs.sh --bootstrap-server %s --alter --entity-type topics --entity-name "
        "%s --add-config retention.ms=-1,retention.bytes=-1",
        t->name, s->retention_ms, s->retention_bytes, first_broker(a), t->name);
}

static int check(const struct kafka_admin *a, const struct sink_topic *t, const struct kafka_settings *s,
                 struct err *e) {
    if (strstr(s->cleanup, "compact") && !t->compacted_ok)
        return err_set(
            e, ERR_CONFIG,
            "topic %s is compacted (cleanup.policy=%s): %s. Use another topic, or: kafka-configs.sh "
            "--bootstrap-server %s --alter --entity-type topics --entity-name %s --add-config "
            "cleanup.policy=delete",
            t->name, s->cleanup, t->why_not_compacted, first_broker(a), t->name);
    if (s->max_message_bytes > 0 && (int64_t)a->batch_bytes + BATCH_OVERHEAD > s->max_message_bytes)
        return err_set(e, ERR_CONFIG,
                       "topic %s takes batches of at most %" PRId64
                       " bytes (max.message.bytes), and ours may have "
                       "%zu: raise that, or set sink.kafka.batch.size to %" PRId64 " or less",
                       t->name, s->max_message_bytes, a->batch_bytes,
                       s->max_message_bytes > 2 * BATCH_OVERHEAD ? s->max_message_bytes - BATCH_OVERHEAD
                                                                 : BATCH_OVERHEAD);
    warn_about_retention(a, t, s);
    return 0;
}

/* We may not look: say so, and make sure it exists as far as we may. */
static int go_on_blindly(const struct kafka_admin *a, const struct sink_topic *t, rd_kafka_resp_err_t code,
                         struct err *e) {
    log_msg(LOG_WARN, a->source,
            "the settings of topic %s cannot be read (%s): going on with Kafka's defaults; it must not be "
            "compacted unless rows have whole images. To have it checked, grant DescribeConfigs on it",
            t->name, rd_kafka_err2str(code));
    return a->config->create_topics ? create(a, t, true, e) : 0;
}

/* ---- Interface ---- */

int kafka_topic_prepare(const struct kafka_admin *a, const struct sink_topic *t, struct kafka_settings *out,
                        struct err *e) {
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    int64_t created = 0;

    for (;;) {
        if (describe(a, t->name, out, &code, e) < 0) return -1;
        if (!code) return check(a, t, out, e);
        switch (kafka_verdict(code)) {
        case KAFKA_DENIED: return go_on_blindly(a, t, code, e);
        case KAFKA_MISSING: /* also for a moment after it was created */
            if (created && !is_over(created, PATIENCE_US)) break;
            if (may_create(a, t, e) < 0 || create(a, t, false, e) < 0) return -1;
            created = clock_monotonic_us(&clock_system);
            break;
        case KAFKA_RETRY: break;
        default:
            return err_set(e, ERR_CONFIG, "the settings of topic %s cannot be read: %s", t->name,
                           rd_kafka_err2str(code));
        }
        if (pause_slice(a, e) < 0) return -1;
    }
}

/* One try: the number of partitions, 0 when it is not known yet. */
static int32_t count_partitions(const struct kafka_admin *a, rd_kafka_topic_t *topic,
                                rd_kafka_resp_err_t *code) {
    const struct rd_kafka_metadata *m;
    int32_t n = 0;

    *code = rd_kafka_metadata(a->rd, 0, topic, &m, 5 * SLICE_MS);
    if (*code) return 0;
    if (m->topic_cnt == 1) {
        *code = m->topics[0].err;
        n = m->topics[0].partition_cnt;
    }
    rd_kafka_metadata_destroy(m);
    return n;
}

int kafka_topic_partitions(const struct kafka_admin *a, rd_kafka_topic_t *topic, int32_t *out,
                           struct err *e) {
    int64_t since = clock_monotonic_us(&clock_system);
    rd_kafka_resp_err_t code;

    while ((*out = count_partitions(a, topic, &code)) == 0) {
        enum kafka_verdict v = kafka_verdict(code);
        bool passing = !code || v == KAFKA_RETRY || (v == KAFKA_MISSING && !is_over(since, PATIENCE_US));
        if (!passing)
            return err_set(e, ERR_CONFIG,
                           "topic %s cannot be written: %s; grant Describe and Write on it, and create "
                           "it if it does not exist",
                           rd_kafka_topic_name(topic), rd_kafka_err2str(code));
        if (pause_slice(a, e) < 0) return -1;
    }
    return 0;
}

int kafka_topic_exists(const struct kafka_admin *a, const char *name, struct err *e) {
    int64_t since = clock_monotonic_us(&clock_system);
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    struct kafka_settings ignored;

    for (;;) {
        if (describe(a, name, &ignored, &code, e) < 0) return -1;
        enum kafka_verdict v = kafka_verdict(code);
        if (!code || (v != KAFKA_MISSING && v != KAFKA_RETRY)) return 1;
        if (v == KAFKA_MISSING && is_over(since, VANISHED_US)) return 0;
        if (pause_slice(a, e) < 0) return -1;
    }
}

bool kafka_topic_answers(rd_kafka_t *rd) {
    const struct rd_kafka_metadata *m;

    if (rd_kafka_metadata(rd, 0, NULL, &m, 10 * SLICE_MS)) return false;
    rd_kafka_metadata_destroy(m);
    return true;
}

size_t kafka_topic_max_record(const struct kafka_settings *s, size_t user_limit) {
    size_t limit = s->max_message_bytes > 0 ? (size_t)s->max_message_bytes : DEFAULT_MAX_MESSAGE;

    if (user_limit > 0 && user_limit < limit) limit = user_limit;
    return limit > RECORD_OVERHEAD ? limit - RECORD_OVERHEAD : 1;
}
