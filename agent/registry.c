#include "agent/registry.h"

#include <string.h>

#include "agent/cmd/checkpoint.h"
#include "agent/cmd/drop.h"
#include "agent/cmd/run.h"
#include "agent/cmd/snapshot.h"
#include "agent/cmd/tail.h"
#include "agent/cmd/version.h"
#include "agent/source/source_mysql.h"
#include "agent/source/source_postgres.h"

static const struct source_ops *const sources[] = {&source_postgres, &source_mysql};

static const struct encoder_ops *const encoders[] = {
    [ENCODING_JSON] = &encoder_json,
    [ENCODING_CHANGE] = &encoder_change,
};

static const struct sink_ops *const sinks[] = {
    [SINK_STDOUT] = &sink_stdout,
    [SINK_FILE] = &sink_file,
    [SINK_NULL] = &sink_null,
    [SINK_KAFKA] = &sink_kafka,
};

static const struct command commands[] = {
    {"run", "run [CONFIG.yaml] [OPTION...]", "stream changes until told to stop", cmd_run},
    {"drop", "drop [CONFIG.yaml] [OPTION...]", "remove slot, publication and checkpoint", cmd_drop},
    {"tail", "tail [-b BROKERS] [TOPIC|FILE...]", "show the events in topics, files or standard input",
     cmd_tail},
    {"snapshot", "snapshot --state DIR [TABLE...]", "read tables again, or see how far they are",
     cmd_snapshot},
    {"checkpoint", "checkpoint show --state DIR [NAME...]", "show where each source is", cmd_checkpoint},
    {"version", "version", "print the version", cmd_version},
};

const struct source_ops *registry_source(const char *scheme) {
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (strcmp(sources[i]->scheme, scheme) == 0) return sources[i];
    return NULL;
}

const struct encoder_ops *registry_encoder(enum config_encoding encoding) {
    return encoders[encoding];
}

const struct encoder_ops *registry_entity_encoder(enum config_encoding encoding, enum config_sink_type sink) {
    return encoding == ENCODING_JSON && sink != SINK_KAFKA ? &encoder_json : &encoder_customer;
}

const struct entity_schema *const *registry_schemas(void) {
    static const struct entity_schema *schemas[2];

    schemas[0] = encoder_customer_schema();
    return schemas;
}

const struct sink_ops *registry_sink(enum config_sink_type type) {
    return sinks[type];
}

const struct command *registry_command(const char *name) {
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    return NULL;
}

const struct command *registry_command_at(size_t i) {
    return i < sizeof commands / sizeof *commands ? &commands[i] : NULL;
}
