#include "agent/map/mapping.h"

#include <stdlib.h>
#include <string.h>

#include "agent/map/nearest.h"

#define HINT 160

int mapping_prefix(const struct config_entity *entity, const struct config_mapping *config, struct err *e) {
    return err_prefix(e, "%s: %s.%s from %s", config->place.text, entity->name, config->part, config->table);
}

/* ---- Looking names up in schemas ---- */

static const char *known_entity(const void *ctx, size_t i) {
    const struct entity_schema *const *schemas = ctx;
    return schemas && schemas[i] ? schemas[i]->entity : NULL;
}

static const char *known_part(const void *ctx, size_t i) {
    const struct entity_schema *s = ctx;
    return i < s->nparts ? s->parts[i].name : NULL;
}

static const char *known_field(const void *ctx, size_t i) {
    const struct entity_part *p = ctx;
    return i < p->nfields ? p->fields[i] : NULL;
}

int mapping_schema(const struct config_entity *entity, const struct entity_schema *const *schemas,
                   const struct entity_schema **out, struct err *e) {
    char hint[HINT];
    for (size_t i = 0; schemas && schemas[i]; i++) {
        *out = schemas[i];
        if (strcmp(schemas[i]->entity, entity->name) == 0) return 0;
    }
    nearest_hint(entity->name, known_entity, schemas, hint, sizeof(hint));
    return err_set(e, ERR_CONFIG, "entities: there is no schema for an entity %s%s", entity->name, hint);
}

static int find_part(const struct entity_schema *s, const char *name, size_t len,
                     const struct entity_part **out, struct err *e) {
    char hint[HINT];
    char text[HINT] = {0};
    for (size_t i = 0; i < s->nparts; i++) {
        *out = &s->parts[i];
        if (strncmp(s->parts[i].name, name, len) == 0 && !s->parts[i].name[len]) return 0;
    }
    memcpy(text, name, len < HINT ? len : HINT - 1);
    return err_set(e, ERR_CONFIG, "%s has no part %s%s", s->entity, text,
                   nearest_hint(text, known_part, s, hint, sizeof(hint)));
}

static int check_field(const struct entity_part *p, const char *name, struct err *e) {
    char hint[HINT];
    if (p->open && name[0]) return 0;
    for (size_t i = 0; i < p->nfields; i++)
        if (strcmp(p->fields[i], name) == 0) return 0;
    return err_set(e, ERR_CONFIG, "part %s has no field %s%s", p->name, name,
                   nearest_hint(name, known_field, p, hint, sizeof(hint)));
}

/* ---- Truth ---- */

/* "part" or "part.field"; *field NULL: the whole part. */
static int find_truth(const char *name, const struct entity_schema *s, const struct entity_part **part,
                      const char **field, struct err *e) {
    size_t len = strcspn(name, ".");
    *field = name[len] ? name + len + 1 : NULL;
    if (find_part(s, name, len, part, e)) return -1;
    return *field ? check_field(*part, *field, e) : 0;
}

/* The next name of a list "crm, erp"; false at its end. */
static bool next_system(const char **at, const char **name, size_t *len) {
    *at += strspn(*at, ", ");
    *name = *at;
    *len = strcspn(*at, ", ");
    *at += *len;
    return *len > 0;
}

static int check_systems(const char *list, struct err *e) {
    const char *at = list;
    const char *name;
    size_t len;
    size_t count = 0;
    for (; next_system(&at, &name, &len); count++) {
        if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") < len)
            return err_set(e, ERR_CONFIG, "\"%.*s\" is no name of a source", (int)len, name);
    }
    return count ? 0 : err_set(e, ERR_CONFIG, "it names no source");
}

int mapping_check_truth(const struct config_entity *entity, const struct entity_schema *schema,
                        struct err *e) {
    for (size_t i = 0; i < entity->ntruth; i++) {
        const struct config_pair *t = &entity->truth[i];
        const struct entity_part *part;
        const char *field;
        if (find_truth(t->name, schema, &part, &field, e) || check_systems(t->value, e))
            return err_prefix(e, "entities.%s.truth.%s", entity->name, t->name);
    }
    return 0;
}

static int read_systems(const char *list, struct arena *arena, struct truth *out, struct err *e) {
    const char **systems =
        arena_calloc(arena, strlen(list) + 1, sizeof(*systems)); /* fewer than characters */
    const char *at = list;
    const char *name;
    size_t len;
    if (!systems) return err_memory(e, "compiling a mapping");
    while (next_system(&at, &name, &len))
        if (!(systems[out->count++] = arena_strndup(arena, name, len)))
            return err_memory(e, "compiling a mapping");
    out->systems = systems;
    return 0;
}

/* What `truth:` says about the mapping's part (`field` NULL) or one field of it. */
static int read_truth(const struct mapping *m, const char *field, struct arena *arena, struct truth *out,
                      struct err *e) {
    size_t len = strlen(m->part->name);
    for (size_t i = 0; i < m->entity->ntruth; i++) {
        const char *name = m->entity->truth[i].name;
        if (strncmp(name, m->part->name, len) != 0) continue;
        if (field ? name[len] != '.' || strcmp(name + len + 1, field) != 0 : name[len] != '\0') continue;
        return read_systems(m->entity->truth[i].value, arena, out, e);
    }
    return 0;
}

/* ---- One entry ---- */

static int read_field(struct mapping *m, const struct config_field *from, struct arena *arena,
                      struct err *e) {
    struct mapping_field *f = &m->fields[m->nfields];
    if (check_field(m->part, from->field, e)) return -1;
    for (size_t i = 0; i < m->nfields; i++)
        if (strcmp(m->fields[i].name, from->field) == 0)
            return err_set(e, ERR_CONFIG, "field %s is mapped twice", from->field);
    f->name = from->field;
    f->column = from->column;
    if (!from->column)
        f->constant = (struct value){.state = VALUE_PRESENT,
                                     .kind = VALUE_TEXT,
                                     .text = from->constant,
                                     .len = strlen(from->constant)};
    m->nfields++;
    return read_truth(m, f->name, arena, &f->truth, e);
}

static int read_key(struct mapping *m, struct err *e) {
    if (!m->config->key || !m->config->key[0]) return err_set(e, ERR_CONFIG, "it has no key");
    if (template_parse_key(m->config->key, &m->key, e)) return err_prefix(e, "key");
    if (template_names(m->key) == 0) return err_set(e, ERR_CONFIG, "key: %s names no column", m->config->key);
    return 0;
}

static int read_item(struct mapping *m, struct err *e) {
    if (m->part->list && !m->config->item)
        return err_set(e, ERR_CONFIG,
                       "part %s is a list: `item` has to say which of its items a row is, as a column, "
                       "a template or a constant in single quotes",
                       m->part->name);
    if (!m->part->list && m->config->item)
        return err_set(e, ERR_CONFIG, "part %s is single, there is one per key: it takes no `item`",
                       m->part->name);
    if (!m->config->item) return 0;
    return template_parse_key(m->config->item, &m->item, e) ? err_prefix(e, "item") : 0;
}

static int read_entry(struct mapping *m, const struct entity_schema *schema, struct arena *arena,
                      struct err *e) {
    const struct config_mapping *c = m->config;
    if (find_part(schema, c->part, strlen(c->part), &m->part, e) || read_key(m, e) || read_item(m, e))
        return -1;
    if (c->when && condition_parse(c->when, &m->when, e)) return err_prefix(e, "when");
    m->fields = arena_calloc(arena, c->nfields + 1, sizeof(*m->fields));
    if (!m->fields) return err_memory(e, "compiling a mapping");
    for (size_t i = 0; i < c->nfields; i++)
        if (read_field(m, &c->fields[i], arena, e)) return -1;
    return read_truth(m, NULL, arena, &m->truth, e);
}

int mapping_init(struct mapping *m, const struct config_entity *entity, const struct config_mapping *config,
                 size_t prefix, const struct entity_schema *schema, struct arena *arena, struct err *e) {
    *m = (struct mapping){.entity = entity, .config = config, .table = config->table + prefix + 1};
    return read_entry(m, schema, arena, e) ? mapping_prefix(entity, config, e) : 0;
}

void mapping_release(struct mapping *m) {
    template_free(m->key);
    template_free(m->item);
    condition_free(m->when);
    free(m->broken);
}
