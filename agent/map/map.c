#include "agent/map/map.h"

#include <stdlib.h>
#include <string.h>

#include "agent/map/emit.h"
#include "agent/map/entity.h"
#include "agent/map/fingerprint.h"
#include "agent/map/names.h"
#include "agent/map/plan.h"
#include "agent/map/row.h"

#define SCRATCH_KEEP 65536

struct map {
    struct planner planner;
    struct plans plans;
    struct buf scratch;
    struct arena converted; /* values of the change at hand */
    struct map_stats stats;
    uint64_t fingerprint;
};

/* ---- Life ---- */

/* Topics that tables may not take. */
static int claim_own_topics(struct map *m, struct err *e) {
    const struct rules *r = &m->planner.rules;
    struct topics *all = &m->planner.topics;
    if (topics_claim(all, r->message_topic, "the logical messages", NULL, e)) return -1;
    if (topics_claim(all, r->gap_topic, "the accepted gaps", NULL, e)) return -1;
    if (topics_claim(all, r->ddl_topic, "the statements about no table", NULL, e)) return -1;
    for (size_t i = 0; i < r->config->nentities; i++) {
        struct buf owner = {0};
        buf_printf(&owner, "entity %s", r->config->entities[i].name);
        int rc = topics_claim(all, r->config->entities[i].topic, buf_cstr(&owner), NULL, e);
        buf_release(&owner);
        if (rc) return -1;
    }
    return 0;
}

int map_new(const struct config *config, const struct config_source *source, const struct map_options *o,
            struct map **out, struct err *e) {
    struct map *m = calloc(1, sizeof(*m));
    if (!m) return err_memory(e, "making the map");
    arena_init(&m->converted, SCRATCH_KEEP);
    if (rules_init(&m->planner.rules, config, source, o, e) || claim_own_topics(m, e) ||
        fingerprint_of(&m->planner.rules, &m->fingerprint, e)) {
        map_free(m);
        return -1;
    }
    *out = m;
    return 0;
}

void map_free(struct map *m) {
    if (!m) return;
    for (size_t i = 0; i < m->plans.count; i++) plan_free(&m->planner, m->plans.items[i]);
    free(m->plans.items);
    topics_release(&m->planner.topics);
    notices_release(&m->planner.notices);
    rules_release(&m->planner.rules);
    buf_release(&m->scratch);
    arena_release(&m->converted);
    free(m);
}

/* ---- Tables ---- */

static int add_plan(struct map *m, const struct table *t, struct plan **out, struct err *e) {
    if (plan_new(&m->planner, t, false, out, e)) return -1;
    if (!plans_add(&m->plans, *out, e)) return 0;
    plan_free(&m->planner, *out);
    return -1;
}

/* The new plan first: what both have in common (a topic, a quarantine) then goes on without a word. */
static int change_shape(struct map *m, const struct change *c, struct err *e) {
    struct plan *p = plans_find(&m->plans, c->table->serial);
    if (!p && add_plan(m, c->table, &p, e)) return -1;
    if (c->replaced && c->replaced->serial != c->table->serial)
        plan_free(&m->planner, plans_remove(&m->plans, c->replaced->serial));
    return 0;
}

bool map_wants(const struct map *m, const char *space, const char *name) {
    struct buf dotted = {0};
    bool wanted = false;
    names_dotted(&dotted, NULL, space, name);
    const char *text = buf_cstr(&dotted);
    /* What cannot be told counts as wanted: its plan will stop and say why. */
    if (buf_failed(&dotted) || rules_select(&m->planner.rules, text, &wanted, NULL)) wanted = true;
    buf_release(&dotted);
    return wanted;
}

int map_check(struct map *m, const struct table *t, struct err *e) {
    struct plan *p = NULL;
    if (plan_new(&m->planner, t, true, &p, e)) return -1;
    p->selection.topic = NULL; /* the claim on it stays: the tables to come are checked against this one */
    plan_free(&m->planner, p);
    return 0;
}

/* ---- Changes ---- */

static int change_rows(struct map *m, struct emit *em) {
    const struct table *t = em->change->table;
    struct plan *p = plans_find(&m->plans, t->serial);
    if (!p && add_plan(m, t, &p, em->e)) return -1;
    if (p->bare && em->change->op != CHANGE_TRUNCATE)
        return err_set(em->e, ERR_DATA, "%s.%s: a row of a table whose columns are not known", table_space(t),
                       t->name);
    if (p->codecs.count) {
        arena_clear(&m->converted);
        if (codecs_apply(&p->codecs, em->change, &m->converted, &m->stats, &m->planner.notices, em->e))
            return -1;
    }
    if (p->rows && row_events(&p->selection, em)) return -1;
    if (p->nbound == 0) return 0;
    int rc = entity_events(p->bound, p->nbound, em);
    buf_clear(&m->scratch, SCRATCH_KEEP);
    return rc;
}

static int send(struct emit *em, enum event_kind kind, char op, const char *topic) {
    struct event ev = {.kind = kind, .op = op, .topic = topic};
    return emit_event(em, &ev);
}

/* A table that nobody wants has no say. One that feeds entities only has no topic of its own, and one that is
 * compacted takes no record without a key. */
static int change_ddl(struct map *m, struct emit *em) {
    const struct table *t = em->change->table;
    struct plan *p = NULL;
    if (t && !(p = plans_find(&m->plans, t->serial)) && add_plan(m, t, &p, em->e)) return -1;
    if (p && !p->rows && p->nbound == 0) return 0;
    if (!p || !p->rows || em->rules->options.tombstones)
        return send(em, EVENT_DDL, 'q', em->rules->ddl_topic);
    struct event ev = {
        .kind = EVENT_DDL,
        .op = 'q',
        .every_partition = true,
        .selection = &p->selection,
        .topic = p->selection.topic,
    };
    return emit_event(em, &ev);
}

int map_change(struct map *m, const struct change *c, event_fn fn, void *ctx, struct err *e) {
    const struct rules *r = &m->planner.rules;
    struct emit em = {
        .rules = r,
        .change = c,
        .fn = fn,
        .ctx = ctx,
        .notices = &m->planner.notices,
        .stats = &m->stats,
        .scratch = &m->scratch,
        .e = e,
    };
    switch (c->op) {
    case CHANGE_INSERT:
    case CHANGE_READ:
    case CHANGE_UPDATE:
    case CHANGE_DELETE:
    case CHANGE_TRUNCATE: return change_rows(m, &em);
    case CHANGE_SCHEMA: return change_shape(m, c, e);
    case CHANGE_MESSAGE: return send(&em, EVENT_MESSAGE, 'm', r->message_topic);
    case CHANGE_GAP: return send(&em, EVENT_GAP, 'g', r->gap_topic);
    case CHANGE_DDL: return change_ddl(m, &em);
    case CHANGE_BEGIN:
    case CHANGE_COMMIT:
    case CHANGE_HEARTBEAT: break;
    }
    return 0;
}

/* ---- Questions ---- */

size_t map_quarantined(const struct map *m, const char **text) {
    const struct rules *r = &m->planner.rules;
    size_t n = 0;
    *text = "";
    for (size_t i = 0; i < r->nmappings; i++) {
        if (!r->mappings[i].broken) continue;
        *text = r->mappings[i].broken;
        n++;
    }
    return n;
}

const char *map_take_notice(struct map *m, enum log_level *level) {
    return notices_take(&m->planner.notices, level);
}

void map_stats(const struct map *m, struct map_stats *out) {
    *out = m->stats;
}

const char *map_entity_topic(const struct map *m, size_t i) {
    const char **topics = m->planner.rules.entity_topics;
    for (size_t j = 0; j < i; j++)
        if (!topics[j]) return NULL;
    return topics[i];
}

uint64_t map_fingerprint(const struct map *m) {
    return m->fingerprint;
}
