#include "decoders/pgoutput/proto.h"

#include "decoders/pgoutput/catalog.h"

#define POSTGRES_EPOCH_US INT64_C(946684800000000) /* 2000-01-01 in microseconds since 1970 */

const char *pgoutput_kind_name(uint8_t kind) {
    switch (kind) {
    case PGOUTPUT_BEGIN: return "Begin";
    case PGOUTPUT_COMMIT: return "Commit";
    case PGOUTPUT_ORIGIN: return "Origin";
    case PGOUTPUT_MESSAGE: return "Message";
    case PGOUTPUT_RELATION: return "Relation";
    case PGOUTPUT_TYPE: return "Type";
    case PGOUTPUT_INSERT: return "Insert";
    case PGOUTPUT_UPDATE: return "Update";
    case PGOUTPUT_DELETE: return "Delete";
    case PGOUTPUT_TRUNCATE: return "Truncate";
    case PGOUTPUT_STREAM_ABORT: return "Stream Abort";
    default: return NULL;
    }
}

int pgoutput_malformed(const struct cursor *c, enum pgoutput_kind kind, const char *what, struct err *e) {
    return err_set(e, ERR_DATA, "message %s: %s at offset %zu", pgoutput_kind_name((uint8_t)kind), what,
                   cursor_offset(c));
}

static int truncated(const struct cursor *c, enum pgoutput_kind kind, struct err *e) {
    return pgoutput_malformed(c, kind, "ends too early", e);
}

/* A message is over where its last field ends. */
static int finish(const struct cursor *c, enum pgoutput_kind kind, struct err *e) {
    return cursor_left(c) == 0 ? 0 : pgoutput_malformed(c, kind, "unexpected bytes behind the last field", e);
}

static int read_time(struct cursor *c, enum pgoutput_kind kind, int64_t *us, struct err *e) {
    if (!cursor_i64(c, us)) return truncated(c, kind, e);
    if (__builtin_add_overflow(*us, POSTGRES_EPOCH_US, us))
        return pgoutput_malformed(c, kind, "impossible time", e);
    return 0;
}

/* Begin: 'B', u64 LSN of the commit record, i64 commit time (microseconds since 2000), u32 xid */
int pgoutput_read_begin(struct cursor *c, struct pgoutput_begin *m, struct err *e) {
    if (!cursor_u64(c, &m->commit_lsn)) return truncated(c, PGOUTPUT_BEGIN, e);
    if (read_time(c, PGOUTPUT_BEGIN, &m->commit_us, e)) return -1;
    if (!cursor_u32(c, &m->xid)) return truncated(c, PGOUTPUT_BEGIN, e);
    return finish(c, PGOUTPUT_BEGIN, e);
}

/* Commit: 'C', u8 flags (0), u64 LSN of the commit record, u64 LSN behind it, i64 commit time */
int pgoutput_read_commit(struct cursor *c, struct pgoutput_commit *m, struct err *e) {
    uint8_t flags;
    if (!cursor_u8(c, &flags)) return truncated(c, PGOUTPUT_COMMIT, e);
    if (flags != 0) return pgoutput_malformed(c, PGOUTPUT_COMMIT, "unknown flags", e);
    if (!cursor_u64(c, &m->commit_lsn) || !cursor_u64(c, &m->end_lsn))
        return truncated(c, PGOUTPUT_COMMIT, e);
    if (read_time(c, PGOUTPUT_COMMIT, &m->commit_us, e)) return -1;
    return finish(c, PGOUTPUT_COMMIT, e);
}

/* Origin: 'O', u64 LSN of the commit on the origin, str name of the origin */
int pgoutput_read_origin(struct cursor *c, struct err *e) {
    uint64_t lsn;
    const char *name;
    if (!cursor_u64(c, &lsn) || !cursor_cstr(c, &name)) return truncated(c, PGOUTPUT_ORIGIN, e);
    return finish(c, PGOUTPUT_ORIGIN, e);
}

/* Message: 'M', u8 flags (1 transactional), u64 LSN, str prefix, u32 length, bytes content */
int pgoutput_read_message(struct cursor *c, struct pgoutput_message *m, struct err *e) {
    uint8_t flags;
    if (!cursor_u8(c, &flags)) return truncated(c, PGOUTPUT_MESSAGE, e);
    if (flags > 1) return pgoutput_malformed(c, PGOUTPUT_MESSAGE, "unknown flags", e);
    m->transactional = flags & 1;
    if (!cursor_u64(c, &m->lsn) || !cursor_cstr(c, &m->prefix) || !cursor_u32(c, &m->len) ||
        !cursor_bytes(c, m->len, &m->content))
        return truncated(c, PGOUTPUT_MESSAGE, e);
    return finish(c, PGOUTPUT_MESSAGE, e);
}

/* Type: 'Y', u32 type OID, str schema ("" is pg_catalog), str name; of a domain the names of its base type */
int pgoutput_read_type(struct cursor *c, struct pgoutput_typename *m, struct err *e) {
    if (!cursor_u32(c, &m->oid) || !cursor_cstr(c, &m->schema) || !cursor_cstr(c, &m->name))
        return truncated(c, PGOUTPUT_TYPE, e);
    return finish(c, PGOUTPUT_TYPE, e);
}

/* Relation, head: 'R', u32 relation OID, str schema, str name, u8 replica identity (d n f i), u16 columns */
static int read_relation_head(struct cursor *c, size_t max_columns, struct pgoutput_relation *m,
                              struct err *e) {
    uint8_t identity;
    if (!cursor_u32(c, &m->relid) || !cursor_cstr(c, &m->schema) || !cursor_cstr(c, &m->name) ||
        !cursor_u8(c, &identity) || !cursor_u16(c, &m->ncolumns))
        return truncated(c, PGOUTPUT_RELATION, e);
    m->identity = (enum identity)identity;
    if (identity != IDENTITY_DEFAULT && identity != IDENTITY_NOTHING && identity != IDENTITY_FULL &&
        identity != IDENTITY_INDEX)
        return pgoutput_malformed(c, PGOUTPUT_RELATION, "unknown replica identity", e);
    if (m->ncolumns > max_columns)
        return pgoutput_malformed(c, PGOUTPUT_RELATION, "more columns than a table can have", e);
    return 0;
}

/* Relation, column: u8 flags (1 part of the replica identity), str name, u32 type OID, i32 type modifier */
static int read_relation_column(struct cursor *c, struct pgoutput_column *m, struct err *e) {
    uint8_t flags;
    if (!cursor_u8(c, &flags)) return truncated(c, PGOUTPUT_RELATION, e);
    if (flags > 1) return pgoutput_malformed(c, PGOUTPUT_RELATION, "unknown column flags", e);
    m->identity = flags & 1;
    if (!cursor_cstr(c, &m->name) || !cursor_u32(c, &m->type) || !cursor_i32(c, &m->type_mod))
        return truncated(c, PGOUTPUT_RELATION, e);
    return 0;
}

int pgoutput_read_relation(struct cursor *c, size_t max_columns, struct arena *a, struct pgoutput_relation *m,
                           struct err *e) {
    if (read_relation_head(c, max_columns, m, e)) return -1;
    m->columns = arena_calloc(a, m->ncolumns, sizeof(m->columns[0]));
    if (!m->columns) return err_memory(e, "reading a table description");
    for (size_t i = 0; i < m->ncolumns; i++)
        if (read_relation_column(c, &m->columns[i], e)) return -1;
    return finish(c, PGOUTPUT_RELATION, e);
}

bool pgoutput_peek_relation(const void *message, size_t len, struct pgoutput_peek *out) {
    struct cursor c = cursor_of(message, len);
    uint8_t kind;
    if (!cursor_u8(&c, &kind) || kind != PGOUTPUT_RELATION) return false;
    struct pgoutput_relation m;
    if (read_relation_head(&c, PGOUTPUT_MAX_COLUMNS, &m, NULL)) return false;
    out->relid = m.relid;
    out->schema = m.schema;
    out->name = m.name;
    out->ncolumns = m.ncolumns;
    for (size_t i = 0; i < m.ncolumns; i++) {
        struct pgoutput_column column;
        if (read_relation_column(&c, &column, NULL)) return false;
        out->types[i] = column.type;
    }
    return cursor_left(&c) == 0;
}

/* Truncate: 'T', u32 number of relations, u8 options (1 CASCADE, 2 RESTART IDENTITY), number times u32 OID */
int pgoutput_read_truncate(struct cursor *c, struct pgoutput_truncate *m, struct err *e) {
    uint8_t options;
    if (!cursor_u32(c, &m->count) || !cursor_u8(c, &options)) return truncated(c, PGOUTPUT_TRUNCATE, e);
    if (options > 3) return pgoutput_malformed(c, PGOUTPUT_TRUNCATE, "unknown options", e);
    m->relids = *c;
    const uint8_t *oids;
    if (m->count > cursor_left(c) / 4 || !cursor_bytes(c, (size_t)m->count * 4, &oids))
        return truncated(c, PGOUTPUT_TRUNCATE, e);
    return finish(c, PGOUTPUT_TRUNCATE, e);
}

/* Stream Abort: 'A', u32 xid, u32 sub-xid. Some 18.x servers send it unasked: nothing of it was streamed. */
int pgoutput_read_stream_abort(struct cursor *c, struct err *e) {
    uint32_t xid, subxid;
    if (!cursor_u32(c, &xid) || !cursor_u32(c, &subxid)) return truncated(c, PGOUTPUT_STREAM_ABORT, e);
    return finish(c, PGOUTPUT_STREAM_ABORT, e);
}

int pgoutput_read_relid(struct cursor *c, enum pgoutput_kind kind, uint32_t *relid, struct err *e) {
    return cursor_u32(c, relid) ? 0 : truncated(c, kind, e);
}

/* Tuple column: u8 kind ('n' null, 'u' unchanged, 't' text); text: u32 length, bytes */
static inline int read_column(struct cursor *c, enum pgoutput_kind kind, struct value *v, struct err *e) {
    uint8_t state;
    uint32_t len;
    const uint8_t *text;
    if (!cursor_u8(c, &state)) return truncated(c, kind, e);
    if (state == 't') {
        if (!cursor_u32(c, &len) || !cursor_bytes(c, len, &text)) return truncated(c, kind, e);
        *v = (struct value){.state = VALUE_PRESENT, .text = (const char *)text, .len = len};
    } else if (state == 'n') {
        *v = (struct value){.state = VALUE_NULL};
    } else if (state == 'u') {
        *v = (struct value){.state = VALUE_UNCHANGED};
    } else {
        return pgoutput_malformed(c, kind, "unknown kind of column value", e);
    }
    return 0;
}

/* Tuple: u16 columns, columns times a tuple column */
static int read_tuple(struct cursor *from, enum pgoutput_kind kind, size_t ncolumns, struct value *values,
                      struct err *e) {
    struct cursor c = *from; /* a copy may live in registers */
    uint16_t claimed;
    if (!cursor_u16(&c, &claimed)) return truncated(&c, kind, e);
    if (claimed != ncolumns)
        return pgoutput_malformed(&c, kind, "another number of columns than its Relation message", e);
    for (size_t i = 0; i < ncolumns; i++)
        if (read_column(&c, kind, &values[i], e)) return -1;
    *from = c;
    return 0;
}

/* Insert: 'I', u32 relation OID, 'N', tuple */
int pgoutput_read_insert(struct cursor *c, size_t ncolumns, struct value *after, struct err *e) {
    uint8_t which;
    if (!cursor_u8(c, &which)) return truncated(c, PGOUTPUT_INSERT, e);
    if (which != 'N') return pgoutput_malformed(c, PGOUTPUT_INSERT, "unknown kind of tuple", e);
    if (read_tuple(c, PGOUTPUT_INSERT, ncolumns, after, e)) return -1;
    return finish(c, PGOUTPUT_INSERT, e);
}

/* Update: 'U', u32 relation OID, [ 'K' old key or 'O' old row, tuple ], 'N', tuple */
int pgoutput_read_update(struct cursor *c, size_t ncolumns, enum image *old, struct value *before,
                         struct value *after, struct err *e) {
    uint8_t which;
    *old = IMAGE_NONE;
    if (!cursor_u8(c, &which)) return truncated(c, PGOUTPUT_UPDATE, e);
    if (which == 'K' || which == 'O') {
        *old = which == 'K' ? IMAGE_KEY : IMAGE_FULL;
        if (read_tuple(c, PGOUTPUT_UPDATE, ncolumns, before, e)) return -1;
        if (!cursor_u8(c, &which)) return truncated(c, PGOUTPUT_UPDATE, e);
    }
    if (which != 'N') return pgoutput_malformed(c, PGOUTPUT_UPDATE, "unknown kind of tuple", e);
    if (read_tuple(c, PGOUTPUT_UPDATE, ncolumns, after, e)) return -1;
    return finish(c, PGOUTPUT_UPDATE, e);
}

/* Delete: 'D', u32 relation OID, 'K' old key or 'O' old row, tuple */
int pgoutput_read_delete(struct cursor *c, size_t ncolumns, enum image *old, struct value *before,
                         struct err *e) {
    uint8_t which;
    if (!cursor_u8(c, &which)) return truncated(c, PGOUTPUT_DELETE, e);
    if (which != 'K' && which != 'O')
        return pgoutput_malformed(c, PGOUTPUT_DELETE, "unknown kind of tuple", e);
    *old = which == 'K' ? IMAGE_KEY : IMAGE_FULL;
    if (read_tuple(c, PGOUTPUT_DELETE, ncolumns, before, e)) return -1;
    return finish(c, PGOUTPUT_DELETE, e);
}
