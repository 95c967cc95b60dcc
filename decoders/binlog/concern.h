/*
 * concern: whether anybody wants what a statement does.
 *
 * DDL names its tables. A statement that may write rows does not say so in a way that we could rely on
 * (functions and triggers write elsewhere), so for it databases count: it concerns us when its default
 * database, or one that it names, holds a table that was wanted before; when options.wanted() wants the name
 * "*" there, or any name in the text; and when it has no default database and names none.
 */
#ifndef TAILRACE_DECODERS_BINLOG_CONCERN_H
#define TAILRACE_DECODERS_BINLOG_CONCERN_H

#include "decoders/binlog/statement.h"
#include "decoders/binlog/tables.h"

struct concern {
    bool wanted;
    bool *tables; /* of each that it names, in `a`: somebody wants it, and it was not named before; NULL: no
                     table is named, or names do not count */
};

/* `a` is for scratch. -1 only when memory runs out. */
int concern_read(const struct query_event *q, const struct statement *s, const struct tables *seen,
                 const struct decoder_options *o, struct arena *a, struct concern *out, struct err *e);

/* "database\0table" in `a`; NULL: no memory. */
char *concern_names(struct text database, struct text name, struct arena *a, struct err *e);

#endif
