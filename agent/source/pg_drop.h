/*
 * pg_drop: takes back what Tailrace made for a source: source_ops.drop.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_DROP_H
#define TAILRACE_AGENT_SOURCE_PG_DROP_H

#include "agent/config/config.h"
#include "decoders/err.h"

/*
 * Drops the slot, then the publications that bear our mark; says on the log what it dropped and what it left.
 * ERR_FENCED while the slot is in use, ERR_CONFIG with the SQL for the owner when a publication is not ours
 * to drop. What is not there is no error.
 */
int pg_drop(const struct config_source *c, struct err *e);

#endif
