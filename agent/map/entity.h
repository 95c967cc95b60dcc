/*
 * entity: the records of a change for the entity parts that its table feeds.
 *
 * A row is part of an entity (it is "in") when its condition is true and its key, and item if there is one,
 * are neither NULL nor empty: a row without key belongs to nobody. What a change does follows from where the
 * row was and is:
 *
 *     was in      is in, the same key and item       SET
 *     was in      is in, another key or item         REMOVE the old, SET the new
 *     was in      is not                             REMOVE
 *     was not     is in                              SET
 *
 * TRUNCATE: CLEAR, once for each part. All removals of a change come before its sets, so that a row that goes
 * from one mapping to another is not removed after it was set.
 */
#ifndef TAILRACE_AGENT_MAP_ENTITY_H
#define TAILRACE_AGENT_MAP_ENTITY_H

#include "agent/map/bind.h"
#include "agent/map/emit.h"

/* ERR_DATA: a value needed for a key, an item or a condition is invalid or not in the log. */
int entity_events(struct bound *bound, size_t n, struct emit *em);

#endif
