/*
 * pg_watch: looks for tables that match later.
 *
 * A thread of its own with an ordinary connection of its own, so that the reader never blocks. Every
 * discover_ms, and when the stream carries a table that is new, it compares the database with the
 * publications: a table that has come to match is added to our publication (the rows before that position are
 * not streamed: logged and counted), one that lost its replica identity while updates of it are published is
 * warned about (the application's UPDATE fails), and what we may not change is said with the SQL for the
 * owner. Trouble is logged and tried again.
 *
 * A publication that was dropped, or made anew by somebody else, is a gap that version 18 does not report: it
 * warns in the server's log and leaves the rows out. The watch then ends the stream's connection, so that the
 * reader, which checks everything when it connects again, finds the gap.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_WATCH_H
#define TAILRACE_AGENT_SOURCE_PG_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/config/config.h"
#include "agent/source/pg_discover.h"
#include "agent/source/pg_identity.h"
#include "decoders/err.h"

struct pg_watch;

struct pg_watch_parts {
    const struct config_source *config; /* outlives the watch */
    const struct pg_identity *identity; /* what the stream began with: slot and publications; copied */
    const char *publication;            /* the main one's name; copied */
    bool read_only;                     /* the publications belong to another run: only look */
    const struct pg_tables *known;      /* as found before the start; only read by pg_watch_start() */
};

/* Starts the thread; nothing to do (and *out NULL) when discover_ms is 0. */
int pg_watch_start(const struct pg_watch_parts *parts, struct pg_watch **out, struct err *e);

/*
 * The stream carries this table. One that the watch has not seen yet came in by its schema, inserts only: it
 * is looked at without waiting for the next turn. Any thread; never blocks on the network. NULL is fine.
 */
void pg_watch_saw(struct pg_watch *w, uint32_t table);

/* Another number than before: what the publications hold is not as it was. Any thread. NULL is fine. */
unsigned pg_watch_changes(const struct pg_watch *w);

/* Ends it and waits for it; says how many tables came in late. NULL is fine. */
void pg_watch_stop(struct pg_watch *w);

#endif
