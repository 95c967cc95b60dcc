#include "agent/map/plan.h"

#include <stdlib.h>
#include <string.h>

#include "agent/map/columns.h"
#include "agent/map/names.h"

/* ---- Making one ---- */

/* "table shop.public.orders" */
static char *owner_name(const char *full) {
    struct buf b = {0};
    buf_puts(&b, "table ");
    buf_puts(&b, full);
    buf_putc(&b, '\0');
    if (!buf_failed(&b)) return (char *)b.data;
    buf_release(&b);
    return NULL;
}

static int choose_topic(struct planner *pl, struct plan *p, const struct override *o, const char *full,
                        struct err *e) {
    const struct config_source *source = pl->rules.source;
    const struct table *t = p->selection.table;
    struct buf name = {0};
    char *owner = owner_name(full);
    bool replaced;
    bool fresh;
    int rc = -1;
    if (!owner) {
        err_memory(e, "planning a table");
        goto out;
    }
    if (topic_render(o->topic_template, source->name, p->selection.database, t, &name, &replaced, e)) {
        err_prefix(e, "%s: %s", o->topic ? o->topic->place.text : "topics", owner);
        goto out;
    }
    const char *copy = arena_strndup(&p->arena, (const char *)name.data, name.len);
    if (!copy) {
        err_memory(e, "planning a table");
        goto out;
    }
    const struct map_options *mo = &pl->rules.options;
    if (mo->claim && mo->claim(mo->claim_ctx, copy, owner, o->topic != NULL, e)) goto out;
    if (topics_claim(&pl->topics, copy, owner, &fresh, e)) goto out;
    p->selection.topic = copy;
    if (replaced && fresh)
        notices_add(&pl->notices, LOG_WARN,
                    "%s goes to topic %s: Kafka does not take every character of its name", owner, copy);
    rc = 0;
out:
    buf_release(&name);
    free(owner);
    return rc;
}

static bool is_mapped_from(const struct mapping *m, const struct table *t) {
    const char *space = table_space(t);
    size_t len = strlen(space);
    const char *name = m->table;
    if (len) {
        if (strncmp(name, space, len) != 0 || name[len] != '.') return false;
        name += len + 1;
    }
    return strcmp(name, t->name) == 0;
}

static void quarantine(struct planner *pl, struct bound *b, const struct err *why) {
    struct mapping *m = b->mapping;
    b->broken = true;
    if (m->broken && strcmp(m->broken, why->text) == 0) return;
    notices_add(&pl->notices, LOG_ERROR,
                "%s -- in quarantine until then: changes of the table do not reach %s.%s", why->text,
                m->entity->name, m->part->name);
    free(m->broken);
    m->broken = strdup(why->text);
}

static void end_quarantine(struct planner *pl, struct mapping *m) {
    if (!m->broken) return;
    notices_add(&pl->notices, LOG_WARN,
                "%s: %s.%s from %s is out of quarantine; what changed in between is missing there",
                m->config->place.text, m->entity->name, m->config->part, m->config->table);
    free(m->broken);
    m->broken = NULL;
}

static int bind_mapping(struct planner *pl, struct plan *p, struct mapping *m, bool strict, struct err *e) {
    struct bound *b = &p->bound[p->nbound++];
    struct err why = {0};
    if (p->bare) {
        *b = (struct bound){.mapping = m};
        return 0;
    }
    if (bound_init(b, m, &p->selection, &p->arena, &why) == 0) {
        if (!strict) end_quarantine(pl, m);
        return 0;
    }
    if (strict || why.code != ERR_CONFIG) {
        if (e) *e = why;
        return -1;
    }
    quarantine(pl, b, &why);
    return 0;
}

/* Binds the table's mappings; tells whether its rows are published too. */
static int bind_mappings(struct planner *pl, struct plan *p, bool strict, struct err *e) {
    struct rules *r = &pl->rules;
    p->bound = arena_calloc(&p->arena, r->nmappings + 1, sizeof(*p->bound));
    if (!p->bound) return err_memory(e, "planning a table");
    p->rows = true;
    bool rows_too = false;
    for (size_t i = 0; i < r->nmappings; i++) {
        struct mapping *m = &r->mappings[i];
        if (!is_mapped_from(m, p->selection.table)) continue;
        rows_too = rows_too || m->config->rows_too;
        if (bind_mapping(pl, p, m, strict, e)) return -1;
    }
    if (p->nbound) p->rows = rows_too;
    return 0;
}

/* Conversions, columns and key. */
static int fill_columns(struct plan *p, const struct override *o, struct err *e) {
    static const uint8_t no_use[1];
    static const uint16_t no_keys[1];
    if (p->bare) {
        p->selection.use = no_use;
        p->selection.keys = no_keys;
        return 0;
    }
    if (codecs_bind(&p->codecs, &p->selection, o, &p->arena, e)) return -1;
    return columns_choose(&p->selection, o, &p->arena, e);
}

static int plan_fill(struct planner *pl, struct plan *p, bool strict, struct err *e) {
    const struct table *t = p->selection.table;
    struct override o;
    bool wanted;
    int rc = -1;
    char *full = names_table(pl->rules.source->name, t);
    if (!full) return err_memory(e, "planning a table");
    if (rules_select(&pl->rules, full + strlen(pl->rules.source->name) + 1, &wanted, e)) goto out;
    if (!wanted) {
        rc = 0;
        goto out;
    }
    if (rules_override(&pl->rules, full, &o, e)) goto out;
    if (fill_columns(p, &o, e)) goto out;
    if (bind_mappings(pl, p, strict, e)) goto out;
    rc = p->rows ? choose_topic(pl, p, &o, full, e) : 0;
out:
    free(full);
    return rc;
}

int plan_new(struct planner *pl, const struct table *t, bool strict, struct plan **out, struct err *e) {
    struct plan *p = calloc(1, sizeof(*p));
    if (!p) return err_memory(e, "planning a table");
    p->serial = t->serial;
    p->bare = t->database && t->ncolumns == 0;
    p->selection = (struct selection){
        .table = t,
        .serial = t->serial,
        .source = pl->rules.source->name,
        .database = t->database ? t->database : pl->rules.source->database,
    };
    if (plan_fill(pl, p, strict, e)) {
        plan_free(pl, p);
        return -1;
    }
    *out = p;
    return 0;
}

void plan_free(struct planner *pl, struct plan *p) {
    if (!p) return;
    if (p->selection.topic) topics_release_claim(&pl->topics, p->selection.topic);
    for (size_t i = 0; i < p->nbound; i++) bound_release(&p->bound[i]);
    arena_release(&p->arena);
    free(p);
}

/* ---- Keeping them ---- */

/* Where the serial is, or would stand. */
static size_t find(const struct plans *all, uint64_t serial) {
    size_t low = 0;
    size_t high = all->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (all->items[middle]->serial < serial)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct plan *plans_find(struct plans *all, uint64_t serial) {
    struct plan **recent = &all->recent[serial % PLANS_RECENT];
    if (*recent && (*recent)->serial == serial) return *recent;
    size_t at = find(all, serial);
    if (at == all->count || all->items[at]->serial != serial) return NULL;
    return *recent = all->items[at];
}

int plans_add(struct plans *all, struct plan *p, struct err *e) {
    if (all->count == all->cap) {
        size_t cap = all->cap ? all->cap * 2 : 16;
        struct plan **items = realloc(all->items, cap * sizeof(struct plan *));
        if (!items) return err_memory(e, "keeping a table's plan");
        all->items = items;
        all->cap = cap;
    }
    size_t at = find(all, p->serial);
    memmove(&all->items[at + 1], &all->items[at], (all->count - at) * sizeof(struct plan *));
    all->items[at] = p;
    all->count++;
    return 0;
}

struct plan *plans_remove(struct plans *all, uint64_t serial) {
    struct plan *p = plans_find(all, serial);
    if (!p) return NULL;
    size_t at = find(all, serial);
    all->count--;
    memmove(&all->items[at], &all->items[at + 1], (all->count - at) * sizeof(struct plan *));
    all->recent[serial % PLANS_RECENT] = NULL;
    return p;
}
