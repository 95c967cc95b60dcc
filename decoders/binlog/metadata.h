/*
 * metadata: the optional metadata at the end of a TABLE_MAP (binlog_row_metadata).
 *
 * Layout (MySQL: libs/mysql/binlog/event/rows_event.h, Table_map_event::Optional_metadata_field_type): kind
 * (1 byte), length (packed), value; to the end of the event. The lists are about some of the columns only, in
 * column order; numbers are packed integers.
 *
 *      1  signedness              bit per numeric column, MSB first; 1: unsigned
 *      2  default charset         collation, then pairs of (index among the character columns, collation)
 *      3  column charsets         collation per character column
 *      4  column names            length, bytes per column
 *      5  SET strings             per SET column: count, then length, bytes of each
 *      6  ENUM strings            likewise
 *      7  geometry types          per GEOMETRY column
 *      8  primary key             column index per part
 *      9  primary key, prefixes   column index, characters (0: all) per part
 *     10  default charset         of ENUM and SET columns, as 2
 *     11  column charsets         of ENUM and SET columns, as 3
 *     12  visibility              bit per column, MSB first; MySQL 8.0.23
 *     13  dimensions              per VECTOR column; MySQL 9
 */
#ifndef TAILRACE_DECODERS_BINLOG_METADATA_H
#define TAILRACE_DECODERS_BINLOG_METADATA_H

#include "decoders/binlog/table_map.h"

/* Reads it to the end of `c` into `m`, whose columns and types are known; MariaDB counts GEOMETRY among the
 * character columns, MySQL does not. Each list must fit the columns it
 * is about exactly; what we do not know, or comes twice, is ERR_DATA. */
int metadata_read(struct cursor *c, bool mariadb, struct arena *a, struct table_map *m, struct err *e);

#endif
