#include "agent/source/pg_readable.h"

#include <stdlib.h>

#include "agent/source/pg_chunk.h"
#include "agent/source/pg_published.h"
#include "agent/source/pg_query.h"

#define DEPTH_MAX 64 /* partitions of partitions */

struct readable {
    struct pg_conn c;
    struct pg_server server;
    struct pg_published published;
    const struct pg_publication *named[PG_STREAMED_MAX]; /* by the stream */
    size_t nnamed;
    struct pg_oids oids; /* of the readable ones, ascending */
};

static void add_named(struct readable *x, const struct pg_streamed *streamed,
                      const struct pg_publication *p) {
    for (size_t i = 0; i < streamed->count && x->nnamed < PG_STREAMED_MAX; i++)
        if (p->exists && p->publishes_insert && strcmp(streamed->names[i], p->name) == 0)
            x->named[x->nnamed++] = p;
}

static bool is_carried(const struct readable *x, uint32_t oid) {
    for (size_t i = 0; i < x->nnamed; i++)
        if (pg_oids_has(&x->named[i]->tables, oid)) return true;
    return false;
}

/* A table above it that is carried gives its rows their name. */
static bool is_root(const struct readable *x, const struct pg_table *t) {
    const struct pg_tables *all = &x->published.tables;

    for (int depth = 0; t->parent != 0 && depth < DEPTH_MAX; depth++) {
        if (is_carried(x, t->parent)) return false;
        t = pg_tables_find(all, t->parent);
        if (!t) return true;
    }
    return true;
}

static int find(struct readable *x, struct err *e) {
    const struct pg_tables *all = &x->published.tables;

    x->oids.items = calloc(all->count + 1, sizeof *x->oids.items);
    if (!x->oids.items) return err_memory(e, "looking for tables to read");
    for (size_t i = 0; i < all->count; i++) {
        const struct pg_table *t = all->by_oid[i];
        if (t->matched && is_carried(x, t->oid) && is_root(x, t)) x->oids.items[x->oids.count++] = t->oid;
    }
    return 0;
}

/* How many rows there are, -1 unknown, and whether there is a key. In the order of OIDs. */
static PGresult *ask(struct readable *x, struct err *e) {
    struct buf oids = {0};
    const char *params[1];
    PGresult *res = NULL;

    buf_putc(&oids, '{');
    for (size_t i = 0; i < x->oids.count; i++) {
        if (i > 0) buf_putc(&oids, ',');
        buf_put_u64(&oids, x->oids.items[i]);
    }
    buf_putc(&oids, '}');
    params[0] = buf_cstr(&oids);
    if (buf_failed(&oids))
        err_memory(e, "looking for tables to read");
    else
        res = pg_query(&x->c, "looking for tables to read",
                       "SELECT c.oid, CASE WHEN c.relkind = 'p' THEN (WITH RECURSIVE d(oid) AS (SELECT c.oid"
                       "  UNION ALL SELECT h.inhrelid FROM d JOIN pg_inherits h ON h.inhparent = d.oid)"
                       "  SELECT CASE WHEN bool_or(l.reltuples < 0) THEN -1"
                       "   ELSE coalesce(sum(l.reltuples::float8), 0) END"
                       "  FROM d JOIN pg_class l ON l.oid = d.oid WHERE l.relkind = 'r')"
                       " ELSE c.reltuples::float8 END::bigint,"
                       " EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND" PG_SHAPE_USABLE ")"
                       " FROM pg_class c WHERE c.oid = ANY ($1::oid[]) ORDER BY c.oid",
                       1, params, e);
    buf_release(&oids);
    return res;
}

static int tell(struct readable *x, source_readable_fn fn, void *ctx, struct err *e) {
    PGresult *res = ask(x, e);
    int rc = res ? 0 : -1;

    for (int i = 0; !rc && i < PQntuples(res); i++) {
        const struct pg_table *t = pg_tables_find(&x->published.tables, (uint32_t)pg_u64(res, i, 0));
        long long rows = strtoll(pg_text(res, i, 1), NULL, 10);
        struct source_readable r = {.rows = rows < 0 ? UINT64_MAX : (uint64_t)rows};
        if (!t) continue;
        r.space = t->schema;
        r.name = t->name;
        r.keyed = pg_bool(res, i, 2);
        r.why_not = r.keyed ? NULL : PG_CHUNK_NO_KEY;
        rc = fn(ctx, &r, e) ? -1 : 0;
    }
    PQclear(res);
    return rc;
}

int pg_readable(const struct config_source *config, const struct pg_streamed *streamed,
                struct pg_visible *visible, source_readable_fn fn, void *ctx, struct err *e) {
    struct readable x = {0};
    int rc = -1;

    if (pg_conn_open(&x.c, config, PG_CONN_SQL, 0, e) || pg_server_read(&x.c, &x.server, e) ||
        pg_published_load(&x.published, &x.c, &x.server, streamed->publication, e))
        goto out;
    add_named(&x, streamed, &x.published.main);
    add_named(&x, streamed, &x.published.insert);
    if (find(&x, e) || pg_visible_cover(visible, x.oids.items, x.oids.count, e)) goto out;
    rc = tell(&x, fn, ctx, e);
out:
    free(x.oids.items);
    pg_published_release(&x.published);
    pg_conn_close(&x.c);
    return rc;
}
