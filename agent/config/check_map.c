#include <string.h>

#include "agent/config/glob.h"
#include "agent/config/loader.h"
#include "agent/config/option.h"
#include "agent/config/scalar.h"

/* ---- Overrides -------------------------------------------------------------------------------------------
 */

/* The name in front of the first dot must be a source, as far as no wildcard stands in it. */
static int check_source_name(struct loader *l, const struct node *n, const char *path, const char *name) {
    size_t len = strcspn(name, ".");
    if (glob_is_wild(name, len) || find_source(l->config, name, len) != NULL) return 0;
    const char *near = nearest_source(l->config, name, len);
    return load_refuse(l, n->place, path, "there is no source \"%.*s\" in front of %.80s%s%s%s", (int)len,
                       name, name, near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                       near != NULL ? "\"?" : "");
}

/* Globs must have three parts, or end in one that may hold the rest. */
static int check_override_pattern(struct loader *l, const struct node *n, const char *path,
                                  const char *pattern) {
    const char *body = pattern[0] == '!' ? pattern + 1 : pattern;
    if (body[0] == '/' || strcmp(body, "*") == 0) return 0;
    const char *dot = strchr(body, '.');
    if (dot == NULL || (strcmp(dot, ".*") != 0 && strchr(dot + 1, '.') == NULL))
        return load_refuse(l, n->place, path, "pattern \"%.80s\": SOURCE.SCHEMA.TABLE is expected", pattern);
    return check_source_name(l, n, path, body);
}

static const struct node *item_at(const struct node *list, size_t i) {
    return list->kind == NODE_LIST ? node_at(list, i) : list;
}

static int check_override(struct loader *l, struct config_table *t, const struct node *n, const char *path) {
    const struct node *tables = node_get(n, "table");
    struct config_strings patterns = {0};
    struct pattern_list *compiled;
    t->place.text = n->place;
    t->pattern_text = "";
    for (size_t i = 0; i < (tables->kind == NODE_LIST ? tables->count : 1); i++) {
        const struct node *item = item_at(tables, i);
        if (check_override_pattern(l, item, path, item->text) != 0) return -1;
        t->pattern_text = load_text(l, "%s%s%s", t->pattern_text, i > 0 ? " " : "", item->text);
        if (t->pattern_text == NULL || load_append(l, &patterns, item->text) != 0) return -1;
    }
    if (load_patterns(l, &patterns, tables, path, &compiled) != 0) return -1;
    t->pattern = compiled;
    if (t->columns.count > 0 && t->exclude.count > 0)
        return load_refuse(l, n->place, path, "columns and exclude contradict each other; give one of them");
    return 0;
}

int check_overrides(struct loader *l) {
    const struct node *list = node_get(l->root, "overrides");
    const struct node *n = list != NULL ? list->first : NULL;
    for (size_t i = 0; i < l->config->ntables; i++, n = n->next) {
        const char *path = load_text(l, "overrides[%zu].table", i);
        if (path == NULL || check_override(l, &l->config->tables[i], n, path) != 0) return -1;
    }
    return 0;
}

/* ---- Entities --------------------------------------------------------------------------------------------
 */

/* A mapping's table must be one that its source captures, or it would never see a row. */
static int check_mapping(struct loader *l, struct config_mapping *m, const struct node *n, const char *path) {
    const struct node *table = node_get(n, "table");
    const char *dot = strchr(m->table, '.');
    m->place.text = n->place;
    if (dot == NULL || strchr(dot + 1, '.') == NULL)
        return load_refuse(l, table->place, path, "\"%.80s\": SOURCE.SCHEMA.TABLE is expected", m->table);
    const struct config_source *s = find_source(l->config, m->table, (size_t)(dot - m->table));
    if (s == NULL) return check_source_name(l, table, path, m->table);
    if (glob_is_wild(m->table, strlen(m->table)))
        return load_refuse(l, table->place, path, "\"%.80s\": one table is expected, not a pattern",
                           m->table);
    if (!pattern_list_match(s->table_patterns, dot + 1, NULL))
        return load_refuse(l, table->place, path, "sources.%s.tables does not select %.80s", s->name,
                           dot + 1);
    return 0;
}

/* "profile" or "profile.email". */
static int check_truth_name(struct loader *l, const struct node *n, const char *path) {
    int ignored;
    const char *part = load_text(l, "%.*s", (int)strcspn(n->key, "."), n->key);
    if (part == NULL) return -1;
    if (scalar_choice(option_find(SCOPE_MAPPING, "part", false), part, &ignored, l->e) == 0) return 0;
    return n->from_flag ? err_prefix(l->e, "%s", n->key_place)
                        : err_prefix(l->e, "%s: %s", n->key_place, path);
}

static int check_truth(struct loader *l, struct config_pair *p, const struct node *n, const char *path) {
    if (check_truth_name(l, n, path) != 0) return -1;
    for (const char *system = p->value;; system++) {
        size_t len = strcspn(system, ",");
        if (len == 0 || strspn(system, "abcdefghijklmnopqrstuvwxyz0123456789_-") < len)
            return load_refuse(l, n->place, path, "%s: names of sources are expected, [crm, shop]", n->key);
        for (const char *other = p->value; other < system; other += strcspn(other, ",") + 1)
            if (strcspn(other, ",") == len && memcmp(other, system, len) == 0)
                return load_refuse(l, n->place, path, "%s: \"%.*s\" is given twice", n->key, (int)len,
                                   system);
        system += len;
        if (*system == '\0') return 0;
    }
}

static int check_entity(struct loader *l, struct config_entity *entity, const struct node *n) {
    entity->name = n->key;
    if (strcmp(entity->name, "customer") != 0)
        return load_refuse(l, n->key_place, "", "\"%.60s\": customer is the only entity in this version",
                           n->key);
    if (entity->topic == NULL) entity->topic = entity->name;
    const struct node *from = node_get(n, "from");
    if (entity->nfrom == 0) return load_refuse(l, from->place, "", "entities.%s.from is empty", n->key);
    const struct node *entry = from->first;
    for (size_t i = 0; i < entity->nfrom; i++, entry = entry->next) {
        const char *path = load_text(l, "entities.%s.from[%zu].table", n->key, i);
        if (path == NULL || check_mapping(l, &entity->from[i], entry, path) != 0) return -1;
    }
    const struct node *truth = node_get(n, "truth");
    const char *path = load_text(l, "entities.%s.truth", n->key);
    if (path == NULL) return -1;
    for (size_t i = 0; i < entity->ntruth; i++)
        if (check_truth(l, &entity->truth[i], node_at(truth, i), path) != 0) return -1;
    return 0;
}

int check_entities(struct loader *l) {
    const struct node *entities = node_get(l->root, "entities");
    const struct node *n = entities != NULL ? entities->first : NULL;
    for (size_t i = 0; i < l->config->nentities; i++, n = n->next)
        if (check_entity(l, &l->config->entities[i], n) != 0) return -1;
    return 0;
}
