/*
 * turn: who may write to a descriptor that several sources of one process share.
 *
 * A stream takes the turn before it writes and leaves it only between two records, so that no record has
 * another one in its middle, however short the writes are. Any thread.
 */
#ifndef TAILRACE_AGENT_SINK_TURN_H
#define TAILRACE_AGENT_SINK_TURN_H

#include <stdatomic.h>
#include <stdbool.h>

struct turn {
    _Atomic(const void *) owner;
    atomic_bool torn; /* somebody had to leave in the middle of a record */
};

/* True when `who` has the turn now, whether it had it before or not. */
bool turn_take(struct turn *t, const void *who);

/* Gives it to the next one. `torn`: in the middle of a record, which is never completed. */
void turn_leave(struct turn *t, const void *who, bool torn);

#endif
