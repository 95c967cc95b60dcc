/*
 * catalog: what a binary log does not say about tables, carried beside it.
 *
 * Servers without binlog_row_metadata=FULL write neither names nor signs nor charsets nor labels. None tells
 * MariaDB's UUID, INET4, INET6 and VECTOR from bytes, nor how many digits a fraction has in the encodings of
 * TIME, DATETIME and TIMESTAMP that MariaDB had before 10.1 and has with mysql56_temporal_format=OFF: without
 * this catalogue they are read as if they had none, which misreads the row. The source's reader asks the
 * database and puts the answer into the stream as a FRAME_CATALOG. What it says is true now, not then: the
 * reader must know that no DDL for the table lies between, and the decoder uses a description only where it
 * fits the log's types column by column.
 *
 *     SELECT c.COLUMN_NAME, c.COLUMN_TYPE, IFNULL(c.CHARACTER_SET_NAME, ''), IFNULL(s.SEQ_IN_INDEX, 0)
 *       FROM information_schema.COLUMNS c
 *       LEFT JOIN information_schema.STATISTICS s
 *         ON s.TABLE_SCHEMA = c.TABLE_SCHEMA AND s.TABLE_NAME = c.TABLE_NAME
 *        AND s.COLUMN_NAME = c.COLUMN_NAME AND s.INDEX_NAME = 'PRIMARY'
 *      WHERE c.TABLE_SCHEMA = ? AND c.TABLE_NAME = ?
 *      ORDER BY c.ORDINAL_POSITION
 *
 * over a connection that speaks utf8mb4.
 *
 * Layout of the payload: records one behind the other, integers big-endian, strings NUL-terminated.
 *
 *     table     't', str database, str table, u16 count, count times: str name, str type, str charset, u8 key
 *     hints     'h', likewise, of some columns: for logs that say names; `key`: it is in the key by which the
 * server knows rows, where that is no primary key image     'i', u8 the server's binlog_row_image nameless
 * 'n', behind the image: the server has no binlog_row_metadata
 */
#ifndef TAILRACE_DECODERS_BINLOG_CATALOG_H
#define TAILRACE_DECODERS_BINLOG_CATALOG_H

#include "decoders/arena.h"
#include "decoders/buf.h"
#include "decoders/cursor.h"
#include "decoders/err.h"

#define CATALOG_UNLOGGED " virtual"
#define CATALOG_JSON_TEXT                                                                                    \
    "json text" /* the type of a JSON column whose cells are texts: rows that were read */

struct catalog_column {
    const char *name;
    const char *type;    /* COLUMN_TYPE: "int(10) unsigned", "enum('a','b')"; CATALOG_UNLOGGED behind it: see
                            field.h */
    const char *charset; /* CHARACTER_SET_NAME, "" none */
    uint8_t key;         /* place in the primary key, from 1; 0 not in it */
};

struct catalog_table {
    const char *database, *table;
    bool hints; /* only columns whose type the log does not tell, in any order; the others are not here */
    size_t ncolumns; /* 0: there is no such table (any more) */
    struct catalog_column *columns;
};

enum row_image { ROW_IMAGE_FULL = 0, ROW_IMAGE_MINIMAL = 1, ROW_IMAGE_NOBLOB = 2 };

/* Appends one record to the payload that the source builds. Names hold no NUL. */
void catalog_put_table(const struct catalog_table *t, struct buf *out);
void catalog_put_image(enum row_image image, struct buf *out);
void catalog_put_nameless(struct buf *out);

/*
 * Reads the next record: 't' (hints too) fills `t` (texts point into the payload, columns lie in `a`), 'i'
 * fills `image`, 'n' says itself, 0 is the end, -1 an error.
 */
int catalog_next(struct cursor *c, struct arena *a, struct catalog_table *t, enum row_image *image,
                 struct err *e);

#endif
