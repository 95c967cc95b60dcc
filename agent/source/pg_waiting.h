/*
 * pg_waiting: for whom the reading of rows waits, as a sentence for people.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_WAITING_H
#define TAILRACE_AGENT_SOURCE_PG_WAITING_H

#include "agent/source/pg_conn.h"
#include "agent/source/pg_visible.h"

/*
 * Fills e->text (ERR_IO, retriable) with the transactions that a verdict other than GOOD waits for, with
 * their processes or prepared names. Asks the server; what it does not tell is left out.
 */
void pg_waiting_say(struct pg_conn *c, const struct pg_verdict *v, struct err *e);

#endif
