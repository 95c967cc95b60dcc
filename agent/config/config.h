/*
 * config: what a run was told to do, typed, checked and complete.
 *
 * It comes from a YAML file, from flags, or both (flags win); agent/config/option.c holds the one table of
 * options with names, types, defaults and ranges. Everything here is read-only after config_load() and lives
 * until config_free(). Strings are never NULL unless the comment says so. No secret is in here: a source or
 * sink names where its secret is, and agent/config/secret.h reads it at the moment of use.
 */
#ifndef TAILRACE_AGENT_CONFIG_CONFIG_H
#define TAILRACE_AGENT_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/base/log.h"
#include "agent/config/pattern.h"
#include "decoders/err.h"

struct config_secret;

struct config_pair {
    const char *name;
    const char *value;                  /* "" when `secret` is set */
    const struct config_secret *secret; /* Kafka properties only: the value is read at the moment of use; else
                                           NULL */
};

struct config_strings {
    const char **items;
    size_t count;
};

/* Where in the file something stands, for messages: "tailrace.yaml:12:7", "--tables". */
struct config_place {
    const char *text;
};

enum config_tls { TLS_AUTO, TLS_OFF, TLS_REQUIRE, TLS_VERIFY_CA, TLS_VERIFY_FULL };
enum config_snapshot { /* the numbers are kept in checkpoints */
                       SNAPSHOT_NEVER = 0,
                       SNAPSHOT_INITIAL = 1,
                       SNAPSHOT_ONLY = 2,
                       SNAPSHOT_WHEN_NEEDED = 3,
};
enum config_encoding { ENCODING_JSON, ENCODING_CHANGE };
enum config_sink_type { SINK_STDOUT, SINK_FILE, SINK_NULL, SINK_KAFKA };
enum config_oversize { OVERSIZE_STOP, OVERSIZE_STRIP };

/* Where a password comes from; at most one is set, the others are NULL. */
struct config_secret {
    const char *file;     /* first line of the file, trailing newline removed */
    const char *env;      /* name of an environment variable */
    const char *passfile; /* libpq's pgpass file */
    const char *service;  /* libpq's service name */
    const char *from_url; /* stood in the URL, or openly in the configuration: used, warned about, wiped from
                             the process title */
};

struct config_source {
    const char *name;     /* the tag on every event: [a-z0-9_-], unique */
    const char *scheme;   /* "postgresql" or "mysql" */
    const char *url;      /* without password */
    const char *host;     /* of the URL, several with commas between them; "" = local socket */
    const char *database; /* MySQL: "" all */
    struct config_secret secret;
    enum config_tls tls;
    const char *tls_ca;   /* NULL: the system's bundle */
    const char *tls_cert; /* client certificate and key, NULL none */
    const char *tls_key;
    struct config_strings tables; /* the patterns as written */
    const struct pattern_list *table_patterns;
    enum config_snapshot snapshot;
    uint32_t snapshot_connections; /* chunks read at the same time */
    uint32_t snapshot_rate;        /* rows a second at most; 0: as fast as it goes */
    size_t chunk_bytes;            /* ring of one of these connections, its share of `memory` */
    const char *slot;              /* default: tailrace_NAME with '-' as '_' */
    const char *publication;       /* default: the slot's name */
    bool create;                   /* may create slot and publication (default yes) */
    bool failover;                 /* slot with failover = true (PostgreSQL 17+) */
    bool messages;                 /* logical messages (pg_logical_emit_message) too */
    uint32_t discover_ms;          /* how often to look for new tables */
    bool statements;               /* MySQL: rows carry the statement that made them */
    uint32_t server_id;            /* MySQL: as which replica we register; 0: derived from name and host */
    struct config_place place;
};

/* Per-table overrides: the first entry whose pattern matches wins for each member that is set. */
struct config_table {
    const struct pattern_list *pattern; /* source.schema.table */
    const char *pattern_text;
    struct config_strings columns; /* only these; empty: all */
    struct config_strings exclude; /* all but these */
    struct config_strings mask;    /* published as masked */
    struct config_strings key;     /* instead of the primary key; empty: as is */
    struct config_pair *convert; /* column → its conversion, "date=yyyymmdd,zero=null": agent/map/codec.h */
    size_t nconvert;
    const char *topic; /* template instead of `topics`; NULL: as is */
    struct config_place place;
};

struct config_sink {
    enum config_sink_type type;
    struct config_strings brokers;
    struct config_pair *kafka; /* librdkafka properties, passed through */
    size_t nkafka;
    const char *path;   /* file sink */
    bool delimited;     /* stdout, file: records are binary, each behind its length as a varint; else lines */
    int32_t partitions; /* of topics we create; -1: the broker's default */
    int16_t replication;              /* likewise */
    struct config_pair *topic_config; /* of topics we create */
    size_t ntopic_config;
    bool create_topics;
    bool tombstones;    /* after a delete in a row topic */
    size_t queue_bytes; /* producer queue, its share of `memory` for one source */
};

/* One `fields:` entry: target field of the part, from a column or a constant. */
struct config_field {
    const char *field;
    const char *column;   /* NULL when constant */
    const char *constant; /* NULL when column */
};

struct config_mapping {
    const char *table; /* source.schema.table, exact */
    const char *key;   /* a column, or a template "{a}-{b}" */
    const char *part;  /* profile | financial | location | participation | purchase | attributes */
    const char *item;  /* a column or template for list-like parts; NULL: the part is single */
    const char *when;  /* condition, see agent/map/condition.h; NULL: always */
    struct config_field *fields;
    size_t nfields;
    bool rows_too; /* publish the row to its row topic as well */
    struct config_place place;
};

struct config_entity {
    const char *name; /* "customer" */
    const char *topic;
    struct config_mapping *from;
    size_t nfrom;
    struct config_pair *truth; /* field → "crm,erp": ordered list of systems; part.field or part */
    size_t ntruth;
};

struct config {
    struct config_source *sources;
    size_t nsources;
    struct config_sink sink;
    const char *topics; /* template */
    enum config_encoding encoding;
    struct config_table *tables; /* overrides */
    size_t ntables;
    struct config_entity *entities;
    size_t nentities;
    const char *state;      /* directory; NULL: no checkpoint, temporary slot */
    size_t memory;          /* budget in bytes over rings and producer queues of all sources */
    size_t ring_bytes;      /* ring, its share for one source */
    uint32_t checkpoint_ms; /* at most this long between durable checkpoints while work arrives */
    uint32_t grace_ms;      /* how long a stop waits for deliveries */
    enum config_oversize oversize;
    struct config_strings skip; /* ids to pass over, --skip */
    bool accept_gap;
    const char *until; /* "end", "idle:5s", a position; NULL: for ever */
    const char *from;  /* "now", a position; NULL */
    enum log_level log_level;
    enum log_format log_format;
    struct config_strings warnings; /* to be logged once logging is set up */
    const char *file;               /* the file it came from, NULL: flags only */
};

/*
 * Reads the command line of `run` and friends (argv[0] is the command's name) and the file named there.
 * ERR_CONFIG with file, line, column and "did you mean" on anything unknown, twice, out of range or
 * contradictory. Wipes a password given in an argument from `argv` in place.
 */
int config_load(int argc, char **argv, struct config **out, struct err *e);
void config_free(struct config *c);

/* The help text of the options, from the option table. */
struct buf;
void config_help(struct buf *out);

/* docs/reference.md: every option, from the option table. */
void config_reference(struct buf *out);

#endif
