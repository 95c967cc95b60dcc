/*
 * columns: which columns of a table are shown, hidden or masked, and which are its key.
 *
 * A name in `columns`, `exclude`, `mask` or `key` that the table does not have is an error: a typing mistake,
 * or a column renamed while running, must not publish what was to stay hidden. "name?" may be absent.
 *
 * The key: `key` of the configuration ("none", unless a column is called so: no key; "hash"
 * likewise: all that is shown, hashed); else the primary key;
 * else, or when the log does not carry the primary key of old rows, the replica identity; else none.
 */
#ifndef TAILRACE_AGENT_MAP_COLUMNS_H
#define TAILRACE_AGENT_MAP_COLUMNS_H

#include "agent/map/rules.h"
#include "decoders/arena.h"

/* Finds a column by a name of the configuration. *at is NAMES_NONE for one that may be absent ("name?") and
 * is. ERR_CONFIG: there is none, with the nearest name. */
int columns_find(const struct table *t, const char *name, bool may_be_absent, size_t *at, struct err *e);

/*
 * Fills use, keys and nkeys of `sel` (whose table is set), allocated in `arena`. ERR_CONFIG with the place
 * and the remedy: unknown columns, a key that is hidden, masked, or that the log does not carry for old rows.
 */
int columns_choose(struct selection *sel, const struct override *o, struct arena *arena, struct err *e);

#endif
