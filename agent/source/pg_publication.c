#include "agent/source/pg_publication.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/log.h"

/* ---- Marks ---- */

void pg_mark_put(const struct pg_mark *m, const char *source, struct buf *out) {
    buf_printf(out, "tailrace %s", source);
    if (m->temporary) buf_printf(out, " temporary %u", m->pid);
}

/* The text behind `word` when it begins with that word, else NULL. */
static const char *after(const char *text, const char *word) {
    size_t len = strlen(word);

    if (strncmp(text, word, len) != 0 || (text[len] != ' ' && text[len] != '\0')) return NULL;
    return text + len + (text[len] == ' ');
}

static const char *number(const char *text, uint32_t *out) {
    char *end;
    unsigned long v = strtoul(text, &end, 10);

    if (end == text || v > UINT32_MAX || (*end != ' ' && *end != '\0')) return NULL;
    *out = (uint32_t)v;
    return end + (*end == ' ');
}

void pg_mark_parse(const char *comment, const char *source, struct pg_mark *out) {
    const char *at, *pid;

    memset(out, 0, sizeof *out);
    at = comment ? after(comment, "tailrace") : NULL;
    at = at ? after(at, source) : NULL;
    if (!at) return;
    out->ours = true;
    pid = after(at, "temporary");
    out->temporary = pid && number(pid, &out->pid);
}

void pg_publication_insert_name(const char *name, char out[PG_NAME_MAX]) {
    static const char suffix[] = "_insert";

    snprintf(out, PG_NAME_MAX, "%.*s%s", (int)(PG_NAME_MAX - sizeof suffix), name, suffix);
}

/* ---- OIDs ---- */

#define OIDS_TRIES 10

static int compare_u32(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

bool pg_oids_has(const struct pg_oids *o, uint32_t oid) {
    return o->count > 0 && bsearch(&oid, o->items, o->count, sizeof oid, compare_u32);
}

/*
 * The server opens each table that it is about to name, and fails when one is dropped meanwhile ("could not
 * open relation"). The next answer does without that one.
 */
static PGresult *ask_patiently(struct pg_conn *c, const char *sql, const char *param, struct err *e) {
    PGresult *res = NULL;
    struct err why = {0};

    for (int left = OIDS_TRIES; left > 0 && !res; left--) {
        why = (struct err){0};
        res = pg_query(c, "reading the publication", sql, 1, &param, &why);
        if (!why.retriable || PQstatus(c->pq) != CONNECTION_OK) break;
    }
    if (!res && e) *e = why;
    return res;
}

static int read_oids(struct pg_conn *c, const char *sql, const char *param, struct pg_oids *out,
                     struct err *e) {
    PGresult *res = ask_patiently(c, sql, param, e);
    int n = res ? PQntuples(res) : 0;

    if (!res) return -1;
    out->items = calloc((size_t)n + 1, sizeof *out->items);
    if (out->items) {
        for (int i = 0; i < n; i++) out->items[i] = (uint32_t)pg_u64(res, i, 0);
        out->count = (size_t)n;
        qsort(out->items, out->count, sizeof *out->items, compare_u32);
    }
    PQclear(res);
    return out->items ? 0 : err_memory(e, "reading the publication");
}

/* ---- Reading ---- */

static void read_row(const PGresult *res, const char *source, struct pg_publication *out) {
    out->exists = true;
    out->oid = (uint32_t)pg_u64(res, 0, 0);
    out->may_alter = pg_bool(res, 0, 1);
    out->all_tables = pg_bool(res, 0, 2);
    out->publishes_insert = pg_bool(res, 0, 3);
    out->publishes_update = pg_bool(res, 0, 4);
    out->publishes_delete = pg_bool(res, 0, 5);
    out->publishes_truncate = pg_bool(res, 0, 6);
    out->via_root = pg_bool(res, 0, 7);
    pg_mark_parse(pg_text(res, 0, 8), source, &out->mark);
    out->schemas = pg_bool(res, 0, 9);
}

int pg_publication_read(struct pg_conn *c, const struct pg_server *s, const char *name,
                        struct pg_publication *out, struct err *e) {
    const char *sql =
        s->version >= 150000
            ? "SELECT oid, pg_has_role(pubowner, 'USAGE'), puballtables, pubinsert, pubupdate, pubdelete,"
              " pubtruncate, pubviaroot, obj_description(oid, 'pg_publication'),"
              " EXISTS (SELECT FROM pg_publication_namespace WHERE pnpubid = p.oid)"
              " FROM pg_publication p WHERE pubname = $1"
            : "SELECT oid, pg_has_role(pubowner, 'USAGE'), puballtables, pubinsert, pubupdate, pubdelete,"
              " pubtruncate, pubviaroot, obj_description(oid, 'pg_publication'), false"
              " FROM pg_publication WHERE pubname = $1";
    PGresult *res;

    memset(out, 0, sizeof *out);
    snprintf(out->name, sizeof out->name, "%s", name);
    res = pg_query(c, "reading the publication", sql, 1, &name, e);
    if (!res) return -1;
    if (PQntuples(res) > 0) read_row(res, c->config->name, out);
    PQclear(res);
    if (!out->exists) return 0;
    if (read_oids(c, "SELECT relid FROM pg_get_publication_tables($1::text)", name, &out->tables, e))
        return -1;
    return read_oids(c,
                     "SELECT prrelid FROM pg_publication_rel WHERE prpubid ="
                     " (SELECT oid FROM pg_publication WHERE pubname = $1)",
                     name, &out->members, e);
}

void pg_publication_release(struct pg_publication *p) {
    free(p->tables.items);
    free(p->members.items);
    memset(p, 0, sizeof *p);
}

/* ---- What a user's publication leaves out ---- */

static void explain_operations(const struct config_source *c, const struct pg_publication *p) {
    if (!p->publishes_insert || !p->publishes_update || !p->publishes_delete || !p->publishes_truncate)
        log_msg(LOG_WARN, c->name,
                "the publication \"%s\" leaves out%s%s%s%s: these changes are not streamed", p->name,
                p->publishes_insert ? "" : " insert", p->publishes_update ? "" : " update",
                p->publishes_delete ? "" : " delete", p->publishes_truncate ? "" : " truncate");
}

int pg_publication_explain(struct pg_conn *c, const struct pg_server *s, const struct pg_publication *p,
                           struct err *e) {
    const char *name = p->name;
    PGresult *res;

    explain_operations(c->config, p);
    if (s->version < 150000) return 0; /* neither column lists nor row filters */
    res = pg_query(c, "reading the publication",
                   "SELECT prrelid::regclass::text, pg_get_expr(prqual, prrelid),"
                   " (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
                   "  WHERE attrelid = prrelid AND attnum = ANY (prattrs))"
                   " FROM pg_publication_rel JOIN pg_publication p ON p.oid = prpubid"
                   " WHERE pubname = $1 AND (prqual IS NOT NULL OR prattrs IS NOT NULL) ORDER BY 1",
                   1, &name, e);
    if (!res) return -1;
    for (int i = 0; i < PQntuples(res); i++) {
        if (!PQgetisnull(res, i, 2))
            log_msg(LOG_INFO, c->config->name, "the publication \"%s\" streams of %s only the columns %s",
                    p->name, pg_text(res, i, 0), pg_text(res, i, 2));
        if (!PQgetisnull(res, i, 1))
            log_msg(LOG_INFO, c->config->name, "the publication \"%s\" streams of %s only rows with %s",
                    p->name, pg_text(res, i, 0), pg_text(res, i, 1));
    }
    PQclear(res);
    return 0;
}

int pg_publication_drop(struct pg_conn *c, const char *name, struct err *e) {
    struct buf sql = {0};
    int rc;

    buf_puts(&sql, "DROP PUBLICATION ");
    pg_put_ident(&sql, name);
    rc = buf_failed(&sql) ? err_memory(e, "dropping the publication")
                          : pg_exec(c, "dropping the publication", buf_cstr(&sql), e);
    buf_release(&sql);
    return rc;
}
