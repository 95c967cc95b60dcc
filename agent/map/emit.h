/*
 * emit: what the records of one change have in common while they are made.
 */
#ifndef TAILRACE_AGENT_MAP_EMIT_H
#define TAILRACE_AGENT_MAP_EMIT_H

#include "agent/map/map.h"
#include "agent/map/notices.h"
#include "agent/map/rules.h"

struct emit {
    const struct rules *rules;
    const struct change *change;
    event_fn fn;
    void *ctx;
    uint16_t sub; /* of the next record */
    struct notices *notices;
    struct map_stats *stats;
    struct buf *scratch;
    struct err *e;
};

/* Completes `ev` with what all records of the change share, numbers it and hands it over. */
static inline int emit_event(struct emit *em, struct event *ev) {
    ev->sub = em->sub++;
    ev->change = em->change;
    ev->source = em->rules->source->name;
    const struct table *t = em->change->table;
    ev->database = t && t->database ? t->database : em->rules->source->database;
    return em->fn(em->ctx, ev, em->e) ? -1 : 0;
}

#endif
