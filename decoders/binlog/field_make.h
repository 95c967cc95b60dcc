/*
 * field_make: what a column is in the log, from what information_schema says of it: the way back from
 * field.h, for rows that are read and then decoded as if they had been logged.
 */
#ifndef TAILRACE_DECODERS_BINLOG_FIELD_MAKE_H
#define TAILRACE_DECODERS_BINLOG_FIELD_MAKE_H

#include "decoders/binlog/catalog.h"
#include "decoders/binlog/field.h"

/* What is to be told besides the catalogue's column. */
struct field_origin {
    bool mariadb;
    bool nullable;
    bool visible;
    uint32_t collation; /* id; 0: it has none, and bytes have "binary" */
};

/*
 * Fills `f`; texts point into `c` or lie in `a`. MariaDB's old encodings of times become the present ones,
 * which say the same. Labels are in UTF-8: their collation is the column's where that makes no difference,
 * else utf8mb4's. 0; 1: a type that is not known; -1: memory.
 */
int field_make(struct field *f, const struct catalog_column *c, const struct field_origin *o,
               struct arena *a);

#endif
