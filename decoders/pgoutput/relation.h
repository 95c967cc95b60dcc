/*
 * relation: the tables that the log has described, by OID.
 *
 * A shape is one description of one table with everything needed to decode its rows. A Relation message that
 * says nothing new keeps the shape (and its struct table) that is there.
 *
 * The log does not say that a table was dropped, so its shape stays: some 2 KB for one of ten columns.
 */
#ifndef TAILRACE_DECODERS_PGOUTPUT_RELATION_H
#define TAILRACE_DECODERS_PGOUTPUT_RELATION_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/change.h"
#include "decoders/pgoutput/proto.h"
#include "decoders/pgoutput/types.h"

struct shape {
    struct table table;      /* what changes point to */
    struct text_type *types; /* of each column */
    struct value *before;    /* room for one row each, reused */
    struct value *after;
    struct arena arena; /* holds all of it */
};

/* Frees a shape that relations_describe() replaced. NULL is fine. */
void shape_free(struct shape *s);

struct relation;
struct known_keys;

struct relations {
    struct relation *by_id;
    struct relation *last; /* found last: rows come in runs */
    struct known_keys *keys;
    struct types types;
    uint64_t serial;
    uint64_t connection; /* counts restarts: a table must be described anew after each */
};

/* An empty cache, which allocates nothing yet; and the end of it with all its shapes. */
void relations_init(struct relations *r);
void relations_release(struct relations *r);

/* Learns the payload of a FRAME_CATALOG. */
int relations_catalog(struct relations *r, const void *data, size_t len, struct err *e);

/*
 * Takes in a Relation message. *shape is the table's shape from now on; *fresh tells whether it is a new one,
 * and *replaced is then the former one (the caller's to free) or NULL.
 */
int relations_describe(struct relations *r, const struct pgoutput_relation *m, struct shape **shape,
                       bool *fresh, struct shape **replaced, struct err *e);

/* The shape of a table that was described since the connection was made, else NULL. */
struct shape *relations_find(struct relations *r, uint32_t relid);

/* The connection was made anew: descriptions must come again before rows do. */
void relations_restart(struct relations *r);

#endif
