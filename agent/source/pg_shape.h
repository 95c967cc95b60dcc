/*
 * pg_shape: a table as the log would describe it, and how to read its rows in key order.
 *
 * The description is the Relation message that pgoutput sends for the table, made from the catalogue: the
 * columns that the stream's publications carry (column lists, generated columns), with the flags of the
 * replica identity. The rows are asked for with exactly these columns, and, behind them, the key's columns
 * that are not published, and whether the row filters let the row through: a filter must not make the server
 * search for long without a row, so what it refuses is dropped here.
 *
 * The key is a unique btree index over columns that are NOT NULL, whole (no predicate, no expressions),
 * ascending, with the default operators of its types: the primary key, else the replica identity, else the
 * narrowest.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_SHAPE_H
#define TAILRACE_AGENT_SOURCE_PG_SHAPE_H

#include "agent/source/pg_conn.h"
#include "agent/source/pg_key.h"
#include "agent/source/pg_streamed.h"
#include "decoders/arena.h"

/* SQL: can the index "i" of pg_index be the key? */
#define PG_SHAPE_USABLE                                                                                      \
    " i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL"                           \
    " AND (SELECT x.relam FROM pg_class x WHERE x.oid = i.indexrelid) = 403"                                 \
    " AND NOT EXISTS (SELECT FROM unnest(i.indoption) o WHERE o <> 0)"                                       \
    " AND NOT EXISTS (SELECT FROM unnest(i.indclass) o JOIN pg_opclass p ON p.oid = o WHERE NOT "            \
    "p.opcdefault)"                                                                                          \
    " AND NOT EXISTS (SELECT FROM pg_attribute n WHERE n.attrelid = i.indrelid AND NOT n.attnotnull"         \
    "  AND n.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])) "

/* A table as the catalogue names it. */
struct pg_shape_of {
    uint32_t oid;
    const char *schema;
    const char *name;
    char identity; /* relreplident */
    bool partitioned;
};

/* `struct pg_shape s = {0};` is an empty one. */
struct pg_shape {
    bool published;    /* false: no publication carries its inserts; nothing else is set */
    size_t ncolumns;   /* published */
    size_t nfields;    /* of each row: columns, further key columns, the filter's flag */
    bool filtered;     /* the last field is 't' for a row that is published */
    struct pg_key key; /* n 0: there is none */
    size_t key_field[PGOUTPUT_MAX_KEYS];
    struct buf relation; /* the Relation message */
    struct buf primary;  /* the primary key, for a FRAME_CATALOG */
    struct buf select;   /* SELECT … FROM … t */
    struct arena arena;
};

/* Prepares what pg_shape_read() will ask over a new connection: planning it each time would take longer than
 * a small table. */
int pg_shape_prepare(struct pg_conn *c, struct err *e);

/* Asks the catalogue, in the transaction that the rows will be read in. Release it also after a failure. */
int pg_shape_read(struct pg_conn *c, const struct pg_streamed *streamed, const struct pg_shape_of *of,
                  struct pg_shape *out, struct err *e);
void pg_shape_release(struct pg_shape *s);

/* The statement for at most `rows` rows; `behind` NULL: from the first on. */
void pg_shape_put_copy(const struct pg_shape *s, const struct pg_field *behind, uint32_t rows,
                       struct buf *sql);

#endif
