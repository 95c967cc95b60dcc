/*
 * pg_temporary: publications of a run without state, which leaves nothing behind.
 *
 * The slot of such a run is a temporary one. Its publications bear the pid of its backend in their names and
 * marks, so that several runs, and an agent with state, do not meet; what a killed run left is dropped by the
 * next one. Publications that exist under the configured name and carry all that is wanted are used instead.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_TEMPORARY_H
#define TAILRACE_AGENT_SOURCE_PG_TEMPORARY_H

#include "agent/source/pg_published.h"

/* Writes "NAME_PID", cut to what a name may have. */
void pg_temporary_name(const char *name, uint32_t pid, char out[PG_NAME_MAX]);

/*
 * Finds or makes publications of the wanted tables; *made tells which, and they are then to be dropped with
 * pg_temporary_drop(). ERR_CONFIG with the SQL for the owner when we may not.
 */
int pg_temporary_publish(struct pg_published *p, struct pg_conn *sql, const struct pg_server *s, uint32_t pid,
                         bool *made, struct err *e);

/* Drops them; opens the connection again when it was lost. Trouble is logged. */
void pg_temporary_drop(struct pg_published *p, struct pg_conn *sql, const struct config_source *c);

/* Drops publications of runs without state of this source whose backend is gone. Trouble is logged. */
void pg_temporary_sweep(struct pg_conn *sql);

#endif
