/*
 * my_key: by which key a table is read in chunks, and the SQL that goes on behind a row.
 *
 * The primary key, else the first unique one, of whole columns without NULL that compare exactly. A row's
 * place is kept as the names of the key's columns and their values as literals: each text, NUL-terminated.
 * Texts compare under the column's own collation, whatever its charset: _latin1 X'…'.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_KEY_H
#define TAILRACE_AGENT_SOURCE_MY_KEY_H

#include "agent/source/my_table.h"
#include "decoders/change.h"

/* Fills keys, index and parts of a table whose columns are known. */
int my_key_read(struct my_client *c, const struct my_server *s, const char *database, const char *name,
                struct my_table *t, struct err *e);

/* A condition on information_schema.statistics `s`: the server may read by the index. */
const char *my_key_usable(const struct my_server *s);
/* The types of columns that cannot be in such a key, as a list for SQL. */
const char *my_key_unordered(const struct my_server *s);

/* Appends the place of a row, as the answers to my_table.select say it. */
void my_key_put_place(const struct my_table *t, const char *const *values, const unsigned long *lengths,
                      struct buf *out);

/*
 * Appends the condition that a row lies behind a place: (a >= 1 AND (a > 1 OR (a = 1 AND b > 2))), which
 * every version reads from the index. False, and nothing appended: the place is one of another key.
 */
bool my_key_put_behind(const struct my_table *t, struct position place, struct buf *out);

/* Appends the order: `a`, `b` DESC. */
void my_key_put_order(const struct my_table *t, struct buf *out);

#endif
