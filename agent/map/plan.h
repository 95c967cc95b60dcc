/*
 * plan: all that was worked out for one table description: wanted or not, topic, columns, key, mappings.
 */
#ifndef TAILRACE_AGENT_MAP_PLAN_H
#define TAILRACE_AGENT_MAP_PLAN_H

#include "agent/map/bind.h"
#include "agent/map/codecs.h"
#include "agent/map/notices.h"
#include "agent/map/rules.h"
#include "agent/map/topic.h"

struct plan {
    uint64_t serial; /* of the table description */
    bool bare;       /* no columns are known: good for truncates and statements only */
    bool rows;       /* published in a row topic; false, and no mappings: the table is not wanted at all */
    struct selection selection; /* its table is the decoder's, or a copy that knows what conversions change */
    struct codecs codecs;
    struct bound *bound;
    size_t nbound;
    struct arena arena;
};

/* Where a plan is made: the map's rules, and what it keeps over all tables. */
struct planner {
    struct rules rules;
    struct topics topics;
    struct notices notices;
};

/*
 * Works out the plan of a table. One of MySQL without columns was named by a statement before its first row:
 * nothing is asked about columns, and its mappings are neither checked nor quarantined. `strict`: a mapping
 * that cannot be right is ERR_CONFIG; otherwise it is quarantined. Claims the topic; plan_free() gives it
 * back.
 */
int plan_new(struct planner *pl, const struct table *t, bool strict, struct plan **out, struct err *e);
void plan_free(struct planner *pl, struct plan *p);

/* The plans of the tables at hand, by serial. Empty when zeroed. */
#define PLANS_RECENT 64
struct plans {
    struct plan *recent[PLANS_RECENT]; /* by the serial's low bits; NULL: look in `items` */
    struct plan **items;               /* sorted by serial */
    size_t count;
    size_t cap;
};

/* The plan of a serial, or NULL. */
struct plan *plans_find(struct plans *all, uint64_t serial);

/* Takes the plan over. On failure it is still the caller's. */
int plans_add(struct plans *all, struct plan *p, struct err *e);

/* Takes it out, for the caller to free; NULL: none. */
struct plan *plans_remove(struct plans *all, uint64_t serial);

#endif
