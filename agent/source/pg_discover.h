/*
 * pg_discover: the tables of a database, which of them the patterns select, and what may be published of
 * each.
 *
 * Only what can be published at all is listed: permanent tables and partitioned tables outside the system's
 * schemas. With publish_via_partition_root, as our publications have it, the rows of a partition bear its
 * root's name; so a partition is wanted by itself only when no table above it is.
 *
 * A table without a usable replica identity must not be in a publication of updates or deletes: the
 * application's own UPDATE and DELETE would fail. A partitioned table is usable when it and all its
 * partitions are: its rows bear its key, and the server checks the partition that is written.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_DISCOVER_H
#define TAILRACE_AGENT_SOURCE_PG_DISCOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/source/pg_query.h"
#include "decoders/arena.h"
#include "decoders/change.h"

struct pg_table {
    uint32_t oid;
    uint32_t parent; /* OID of the table it is a partition of, 0 none */
    const char *schema;
    const char *name;
    const char *full; /* "schema.name", what patterns are matched with */
    bool partitioned;
    enum identity identity;
    bool owned;      /* we are its owner, or may act as its owner */
    bool usable;     /* updates and deletes may be published */
    const char *why; /* why they may not; NULL when usable */
    bool matched;    /* the patterns select it */
    bool wanted;     /* matched, and not a partition of a wanted table */
};

struct pg_tables {
    struct pg_table *items; /* by schema and name */
    size_t count;
    size_t nwanted;
    struct pg_table **by_oid;
    const char **schemas; /* all there are, with tables or without */
    size_t nschemas;
    struct arena arena;
};

/* Reads all tables and schemas. Release with pg_tables_release(), also after a failure. */
int pg_discover(struct pg_conn *c, struct pg_tables *out, struct err *e);
void pg_tables_release(struct pg_tables *t);

/* The table of that OID, NULL when it is not there (dropped, unlogged, of the system). */
const struct pg_table *pg_tables_find(const struct pg_tables *t, uint32_t oid);

/* Says on the log which patterns select nothing, with the names they may have meant. */
void pg_discover_warn(const struct config_source *c, const struct pg_tables *t);

/*
 * The pure part: patterns, partitions and identities over rows that were read (items with oid, parent,
 * names, identity, usable and why of each table alone).
 */
int pg_tables_settle(struct pg_tables *t, const struct pattern_list *patterns, struct err *e);

#endif
