/*
 * proto: the messages of pgoutput protocol version 1, one read function each.
 *
 * Each function reads a whole message from behind its kind byte to its last byte; a byte too few or too many,
 * an unknown flag or kind is ERR_DATA that names message and offset. Rows are read in two steps, because
 * their tuples can only be read knowing the table: pgoutput_read_relid(), then the message's own function.
 * Strings and tuples point into the message.
 */
#ifndef TAILRACE_DECODERS_PGOUTPUT_PROTO_H
#define TAILRACE_DECODERS_PGOUTPUT_PROTO_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/arena.h"
#include "decoders/change.h"
#include "decoders/cursor.h"
#include "decoders/err.h"
#include "decoders/value.h"

enum pgoutput_kind {
    PGOUTPUT_BEGIN = 'B',
    PGOUTPUT_COMMIT = 'C',
    PGOUTPUT_ORIGIN = 'O',
    PGOUTPUT_MESSAGE = 'M',
    PGOUTPUT_RELATION = 'R',
    PGOUTPUT_TYPE = 'Y',
    PGOUTPUT_INSERT = 'I',
    PGOUTPUT_UPDATE = 'U',
    PGOUTPUT_DELETE = 'D',
    PGOUTPUT_TRUNCATE = 'T',
    PGOUTPUT_STREAM_ABORT = 'A',
};

struct pgoutput_begin {
    uint64_t commit_lsn; /* of the commit record: "final LSN" */
    int64_t commit_us;   /* since 1970 */
    uint32_t xid;
};

struct pgoutput_commit {
    uint64_t commit_lsn;
    uint64_t end_lsn; /* behind the commit record: where to go on */
    int64_t commit_us;
};

struct pgoutput_message {
    bool transactional;
    uint64_t lsn;
    const char *prefix;
    const uint8_t *content;
    uint32_t len;
};

struct pgoutput_column {
    bool identity;
    const char *name;
    uint32_t type;
    int32_t type_mod;
};

struct pgoutput_relation {
    uint32_t relid;
    const char *schema; /* "" means pg_catalog */
    const char *name;
    enum identity identity;
    uint16_t ncolumns;
    struct pgoutput_column *columns; /* in the arena */
};

struct pgoutput_typename {
    uint32_t oid;
    const char *schema; /* "" means pg_catalog; of a domain: its base type's */
    const char *name;
};

struct pgoutput_truncate {
    uint32_t count;
    struct cursor relids; /* count times u32 */
};

/* The name of a message kind for people ("Insert"), NULL when unknown. */
const char *pgoutput_kind_name(uint8_t kind);

/* Reports a malformed message: `what` is wrong at the cursor. Returns -1. */
int pgoutput_malformed(const struct cursor *c, enum pgoutput_kind kind, const char *what, struct err *e);

/* Fill `m` from the whole message. -1: ERR_DATA. */
int pgoutput_read_begin(struct cursor *c, struct pgoutput_begin *m, struct err *e);
int pgoutput_read_commit(struct cursor *c, struct pgoutput_commit *m, struct err *e);
int pgoutput_read_message(struct cursor *c, struct pgoutput_message *m, struct err *e);
int pgoutput_read_type(struct cursor *c, struct pgoutput_typename *m, struct err *e);
int pgoutput_read_truncate(struct cursor *c, struct pgoutput_truncate *m, struct err *e);

/* Only check them: nothing in these two matters to anybody yet. */
int pgoutput_read_origin(struct cursor *c, struct err *e);
int pgoutput_read_stream_abort(struct cursor *c, struct err *e);

/* `max_columns` bounds the claim before anything is allocated from `a`. */
int pgoutput_read_relation(struct cursor *c, size_t max_columns, struct arena *a, struct pgoutput_relation *m,
                           struct err *e);

/* The relation OID at the head of an Insert, Update or Delete message. */
int pgoutput_read_relid(struct cursor *c, enum pgoutput_kind kind, uint32_t *relid, struct err *e);

/*
 * Fill one value per column: NULL, UNCHANGED, or PRESENT with `text` and `len` the column's text as sent
 * (its kind still 0). A tuple has exactly `ncolumns` columns. *old tells which old image there is: NONE (then
 * `before` is left alone), KEY or FULL.
 */
int pgoutput_read_insert(struct cursor *c, size_t ncolumns, struct value *after, struct err *e);
int pgoutput_read_update(struct cursor *c, size_t ncolumns, enum image *old, struct value *before,
                         struct value *after, struct err *e);
int pgoutput_read_delete(struct cursor *c, size_t ncolumns, enum image *old, struct value *before,
                         struct err *e);

#endif
