/*
 * pg_facts: what the server says about our stream, read over one connection, for the verdict of pg_gap.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_FACTS_H
#define TAILRACE_AGENT_SOURCE_PG_FACTS_H

#include "agent/source/pg_gap.h"
#include "agent/source/pg_identity.h"
#include "agent/source/pg_publication.h"
#include "agent/source/pg_query.h"
#include "agent/source/pg_server.h"
#include "agent/source/pg_slot.h"

#define PG_FACTS_PUBLICATIONS 2

struct pg_facts {
    struct pg_server server;
    uint64_t server_end;
    struct pg_history history;
    struct pg_slot slot;
    struct pg_identity_publication publications[PG_FACTS_PUBLICATIONS]; /* those that exist */
    size_t npublications;
};

/*
 * Reads them over a replication connection. `slot` and `publication` are the names configured. `ours` tells
 * whether the history of timelines is needed; NULL: it is not.
 */
int pg_facts_read(struct pg_conn *replication, const char *slot, const char *publication,
                  const struct pg_identity *ours, struct pg_facts *out, struct err *e);

/* The verdict over them. `ours` NULL: only the slot is looked at. */
void pg_facts_judge(const struct pg_facts *f, const struct pg_identity *ours, uint64_t position,
                    struct pg_gap *out);

/* What to remember of them beside a position. */
void pg_facts_identity(const struct pg_facts *f, struct pg_identity *out);

/* ERR_GAP with what is wrong, the remedy, and how to go on all the same. */
int pg_facts_refuse(const struct pg_gap *gap, struct err *e);

#endif
