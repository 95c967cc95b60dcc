#include "agent/source/pg_catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/source/pg_query.h"

#define NESTED_TYPES_MAX                                                                                     \
    32 /* arrays of domains over arrays …: more is a loop, which the server does not allow */

/* ---- The question ---- */

static bool has_type(const struct buf *types, uint32_t oid) {
    for (size_t at = 0; at < types->len; at += sizeof oid)
        if (memcmp(types->data + at, &oid, sizeof oid) == 0) return true;
    return false;
}

int pg_question_set(struct pg_question *q, const struct pgoutput_peek *peek, struct err *e) {
    q->relid = peek->relid;
    buf_clear(&q->types, SIZE_MAX);
    for (size_t i = 0; i < peek->ncolumns; i++)
        if (!pgoutput_builtin_type(peek->types[i]) && !has_type(&q->types, peek->types[i]))
            buf_put(&q->types, &peek->types[i], sizeof peek->types[i]);
    return buf_failed(&q->types) ? err_memory(e, "noting the types of a table") : 0;
}

void pg_question_release(struct pg_question *q) {
    buf_release(&q->types);
}

/* ---- Types that were told ---- */

/* Where `oid` is, or belongs. */
static size_t find(const struct pg_catalog *k, uint32_t oid) {
    size_t low = 0, high = k->ntold;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (k->told[middle] < oid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* True when it is new and has to be asked for. */
static bool is_new(const struct pg_catalog *k, uint32_t oid) {
    size_t at = find(k, oid);

    return oid != 0 && !pgoutput_builtin_type(oid) && (at == k->ntold || k->told[at] != oid);
}

static int note_told(struct pg_catalog *k, uint32_t oid, struct err *e) {
    size_t at = find(k, oid);

    if (k->ntold == k->cap) {
        size_t cap = k->cap ? k->cap * 2 : 64;
        uint32_t *told = realloc(k->told, cap * sizeof *told);
        if (!told) return err_memory(e, "remembering types");
        k->told = told;
        k->cap = cap;
    }
    memmove(k->told + at + 1, k->told + at, (k->ntold - at) * sizeof *k->told);
    k->told[at] = oid;
    k->ntold++;
    return 0;
}

void pg_catalog_forget(struct pg_catalog *k) {
    k->ntold = 0;
}

void pg_catalog_release(struct pg_catalog *k) {
    free(k->told);
    memset(k, 0, sizeof *k);
}

/* ---- Asking ---- */

static void put_oid(struct buf *array, uint32_t oid) {
    buf_putc(array, array->len == 0 ? '{' : ',');
    buf_put_u64(array, oid);
}

/* Moves the new ones among `oids` into the text of an array, and notes them as told. */
static int take_new(struct pg_catalog *k, const struct buf *oids, struct buf *array, struct err *e) {
    uint32_t oid;

    for (size_t at = 0; at < oids->len; at += sizeof oid) {
        memcpy(&oid, oids->data + at, sizeof oid);
        if (!is_new(k, oid)) continue;
        put_oid(array, oid);
        if (note_told(k, oid, e)) return -1;
    }
    if (array->len > 0) buf_putc(array, '}');
    return 0;
}

static PGresult *ask_types(struct pg_conn *c, struct buf *array, struct err *e) {
    const char *params[1] = {buf_cstr(array)};

    return pg_query(c, "reading pg_type",
                    "SELECT t.oid, t.typtype, CASE WHEN t.typsubscript ="
                    " 'pg_catalog.array_subscript_handler'::pg_catalog.regproc THEN t.typelem ELSE 0 END,"
                    " t.typbasetype, t.typtypmod, t.typdelim, n.nspname, t.typname"
                    " FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace"
                    " WHERE t.oid = ANY ($1::pg_catalog.oid[])",
                    1, params, e);
}

/* Appends one row of ask_types(), and to `next` the types it is made of. */
static void put_type(const PGresult *res, int row, struct buf *payload, struct buf *next) {
    struct pgoutput_type t = {
        .oid = (uint32_t)pg_u64(res, row, 0),
        .typtype = pg_text(res, row, 1)[0],
        .elem = (uint32_t)pg_u64(res, row, 2),
        .base = (uint32_t)pg_u64(res, row, 3),
        .base_mod = (int32_t)strtol(pg_text(res, row, 4), NULL, 10),
        .delim = pg_text(res, row, 5)[0],
        .schema = pg_text(res, row, 6),
        .name = pg_text(res, row, 7),
    };

    pgoutput_catalog_put_type(payload, &t);
    buf_put(next, &t.elem, sizeof t.elem);
    buf_put(next, &t.base, sizeof t.base);
}

/* One round: asks for the new ones among `oids` and replaces them by what those are made of. */
static int ask_round(struct pg_catalog *k, struct pg_conn *c, struct buf *oids, struct buf *payload,
                     struct err *e) {
    struct buf array = {0};
    PGresult *res = NULL;
    int rc = -1;

    if (take_new(k, oids, &array, e)) goto out;
    buf_clear(oids, SIZE_MAX);
    if (array.len > 0) {
        res = ask_types(c, &array, e);
        if (!res) goto out;
        for (int row = 0; row < PQntuples(res); row++) put_type(res, row, payload, oids);
    }
    rc = buf_failed(&array) || buf_failed(oids) ? err_memory(e, "reading types") : 0;
out:
    PQclear(res);
    buf_release(&array);
    return rc;
}

/* No row: the table is gone. A null name: it has no primary key. */
static int ask_keys(struct pg_conn *c, uint32_t relid, struct buf *payload, struct err *e) {
    struct pgoutput_keys keys = {.relid = relid};
    char oid[16];
    const char *params[1] = {oid};
    PGresult *res;
    int rows;

    snprintf(oid, sizeof oid, "%u", (unsigned)relid);
    res = pg_query(c, "reading a primary key",
                   "SELECT a.attname FROM pg_catalog.pg_class r LEFT JOIN (pg_catalog.pg_index i"
                   " CROSS JOIN LATERAL pg_catalog.unnest(i.indkey) WITH ORDINALITY k(attnum, n)"
                   " JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum)"
                   " ON i.indrelid = r.oid AND i.indisprimary AND k.n <= i.indnkeyatts"
                   " WHERE r.oid = $1::pg_catalog.oid ORDER BY k.n",
                   1, params, e);
    if (!res) return -1;
    rows = PQntuples(res);
    for (int row = 0; row < rows && row < PGOUTPUT_MAX_KEYS; row++)
        if (!PQgetisnull(res, row, 0)) keys.keys[keys.nkeys++] = PQgetvalue(res, row, 0);
    if (rows > 0) pgoutput_catalog_put_keys(payload, &keys);
    PQclear(res);
    return 0;
}

int pg_catalog_ask(struct pg_catalog *k, struct pg_conn *c, const struct pg_question *q, struct buf *payload,
                   struct err *e) {
    struct buf oids = {0};
    int rc = -1;

    if (q->types.len > 0) buf_put(&oids, q->types.data, q->types.len);
    for (int round = 0; oids.len > 0 && round < NESTED_TYPES_MAX; round++)
        if (ask_round(k, c, &oids, payload, e)) goto out;
    if (ask_keys(c, q->relid, payload, e)) goto out;
    rc = buf_failed(payload) || buf_failed(&oids) ? err_memory(e, "describing a table") : 0;
out:
    buf_release(&oids);
    return rc;
}
