/*
 * columns: which columns of a table are shown, hidden or masked, and which are its key.
 *
 * A name in `columns`, `exclude`, `mask` or `key` that the table does not have is an error: a typing mistake,
 * or a column renamed while running, must not publish what was to stay hidden. "name?" may be absent.
 *
 * The key: `key` of the configuration; else the primary key; else, or when the log does not carry the primary
 * key of old rows, the replica identity; else none.
 */
#ifndef TAILRACE_AGENT_MAP_COLUMNS_H
#define TAILRACE_AGENT_MAP_COLUMNS_H

#include "agent/map/rules.h"
#include "decoders/arena.h"

/*
 * Fills use, keys and nkeys of `sel` (whose table is set), allocated in `arena`. ERR_CONFIG with the place
 * and the remedy: unknown columns, a key that is hidden, masked, or that the log does not carry for old rows.
 */
int columns_choose(struct selection *sel, const struct override *o, struct arena *arena, struct err *e);

#endif
