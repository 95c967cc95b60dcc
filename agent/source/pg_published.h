/*
 * pg_published: the tables of a database beside the publications that carry them, read together and brought
 * into line.
 *
 * Used before streaming (pg_prepare) and while it runs (pg_watch). What is decided is in pg_plan.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_PUBLISHED_H
#define TAILRACE_AGENT_SOURCE_PG_PUBLISHED_H

#include "agent/source/pg_discover.h"
#include "agent/source/pg_plan.h"
#include "agent/source/pg_publication.h"

/* `struct pg_published p = {0};` is an empty one. */
struct pg_published {
    struct pg_tables tables;
    struct pg_publication main;
    struct pg_publication insert;
};

/* Reads all of it; `name` is the main publication's. Releases what it held before. */
int pg_published_load(struct pg_published *p, struct pg_conn *c, const struct pg_server *s, const char *name,
                      struct err *e);
void pg_published_release(struct pg_published *p);

struct pg_update {
    struct pg_mark mark; /* of publications that are made */
    bool streaming;      /* a stream runs already */
    bool forbidden;      /* change nothing whatever the configuration allows */
    /* Results. */
    bool created;     /* NAME was made now: nothing of before is in the stream */
    size_t nadded;    /* tables whose earlier rows are not streamed */
    struct buf owner; /* statements that are the owner's to run; the caller releases it */
};

/*
 * Plans and does what we may do, in one transaction; loads again when something was done. Says on the log
 * which tables came in, from which position on, and how many rows they had.
 */
int pg_published_update(struct pg_published *p, struct pg_conn *c, const struct pg_server *s,
                        struct pg_update *u, struct err *e);

/* True when the wanted table is carried by one of the two. */
bool pg_published_carries(const struct pg_published *p, const struct pg_table *t);

/*
 * Says on the log, for each wanted table, what the stream will not have of it, and warns of tables whose
 * UPDATE fails in the application because a publication carries its updates.
 */
void pg_published_warn(const struct pg_published *p, const struct config_source *c);

/*
 * Why we could not do what is left to the owner, as a sentence for people, with the statements themselves
 * when they are short; long ones go to the log. Returns -1 with ERR_CONFIG.
 */
int pg_published_refuse(const struct config_source *c, const struct pg_server *s, struct buf *owner,
                        struct err *e);

/* The same as warnings on the log, for a source that goes on meanwhile. */
void pg_published_hand_over(const struct config_source *c, const struct pg_server *s, struct buf *owner);

#endif
