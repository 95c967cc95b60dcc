#include "agent/source/pg_discover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/log.h"
#include "agent/config/suggest.h"

#define NEAR_MAX 3
#define DEPTH_MAX 64 /* partitions of partitions */

/* ---- Reading ---- */

/*
 * The identity index must be immediate and valid, or the server does not use it. In version 18 identity FULL
 * covers generated columns too, and virtual ones cannot be published (stored ones are, by us).
 */
static const char tables_sql[] =
    "SELECT c.oid, h.inhparent, n.nspname, c.relname, c.relkind = 'p', c.relreplident,"
    " pg_has_role(c.relowner, 'USAGE'),"
    " EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indimmediate AND i.indisvalid AND"
    "  CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END),"
    " EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attgenerated = 'v'"
    "  AND NOT a.attisdropped)"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_inherits h ON h.inhrelid = c.oid AND c.relispartition"
    " WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND c.oid >= 16384"
    " AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
    " ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";

static const char schemas_sql[] =
    "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'";

/* Why updates of this table alone may not be published, NULL when they may. */
static const char *obstacle(enum identity identity, bool has_index, bool has_virtual) {
    switch (identity) {
    case IDENTITY_NOTHING: return "its replica identity is NOTHING";
    case IDENTITY_FULL:
        return has_virtual ? "its replica identity FULL covers a virtual generated column" : NULL;
    case IDENTITY_INDEX: return has_index ? NULL : "the index of its replica identity is gone or not valid";
    case IDENTITY_DEFAULT:
        return has_index ? NULL : "it has no primary key (a deferrable one does not count)";
    }
    return "its replica identity is of an unknown kind";
}

static char *copy(struct pg_tables *t, const char *text) {
    return arena_strndup(&t->arena, text, strlen(text));
}

static int read_row(struct pg_tables *t, const PGresult *res, int row, struct err *e) {
    struct pg_table *table = &t->items[row];
    struct buf full = {0};

    table->oid = (uint32_t)pg_u64(res, row, 0);
    table->parent = (uint32_t)pg_u64(res, row, 1);
    table->schema = copy(t, pg_text(res, row, 2));
    table->name = copy(t, pg_text(res, row, 3));
    table->partitioned = pg_bool(res, row, 4);
    table->identity = (enum identity)pg_text(res, row, 5)[0];
    table->owned = pg_bool(res, row, 6);
    table->why = obstacle(table->identity, pg_bool(res, row, 7), pg_bool(res, row, 8));
    table->usable = !table->why;
    buf_printf(&full, "%s.%s", pg_text(res, row, 2), pg_text(res, row, 3));
    table->full = copy(t, buf_cstr(&full));
    buf_release(&full);
    return table->schema && table->name && table->full ? 0 : err_memory(e, "reading the tables");
}

static int read_tables(struct pg_conn *c, struct pg_tables *out, struct err *e) {
    PGresult *res = pg_query(c, "reading the tables", tables_sql, 0, NULL, e);
    int rc = -1;

    if (!res) return -1;
    out->count = (size_t)PQntuples(res);
    out->items = arena_calloc(&out->arena, out->count + 1, sizeof *out->items);
    if (!out->items) {
        err_memory(e, "reading the tables");
        goto out;
    }
    for (size_t i = 0; i < out->count; i++)
        if (read_row(out, res, (int)i, e)) goto out;
    rc = 0;
out:
    PQclear(res);
    return rc;
}

static int read_schemas(struct pg_conn *c, struct pg_tables *out, struct err *e) {
    PGresult *res = pg_query(c, "reading the schemas", schemas_sql, 0, NULL, e);
    bool failed;

    if (!res) return -1;
    out->nschemas = (size_t)PQntuples(res);
    out->schemas = arena_calloc(&out->arena, out->nschemas + 1, sizeof *out->schemas);
    failed = !out->schemas;
    for (size_t i = 0; !failed && i < out->nschemas; i++)
        failed = !(out->schemas[i] = copy(out, pg_text(res, (int)i, 0)));
    PQclear(res);
    return failed ? err_memory(e, "reading the schemas") : 0;
}

int pg_discover(struct pg_conn *c, struct pg_tables *out, struct err *e) {
    memset(out, 0, sizeof *out);
    arena_init(&out->arena, 0);
    if (read_schemas(c, out, e) || read_tables(c, out, e)) return -1;
    return pg_tables_settle(out, c->config->table_patterns, e);
}

void pg_tables_release(struct pg_tables *t) {
    arena_release(&t->arena);
    memset(t, 0, sizeof *t);
}

/* ---- Settling ---- */

static int compare_oids(const void *a, const void *b) {
    const struct pg_table *const *x = a, *const *y = b;

    return ((*x)->oid > (*y)->oid) - ((*x)->oid < (*y)->oid);
}

static struct pg_table *find(const struct pg_tables *t, uint32_t oid) {
    struct pg_table wanted = {.oid = oid};
    const struct pg_table *key = &wanted;
    struct pg_table **at;

    if (oid == 0 || t->count == 0) return NULL;
    at = bsearch(&key, t->by_oid, t->count, sizeof *t->by_oid, compare_oids);
    return at ? *at : NULL;
}

const struct pg_table *pg_tables_find(const struct pg_tables *t, uint32_t oid) {
    return find(t, oid);
}

/* A partition that cannot be updated makes every table above it one that cannot. */
static int blame_parents(struct pg_tables *t, const struct pg_table *partition, struct err *e) {
    struct pg_table *above = find(t, partition->parent);
    struct buf why = {0};
    const char *text;

    while (above && !above->usable) above = find(t, above->parent);
    if (!above) return 0;
    buf_printf(&why, "of its partition %s %s", partition->full, partition->why);
    text = copy(t, buf_cstr(&why));
    buf_release(&why);
    if (!text) return err_memory(e, "reading the tables");
    for (int depth = 0; above && depth < DEPTH_MAX; depth++, above = find(t, above->parent)) {
        if (above->usable) above->why = text;
        above->usable = false;
    }
    return 0;
}

static bool below_matched(const struct pg_tables *t, const struct pg_table *table) {
    const struct pg_table *above = find(t, table->parent);

    for (int depth = 0; above && depth < DEPTH_MAX; depth++, above = find(t, above->parent))
        if (above->matched) return true;
    return false;
}

int pg_tables_settle(struct pg_tables *t, const struct pattern_list *patterns, struct err *e) {
    bool failed = false;

    t->by_oid = arena_calloc(&t->arena, t->count + 1, sizeof(struct pg_table *));
    if (!t->by_oid) return err_memory(e, "reading the tables");
    for (size_t i = 0; i < t->count; i++) t->by_oid[i] = &t->items[i];
    if (t->count > 0) qsort(t->by_oid, t->count, sizeof(struct pg_table *), compare_oids);
    for (size_t i = 0; i < t->count; i++) {
        struct pg_table *table = &t->items[i];
        table->matched = pattern_list_match(patterns, table->full, &failed);
        if (failed)
            return err_set(e, ERR_CONFIG,
                           "matching table %s goes over the limits of a regular expression: "
                           "make the patterns simpler",
                           table->full);
        if (!table->partitioned && table->why && blame_parents(t, table, e)) return -1;
    }
    t->nwanted = 0;
    for (size_t i = 0; i < t->count; i++) {
        t->items[i].wanted = t->items[i].matched && !below_matched(t, &t->items[i]);
        t->nwanted += t->items[i].wanted;
    }
    return 0;
}

/* ---- Patterns that select nothing ---- */

static bool selects_any(const struct pattern_list *p, size_t i, const struct pg_tables *t) {
    for (size_t k = 0; k < t->count; k++)
        if (pattern_list_matches_one(p, i, t->items[k].full)) return true;
    return false;
}

/* Tables by their names, and each schema as "schema.*", for a mistyped pattern to be near to. */
static const char **candidates(const struct pg_tables *t, struct arena *a, size_t *n) {
    const char **names = arena_calloc(a, t->count * 2 + 1, sizeof *names);
    const char *last = "";

    *n = 0;
    for (size_t i = 0; names && i < t->count; i++) {
        size_t len = strlen(t->items[i].schema);
        names[(*n)++] = t->items[i].full;
        if (strcmp(last, t->items[i].schema) == 0) continue;
        last = t->items[i].schema;
        char *all = arena_alloc(a, len + 3);
        if (!all) return NULL;
        memcpy(all, last, len);
        memcpy(all + len, ".*", 3);
        names[(*n)++] = all;
    }
    return names;
}

static void warn_about(const struct config_source *c, const char *pattern, const char *const *names,
                       size_t n) {
    const char *near[NEAR_MAX];
    size_t found = names ? suggest_some(pattern, names, n, near, NEAR_MAX) : 0;
    struct buf hint = {0};

    for (size_t i = 0; i < found; i++) buf_printf(&hint, "%s%s", i == 0 ? ": did you mean " : ", ", near[i]);
    log_msg(LOG_WARN, c->name, "the pattern \"%s\" selects no table of the database now%s%s", pattern,
            buf_cstr(&hint), found > 0 ? "?" : "");
    buf_release(&hint);
}

void pg_discover_warn(const struct config_source *c, const struct pg_tables *t) {
    struct arena a;
    const char **names;
    size_t n;

    arena_init(&a, 0);
    names = candidates(t, &a, &n);
    for (size_t i = 0; i < pattern_list_count(c->table_patterns); i++) {
        if (selects_any(c->table_patterns, i, t)) continue;
        warn_about(c, pattern_list_text(c->table_patterns, i), names, n);
    }
    arena_release(&a);
}
