#include "agent/config/option.h"

#include "agent/config/config.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define SECOND ((uint64_t)1000)
#define HOUR (3600 * SECOND)

/* Where a value goes: a member, an integer member, an array and its count. */
#define TO(type, member) .offset = offsetof(struct type, member)
#define TO_INT(type, member) TO(type, member), .width = sizeof(((struct type *)0)->member)
#define TO_ARRAY(type, member, count) TO(type, member), .count_offset = offsetof(struct type, count)

#define GLOBAL .scope = SCOPE_GLOBAL
#define COMMAND .scope = SCOPE_COMMAND
#define SOURCE .scope = SCOPE_SOURCE
#define SINK .scope = SCOPE_SINK
#define TABLE .scope = SCOPE_TABLE
#define ENTITY .scope = SCOPE_ENTITY
#define MAPPING .scope = SCOPE_MAPPING

static const struct option_choice tls_choices[] = {{"auto", TLS_AUTO},
                                                   {"off", TLS_OFF},
                                                   {"require", TLS_REQUIRE},
                                                   {"verify-ca", TLS_VERIFY_CA},
                                                   {"verify-full", TLS_VERIFY_FULL},
                                                   {NULL, 0}};
static const struct option_choice snapshot_choices[] = {{"initial", SNAPSHOT_INITIAL},
                                                        {"never", SNAPSHOT_NEVER},
                                                        {"only", SNAPSHOT_ONLY},
                                                        {"when-needed", SNAPSHOT_WHEN_NEEDED},
                                                        {NULL, 0}};
static const struct option_choice encoding_choices[] = {
    {"json", ENCODING_JSON}, {"change", ENCODING_CHANGE}, {NULL, 0}};
static const struct option_choice sink_choices[] = {
    {"kafka", SINK_KAFKA}, {"stdout", SINK_STDOUT}, {"file", SINK_FILE}, {"null", SINK_NULL}, {NULL, 0}};
static const struct option_choice delivery_choices[] = {{"at-least-once", 0}, {NULL, 0}};
static const struct option_choice oversize_choices[] = {
    {"stop", OVERSIZE_STOP}, {"strip", OVERSIZE_STRIP}, {NULL, 0}};
static const struct option_choice level_choices[] = {
    {"error", LOG_ERROR}, {"warn", LOG_WARN}, {"info", LOG_INFO}, {"debug", LOG_DEBUG}, {NULL, 0}};
static const struct option_choice format_choices[] = {{"text", LOG_TEXT}, {"json", LOG_JSON}, {NULL, 0}};
static const struct option_choice part_choices[] = {
    {"profile", 0},  {"financial", 0},  {"location", 0}, {"participation", 0},
    {"purchase", 0}, {"attributes", 0}, {NULL, 0}};

const struct option option_table[] = {
    /* ---- A source -------------------------------------------------------------------------------------- */
    {SOURCE, .key = "url", .flag = "source", .type = OPTION_STRING, .traits = OPTION_REQUIRED,
     .placeholder = "URL", TO(config_source, url),
     .help = "The database: postgresql:// or mysql://USER@HOST:PORT/DATABASE, without a password."},
    {SOURCE, .key = "password_file", .type = OPTION_STRING, .placeholder = "FILE",
     TO(config_source, secret.file), .help = "File whose first line is the password."},
    {SOURCE, .key = "password_env", .type = OPTION_STRING, .placeholder = "VARIABLE",
     TO(config_source, secret.env), .help = "Environment variable that holds the password."},
    {SOURCE, .key = "passfile", .type = OPTION_STRING, .placeholder = "FILE",
     TO(config_source, secret.passfile), .help = "Password file in the format of ~/.pgpass."},
    {SOURCE, .key = "service", .type = OPTION_STRING, .placeholder = "NAME",
     TO(config_source, secret.service),
     .help = "Service of pg_service.conf to take connection settings and password from."},
    {SOURCE, .key = "tls", .type = OPTION_ENUM, .choices = tls_choices, .value = "auto",
     TO_INT(config_source, tls),
     .value_text = "auto: verify-full, but on loopback and sockets TLS only where the server offers it",
     .help = "How the connection is protected."},
    {SOURCE, .key = "tls_ca", .type = OPTION_STRING, .placeholder = "FILE", TO(config_source, tls_ca),
     .value_text = "the system's bundle", .help = "Certificate authorities to trust (PEM)."},
    {SOURCE, .key = "tls_cert", .type = OPTION_STRING, .placeholder = "FILE", TO(config_source, tls_cert),
     .help = "Client certificate (PEM); needs tls_key."},
    {SOURCE, .key = "tls_key", .type = OPTION_STRING, .placeholder = "FILE", TO(config_source, tls_key),
     .help = "Key of the client certificate (PEM)."},
    {SOURCE, .key = "tables", .type = OPTION_LIST, .placeholder = "PATTERN", TO(config_source, tables),
     .value_text = "every table",
     .help = "Tables to capture: SCHEMA.TABLE with * and ?, /regex/, !PATTERN to leave out."},
    {SOURCE, .key = "snapshot", .type = OPTION_ENUM, .choices = snapshot_choices, .value = "initial",
     TO_INT(config_source, snapshot),
     .help = "Whether rows that are there already are read when a source is new."},
    {SOURCE, .key = "snapshot_connections", .type = OPTION_INT, .value = "2", .min = 1, .max = 16,
     TO_INT(config_source, snapshot_connections), .help = "How many tables are read at the same time."},
    {SOURCE, .key = "snapshot_rate", .type = OPTION_INT, .min = 1, .max = 1000000000,
     TO_INT(config_source, snapshot_rate), .value_text = "as fast as it goes",
     .help = "At most so many rows a second are read."},
    {SOURCE, .key = "slot", .type = OPTION_STRING, .placeholder = "NAME", TO(config_source, slot),
     .value_text = "tailrace_NAME", .help = "Replication slot."},
    {SOURCE, .key = "publication", .type = OPTION_STRING, .placeholder = "NAME",
     TO(config_source, publication), .value_text = "the slot's name", .help = "Publication to read."},
    {SOURCE, .key = "create", .type = OPTION_BOOL, .value = "true", TO(config_source, create),
     .help = "Create slot and publication when they are missing."},
    {SOURCE, .key = "failover", .type = OPTION_BOOL, .value = "false", TO(config_source, failover),
     .help = "Create the slot so that it survives a failover (PostgreSQL 17 and later)."},
    {SOURCE, .key = "messages", .type = OPTION_BOOL, .value = "false", TO(config_source, messages),
     .help = "Publish logical messages (pg_logical_emit_message) too."},
    {SOURCE, .key = "discover", .type = OPTION_DURATION, .value = "10s", .min = 100, .max = 24 * HOUR,
     TO_INT(config_source, discover_ms), .help = "How often to look for new tables that match."},
    {SOURCE, .key = "server_id", .type = OPTION_INT, .min = 1, .max = UINT32_MAX - 1,
     TO_INT(config_source, server_id), .value_text = "from the names of source and host",
     .help = "Id to register with as a replica (MySQL)."},
    {SOURCE, .key = "statements", .type = OPTION_BOOL, .value = "false", TO(config_source, statements),
     .help = "Publish with each row the statement that made it, where the log has it (MySQL)."},

    /* ---- The sink -------------------------------------------------------------------------------------- */
    {SINK, .key = "type", .type = OPTION_ENUM, .choices = sink_choices, TO_INT(config_sink, type),
     .value_text = "kafka with brokers, file with a path, else stdout",
     .help = "Where changes go; null throws them away, for measuring."},
    {SINK, .key = "brokers", .type = OPTION_LIST, .traits = OPTION_SPLIT, .placeholder = "HOST:PORT",
     TO(config_sink, brokers), .help = "Kafka brokers to begin with."},
    {SINK, .key = "kafka", .type = OPTION_MAP, .placeholder = "VALUE", TO_ARRAY(config_sink, kafka, nkafka),
     .help = "Any librdkafka property; PROPERTY_file or PROPERTY_env reads a secret from there."},
    {SINK, .key = "path", .type = OPTION_STRING, .placeholder = "FILE", TO(config_sink, path), .value = "",
     .help = "File that the file sink appends to."},
    {SINK, .key = "partitions", .type = OPTION_INT, .min = 1, .max = 100000, TO_INT(config_sink, partitions),
     .value_text = "the broker's default", .help = "Partitions of topics that Tailrace creates."},
    {SINK, .key = "replication", .type = OPTION_INT, .min = 1, .max = 1000, TO_INT(config_sink, replication),
     .value_text = "the broker's default", .help = "Replication factor of topics that Tailrace creates."},
    {SINK, .key = "topic_config", .type = OPTION_MAP, .placeholder = "VALUE",
     TO_ARRAY(config_sink, topic_config, ntopic_config), .value_text = "records are kept for ever",
     .help = "Settings of topics that Tailrace creates."},
    {SINK, .key = "create_topics", .type = OPTION_BOOL, .value = "true", TO(config_sink, create_topics),
     .help = "Create topics that are missing."},
    {SINK, .key = "tombstones", .type = OPTION_BOOL, .value = "false", TO(config_sink, tombstones),
     .help = "Follow a delete in a row topic with a null value, for compaction."},

    /* ---- The whole run --------------------------------------------------------------------------------- */
    {GLOBAL, .key = "sources", .type = OPTION_SECTIONS, .inner = SCOPE_SOURCE,
     TO_ARRAY(config, sources, nsources), .help = "Databases to tail, by the name that tags their events."},
    {GLOBAL, .key = "sink", .type = OPTION_SECTION, .inner = SCOPE_SINK, TO(config, sink),
     .help = "Where the events go."},
    {GLOBAL, .key = "topics", .type = OPTION_STRING, .placeholder = "TEMPLATE",
     .value = "{source}.{schema}.{table}", TO(config, topics),
     .help = "Topic of a table, from {source}, {database}, {schema} and {table}."},
    {GLOBAL, .key = "encoding", .type = OPTION_ENUM, .choices = encoding_choices, TO_INT(config, encoding),
     .value_text = "change for kafka and null, json for stdout and file",
     .instead = "typed and debezium-json are not in this version", .help = "How a row change is written."},
    {GLOBAL, .key = "delivery", .type = OPTION_ENUM, .choices = delivery_choices, .traits = OPTION_UNSTORED,
     .value = "at-least-once", .instead = "exactly-once is not in this version",
     .help = "What is promised about each change."},
    {GLOBAL, .key = "overrides", .type = OPTION_ENTRIES, .inner = SCOPE_TABLE,
     TO_ARRAY(config, tables, ntables),
     .help = "What is different for some tables; the first entry that matches and sets a thing wins."},
    {GLOBAL, .key = "entities", .type = OPTION_SECTIONS, .inner = SCOPE_ENTITY,
     TO_ARRAY(config, entities, nentities), .help = "Entities to compose of rows; customer is the only one."},
    {GLOBAL, .key = "state", .type = OPTION_STRING, .placeholder = "DIR", TO(config, state),
     .value_text = "none: nothing survives (PostgreSQL: a temporary slot)",
     .help = "Directory for the checkpoints."},
    {GLOBAL, .key = "memory", .type = OPTION_SIZE, .value = "64MiB", .min = 8 * MIB, .max = 1024 * GIB,
     TO_INT(config, memory),
     .help = "Budget for all queues; each source gets its share, 1/8 to read ahead, 1/3 to send."},
    {GLOBAL, .key = "checkpoint_interval", .type = OPTION_DURATION, .value = "200ms", .min = 10, .max = HOUR,
     TO_INT(config, checkpoint_ms),
     .help = "Time between checkpoints while changes arrive; longer on a disk that is slow."},
    {GLOBAL, .key = "grace", .type = OPTION_DURATION, .value = "30s", .min = 0, .max = 24 * HOUR,
     TO_INT(config, grace_ms), .help = "How long a stop waits for deliveries."},
    {GLOBAL, .key = "oversize", .type = OPTION_ENUM, .choices = oversize_choices, .value = "stop",
     TO_INT(config, oversize),
     .help = "A change too large for its topic stops the source, or loses its largest columns."},

    /* ---- One run, on the command line only ---------------------------------------------------------------
     */
    {COMMAND, .key = "name", .type = OPTION_STRING, .traits = OPTION_UNSTORED, .placeholder = "NAME",
     .value_text = "the database's name", .help = "Name of the source given with --source: tags its events."},
    {COMMAND, .key = "until", .type = OPTION_STRING, .placeholder = "WHEN", TO(config, until),
     .value_text = "for ever", .help = "Stop at end (all that is committed now), idle:TIME, or a position."},
    {COMMAND, .key = "from", .type = OPTION_STRING, .placeholder = "POSITION", TO(config, from),
     .help = "Where a new source begins: now, or a position."},
    {COMMAND, .key = "accept_gap", .type = OPTION_BOOL, .value = "false", TO(config, accept_gap),
     .help = "Go on behind a gap; publishes a gap event and begins a new epoch."},
    {COMMAND, .key = "skip", .type = OPTION_LIST, .placeholder = "ID", TO(config, skip),
     .help = "Pass over the change with this id."},
    {COMMAND, .key = "log", .type = OPTION_ENUM, .choices = format_choices, .value = "text",
     TO_INT(config, log_format), .help = "How log lines look."},
    {COMMAND, .key = "log_level", .type = OPTION_ENUM, .choices = level_choices, .value = "info",
     TO_INT(config, log_level), .help = "How much is logged."},

    /* ---- Overrides ------------------------------------------------------------------------------------- */
    {TABLE, .key = "table", .type = OPTION_LIST, .traits = OPTION_REQUIRED | OPTION_UNSTORED,
     .placeholder = "PATTERN", .help = "Which tables: SOURCE.SCHEMA.TABLE with * and ?, or /regex/."},
    {TABLE, .key = "columns", .type = OPTION_LIST, .placeholder = "COLUMN", TO(config_table, columns),
     .value_text = "all", .help = "Publish these columns only."},
    {TABLE, .key = "exclude", .type = OPTION_LIST, .placeholder = "COLUMN", TO(config_table, exclude),
     .help = "Publish all but these columns."},
    {TABLE, .key = "mask", .type = OPTION_LIST, .placeholder = "COLUMN", TO(config_table, mask),
     .help = "Publish these columns as masked, without their value."},
    {TABLE, .key = "key", .type = OPTION_LIST, .placeholder = "COLUMN", TO(config_table, key),
     .value_text = "the primary key",
     .help = "Columns that make the record's key, or none, or hash: of the whole row; see legacy.md."},
    {TABLE, .key = "convert", .type = OPTION_MAP, .traits = OPTION_STEPS, .placeholder = "CONVERSION",
     TO_ARRAY(config_table, convert, nconvert),
     .help = "What columns really hold: COLUMN: { date: yyyymmdd, zero: null }; see legacy.md."},
    {TABLE, .key = "topic", .type = OPTION_STRING, .placeholder = "TEMPLATE", TO(config_table, topic),
     .value_text = "as in topics",
     .help = "Topic of these tables; those of several sources share one only when each has it here."},

    /* ---- Entities -------------------------------------------------------------------------------------- */
    {ENTITY, .key = "topic", .type = OPTION_STRING, .placeholder = "TOPIC", TO(config_entity, topic),
     .value_text = "the entity's name", .help = "Topic of the entity's events."},
    {ENTITY, .key = "from", .type = OPTION_ENTRIES, .traits = OPTION_REQUIRED, .inner = SCOPE_MAPPING,
     TO_ARRAY(config_entity, from, nfrom), .help = "Which tables feed which part."},
    {ENTITY, .key = "truth", .type = OPTION_MAP, .placeholder = "SYSTEMS",
     TO_ARRAY(config_entity, truth, ntruth),
     .help = "PART or PART.FIELD and the systems to believe about it, most trusted first."},

    {MAPPING, .key = "table", .type = OPTION_STRING, .traits = OPTION_REQUIRED,
     .placeholder = "SOURCE.SCHEMA.TABLE", TO(config_mapping, table), .help = "The table."},
    {MAPPING, .key = "key", .type = OPTION_STRING, .traits = OPTION_REQUIRED, .placeholder = "COLUMN",
     TO(config_mapping, key), .help = "The entity's key: a column, or a template such as \"{a}-{b}\"."},
    {MAPPING, .key = "part", .type = OPTION_STRING, .traits = OPTION_REQUIRED, .choices = part_choices,
     TO(config_mapping, part), .help = "The part of the entity that a row is."},
    {MAPPING, .key = "item", .type = OPTION_STRING, .placeholder = "COLUMN", TO(config_mapping, item),
     .help = "For parts that are lists, what tells items apart: a column or a template."},
    {MAPPING, .key = "when", .type = OPTION_STRING, .placeholder = "CONDITION", TO(config_mapping, when),
     .value_text = "always", .help = "Which rows, such as \"status = 'A'\"."},
    {MAPPING, .key = "fields", .type = OPTION_FIELDS, .traits = OPTION_REQUIRED, .placeholder = "COLUMN",
     TO_ARRAY(config_mapping, fields, nfields),
     .help = "Fields of the part, each with its column, or with { const: VALUE }."},
    {MAPPING, .key = "rows", .type = OPTION_BOOL, .value = "false", TO(config_mapping, rows_too),
     .help = "Publish the row to its row topic as well."},
};

const size_t option_count = sizeof option_table / sizeof option_table[0];
