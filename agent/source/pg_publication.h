/*
 * pg_publication: a publication as it is now.
 *
 * Tailrace streams from two: NAME carries all changes of the tables that have a usable replica identity,
 * NAME_insert carries inserts and truncates of those that have none, so that the application's UPDATE keeps
 * working there. A publication that we made bears a comment, our mark:
 *
 *     tailrace SOURCE                   made for this source
 *     tailrace SOURCE temporary 4711    of a run without state, by the backend of that pid
 *
 * One without our mark is the user's: read, never changed.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_PUBLICATION_H
#define TAILRACE_AGENT_SOURCE_PG_PUBLICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/source/pg_query.h"
#include "agent/source/pg_server.h"
#include "agent/source/pg_text.h"
#include "decoders/buf.h"

struct pg_mark {
    bool ours;      /* made for this source */
    bool temporary; /* by a run without state */
    uint32_t pid;   /* of that run's backend */
};

/* OIDs, ascending. */
struct pg_oids {
    uint32_t *items;
    size_t count;
};

struct pg_publication {
    bool exists;
    char name[PG_NAME_MAX];
    uint32_t oid;
    struct pg_mark mark;
    bool may_alter; /* we own it */
    bool all_tables;
    bool schemas; /* has TABLES IN SCHEMA members */
    bool publishes_insert, publishes_update, publishes_delete, publishes_truncate;
    bool via_root;          /* publish_via_partition_root */
    struct pg_oids tables;  /* what it publishes: as the server works it out, partitions or roots */
    struct pg_oids members; /* tables that are named in it */
};

/* Reads a publication by name; out->exists false when there is none. Release it in any case. */
int pg_publication_read(struct pg_conn *c, const struct pg_server *s, const char *name,
                        struct pg_publication *out, struct err *e);
void pg_publication_release(struct pg_publication *p);

/* Is it one of them? */
bool pg_oids_has(const struct pg_oids *o, uint32_t oid);

/* The name of the second publication: NAME_insert, cut to what a name may have. */
void pg_publication_insert_name(const char *name, char out[PG_NAME_MAX]);

/* Appends a mark as text, and reads one; NULL or a foreign comment gives one that is not ours. */
void pg_mark_put(const struct pg_mark *m, const char *source, struct buf *out);
void pg_mark_parse(const char *comment, const char *source, struct pg_mark *out);

/*
 * Says on the log what a publication of the user's leaves out: operations, columns, rows.
 */
int pg_publication_explain(struct pg_conn *c, const struct pg_server *s, const struct pg_publication *p,
                           struct err *e);

/* Drops it. */
int pg_publication_drop(struct pg_conn *c, const char *name, struct err *e);

#endif
