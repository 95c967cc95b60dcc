#include <string.h>

#include "agent/config/kafka_properties.h"
#include "agent/config/loader.h"

#define PATH "sink.kafka"

/* "sasl.password_file: F" becomes sasl.password with its secret in F. */
static int take_reference(struct loader *l, struct config_pair *p, size_t name_len, bool env) {
    struct config_secret *secret = arena_calloc(l->arena, 1, sizeof *secret);
    p->name = load_text(l, "%.*s", (int)name_len, p->name);
    if (secret == NULL) return err_memory(l->e, "reading the configuration");
    if (p->name == NULL) return -1;
    if (env)
        secret->env = p->value;
    else
        secret->file = p->value;
    p->secret = secret;
    p->value = "";
    return 0;
}

/* A secret that stands there openly: used, with a word about it. */
static int take_open_secret(struct loader *l, struct config_pair *p, const struct node *n) {
    struct config_secret *secret = arena_calloc(l->arena, 1, sizeof *secret);
    if (secret == NULL) return err_memory(l->e, "reading the configuration");
    secret->from_url = p->value;
    p->secret = secret;
    p->value = "";
    return load_warn(
        l, n->place, PATH,
        "%s is seen by whoever sees the command line or the file; put it into a file of its own and "
        "name that with %s_file",
        p->name, p->name);
}

static int check_property(struct loader *l, struct config_pair *p, const struct node *n) {
    struct err why;
    bool env;
    size_t name_len = kafka_property_reference(p->name, &env);
    if (name_len > 0 && take_reference(l, p, name_len, env) != 0) return -1;
    if (kafka_property_check(p->name, p->value, &why) != 0)
        return load_refuse(l, n->place, PATH, "%s", why.text);
    return p->secret == NULL && kafka_property_is_secret(p->name) ? take_open_secret(l, p, n) : 0;
}

static int check_properties(struct loader *l, struct config_sink *s, const struct node *kafka) {
    for (size_t i = 0; i < s->nkafka; i++) {
        const struct node *n = node_at(kafka, i);
        if (check_property(l, &s->kafka[i], n) != 0) return -1;
        for (size_t k = 0; k < i; k++)
            if (strcmp(s->kafka[k].name, s->kafka[i].name) == 0)
                return load_refuse(l, n->key_place, PATH, "%s is given twice", s->kafka[i].name);
    }
    return 0;
}

static int check_kafka(struct loader *l, const struct node *sink) {
    if (l->config->sink.brokers.count == 0)
        return load_refuse(l, node_place(sink, "type"), "sink.type",
                           "Kafka needs brokers: add sink.brokers, as in [\"127.0.0.1:9092\"]");
    if (l->config->state != NULL) return 0;
    return load_append(l, &l->config->warnings,
                       "without a state directory nothing survives a restart: what is committed meanwhile is "
                       "not published; give one with --state DIR");
}

int check_sink(struct loader *l) {
    struct config_sink *s = &l->config->sink;
    const struct node *sink = node_get(l->root, "sink");
    if (node_get(sink, "type") == NULL)
        s->type = s->brokers.count > 0 ? SINK_KAFKA : s->path[0] != '\0' ? SINK_FILE : SINK_STDOUT;
    if (node_get(sink, "partitions") == NULL) s->partitions = -1;
    if (node_get(sink, "replication") == NULL) s->replication = -1;
    if (s->type == SINK_FILE && s->path[0] == '\0')
        return load_refuse(l, node_place(sink, "type"), "sink.type",
                           "the file sink needs the name of its file: add sink.path");
    if (s->type == SINK_KAFKA && check_kafka(l, sink) != 0) return -1;
    if (check_properties(l, s, node_get(sink, "kafka")) != 0) return -1;
    bool lines = s->type == SINK_STDOUT || s->type == SINK_FILE;
    if (node_get(l->root, "encoding") == NULL) l->config->encoding = lines ? ENCODING_JSON : ENCODING_CHANGE;
    s->delimited = lines && l->config->encoding == ENCODING_CHANGE;
    return 0;
}
