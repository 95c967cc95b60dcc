#include "agent/config/kafka_properties.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ORDER "the order of a key's changes must survive retries"
#define FOR_EVER "a change is retried for as long as it takes, and none is given up"
#define NO_TEXT "it is no text that a file could hold; Tailrace sets what it needs itself"
#define ONCE "exactly-once is not in this version"
#define TRUE_WORDS "true t 1" /* what librdkafka reads as such */
#define FALSE_WORDS "false f 0"

static const struct kafka_rule rules[] = {
    {"bootstrap.servers", NULL, "brokers are named in sink.brokers"},
    {"metadata.broker.list", NULL, "brokers are named in sink.brokers"},
    {"enable.idempotence", TRUE_WORDS, "without it a retry may lose, repeat or reorder changes"},
    {"enable.gapless.guarantee", TRUE_WORDS, "changes behind one that cannot be delivered would overtake it"},
    {"acks", "all -1", "a change counts as delivered only when every in-sync replica has it"},
    {"request.required.acks", "all -1",
     "a change counts as delivered only when every in-sync replica has it"},
    {"message.timeout.ms", "0", FOR_EVER},
    {"delivery.timeout.ms", "0", FOR_EVER},
    {"retries", "2147483647", FOR_EVER},
    {"message.send.max.retries", "2147483647", FOR_EVER},
    {"max.in.flight", "1..5", ORDER},
    {"max.in.flight.requests.per.connection", "1..5", ORDER},
    {"queuing.strategy", "fifo", ORDER},
    {"partitioner", "murmur2 murmur2_random", "keys must go where Java clients put them"},
    {"msg_order_cmp", NULL, NO_TEXT},
    {"delivery.report.only.error", FALSE_WORDS,
     "each delivery must be reported, or nothing could be acknowledged"},
    {"transactional.id", NULL, ONCE},
    {"transaction.timeout.ms", NULL, ONCE},
    {"queue.buffering.max.kbytes", NULL, "the option memory bounds the producer's queue"},
    {"queue.buffering.max.messages", NULL, "the option memory bounds the producer's queue"},
    {"api.version.request", TRUE_WORDS, "the idempotent producer must know what the brokers can do"},
    {"allow.auto.create.topics", FALSE_WORDS,
     "a topic made by the broker would forget records after its default time; sink.create_topics makes them"},
    {"interceptors", NULL, "foreign code could change or drop records"},
    {"plugin.library.paths", NULL, "foreign code could change or drop records"},
    {"sasl.jaas.config", NULL,
     "it belongs to Java clients; use sasl.mechanism, sasl.username and sasl.password_file"},
    {"enabled_events", NULL, NO_TEXT},
    {"log.queue", FALSE_WORDS, "the log would go unread"},
    {"opaque", NULL, NO_TEXT},
    {"default_topic_conf", NULL, NO_TEXT},
    {"ssl_key", NULL, "use ssl.key.location"},
    {"ssl_certificate", NULL, "use ssl.certificate.location"},
    {"ssl_ca", NULL, "use ssl.ca.location"},
    {"ssl_engine_callback_data", NULL, NO_TEXT},
    {"*_cb", NULL, NO_TEXT},
};

static bool rule_is_for(const struct kafka_rule *r, const char *name) {
    if (r->name[0] != '*') return strcmp(r->name, name) == 0;
    size_t suffix = strlen(r->name + 1);
    size_t len = strlen(name);
    return len >= suffix && strcmp(name + len - suffix, r->name + 1) == 0;
}

static bool in_range(const char *dots, const char *range, const char *value) {
    char *end;
    long v = strtol(value, &end, 10);
    return *value != '\0' && *end == '\0' && v >= strtol(range, NULL, 10) && v <= strtol(dots + 2, NULL, 10);
}

static bool is_allowed(const char *allowed, const char *value) {
    if (allowed == NULL) return false;
    const char *dots = strstr(allowed, "..");
    if (dots != NULL) return in_range(dots, allowed, value);
    size_t len = strlen(value);
    for (const char *p = allowed; len > 0 && *p != '\0'; p += strspn(p, " ")) {
        size_t word = strcspn(p, " ");
        if (word == len && strncasecmp(p, value, len) == 0) return true;
        p += word;
    }
    return false;
}

int kafka_property_check(const char *name, const char *value, struct err *e) {
    /* librdkafka takes topic properties with this prefix, too. */
    const char *bare = strncmp(name, "topic.", 6) == 0 ? name + 6 : name;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const struct kafka_rule *r = &rules[i];
        if ((!rule_is_for(r, name) && !rule_is_for(r, bare)) || is_allowed(r->allowed, value)) continue;
        if (r->allowed == NULL) return err_set(e, ERR_CONFIG, "%.80s cannot be set: %s", name, r->reason);
        return err_set(e, ERR_CONFIG, "%.80s can only be %.*s: %s", name, (int)strcspn(r->allowed, " "),
                       r->allowed, r->reason);
    }
    return 0;
}

const struct kafka_rule *kafka_rule_at(size_t i) {
    return i < sizeof rules / sizeof rules[0] ? &rules[i] : NULL;
}

bool kafka_property_is_secret(const char *name) {
    bool env;
    if (kafka_property_reference(name, &env) > 0) return false;
    return strstr(name, "password") != NULL || strstr(name, "secret") != NULL ||
           strcmp(name, "ssl.key.pem") == 0 || strcmp(name, "sasl.jaas.config") == 0;
}

size_t kafka_property_reference(const char *name, bool *env) {
    size_t len = strlen(name);
    *env = len > 4 && strcmp(name + len - 4, "_env") == 0;
    if (*env) return len - 4;
    return len > 5 && strcmp(name + len - 5, "_file") == 0 ? len - 5 : 0;
}
