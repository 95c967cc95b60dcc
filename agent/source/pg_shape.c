#include "agent/source/pg_shape.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/source/pg_query.h"

/* What the publications that carry the table say of it together. */
struct carried {
    bool all_columns; /* one has no column list */
    bool generated;   /* … and publishes stored generated columns */
    bool *listed;     /* by attnum, of the lists */
    size_t nlisted;
    bool all_rows;      /* one has no row filter */
    struct buf filters; /* the others', joined by OR */
};

struct shaping {
    struct pg_conn *c;
    const struct pg_shape_of *of;
    struct pg_shape *out;
    struct carried carried;
    char oid[16];
    PGresult *columns, *keys; /* until the end: names point into them */
};

/* ---- Publications ---- */

/* Members of the publication: the table itself, or without publish_via_partition_root what it is a part of.
 */
#define CARRIES                                                                                              \
    " EXISTS (SELECT FROM (SELECT c.oid UNION SELECT a.relid FROM pg_partition_ancestors(c.oid) a"           \
    "  WHERE NOT p.pubviaroot) x WHERE EXISTS (SELECT FROM pg_publication_rel m"                             \
    "  WHERE m.prpubid = p.oid AND m.prrelid = x.oid)"

static const char publications_14[] =
    "SELECT true, false, NULL, NULL FROM pg_publication p JOIN pg_class c ON c.oid = $1::oid"
    " WHERE p.pubname = ANY ($2::text[]) AND p.pubinsert AND (p.puballtables OR" CARRIES "))";

#define PUBLICATIONS(generated)                                                                              \
    "SELECT p.puballtables OR EXISTS (SELECT FROM pg_publication_namespace s WHERE s.pnpubid = p.oid"        \
    "  AND s.pnnspid = c.relnamespace), " generated ", r.prattrs, pg_get_expr(r.prqual, r.prrelid)"          \
    " FROM pg_publication p JOIN pg_class c ON c.oid = $1::oid"                                              \
    " LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = c.oid"                             \
    " WHERE p.pubname = ANY ($2::text[]) AND p.pubinsert AND (p.puballtables OR" CARRIES                     \
    "  OR EXISTS (SELECT FROM pg_publication_namespace s JOIN pg_class n ON n.oid = x.oid"                   \
    "   AND n.relnamespace = s.pnnspid WHERE s.pnpubid = p.oid)))"

/* An array's text. */
static void put_names(const struct pg_streamed *streamed, struct buf *out) {
    buf_putc(out, '{');
    for (size_t i = 0; i < streamed->count; i++) {
        buf_puts(out, i == 0 ? "\"" : ",\"");
        for (const char *c = streamed->names[i]; *c; c++) {
            if (*c == '"' || *c == '\\') buf_putc(out, '\\');
            buf_putc(out, *c);
        }
        buf_putc(out, '"');
    }
    buf_putc(out, '}');
}

/* "1 2 5" */
static void take_list(struct carried *k, const char *text) {
    char *end;

    for (unsigned long n; *text; text = end) {
        n = strtoul(text, &end, 10);
        if (end == text) return;
        if (n < k->nlisted) k->listed[n] = true;
    }
}

/* One publication: its column list and row filter; a table that is in by its schema has neither. */
static void take_publication(struct carried *k, const PGresult *res, int row) {
    bool whole = pg_bool(res, row, 0);

    if (whole || PQgetisnull(res, row, 2)) {
        k->all_columns = true;
        k->generated = k->generated || pg_bool(res, row, 1);
    } else {
        take_list(k, pg_text(res, row, 2));
    }
    if (whole || PQgetisnull(res, row, 3)) {
        k->all_rows = true;
        return;
    }
    if (k->filters.len > 0) buf_puts(&k->filters, " OR ");
    buf_printf(&k->filters, "(%s)", pg_text(res, row, 3));
}

static int read_publications(struct shaping *x, const struct pg_streamed *streamed, struct err *e) {
    struct buf names = {0};
    const char *params[2] = {x->oid, NULL};
    PGresult *res = NULL;

    put_names(streamed, &names);
    params[1] = buf_cstr(&names);
    x->carried.nlisted = PGOUTPUT_MAX_COLUMNS + 1;
    x->carried.listed = arena_calloc(&x->out->arena, x->carried.nlisted, sizeof(bool));
    if (buf_failed(&names) || !x->carried.listed)
        err_memory(e, "describing a table");
    else
        res = pg_execute(x->c, "reading the publications of a table", "tr_publications", 2, params, e);
    buf_release(&names);
    if (!res) return -1;
    x->out->published = PQntuples(res) > 0;
    for (int i = 0; i < PQntuples(res); i++) take_publication(&x->carried, res, i);
    PQclear(res);
    return 0;
}

/* ---- Columns ---- */

/* The flags of the replica identity, and the place in the primary key (from 0). */
static const char columns_sql[] =
    "SELECT a.attnum, a.attname, a.atttypid, a.atttypmod, a.attgenerated, CASE c.relreplident"
    " WHEN 'f' THEN true WHEN 'n' THEN false ELSE EXISTS (SELECT FROM pg_index i"
    "  WHERE i.indrelid = a.attrelid AND i.indimmediate AND i.indisvalid"
    "  AND CASE c.relreplident WHEN 'd' THEN i.indisprimary ELSE i.indisreplident END"
    "  AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])) END,"
    " (SELECT array_position(i.indkey::int2[], a.attnum) FROM pg_index i"
    "  WHERE i.indrelid = a.attrelid AND i.indisprimary"
    "  AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))"
    " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
    " WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

static int read_columns(struct shaping *x, struct err *e) {
    const char *params[1] = {x->oid};

    x->columns = pg_execute(x->c, "reading the columns of a table", "tr_columns", 1, params, e);
    return x->columns ? 0 : -1;
}

static bool is_published(const struct shaping *x, int row) {
    char generated = pg_text(x->columns, row, 4)[0];
    uint64_t number = pg_u64(x->columns, row, 0);

    if (number < x->carried.nlisted && x->carried.listed[number]) return true;
    if (!x->carried.all_columns) return false;
    return generated == '\0' || (generated == 's' && x->carried.generated);
}

static void put_field(struct shaping *x, const char *name) {
    buf_puts(&x->out->select, x->out->nfields++ == 0 ? "SELECT t." : ", t.");
    pg_put_ident(&x->out->select, name);
}

/* The Relation message that the server would send: see decoders/pgoutput/proto.c for its layout. */
static void put_columns(struct shaping *x) {
    struct buf *m = &x->out->relation;
    size_t count_at;

    buf_putc(m, 'R');
    buf_put_be32(m, x->of->oid);
    buf_put(m, x->of->schema, strlen(x->of->schema) + 1);
    buf_put(m, x->of->name, strlen(x->of->name) + 1);
    buf_putc(m, x->of->identity);
    count_at = m->len;
    buf_put_be16(m, 0);
    for (int i = 0; i < PQntuples(x->columns); i++) {
        const char *name = pg_text(x->columns, i, 1);
        if (!is_published(x, i)) continue;
        put_field(x, name);
        x->out->ncolumns++;
        buf_putc(m, pg_bool(x->columns, i, 5) ? 1 : 0);
        buf_put(m, name, strlen(name) + 1);
        buf_put_be32(m, (uint32_t)pg_u64(x->columns, i, 2));
        buf_put_be32(m, (uint32_t)strtol(pg_text(x->columns, i, 3), NULL, 10));
    }
    if (buf_failed(m)) return;
    m->data[count_at] = (uint8_t)(x->out->ncolumns >> 8);
    m->data[count_at + 1] = (uint8_t)x->out->ncolumns;
}

/* As the decoder is told of it. A column that is not published is in it all the same. */
static void put_primary(struct shaping *x) {
    struct pgoutput_keys keys = {.relid = x->of->oid};

    for (int i = 0; i < PQntuples(x->columns); i++) {
        uint64_t place = pg_u64(x->columns, i, 6);
        if (PQgetisnull(x->columns, i, 6) || place >= PGOUTPUT_MAX_KEYS) continue;
        keys.keys[place] = pg_text(x->columns, i, 1);
        keys.nkeys++;
    }
    pgoutput_catalog_put_keys(&x->out->primary, &keys);
}

/* ---- The key ---- */

static const char key_sql[] =
    "WITH RECURSIVE chosen AS (SELECT i.* FROM pg_index i WHERE i.indrelid = $1::oid AND" PG_SHAPE_USABLE
    " ORDER BY i.indisprimary DESC, i.indisreplident DESC, i.indnkeyatts, i.indexrelid LIMIT 1),"
    " keys AS (SELECT k.n, a.attname, a.atttypid, i.indclass[k.n - 1] AS class,"
    "  i.indcollation[k.n - 1] AS collation"
    "  FROM chosen i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k(attnum, n)"
    "  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum WHERE k.n <= i.indnkeyatts),"
    " base(n, oid, below) AS (SELECT k.n, t.oid, t.typbasetype FROM keys k JOIN pg_type t ON t.oid = "
    "k.atttypid"
    "  UNION ALL SELECT b.n, t.oid, t.typbasetype FROM base b JOIN pg_type t ON t.oid = b.below)"
    " SELECT k.attname, quote_ident(s.nspname) || '.' || quote_ident(t.typname),"
    "  (SELECT quote_ident(n.nspname) || '.' || quote_ident(l.collname) FROM pg_collation l"
    "   JOIN pg_namespace n ON n.oid = l.collnamespace WHERE l.oid = k.collation), o.gt, o.ge, o.eq"
    " FROM keys k JOIN base b ON b.n = k.n AND b.below = 0 JOIN pg_type t ON t.oid = b.oid"
    " JOIN pg_namespace s ON s.oid = t.typnamespace CROSS JOIN LATERAL ("
    "  SELECT max(CASE m.amopstrategy WHEN 5 THEN x.named END) AS gt,"
    "   max(CASE m.amopstrategy WHEN 4 THEN x.named END) AS ge,"
    "   max(CASE m.amopstrategy WHEN 3 THEN x.named END) AS eq"
    "  FROM pg_opclass c JOIN pg_amop m ON m.amopfamily = c.opcfamily AND m.amoplefttype = c.opcintype"
    "   AND m.amoprighttype = c.opcintype JOIN pg_operator r ON r.oid = m.amopopr"
    "  JOIN pg_namespace n ON n.oid = r.oprnamespace"
    "  CROSS JOIN LATERAL (SELECT 'OPERATOR(' || quote_ident(n.nspname) || '.' || r.oprname || ')') x(named)"
    "  WHERE c.oid = k.class) o ORDER BY k.n";

/* Where the column is in a row; it is put behind the others when it is not published. */
static size_t field_of(struct shaping *x, const char *name) {
    size_t at = 0;

    for (int i = 0; i < PQntuples(x->columns); i++) {
        if (!is_published(x, i)) continue;
        if (strcmp(pg_text(x->columns, i, 1), name) == 0) return at;
        at++;
    }
    put_field(x, name);
    return x->out->nfields - 1;
}

/* A name of the result, which does not outlive it; NULL stays NULL. */
static const char *keep(struct shaping *x, int row, int col) {
    const char *text = pg_text(x->keys, row, col);

    return PQgetisnull(x->keys, row, col) ? NULL : arena_strndup(&x->out->arena, text, strlen(text));
}

static int read_key(struct shaping *x, struct err *e) {
    const char *params[1] = {x->oid};
    struct pg_key *key = &x->out->key;

    x->keys = pg_execute(x->c, "reading the key of a table", "tr_key", 1, params, e);
    if (!x->keys) return -1;
    for (int i = 0; i < PQntuples(x->keys) && i < PGOUTPUT_MAX_KEYS; i++) {
        struct pg_key_column *c = &key->columns[i];
        c->name = keep(x, i, 0);
        c->type = keep(x, i, 1);
        c->collation = keep(x, i, 2);
        c->gt = keep(x, i, 3);
        c->ge = keep(x, i, 4);
        c->eq = keep(x, i, 5);
        if (!c->name || !c->type || !c->gt || !c->ge || !c->eq)
            return err_set(e, ERR_DATA, "table %s.%s: its key has no operators to compare with",
                           x->of->schema, x->of->name);
        x->out->key_field[i] = field_of(x, c->name);
        key->n++;
    }
    return 0;
}

/* ---- All together ---- */

static int prepare(struct pg_conn *c, const char *head, const char *sql, struct err *e) {
    struct buf statement = {0};
    int rc;

    buf_printf(&statement, "PREPARE %s AS %s", head, sql);
    rc = buf_failed(&statement) ? err_memory(e, "preparing statements")
                                : pg_exec(c, "preparing statements", buf_cstr(&statement), e);
    buf_release(&statement);
    return rc;
}

int pg_shape_prepare(struct pg_conn *c, struct err *e) {
    int version = PQserverVersion(c->pq);
    const char *publications = version >= 180000   ? PUBLICATIONS("p.pubgencols = 's'")
                               : version >= 150000 ? PUBLICATIONS("false")
                                                   : publications_14;

    if (prepare(c, "tr_publications (oid, text[])", publications, e)) return -1;
    if (prepare(c, "tr_columns (oid)", columns_sql, e)) return -1;
    return prepare(c, "tr_key (oid)", key_sql, e);
}

static void put_rest(struct shaping *x) {
    struct buf *sql = &x->out->select;

    if (!x->carried.all_rows && x->carried.filters.len > 0) {
        x->out->filtered = true;
        x->out->nfields++;
        buf_printf(sql, ", (%s) IS TRUE", buf_cstr(&x->carried.filters));
    }
    buf_puts(sql, x->of->partitioned ? " FROM " : " FROM ONLY ");
    pg_put_table(sql, x->of->schema, x->of->name);
    buf_puts(sql, " t");
}

int pg_shape_read(struct pg_conn *c, const struct pg_streamed *streamed, const struct pg_shape_of *of,
                  struct pg_shape *out, struct err *e) {
    struct shaping x = {.c = c, .of = of, .out = out};
    int rc = -1;

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, 0);
    snprintf(x.oid, sizeof x.oid, "%u", (unsigned)of->oid);
    if (read_publications(&x, streamed, e)) goto out;
    rc = 0;
    if (!out->published) goto out;
    rc = -1;
    if (read_columns(&x, e)) goto out;
    put_columns(&x);
    put_primary(&x);
    if (read_key(&x, e)) goto out;
    put_rest(&x);
    rc = buf_failed(&out->relation) || buf_failed(&out->select) || buf_failed(&out->primary) ||
                 buf_failed(&x.carried.filters)
             ? err_memory(e, "describing a table")
             : 0;
out:
    PQclear(x.columns);
    PQclear(x.keys);
    buf_release(&x.carried.filters);
    return rc;
}

void pg_shape_release(struct pg_shape *s) {
    buf_release(&s->relation);
    buf_release(&s->select);
    buf_release(&s->primary);
    arena_release(&s->arena);
    memset(s, 0, sizeof *s);
}

void pg_shape_put_copy(const struct pg_shape *s, const struct pg_field *behind, uint32_t rows,
                       struct buf *sql) {
    buf_puts(sql, "COPY (");
    buf_put(sql, s->select.data, s->select.len);
    if (behind) {
        buf_puts(sql, " WHERE ");
        pg_key_put_behind(&s->key, behind, sql);
    }
    buf_puts(sql, " ORDER BY ");
    pg_key_put_order(&s->key, sql);
    buf_printf(sql, " LIMIT %u) TO STDOUT", (unsigned)rows);
}
