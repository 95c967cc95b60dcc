/*
 * table_map_write: the bodies of TABLE_MAP and WRITE_ROWS events, written as a server writes them: rows that
 * are read from a table are decoded by what decodes the log.
 */
#ifndef TAILRACE_DECODERS_BINLOG_TABLE_MAP_WRITE_H
#define TAILRACE_DECODERS_BINLOG_TABLE_MAP_WRITE_H

#include "decoders/binlog/table_map.h"
#include "decoders/buf.h"

/*
 * Appends the body of a TABLE_MAP (table_map.h, metadata.h) that says what `m` says: its id, names, fields
 * and keys. has_names: with all the optional metadata of binlog_row_metadata=FULL, else with none. The order
 * and the choice of lists are MySQL's or MariaDB's.
 */
void table_map_write(const struct table_map *m, bool mariadb, struct buf *out);

/* Appends the head of a WRITE_ROWS (version 2) with all columns of `m`; rows follow (cell_write.h). */
void rows_write_head(const struct table_map *m, struct buf *out);

#endif
