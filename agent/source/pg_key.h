/*
 * pg_key: the key by which a table is read in chunks: the condition "behind this row", and the row's key as
 * bytes to be kept. Pure.
 *
 * Everything is named in full (types, operators, collations), so that the condition means what the index is
 * ordered by, whatever lies on a search path. A key's text is what the server printed under our session
 * settings, which lose nothing.
 *
 * Layout of a kept key (big-endian): u16 columns, and for each of them u16 length and bytes of its name, u32
 * length and bytes of its text.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_KEY_H
#define TAILRACE_AGENT_SOURCE_PG_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/source/pg_copy.h"
#include "decoders/buf.h"
#include "decoders/change.h"
#include "decoders/err.h"
#include "decoders/pgoutput/catalog.h"

struct pg_key_column {
    const char *name;
    const char *type;         /* "schema"."name", quoted; a domain's base type */
    const char *collation;    /* likewise; NULL: the type has none */
    const char *gt, *ge, *eq; /* operators of the index: OPERATOR("schema".>) */
};

struct pg_key {
    size_t n; /* 0: no key */
    struct pg_key_column columns[PGOUTPUT_MAX_KEYS];
};

/* Appends the condition of the rows behind the one with these `k->n` values; and what to order by. The table
 * is called `t`. */
void pg_key_put_behind(const struct pg_key *k, const struct pg_field *values, struct buf *sql);
void pg_key_put_order(const struct pg_key *k, struct buf *sql);

/* Appends the key of a row as above; none of `values` is null. */
void pg_key_store(const struct pg_key *k, const struct pg_field *values, struct buf *out);

/*
 * Reads it back: `values` get texts that `bytes` keeps alive (it is filled). False when it is a key of other
 * columns (or memory ran out: buf_failed), so that the table has to be read from its first row.
 */
bool pg_key_load(const struct pg_key *k, struct position p, struct buf *bytes, struct pg_field *values);

#endif
