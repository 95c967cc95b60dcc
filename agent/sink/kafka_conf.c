#include "agent/sink/kafka_conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/config/secret.h"
#include "agent/sink/kafka_pace.h"

struct property {
    const char *name;
    const char *value;
};

static const struct property defaults[] = {
    {"compression.type", "lz4"},
    {"linger.ms", KAFKA_PACE_LINGER_MS},
    {"batch.size", "983040"}, /* compressed or not, it fits into what brokers take by default */
    {"batch.num.messages", "100000"},
    {"socket.nagle.disable", "true"},
    {"socket.keepalive.enable", "true"},
    {"reconnect.backoff.max.ms", "2000"},
    {"topic.metadata.refresh.interval.ms", "30000"}, /* how soon new partitions are seen */
};

/* Older versions do not compare the certificate's name; a librdkafka without TLS does not know this. */
static const struct property verify = {"ssl.endpoint.identification.algorithm", "https"};

/*
 * The gapless guarantee: when a batch is refused for good, nothing behind it in its partition may be
 * appended, or the order of a key's changes would be broken once the refused ones are sent again. The queue
 * is bounded by the sink itself, in bytes; the limit on a record is its topic's.
 */
static const struct property required[] = {
    {"enable.idempotence", "true"},
    {"enable.gapless.guarantee", "true"},
    {"acks", "all"},
    {"message.timeout.ms", "0"},
    {"delivery.report.only.error", "false"},
    {"allow.auto.create.topics", "false"},
    {"queue.buffering.max.messages", "10000000"},
    {"queue.buffering.max.kbytes", "2147483647"},
    {"message.max.bytes", "1000000000"},
};

static int set(rd_kafka_conf_t *rd, const char *name, const char *value, struct err *e) {
    char why[512];

    if (rd_kafka_conf_set(rd, name, value, why, sizeof why) == RD_KAFKA_CONF_OK) return 0;
    if (strstr(why, "not supported in this build"))
        return err_set(e, ERR_CONFIG,
                       "sink.kafka.%s: the librdkafka of this system (%s) was built without what that needs: "
                       "install one that has it, or do without the property. In its words: %s",
                       name, rd_kafka_version_str(), why);
    return err_set(e, ERR_CONFIG, "sink.kafka.%s: %s (librdkafka %s)", name, why, rd_kafka_version_str());
}

static int set_all(rd_kafka_conf_t *rd, const struct property *p, size_t n, struct err *e) {
    for (size_t i = 0; i < n; i++)
        if (set(rd, p[i].name, p[i].value, e) < 0) return -1;
    return 0;
}

/* A file that a property names and nobody can read: librdkafka would tell in OpenSSL's words. */
static int check_file(const struct config_pair *p, struct err *e) {
    static const char ending[] = ".location";
    size_t len = strlen(p->name);

    if (len < sizeof ending || strcmp(p->name + len - (sizeof ending - 1), ending) != 0) return 0;
    if (strcmp(p->value, "probe") == 0 || access(p->value, R_OK) == 0) return 0; /* probe: look around */
    return err_set(e, ERR_CONFIG, "sink.kafka.%s: cannot read %s: %s", p->name, p->value, strerror(errno));
}

static int set_secret(rd_kafka_conf_t *rd, const struct config_pair *p, struct err *e) {
    struct buf value = {0};
    int rc = secret_read(p->secret, &value, e);

    if (rc < 0)
        err_prefix(e, "sink.kafka.%s", p->name);
    else
        rc = set(rd, p->name, buf_cstr(&value), e);
    secret_wipe(&value);
    return rc;
}

static int set_user(rd_kafka_conf_t *rd, const struct config_sink *c, struct err *e) {
    for (size_t i = 0; i < c->nkafka; i++) {
        const struct config_pair *p = &c->kafka[i];
        if (p->secret ? set_secret(rd, p, e) < 0 : set(rd, p->name, p->value, e) < 0) return -1;
        if (!p->secret && check_file(p, e) < 0) return -1;
    }
    return 0;
}

static int set_brokers(rd_kafka_conf_t *rd, const struct config_strings *brokers, struct err *e) {
    struct buf list = {0};
    int rc;

    for (size_t i = 0; i < brokers->count; i++) buf_printf(&list, "%s%s", i ? "," : "", brokers->items[i]);
    rc = buf_failed(&list) ? err_memory(e, "the list of brokers")
                           : set(rd, "bootstrap.servers", buf_cstr(&list), e);
    buf_release(&list);
    return rc;
}

static int set_client_id(rd_kafka_conf_t *rd, const char *source, struct err *e) {
    char id[128];

    snprintf(id, sizeof id, "tailrace-%s", source);
    return set(rd, "client.id", id, e);
}

static size_t number(const rd_kafka_conf_t *rd, const char *name) {
    char text[32] = "";
    size_t size = sizeof text;

    if (rd_kafka_conf_get(rd, name, text, &size) != RD_KAFKA_CONF_OK) return 0;
    return (size_t)strtoull(text, NULL, 10);
}

static bool is_given(const struct config_sink *c, const char *name) {
    for (size_t i = 0; i < c->nkafka; i++)
        if (strcmp(c->kafka[i].name, name) == 0) return true;
    return false;
}

int kafka_conf_make(const struct config_sink *c, const char *source, struct kafka_conf *out, struct err *e) {
    rd_kafka_conf_t *rd = rd_kafka_conf_new();

    *out = (struct kafka_conf){.rd = rd};
    if (!rd) return err_memory(e, "the Kafka configuration");
    rd_kafka_conf_set(rd, verify.name, verify.value, NULL, 0);
    if (set_client_id(rd, source, e) < 0 ||
        set_all(rd, defaults, sizeof defaults / sizeof *defaults, e) < 0 || set_user(rd, c, e) < 0)
        goto failed;
    if (is_given(c, "message.max.bytes")) out->record_bytes = number(rd, "message.max.bytes");
    out->batch_bytes = number(rd, "batch.size");
    out->own_linger = is_given(c, "linger.ms") || is_given(c, "queue.buffering.max.ms");
    if (set_brokers(rd, &c->brokers, e) < 0 ||
        set_all(rd, required, sizeof required / sizeof *required, e) < 0)
        goto failed;
    return 0;
failed:
    rd_kafka_conf_destroy(rd);
    out->rd = NULL;
    return -1;
}

rd_kafka_t *kafka_conf_producer(struct kafka_conf *conf, struct err *e) {
    rd_kafka_t *rd;
    char why[512];

    rd_kafka_conf_set_events(conf->rd, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    rd = rd_kafka_new(RD_KAFKA_PRODUCER, conf->rd, why, sizeof why);
    if (!rd) {
        rd_kafka_conf_destroy(conf->rd);
        err_set(e, ERR_CONFIG, "sink.kafka: %s (librdkafka %s)", why, rd_kafka_version_str());
    }
    conf->rd = NULL;
    return rd;
}
