/*
 * catalog: what pgoutput does not say about types and tables, carried beside the log.
 *
 * A Relation message gives each column's type as a bare OID, and tells the replica identity but not the
 * primary key. The source's reader looks for Relation messages (pgoutput_peek_relation), asks the database
 * for what is not known yet, and puts the answer into the stream as a FRAME_CATALOG in front of that
 * Relation message. The decoder keeps what such a frame says until another one says otherwise; an OID that
 * no frame explains is decoded as text under the name the log gives it, never an error.
 *
 * What the catalogue says is true now, not then. Where both speak the decoder trusts the log: with identity
 * DEFAULT the identity columns are the primary key, and the catalogue only gives their order.
 *
 * What to ask for the types of a Relation message that are not pgoutput_builtin_type(), again for their
 * `elem` and `base`, until nothing is unknown:
 *
 *     SELECT t.oid, t.typtype,
 *            CASE WHEN t.typinput = 'pg_catalog.array_in'::regproc THEN t.typelem ELSE 0 END,
 *            t.typbasetype, t.typtypmod, t.typdelim, n.nspname, t.typname
 *       FROM pg_catalog.pg_type t
 *       JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
 *      WHERE t.oid = ANY ($1)
 *
 * and, with every Relation message, the columns of the primary key in key order:
 *
 *     SELECT a.attname
 *       FROM pg_catalog.pg_index i
 *      CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k(attnum, n)
 *       JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
 *      WHERE i.indrelid = $1 AND i.indisprimary AND k.n <= i.indnkeyatts
 *      ORDER BY k.n
 *
 * Layout of the payload: records one behind the other, integers big-endian, strings NUL-terminated.
 *
 *     type      't', u32 oid, u8 typtype, u32 elem, u32 base, i32 base_mod, u8 delim, str schema, str name
 *     relation  'r', u32 relid, u16 count, count times str column
 */
#ifndef TAILRACE_DECODERS_PGOUTPUT_CATALOG_H
#define TAILRACE_DECODERS_PGOUTPUT_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/buf.h"
#include "decoders/cursor.h"
#include "decoders/err.h"

/* A row of pg_type. */
struct pgoutput_type {
    uint32_t oid;
    char typtype;     /* b base, c composite, d domain, e enum, p pseudo, r range, m multirange */
    uint32_t elem;    /* of a true array (see the query above), else 0 */
    uint32_t base;    /* typbasetype of a domain, else 0 */
    int32_t base_mod; /* typtypmod of a domain, else -1 */
    char delim;       /* typdelim; of an array type the one between its elements */
    const char *schema;
    const char *name;
};

#define PGOUTPUT_MAX_COLUMNS 1664 /* PostgreSQL's own limit on a tuple (tables: 1600) */
#define PGOUTPUT_MAX_KEYS 32      /* INDEX_MAX_KEYS */

/* The primary key of one table. `nkeys` 0: it has none. */
struct pgoutput_keys {
    uint32_t relid;
    size_t nkeys;
    const char *keys[PGOUTPUT_MAX_KEYS]; /* column names in key order */
};

/* Appends a record to the payload of a FRAME_CATALOG; check buf_failed() at the end. */
void pgoutput_catalog_put_type(struct buf *b, const struct pgoutput_type *t);
void pgoutput_catalog_put_keys(struct buf *b, const struct pgoutput_keys *k);

/*
 * Reads the next record: 't' fills `t`, 'r' fills `k`, 0 at the end of the payload. -1: malformed (ERR_DATA
 * names the offset). Strings point into the payload.
 */
int pgoutput_catalog_next(struct cursor *c, struct pgoutput_type *t, struct pgoutput_keys *k, struct err *e);

/* True when the decoder knows this type by itself: nothing to ask. */
bool pgoutput_builtin_type(uint32_t oid);

/* What a Relation message says, as far as the reader needs it. About 7 KB: make one and reuse it. */
struct pgoutput_peek {
    uint32_t relid;
    const char *schema; /* point into the message; "" means pg_catalog */
    const char *name;
    size_t ncolumns;
    uint32_t types[PGOUTPUT_MAX_COLUMNS]; /* type OID of each column */
};

/*
 * Looks at one message of the log (the payload of XLogData). True and fills `out` when it is a well-formed
 * Relation message; false for everything else: whether that is an error is the decoder's business. Costs one
 * comparison for other messages.
 */
bool pgoutput_peek_relation(const void *message, size_t len, struct pgoutput_peek *out);

#endif
