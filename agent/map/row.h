/*
 * row: the records of a change for its table's row topic.
 */
#ifndef TAILRACE_AGENT_MAP_ROW_H
#define TAILRACE_AGENT_MAP_ROW_H

#include "agent/map/emit.h"

/*
 * INSERT: create. UPDATE: update; or, when its key changed and keys are split, delete (old key), tombstone if
 * asked, create (new key). DELETE: delete, tombstone if asked. TRUNCATE: one record for every partition.
 * A row
 * keyed by its hash has no tombstones: it may be there twice. ERR_DATA: the log does not have the key.
 */
int row_events(const struct selection *sel, struct emit *em);

#endif
