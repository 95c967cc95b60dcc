/*
 * statement: what a statement in a QUERY event does to tables, as far as we must know. A small tokenizer, no
 * parser: comments (executed ones too: MySQL's and MariaDB's version comments), quoted identifiers and
 * strings by sql_mode, and the first few words. What it does not know for harmless is STATEMENT_WRITE: never
 * "unparsed = skip".
 */
#ifndef TAILRACE_DECODERS_BINLOG_STATEMENT_H
#define TAILRACE_DECODERS_BINLOG_STATEMENT_H

#include "decoders/arena.h"
#include "decoders/binlog/query_event.h"

enum statement_kind {
    STATEMENT_HARMLESS = 1, /* changes neither rows nor shapes of tables: GRANT, CREATE VIEW, ANALYZE … */
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_SAVEPOINT, /* also RELEASE SAVEPOINT */
    STATEMENT_ROLLBACK_TO,
    STATEMENT_XA_START, /* `xid` is set in all of these */
    STATEMENT_XA_END,
    STATEMENT_XA_COMMIT, /* one phase or of a prepared one */
    STATEMENT_XA_ROLLBACK,
    STATEMENT_XA_PREPARE, /* MariaDB writes it as text; MySQL as an event of its own */
    STATEMENT_TRUNCATE,   /* one table */
    STATEMENT_DDL,        /* shapes may change: CREATE, ALTER, DROP, RENAME TABLE, CREATE INDEX … */
    STATEMENT_PARTITION,  /* rows vanish or appear without row events: DROP, TRUNCATE, EXCHANGE PARTITION */
    STATEMENT_DATABASE,   /* CREATE, ALTER, DROP DATABASE: `tables[0].database` */
    STATEMENT_WRITE,      /* may write rows as a statement, or is not known: INSERT, LOAD DATA, CALL … */
};

struct statement_table {
    struct text database; /* the session's default where the text names none */
    struct text name;     /* quotes removed */
};

struct statement {
    enum statement_kind kind;
    bool temporary;                 /* of a TEMPORARY table only: none of our business */
    struct statement_table *tables; /* those it names as objects, in order; in the arena */
    size_t ntables;
    struct text
        xid; /* XA: gtrid, bqual and format as the text has them, normalised: equal bytes, equal xid */
};

/* Reads it. -1 only when memory runs out. */
int statement_read(const struct query_event *q, struct arena *a, struct statement *out, struct err *e);

#endif
