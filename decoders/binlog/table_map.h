/*
 * table_map: the TABLE_MAP event: which table the rows behind it belong to, and how their bytes are to be
 * read.
 *
 * Layout (MySQL: libs/mysql/binlog/event/rows_event.h, Table_map_event): 6 bytes table id (4 where the
 * post-header is 6 long), 2 flags; then database and table (length, bytes, NUL), column count (packed
 * integer), one type byte per column, the metadata block (packed length), the NULL bitmap, and the optional
 * metadata: type, packed length, value, to the end.
 */
#ifndef TAILRACE_DECODERS_BINLOG_TABLE_MAP_H
#define TAILRACE_DECODERS_BINLOG_TABLE_MAP_H

#include "decoders/arena.h"
#include "decoders/binlog/event.h"
#include "decoders/binlog/field.h"
#include "decoders/change.h"

#define BINLOG_MAX_COLUMNS 4096

struct table_map {
    uint64_t table_id;
    struct text database, table;
    struct text description; /* what follows the names: equal bytes describe an equal table */
    size_t ncolumns;
    struct field *fields; /* in column order; in the arena */
    bool has_names;       /* binlog_row_metadata=FULL: fields[i].name is set */
    bool has_signs;       /* signedness was given */
    size_t nkeys;         /* of the primary key, 0 none or not given */
    struct field_key *keys;
};

/* Reads only id, names and where the description is: to decide whether it is worth reading. */
int table_map_peek(const struct binlog_event *ev, const struct binlog_format *f, struct table_map *out,
                   struct err *e);

/* Reads all of it; texts point into the event, the rest lies in `a`. Counts are capped before allocating. */
int table_map_read(const struct binlog_event *ev, const struct binlog_format *f, struct arena *a,
                   struct table_map *out, struct err *e);

#endif
