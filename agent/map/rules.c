#include "agent/map/rules.h"

#include <stdio.h>
#include <string.h>

#include "agent/map/nearest.h"
#include "agent/map/topic.h"

static const char *known_source(const void *ctx, size_t i) {
    const struct config *c = ctx;
    return i < c->nsources ? c->sources[i].name : NULL;
}

/* ---- Topics ---- */

static int read_topics(struct rules *r, struct err *e) {
    const struct config *c = r->config;
    if (topic_template(c->topics, &r->topics, e)) return err_prefix(e, "topics");
    r->table_topics = arena_calloc(&r->arena, c->ntables + 1, sizeof(struct template *));
    if (!r->table_topics) return err_memory(e, "compiling topics");
    for (size_t i = 0; i < c->ntables; i++)
        if (c->tables[i].topic && topic_template(c->tables[i].topic, &r->table_topics[i], e))
            return err_prefix(e, "%s: topic", c->tables[i].place.text);
    return 0;
}

/* ---- Conversions ---- */

static int read_codecs(struct rules *r, struct err *e) {
    const struct config *c = r->config;
    r->table_codecs = arena_calloc(&r->arena, c->ntables + 1, sizeof(struct codec *));
    if (!r->table_codecs) return err_memory(e, "reading conversions");
    for (size_t i = 0; i < c->ntables; i++) {
        const struct config_table *t = &c->tables[i];
        struct codec *codecs = arena_calloc(&r->arena, t->nconvert + 1, sizeof(*codecs));
        if (!codecs) return err_memory(e, "reading conversions");
        r->table_codecs[i] = codecs;
        for (size_t j = 0; j < t->nconvert; j++)
            if (codec_parse(t->convert[j].value, &r->arena, &codecs[j], e))
                return err_prefix(e, "%s: convert: %s", t->place.text, t->convert[j].name);
    }
    return 0;
}

static int own_topic(struct rules *r, const char *suffix, const char **out, struct err *e) {
    char name[512];
    snprintf(name, sizeof(name), "%s.%s", r->source->name, suffix);
    *out = arena_strndup(&r->arena, name, strlen(name));
    return *out ? topic_check(*out, e) : err_memory(e, "compiling topics");
}

static int add_entity_topic(struct rules *r, const char *topic, struct err *e) {
    size_t i = 0;
    for (; r->entity_topics[i]; i++)
        if (strcmp(r->entity_topics[i], topic) == 0) return 0;
    r->entity_topics[i] = topic;
    return topic_check(topic, e);
}

/* ---- Mappings ---- */

/* The length of the source's name that a mapping's table begins with. */
static int source_of(const struct rules *r, const struct config_mapping *m, size_t *len, struct err *e) {
    char name[160] = {0};
    char hint[200];
    *len = strcspn(m->table, ".");
    if (!m->table[*len] || !m->table[*len + 1])
        return err_set(e, ERR_CONFIG, "table is written source.schema.table");
    for (size_t i = 0; i < r->config->nsources; i++) {
        const char *known = r->config->sources[i].name;
        if (strncmp(known, m->table, *len) == 0 && !known[*len]) return 0;
    }
    memcpy(name, m->table, *len < sizeof(name) ? *len : sizeof(name) - 1);
    return err_set(e, ERR_CONFIG, "there is no source %s%s", name,
                   nearest_hint(name, known_source, r->config, hint, sizeof(hint)));
}

static int add_mapping(struct rules *r, const struct config_entity *entity, const struct config_mapping *c,
                       const struct entity_schema *schema, struct err *e) {
    size_t prefix;
    bool wanted;
    if (source_of(r, c, &prefix, e)) return mapping_prefix(entity, c, e);
    if (strncmp(c->table, r->source->name, prefix) != 0 || r->source->name[prefix]) return 0;
    struct mapping *m = &r->mappings[r->nmappings++];
    if (mapping_init(m, entity, c, prefix, schema, &r->arena, e)) return -1;
    if (rules_select(r, m->table, &wanted, e)) return -1;
    if (!wanted) {
        err_set(e, ERR_CONFIG, "the source does not read this table: add \"%s\" to sources.%s.tables",
                m->table, r->source->name);
        return mapping_prefix(entity, c, e);
    }
    return add_entity_topic(r, entity->topic, e);
}

static int read_entities(struct rules *r, struct err *e) {
    const struct config *c = r->config;
    size_t total = 0;
    for (size_t i = 0; i < c->nentities; i++) total += c->entities[i].nfrom;
    if (total > UINT16_MAX / 4) return err_set(e, ERR_CONFIG, "more than %d mappings", UINT16_MAX / 4);
    r->mappings = arena_calloc(&r->arena, total + 1, sizeof(*r->mappings));
    r->entity_topics = arena_calloc(&r->arena, c->nentities + 1, sizeof(*r->entity_topics));
    if (!r->mappings || !r->entity_topics) return err_memory(e, "compiling mappings");
    for (size_t i = 0; i < c->nentities; i++) {
        const struct config_entity *entity = &c->entities[i];
        const struct entity_schema *schema;
        if (mapping_schema(entity, r->options.schemas, &schema, e)) return -1;
        if (mapping_check_truth(entity, schema, e)) return -1;
        for (size_t j = 0; j < entity->nfrom; j++)
            if (add_mapping(r, entity, &entity->from[j], schema, e)) return -1;
    }
    return 0;
}

int rules_init(struct rules *r, const struct config *config, const struct config_source *source,
               const struct map_options *o, struct err *e) {
    *r = (struct rules){.config = config, .source = source, .options = *o};
    if (read_topics(r, e) || read_codecs(r, e) || read_entities(r, e)) return -1;
    if (own_topic(r, "message", &r->message_topic, e) || own_topic(r, "gap", &r->gap_topic, e)) return -1;
    return own_topic(r, "ddl", &r->ddl_topic, e);
}

void rules_release(struct rules *r) {
    template_free(r->topics);
    for (size_t i = 0; r->table_topics && i < r->config->ntables; i++) template_free(r->table_topics[i]);
    for (size_t i = 0; i < r->nmappings; i++) mapping_release(&r->mappings[i]);
    arena_release(&r->arena);
    *r = (struct rules){0};
}

/* ---- Asking ---- */

static int match(const struct pattern_list *p, const char *name, bool *matches, struct err *e) {
    bool failed = false;
    *matches = pattern_list_match(p, name, &failed);
    if (!failed) return 0;
    return err_set(e, ERR_CONFIG, "a regular expression took too long to match table %s: write it simpler",
                   name);
}

int rules_select(const struct rules *r, const char *name, bool *wanted, struct err *e) {
    if (match(r->source->table_patterns, name, wanted, e))
        return err_prefix(e, "%s: sources.%s.tables", r->source->place.text, r->source->name);
    return 0;
}

int rules_override(const struct rules *r, const char *name, struct override *out, struct err *e) {
    *out = (struct override){.topic_template = r->topics};
    for (size_t i = 0; i < r->config->ntables; i++) {
        const struct config_table *t = &r->config->tables[i];
        bool matches;
        if (match(t->pattern, name, &matches, e)) return err_prefix(e, "%s", t->place.text);
        if (!matches) continue;
        if (!out->columns && t->columns.count) out->columns = t;
        if (!out->exclude && t->exclude.count) out->exclude = t;
        if (!out->mask && t->mask.count) out->mask = t;
        if (!out->key && t->key.count) out->key = t;
        if (!out->convert && t->nconvert) {
            out->convert = t;
            out->codecs = r->table_codecs[i];
        }
        if (out->topic || !t->topic) continue;
        out->topic = t;
        out->topic_template = r->table_topics[i];
    }
    return 0;
}
