#include "agent/source/pg_temporary.h"

#include <stdio.h>

#include "agent/base/log.h"

void pg_temporary_name(const char *name, uint32_t pid, char out[PG_NAME_MAX]) {
    char suffix[16];
    int len = snprintf(suffix, sizeof suffix, "_%u", pid);

    snprintf(out, PG_NAME_MAX, "%.*s%s", PG_NAME_MAX - 1 - len, name, suffix);
}

/* ---- What killed runs left ---- */

static void drop_one(struct pg_conn *sql, const char *name) {
    struct err e = {0};

    if (pg_publication_drop(sql, name, &e))
        log_msg(LOG_WARN, sql->config->name, "the publication \"%s\" of an earlier run stays: %s", name,
                e.text);
    else
        log_msg(LOG_INFO, sql->config->name, "dropped the publication \"%s\" that an earlier run left", name);
}

void pg_temporary_sweep(struct pg_conn *sql) {
    struct err e = {0};
    PGresult *res = pg_query(sql, "looking for what earlier runs left",
                             "SELECT pubname, mark FROM pg_publication p,"
                             " LATERAL (SELECT obj_description(p.oid, 'pg_publication')) d(mark)"
                             " WHERE mark ~ '^tailrace [^ ]+ temporary [0-9]+' AND NOT EXISTS ("
                             "  SELECT FROM pg_stat_activity WHERE pid::text = split_part(mark, ' ', 4))",
                             0, NULL, &e);

    for (int i = 0; res && i < PQntuples(res); i++) {
        struct pg_mark mark;
        pg_mark_parse(pg_text(res, i, 1), sql->config->name, &mark);
        if (mark.ours && mark.temporary) drop_one(sql, pg_text(res, i, 0));
    }
    PQclear(res);
}

/* ---- Making ---- */

static bool carries_all(const struct pg_published *p) {
    for (size_t i = 0; i < p->tables.count; i++)
        if (p->tables.items[i].wanted && !pg_published_carries(p, &p->tables.items[i])) return false;
    return true;
}

/* The statements that an owner would run name the publication as configured, so that it serves every later
 * run. */
static int refuse(struct pg_published *p, struct pg_conn *sql, const struct pg_server *s, struct err *e) {
    struct pg_update u = {.mark = {.ours = true}, .forbidden = true};
    int rc = pg_published_load(p, sql, s, sql->config->publication, e);

    if (!rc) rc = pg_published_update(p, sql, s, &u, e);
    if (!rc) rc = pg_published_refuse(sql->config, s, &u.owner, e);
    buf_release(&u.owner);
    return rc;
}

int pg_temporary_publish(struct pg_published *p, struct pg_conn *sql, const struct pg_server *s, uint32_t pid,
                         bool *made, struct err *e) {
    struct pg_update u = {.mark = {.ours = true, .temporary = true, .pid = pid}};
    char name[PG_NAME_MAX];
    int rc;

    *made = false;
    if (pg_published_load(p, sql, s, sql->config->publication, e)) return -1;
    pg_discover_warn(sql->config, &p->tables);
    if (p->main.exists && carries_all(p)) return pg_publication_explain(sql, s, &p->main, e);
    if (sql->config->create && !s->in_recovery) pg_temporary_sweep(sql);
    pg_temporary_name(sql->config->publication, pid, name);
    if (pg_published_load(p, sql, s, name, e)) return -1;
    rc = pg_published_update(p, sql, s, &u, e);
    *made = !rc && u.created;
    if (!rc && u.owner.len > 0) rc = refuse(p, sql, s, e);
    buf_release(&u.owner);
    return rc;
}

void pg_temporary_drop(struct pg_published *p, struct pg_conn *sql, const struct config_source *c) {
    const struct pg_publication *both[] = {&p->main, &p->insert};
    struct err e = {0};

    sql->stop_fd = 0; /* a stop is what brought us here */
    if (!sql->pq || PQstatus(sql->pq) != CONNECTION_OK) {
        pg_conn_close(sql);
        if (pg_conn_open(sql, c, PG_CONN_SQL, 0, &e)) goto out;
    }
    for (size_t i = 0; i < 2; i++)
        if (both[i]->exists && both[i]->mark.temporary && pg_publication_drop(sql, both[i]->name, &e))
            goto out;
out:
    if (e.code != ERR_NONE)
        log_msg(LOG_WARN, c->name,
                "the publication \"%s\" of this run stays behind: %s; the next run drops it", p->main.name,
                e.text);
}
