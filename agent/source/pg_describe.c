#include "agent/source/pg_describe.h"

#include <stdio.h>
#include <stdlib.h>

#include "decoders/pgoutput/catalog.h"

/* One description: what was asked, and where the answers go. */
struct describing {
    struct pg_conn *c;
    const struct pg_describe *d;
    struct decoder *decoder;
    source_table_fn fn;
    void *ctx;
    struct buf oids; /* of the wanted tables, as the text of an array */
    PGresult *columns;
    struct buf message;
};

/* ---- Asking ---- */

static void put_oids(struct describing *x) {
    char separator = '{';

    for (size_t i = 0; i < x->d->tables->count; i++) {
        if (!x->d->tables->items[i].wanted) continue;
        buf_putc(&x->oids, separator);
        buf_put_u64(&x->oids, x->d->tables->items[i].oid);
        separator = ',';
    }
    buf_puts(&x->oids, separator == '{' ? "{}" : "}");
}

/* The columns the log would carry, by table, with the flag "part of the replica identity". */
static int ask_columns(struct describing *x, struct err *e) {
    struct buf sql = {0};
    const char *params[1] = {buf_cstr(&x->oids)};

    buf_puts(&sql, "SELECT a.attrelid, a.attname, a.atttypid, a.atttypmod, CASE c.relreplident"
                   " WHEN 'f' THEN true WHEN 'n' THEN false ELSE EXISTS (SELECT FROM pg_index i"
                   "  WHERE i.indrelid = a.attrelid AND i.indimmediate AND i.indisvalid"
                   "  AND CASE c.relreplident WHEN 'd' THEN i.indisprimary ELSE i.indisreplident END"
                   "  AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])) END"
                   " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid");
    if (x->d->server->version >= 150000)
        buf_printf(&sql, " LEFT JOIN pg_publication_rel r ON r.prrelid = a.attrelid AND r.prpubid = %u",
                   x->d->publication->oid);
    buf_puts(&sql, " WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped");
    buf_puts(&sql, x->d->server->version >= 180000 ? " AND a.attgenerated IN ('', 's')"
                                                   : " AND a.attgenerated = ''");
    if (x->d->server->version >= 150000)
        buf_puts(&sql, " AND (r.prattrs IS NULL OR a.attnum = ANY (r.prattrs))");
    buf_puts(&sql, " ORDER BY a.attrelid, a.attnum");
    if (buf_failed(&sql))
        err_memory(e, "reading the columns");
    else
        x->columns = pg_query(x->c, "reading the columns", buf_cstr(&sql), 1, params, e);
    buf_release(&sql);
    return x->columns ? 0 : -1;
}

/* The types of the columns that are not PostgreSQL's own, and what those are made of. */
static int ask_types(struct describing *x, struct buf *catalog, struct err *e) {
    const char *params[1] = {buf_cstr(&x->oids)};
    PGresult *res = pg_query(
        x->c, "reading the types",
        "WITH RECURSIVE needed(oid) AS ("
        " SELECT DISTINCT atttypid FROM pg_attribute"
        "  WHERE attrelid = ANY ($1::oid[]) AND attnum > 0 AND NOT attisdropped"
        " UNION SELECT part.oid FROM needed n JOIN pg_type t ON t.oid = n.oid"
        "  CROSS JOIN LATERAL (VALUES (t.typelem), (t.typbasetype)) part(oid) WHERE part.oid <> 0)"
        "SELECT t.oid, t.typtype, CASE WHEN t.typsubscript = 'array_subscript_handler'::regproc THEN "
        "t.typelem"
        " ELSE 0 END, t.typbasetype, t.typtypmod, t.typdelim, s.nspname, t.typname"
        " FROM needed n JOIN pg_type t ON t.oid = n.oid JOIN pg_namespace s ON s.oid = t.typnamespace",
        1, params, e);

    for (int i = 0; res && i < PQntuples(res); i++) {
        struct pgoutput_type t = {
            .oid = (uint32_t)pg_u64(res, i, 0),
            .typtype = pg_text(res, i, 1)[0],
            .elem = (uint32_t)pg_u64(res, i, 2),
            .base = (uint32_t)pg_u64(res, i, 3),
            .base_mod = (int32_t)strtol(pg_text(res, i, 4), NULL, 10),
            .delim = pg_text(res, i, 5)[0],
            .schema = pg_text(res, i, 6),
            .name = pg_text(res, i, 7),
        };
        if (!pgoutput_builtin_type(t.oid)) pgoutput_catalog_put_type(catalog, &t);
    }
    PQclear(res);
    return res ? 0 : -1;
}

/* Rows come table by table, in key order. */
static void put_keys(const PGresult *res, struct buf *catalog) {
    struct pgoutput_keys keys = {0};

    for (int i = 0; i < PQntuples(res); i++) {
        uint32_t relid = (uint32_t)pg_u64(res, i, 0);
        if (relid != keys.relid && keys.nkeys > 0) pgoutput_catalog_put_keys(catalog, &keys);
        if (relid != keys.relid) keys.nkeys = 0;
        keys.relid = relid;
        if (keys.nkeys < PGOUTPUT_MAX_KEYS) keys.keys[keys.nkeys++] = PQgetvalue(res, i, 1);
    }
    if (keys.nkeys > 0) pgoutput_catalog_put_keys(catalog, &keys);
}

static int ask_keys(struct describing *x, struct buf *catalog, struct err *e) {
    const char *params[1] = {buf_cstr(&x->oids)};
    PGresult *res = pg_query(x->c, "reading the primary keys",
                             "SELECT i.indrelid, a.attname FROM pg_index i"
                             " CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k(attnum, n)"
                             " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum"
                             " WHERE i.indrelid = ANY ($1::oid[]) AND i.indisprimary AND k.n <= i.indnkeyatts"
                             " ORDER BY i.indrelid, k.n",
                             1, params, e);

    if (res) put_keys(res, catalog);
    PQclear(res);
    return res ? 0 : -1;
}

/* ---- Telling the decoder ---- */

/* A change_fn. */
static int on_change(void *ctx, const struct change *c, struct err *e) {
    struct describing *x = ctx;

    return c->op == CHANGE_SCHEMA ? x->fn(x->ctx, c->table, e) : 0;
}

static int feed(struct describing *x, enum frame_kind kind, const struct buf *data, struct err *e) {
    struct frame f = {.kind = kind, .data = data->data, .len = data->len};

    if (buf_failed(data)) return err_memory(e, "describing the tables");
    return x->decoder->ops->feed(x->decoder, &f, on_change, x, e);
}

/* The first of a table's rows among the columns; they are in the order of OIDs. */
static int first_row(const PGresult *res, uint32_t oid) {
    int low = 0, high = PQntuples(res);

    while (low < high) {
        int middle = low + (high - low) / 2;
        if (pg_u64(res, middle, 0) < oid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The Relation message that the server would send: see decoders/pgoutput/proto.c for its layout. */
static void put_relation(struct describing *x, const struct pg_table *t) {
    struct buf *m = &x->message;
    int first = first_row(x->columns, t->oid), last = first;

    while (last < PQntuples(x->columns) && pg_u64(x->columns, last, 0) == t->oid) last++;
    buf_clear(m, SIZE_MAX);
    buf_putc(m, 'R');
    buf_put_be32(m, t->oid);
    buf_put(m, t->schema, strlen(t->schema) + 1);
    buf_put(m, t->name, strlen(t->name) + 1);
    buf_putc(m, (char)t->identity);
    buf_put_be16(m, (uint16_t)(last - first));
    for (int i = first; i < last; i++) {
        const char *name = pg_text(x->columns, i, 1);
        buf_putc(m, pg_bool(x->columns, i, 4) ? 1 : 0);
        buf_put(m, name, strlen(name) + 1);
        buf_put_be32(m, (uint32_t)pg_u64(x->columns, i, 2));
        buf_put_be32(m, (uint32_t)strtol(pg_text(x->columns, i, 3), NULL, 10));
    }
}

static int tell(struct describing *x, struct err *e) {
    struct buf catalog = {0};
    int rc = -1;

    if (ask_types(x, &catalog, e) || ask_keys(x, &catalog, e) || feed(x, FRAME_CATALOG, &catalog, e))
        goto out;
    for (size_t i = 0; i < x->d->tables->count; i++) {
        if (!x->d->tables->items[i].wanted) continue;
        put_relation(x, &x->d->tables->items[i]);
        if (feed(x, FRAME_DATA, &x->message, e)) goto out;
    }
    rc = 0;
out:
    buf_release(&catalog);
    return rc;
}

int pg_describe(struct pg_conn *c, const struct pg_describe *d, source_table_fn fn, void *ctx,
                struct err *e) {
    struct describing x = {.c = c, .d = d, .fn = fn, .ctx = ctx};
    struct decoder_options options = {0};
    int rc = -1;

    x.decoder = d->decoder->create(&options);
    put_oids(&x);
    if (!x.decoder || buf_failed(&x.oids)) {
        err_memory(e, "describing the tables");
        goto out;
    }
    if (ask_columns(&x, e)) goto out;
    rc = tell(&x, e);
out:
    PQclear(x.columns);
    buf_release(&x.oids);
    buf_release(&x.message);
    if (x.decoder) x.decoder->ops->destroy(x.decoder);
    return rc;
}
