/*
 * bind: a mapping applied to one shape of its table: names become columns, and it is decided whether the
 * mapping can be right.
 *
 * Key, item and condition must lie in what the log carries of old rows (the replica identity): otherwise a
 * delete could not be told from one of another customer. Such a mapping is refused with the statement that
 * cures it.
 */
#ifndef TAILRACE_AGENT_MAP_BIND_H
#define TAILRACE_AGENT_MAP_BIND_H

#include "agent/map/rules.h"
#include "decoders/arena.h"

/* The columns that an expression reads, by slot. */
struct operands {
    size_t count;
    const uint16_t *columns;
    const bool *padded;          /* char(n): trailing blanks do not count */
    const struct value **values; /* filled per row */
    struct value *trimmed;       /* where padded values are put */
};

/* Whether a row, as it was or as it became, is part of the entity, and as what. */
struct member {
    bool in;
    struct buf key;
    struct buf item;
};

struct bound {
    struct mapping *mapping;
    bool broken; /* quarantined: nothing below is set */
    struct operands key;
    struct operands item;
    struct operands when;
    struct entity_field *fields; /* of the mapping, in order; name and column set, value filled per row */
    const uint16_t *field_columns;
    const bool *masked;
    struct member old;
    struct member now;
    bool removes; /* what the change at hand does */
    bool sets;
    bool stays;        /* was there before, as the same: fields can be compared */
    bool said_keyless; /* a notice is given once per shape */
    bool said_unknown;
};

/* Binds `m` to the table of `sel`. Allocates in `arena`; bound_release() frees the rest. ERR_CONFIG with
 * remedy. */
int bound_init(struct bound *b, struct mapping *m, const struct selection *sel, struct arena *arena,
               struct err *e);
void bound_release(struct bound *b);

#endif
