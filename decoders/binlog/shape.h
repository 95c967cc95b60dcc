/*
 * shape: TABLE_MAP events → struct table, cached by database and name.
 *
 * The same description (equal bytes) gives the same struct table, and so does one that says the same in other
 * bytes; another one replaces it, and the caller emits CHANGE_SCHEMA. With binlog_row_metadata=FULL
 * everything comes from the log. Without names, the columns come from what was told of the table last
 * (tellings.h), if that fits the log column by column, else it is ERR_DATA with the remedy. Table ids are
 * remembered per connection.
 *
 * Identity: with binlog_row_image=FULL old images hold every column: IDENTITY_FULL. When the catalogue says
 * that images are MINIMAL or NOBLOB, a table with a primary key has IDENTITY_DEFAULT and its old images hold
 * at least the key, of NOBLOB all that is not large too. Without a primary key the server takes the first
 * unique key without NULL, of which the log says nothing: where the catalogue tells its columns it is
 * IDENTITY_INDEX, and without such a key images are whole. A session may choose another image: each row's
 * image says what it holds (rows.h).
 */
#ifndef TAILRACE_DECODERS_BINLOG_SHAPE_H
#define TAILRACE_DECODERS_BINLOG_SHAPE_H

#include "decoders/binlog/table_map.h"
#include "decoders/binlog/tellings.h"

struct shape {
    struct table table;
    struct field *fields; /* table.ncolumns, owned; names and labels are UTF-8 */
    struct value *before; /* table.ncolumns, for the row being read */
    struct value *after;
    struct text *documents; /* table.ncolumns, for rows.c; NULL: no JSON column */
};

struct shapes;

/* An empty cache (NULL: memory), and the end of it with all its shapes. */
struct shapes *shapes_new(void);
void shapes_free(struct shapes *s);
/* Serials of tables begin behind `serial`; before the first table. */
void shapes_count_from(struct shapes *s, uint64_t serial);

/* The shape that a table_map_peek() describes, when it repeats what is known: NULL, and it must be read. */
struct shape *shapes_known(struct shapes *s, const struct table_map *m);

/* What a table was described as last; NULL: not at all. */
struct shape *shapes_named(const struct shapes *s, struct text database, struct text table);

/* The shape for a TABLE_MAP. *replaced: the description it replaces (freed by shapes_sweep()), or NULL;
 * *fresh: it was not known, CHANGE_SCHEMA is due. */
struct shape *shapes_take(struct shapes *s, const struct table_map *m, bool *fresh, struct shape **replaced,
                          struct err *e);
/*
 * Binds a table id to a shape (NULL: rows of a table nobody wants), finds it again, forgets all ids. Ids of a
 * replaced shape are forgotten with it. The server describes a table anew for each statement, so they may be
 * forgotten behind every rows event with ROWS_STATEMENT_END, and must be with each connection.
 */
int shapes_bind(struct shapes *s, uint64_t table_id, struct shape *shape, struct err *e);
bool shapes_find(const struct shapes *s, uint64_t table_id, struct shape **out);
void shapes_unbind(struct shapes *s);
/* Frees what was replaced: after the callback that was told so. */
void shapes_sweep(struct shapes *s);

/* Learns the payload of a FRAME_CATALOG (catalog.h). Shapes are made again from the next TABLE_MAP on. */
int shapes_catalog(struct shapes *s, const void *data, size_t len, struct err *e);
/* What was told of tables without names; a change of it makes the shape again. True: the server writes none.
 */
struct tellings *shapes_tellings(struct shapes *s);
bool shapes_nameless(const struct shapes *s);

#endif
