/*
 * my_table: a table whose rows are to be read: what it is now, what to ask for, and by which key.
 *
 * Asked inside the transaction that reads the rows, behind a first SELECT from the table: from there on the
 * server lets nobody change it.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_TABLE_H
#define TAILRACE_AGENT_SOURCE_MY_TABLE_H

#include "agent/source/my_server.h"
#include "decoders/binlog/table_map.h"
#include "decoders/buf.h"

struct my_collations;

/* Reads the numbers of the server's collations. Free also after a failure; NULL is fine. */
int my_collations_read(struct my_client *c, const struct my_server *s, struct my_collations **out,
                       struct err *e);
/* Frees them. */
void my_collations_free(struct my_collations *n);

struct my_key_part {
    uint16_t column;
    bool descending;
};

struct my_table {
    struct arena arena;             /* owns what follows */
    struct table_map map;           /* as the log would describe it */
    struct catalog_column *columns; /* map.ncolumns */
    struct buf select;              /* expressions, one per column: cell_write.h */
    struct buf catalog;             /* payload of the FRAME_CATALOG for the decoder */
    const char *index;              /* by which it is read; NULL: `why_not` */
    struct my_key_part *parts;
    size_t nparts;
    size_t row_end; /* MariaDB: place of the hidden end of a row's time, which is in every key; 0: none */
    const char *why_not;
};

/* Reads it. Release also after a failure. 0; 1: there is no such table, or nothing of it that we may see. */
int my_table_read(struct my_client *c, const struct my_server *s, const struct my_collations *n,
                  const char *database, const char *name, struct my_table *out, struct err *e);
void my_table_release(struct my_table *t);

/* Appends a name in backticks. */
void my_put_name(struct buf *out, const char *name);

#endif
