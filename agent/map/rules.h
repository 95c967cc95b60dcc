/*
 * rules: what the configuration says about one source, compiled; nothing in it depends on a table's shape.
 */
#ifndef TAILRACE_AGENT_MAP_RULES_H
#define TAILRACE_AGENT_MAP_RULES_H

#include "agent/map/codec.h"
#include "agent/map/map.h"
#include "agent/map/mapping.h"
#include "agent/map/template.h"
#include "decoders/arena.h"

struct rules {
    const struct config *config;
    const struct config_source *source;
    struct map_options options;
    struct arena arena;
    struct template *topics;
    struct template **table_topics; /* one per config->tables; NULL where it has none */
    struct codec **table_codecs;    /* likewise, as many as its `convert` has */
    struct mapping *mappings;       /* of this source, in the order of the configuration */
    size_t nmappings;
    const char *message_topic;
    const char *gap_topic;
    const char *ddl_topic;      /* of statements about no table with rows to publish */
    const char **entity_topics; /* distinct, closed by NULL */
};

/* The settings that hold for one table: of each, the first entry under `overrides` that has it; NULL: none.
 */
struct override {
    const struct config_table *columns;
    const struct config_table *exclude;
    const struct config_table *mask;
    const struct config_table *key;
    const struct config_table *convert;
    const struct codec *codecs; /* of `convert`, in its order */
    const struct config_table *topic;
    const struct template *topic_template; /* of `topic`, else the common one */
};

/* Compiles; `r` is to be released even after an error. What it points to outlives it. */
int rules_init(struct rules *r, const struct config *config, const struct config_source *source,
               const struct map_options *o, struct err *e);
void rules_release(struct rules *r);

/* Whether the source's patterns select a table ("schema.table", see table_space()). ERR_CONFIG: a regular
 * expression ran too long. */
int rules_select(const struct rules *r, const char *name, bool *wanted, struct err *e);

/* The overrides of a table ("source.schema.table"). ERR_CONFIG likewise. */
int rules_override(const struct rules *r, const char *name, struct override *out, struct err *e);

#endif
