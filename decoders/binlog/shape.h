/*
 * shape: TABLE_MAP events → struct table, cached by database and name.
 *
 * The same description (equal bytes) gives the same struct table; a different one replaces it, and the caller
 * emits CHANGE_SCHEMA. With binlog_row_metadata=FULL everything comes from the log; without names, the
 * columns come from what shapes_catalog() was told, if it fits column by column, else ERR_DATA with the
 * remedy (the SET GLOBAL to run). Table ids are remembered per connection.
 */
#ifndef TAILRACE_DECODERS_BINLOG_SHAPE_H
#define TAILRACE_DECODERS_BINLOG_SHAPE_H

#include "decoders/binlog/table_map.h"

struct shape {
    struct table table;
    struct field *fields; /* table.ncolumns, owned */
    struct value *before; /* table.ncolumns, for the row being read */
    struct value *after;
};

struct shapes;

struct shapes *shapes_new(void);
void shapes_free(struct shapes *s);

/* The shape for a TABLE_MAP. *replaced: the description it replaces (freed by shapes_sweep()), or NULL;
 * *fresh: it was not known, CHANGE_SCHEMA is due. */
struct shape *shapes_take(struct shapes *s, const struct table_map *m, bool *fresh, struct shape **replaced,
                          struct err *e);
/* Binds a table id to a shape (NULL: rows of a table nobody wants), finds it again, forgets all ids. */
int shapes_bind(struct shapes *s, uint64_t table_id, struct shape *shape, struct err *e);
bool shapes_find(const struct shapes *s, uint64_t table_id, struct shape **out);
void shapes_unbind(struct shapes *s);
/* Frees what was replaced: after the callback that was told so. */
void shapes_sweep(struct shapes *s);

#endif
