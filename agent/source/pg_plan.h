/*
 * pg_plan: what has to be done so that the publications carry the wanted tables. Pure.
 *
 * Two publications, because one cannot keep two promises at once: to miss nothing of a table that is made
 * later, and never to break the application.
 *
 *   - NAME carries all changes and names the exact tables, each with a usable replica identity. A table
 * without one is never in it, not for a moment: the application's own UPDATE of it would fail.
 *   - NAME_insert carries inserts and truncates only, which needs no identity. Where the patterns mean whole
 *     schemas or everything, and we are a superuser, it is FOR TABLES IN SCHEMA or FOR ALL TABLES: so a new
 * table is in the stream from its first row. Else it names the tables that NAME must not.
 *   - Tables that match later, and tables that gain or lose their identity, are put where they belong; those
 * that the patterns no longer select are taken out again.
 *   - A publication that is not ours, or that we may not alter, stays as it is; what it lacks is SQL for the
 *     owner.
 *   - NAME_insert is made beside NAME even when it is still empty: a stream names its publications when it
 *     begins, and a table may need it later.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_PLAN_H
#define TAILRACE_AGENT_SOURCE_PG_PLAN_H

#include "agent/source/pg_discover.h"
#include "agent/source/pg_publication.h"
#include "agent/source/pg_server.h"

struct pg_plan_input {
    const struct pg_server *server;
    const struct pattern_list *patterns;
    const struct pg_tables *tables;
    const struct pg_publication *main; /* as they are; only names when they do not exist */
    const struct pg_publication *insert;
    const char *source;  /* name, for the mark */
    struct pg_mark mark; /* of what is created: `ours` and the like */
    bool may_change;     /* false: `create: false`, or a standby: all of it is for the owner */
    bool streaming;      /* a stream runs: it would not know a second publication made now */
};

enum pg_plan_step {
    PG_PLAN_NEW,       /* streamed from now on, was not before */
    PG_PLAN_UPDATES,   /* came in by its schema: updates and deletes are streamed from now on too */
    PG_PLAN_TO_MAIN,   /* has an identity now: likewise */
    PG_PLAN_TO_INSERT, /* lost it: updates and deletes are no longer streamed */
};

struct pg_plan_change {
    enum pg_plan_step step;
    const struct pg_table *table;
};

struct pg_plan {
    struct buf run;                 /* statements for us, one transaction; empty: nothing to do */
    struct buf owner;               /* statements for the owner, one a line; empty: nothing is lacking */
    bool creates_main;              /* NAME does not exist yet (in `run` or in `owner`) */
    struct pg_plan_change *changes; /* what `run` does to tables of publications that exist */
    size_t nchanges;
};

/* Works it out. Everything that `in` points to outlives `out`; release it also after a failure. */
int pg_plan_make(const struct pg_plan_input *in, struct pg_plan *out, struct err *e);

/* Frees what pg_plan_make() filled. */
void pg_plan_release(struct pg_plan *p);

/* True when the publications carry changes of this table: itself, a table above it, or all its partitions. */
bool pg_plan_covered(const struct pg_plan_input *in, const struct pg_table *t);

#endif
