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
    STATEMENT_XA_PREPARE, /* as text only in old versions; else an event of its own, see statement_xid() */
    STATEMENT_TRUNCATE,  /* one table; also the DELETE that empties a MEMORY table after a server's restart */
    STATEMENT_DDL,       /* shapes may change: CREATE, ALTER, DROP, RENAME TABLE, CREATE INDEX … */
    STATEMENT_PARTITION, /* rows vanish or appear without row events: DROP, TRUNCATE, EXCHANGE PARTITION,
                            DISCARD and IMPORT TABLESPACE */
    STATEMENT_DATABASE,  /* CREATE, ALTER, DROP DATABASE: `tables[0].database` */
    STATEMENT_WRITE,     /* may write rows as a statement, or is not known: INSERT, LOAD DATA, CALL … */
};

struct statement_table {
    struct text database; /* the session's default where the text names none */
    struct text name;     /* quotes removed; letter case as in the text */
};

struct statement {
    enum statement_kind kind;
    bool temporary; /* of TEMPORARY tables only: none of our business */
    bool begins;    /* MySQL's CREATE TABLE … START TRANSACTION: its rows follow, up to an XID */
    struct statement_table *tables; /* those it changes, in order, of RENAME old and new name; in the arena */
    size_t ntables;
    struct text xid;  /* XA: gtrid, bqual and format in one form, as statement_xid() makes it */
    struct text text; /* of the query in UTF-8; the bytes as they are where that cannot be */
};

/* Reads it. What it hands out lies in the query or in `a`, in UTF-8. -1 only when memory runs out. */
int statement_read(const struct query_event *q, struct arena *a, struct statement *out, struct err *e);

/*
 * Whether it may change the columns of tables. `s->tables` are those; a table without a name stands for all
 * of its database, and no table at all for every one there is.
 */
bool statement_reshapes(const struct query_event *q, const struct statement *s);

/* The form of `xid` for the parts of an XA identifier: X'6162',X'',1. Equal identifiers, equal bytes. */
int statement_xid(struct text gtrid, struct text bqual, uint32_t format, struct arena *a, struct text *out,
                  struct err *e);

#endif
