/*
 * pg_watch: looks for tables that match later.
 *
 * A thread of its own with an ordinary connection of its own, so that the reader never blocks. Every
 * discover_ms it compares the database with the publications: a table that has come to match is added to our
 * publication (the rows before that position are not streamed: logged and counted), one that lost its
 * replica identity while updates of it are published is warned about (the application's UPDATE fails), and
 * what we may not change is said with the SQL for the owner. Trouble is logged and tried again; a
 * watch never ends a source.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_WATCH_H
#define TAILRACE_AGENT_SOURCE_PG_WATCH_H

#include <stdint.h>

#include "agent/config/config.h"
#include "decoders/err.h"

struct pg_watch;

/*
 * Starts the thread; nothing to do (and *out NULL) when discover_ms is 0. `publication` is the main one's
 * name, as streamed from: pg_prepare_publication(). `c` outlives it.
 */
int pg_watch_start(const struct config_source *c, const char *publication, struct pg_watch **out,
                   struct err *e);

/* Ends it and waits for it; NULL is fine. */
void pg_watch_stop(struct pg_watch *w);

/* Tables added since the start: each may have lost rows written before its addition. Any thread. */
uint64_t pg_watch_added(const struct pg_watch *w);

#endif
