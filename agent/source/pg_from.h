/*
 * pg_from: where a source without a checkpoint begins: the option --from. Pure.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_FROM_H
#define TAILRACE_AGENT_SOURCE_PG_FROM_H

#include <stdint.h>

#include "agent/source/pg_slot.h"
#include "decoders/err.h"

/*
 * `from` is NULL (the slot decides), "now" or a position; `slot` may not exist yet: it is then made now and
 * gives nothing of before. Leaves *position alone where the slot decides. ERR_CONFIG for what the slot cannot
 * give.
 */
int pg_from(const char *from, const struct pg_slot *slot, uint64_t server_end, uint64_t *position,
            struct err *e);

#endif
