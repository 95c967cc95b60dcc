/*
 * change: what happened in a database, whichever database it was.
 *
 * A decoder turns frames of a log into changes; everything above the decoders knows nothing but this. A
 * change and all that hangs on it is valid until the callback that received it returns; a table description
 * lives longer, see below.
 */
#ifndef TAILRACE_DECODERS_CHANGE_H
#define TAILRACE_DECODERS_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/value.h"

enum change_op {
    CHANGE_BEGIN = 1, /* `tx` is set; nothing to publish */
    CHANGE_COMMIT,    /* a position that may be acknowledged once everything before it is delivered */
    CHANGE_INSERT,
    CHANGE_UPDATE,
    CHANGE_DELETE,
    CHANGE_TRUNCATE,  /* one change per table */
    CHANGE_SCHEMA,    /* `table` is new or has a new shape; `replaced` is its former description or NULL */
    CHANGE_MESSAGE,   /* logical message: `message` */
    CHANGE_HEARTBEAT, /* the source is idle and has seen everything up to `position` (outside transactions
                         only) */
    CHANGE_DDL,       /* a statement that changed tables, as text: `message.content`; `table` may be NULL */
    CHANGE_READ, /* a row that was there when it was read (snapshot), as an after image; `tx` has the time of
                    the reading and no xid */
    CHANGE_GAP,  /* an accepted gap: `message.content` says which; made by the pipeline, not by decoders */
};

struct text {
    const char *ptr; /* not NUL-terminated */
    size_t len;
};

/* Opaque bytes that only the source's own decoder reads. */
struct position {
    const uint8_t *bytes;
    size_t len;
};

/* Which old image UPDATE and DELETE carry in the log (PostgreSQL's relreplident). */
enum identity {
    IDENTITY_DEFAULT = 'd', /* primary key */
    IDENTITY_NOTHING = 'n',
    IDENTITY_FULL = 'f',
    IDENTITY_INDEX = 'i',
};

struct column {
    const char *name;     /* UTF-8, NUL-terminated */
    const char *type;     /* the database's name for the type, with modifiers: numeric(12,2) */
    uint32_t type_id;     /* PostgreSQL: type OID */
    int32_t type_mod;     /* PostgreSQL: atttypmod, -1 none */
    enum value_kind kind; /* of a present value */
    bool identity;        /* part of the replica identity: old keys carry it */
};

/*
 * A table as the log describes it at one position. A decoder hands out the same pointer until the shape
 * changes; then it emits CHANGE_SCHEMA with the new table and the old one as `replaced`, and frees the old
 * one when that callback returns: whoever keyed a cache on it forgets it there.
 */
struct table {
    const char *database; /* NULL: the one the source is connected to (PostgreSQL) */
    const char *schema;   /* "" where the database has none (MySQL) */
    const char *name;
    uint32_t id;     /* PostgreSQL: relation OID */
    uint64_t serial; /* unique within its decoder, never reused */
    enum identity identity;
    size_t ncolumns;
    struct column *columns;
    size_t nkeys;   /* primary key, else the replica identity index; 0: none */
    uint16_t *keys; /* column indexes in key order */
};

/* The transaction a change belongs to. */
struct tx {
    struct text xid;   /* "734" */
    int64_t commit_us; /* commit time, microseconds since 1970-01-01T00:00:00Z */
};

enum image {
    IMAGE_NONE = 0, /* the log carries no such image */
    IMAGE_KEY,      /* only identity columns; the others are VALUE_ABSENT */
    IMAGE_FULL,     /* every column (some may be unchanged) */
};

/* Bytes of `ord` that a decoder fills: epoch 2, transaction 8, record 8, index 4; big-endian, compares by
 * memcmp. */
#define CHANGE_ORD_LEN 22

struct change {
    enum change_op op;
    const struct table *table;    /* rows, truncate, schema */
    const struct table *replaced; /* schema only */
    const struct tx *tx;          /* NULL outside a transaction */
    enum image before_image;
    enum image after_image;
    struct value *before; /* table->ncolumns values, NULL when before_image is NONE */
    struct value *after;  /* likewise */
    struct {
        struct text prefix;
        struct text content; /* any bytes, not only text */
        bool transactional;
    } message;
    /* Rows: the statement that made them, where it is known; any bytes. `statement` is shorter than its
     * length where it was cut. */
    struct text statement;
    uint64_t statement_length;
    /*
     * Deterministic identity (promise 3): `epoch:transaction:record:index`. PostgreSQL: commit LSN, record
     * LSN (hex), and the index among the rows of that LSN. One change that gives several records appends
     * ".sub" to id and two bytes to ord; see agent/encode/encoder.h.
     */
    struct text id;
    uint8_t ord[CHANGE_ORD_LEN];
    struct text pos;          /* printable position of the record: 0/1A2B3C */
    struct position position; /* rows: progress inside the transaction; commit, heartbeat: where to resume */
};

/* The value of a column: the after image where it has one, else the before image. NULL when neither image
 * exists. */
const struct value *change_value(const struct change *c, size_t column);

/*
 * True when an UPDATE changed one of the `nkeys` columns `keys`, as far as the log tells: an old image exists
 * and one of them differs in it. Without an old image the identity columns are unchanged by definition.
 */
bool change_key_changed(const struct change *c, const uint16_t *keys, size_t nkeys);

/* What table patterns call the first half of a table's name: its schema, else its database. */
const char *table_space(const struct table *t);

/* One letter as in the JSON line: c u d t m s q g; '-' for what is never published. */
char change_op_letter(enum change_op op);

#endif
