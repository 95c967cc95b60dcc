#include "agent/source/pg_published.h"

#include <string.h>

#include "agent/base/log.h"

#define WARNED_MAX 20       /* tables named one by one */
#define COUNTED_MAX 1000000 /* rows counted in a table that came in late */
#define SQL_IN_ERROR 600    /* statements up to this length stand in the error itself */

int pg_published_load(struct pg_published *p, struct pg_conn *c, const struct pg_server *s, const char *name,
                      struct err *e) {
    char insert[PG_NAME_MAX];

    pg_published_release(p);
    pg_publication_insert_name(name, insert);
    if (pg_discover(c, &p->tables, e)) return -1;
    if (pg_publication_read(c, s, name, &p->main, e)) return -1;
    return pg_publication_read(c, s, insert, &p->insert, e);
}

void pg_published_release(struct pg_published *p) {
    pg_tables_release(&p->tables);
    pg_publication_release(&p->main);
    pg_publication_release(&p->insert);
}

static struct pg_plan_input input_of(const struct pg_published *p, const struct config_source *c) {
    return (struct pg_plan_input){
        .patterns = c->table_patterns,
        .tables = &p->tables,
        .main = &p->main,
        .insert = &p->insert,
        .source = c->name,
    };
}

bool pg_published_carries(const struct pg_published *p, const struct pg_table *t) {
    struct pg_plan_input in = {.tables = &p->tables, .main = &p->main, .insert = &p->insert};

    return pg_plan_covered(&in, t);
}

/* ---- Saying what was done ---- */

/* How many rows a table had when it came in, as text; the owner of a table may always count. */
static void count_rows(struct pg_conn *c, const struct pg_table *t, struct buf *out) {
    struct buf sql = {0};
    struct err ignored = {0};
    PGresult *res;
    uint64_t n;

    buf_puts(&sql, "SELECT count(*) FROM (SELECT FROM ");
    pg_put_table(&sql, t->schema, t->name);
    buf_printf(&sql, " LIMIT %d) x", COUNTED_MAX + 1);
    res = pg_query(c, "counting", buf_cstr(&sql), 0, NULL, &ignored);
    n = res ? pg_u64(res, 0, 0) : 0;
    if (!res)
        buf_puts(out, "an unknown number of");
    else if (n > COUNTED_MAX)
        buf_printf(out, "more than %d", COUNTED_MAX);
    else
        buf_put_u64(out, n);
    PQclear(res);
    buf_release(&sql);
}

static void say_change(struct pg_conn *c, const struct pg_plan_change *change, const char *lsn) {
    const char *source = c->config->name, *table = change->table->full;
    struct buf rows = {0};

    switch (change->step) {
    case PG_PLAN_NEW:
        count_rows(c, change->table, &rows);
        log_msg(LOG_WARN, source,
                "table %s is streamed from %s on; %s row(s) that it had before, and what transactions open "
                "then had "
                "already written to it, are not",
                table, lsn, buf_cstr(&rows));
        break;
    case PG_PLAN_UPDATES:
        log_msg(
            LOG_WARN, source,
            "new table %s: its inserts are streamed from the first on, its updates and deletes from %s on",
            table, lsn);
        break;
    case PG_PLAN_TO_MAIN:
        log_msg(LOG_INFO, source,
                "table %s has a usable replica identity now: its updates and deletes are streamed "
                "from %s on",
                table, lsn);
        break;
    case PG_PLAN_TO_INSERT:
        log_msg(LOG_WARN, source,
                "from %s on only inserts and truncates of table %s are streamed, so that the application can "
                "update "
                "it: %s",
                lsn, table, change->table->why);
        break;
    }
    buf_release(&rows);
}

static void say_changes(struct pg_conn *c, const struct pg_plan *plan, struct pg_update *u) {
    struct err ignored = {0};
    PGresult *res =
        pg_query(c, "asking for the position", "SELECT pg_current_wal_insert_lsn()", 0, NULL, &ignored);
    char lsn[PG_LSN_TEXT];

    pg_lsn_format(res ? pg_lsn(res, 0, 0) : 0, lsn);
    PQclear(res);
    for (size_t i = 0; i < plan->nchanges; i++) {
        u->nadded += plan->changes[i].step == PG_PLAN_NEW || plan->changes[i].step == PG_PLAN_UPDATES;
        say_change(c, &plan->changes[i], lsn);
    }
}

/* ---- Doing it ---- */

int pg_published_update(struct pg_published *p, struct pg_conn *c, const struct pg_server *s,
                        struct pg_update *u, struct err *e) {
    struct pg_plan_input in = input_of(p, c->config);
    struct pg_plan plan = {0};
    char name[PG_NAME_MAX];
    int rc = -1;

    in.server = s;
    in.mark = u->mark;
    in.streaming = u->streaming;
    in.may_change = c->config->create && !s->in_recovery && !u->forbidden;
    memcpy(name, p->main.name, sizeof name);
    if (pg_plan_make(&in, &plan, e)) goto out;
    buf_put(&u->owner, plan.owner.data, plan.owner.len);
    u->created = plan.creates_main && plan.run.len > 0;
    if (plan.run.len > 0) {
        log_msg(LOG_DEBUG, c->config->name, "publications: %s", buf_cstr(&plan.run));
        if (pg_exec(c, "setting up publications", buf_cstr(&plan.run), e)) goto out;
        say_changes(c, &plan, u);
        if (pg_published_load(p, c, s, name, e)) goto out;
    }
    rc = 0;
out:
    pg_plan_release(&plan);
    return rc;
}

/* ---- Warnings ---- */

static bool updates_published(const struct pg_published *p, const struct pg_table *t) {
    const struct pg_publication *both[] = {&p->main, &p->insert};

    for (size_t i = 0; i < 2; i++)
        if (both[i]->exists && (both[i]->publishes_update || both[i]->publishes_delete) &&
            pg_oids_has(&both[i]->tables, t->oid))
            return true;
    return false;
}

static void warn_table(const struct pg_published *p, const struct config_source *c,
                       const struct pg_table *t) {
    struct buf cure = {0};

    buf_puts(&cure, "ALTER TABLE ");
    pg_put_table(&cure, t->schema, t->name);
    buf_puts(&cure, t->partitioned ? " ADD PRIMARY KEY (...)" : " REPLICA IDENTITY FULL");
    if (updates_published(p, t))
        log_msg(LOG_WARN, c->name,
                "the application's UPDATE and DELETE of table %s fail while a publication carries them, "
                "because %s; "
                "cure: a primary key, or \"%s\"",
                t->full, t->why, buf_cstr(&cure));
    else
        log_msg(
            LOG_WARN, c->name,
            "only inserts and truncates of table %s are streamed, because %s; cure: a primary key, or \"%s\"",
            t->full, t->why, buf_cstr(&cure));
    buf_release(&cure);
}

/* With publish_via_partition_root off rows bear the partition's name, which the patterns may not select. */
static void warn_partitions(const struct pg_published *p, const struct config_source *c) {
    const struct pg_table *named = NULL, *lost = NULL;

    for (size_t i = 0; p->main.exists && !p->main.via_root && i < p->tables.count; i++) {
        const struct pg_table *t = &p->tables.items[i];
        if (t->parent == 0 || t->partitioned || !pg_oids_has(&p->main.tables, t->oid)) continue;
        if (!named) named = t;
        if (!lost && !t->matched) lost = t;
    }
    if (lost)
        log_msg(LOG_WARN, c->name,
                "rows of partition %s bear its own name, which no pattern selects: they are left out; turn "
                "publish_via_partition_root on for \"%s\", or add a pattern",
                lost->full, p->main.name);
    else if (named)
        log_msg(LOG_INFO, c->name,
                "the publication \"%s\" has publish_via_partition_root off: rows of partitions bear their "
                "own names",
                p->main.name);
}

void pg_published_warn(const struct pg_published *p, const struct config_source *c) {
    size_t n = 0;

    for (size_t i = 0; i < p->tables.count; i++) {
        const struct pg_table *t = &p->tables.items[i];
        if (!t->wanted || t->usable) continue;
        if (++n <= WARNED_MAX) warn_table(p, c, t);
    }
    if (n > WARNED_MAX)
        log_msg(LOG_WARN, c->name, "and %zu more tables without a usable replica identity", n - WARNED_MAX);
    warn_partitions(p, c);
}

/* ---- What is left to the owner ---- */

static void put_reason(const struct config_source *c, const struct pg_server *s, struct buf *out) {
    if (s->in_recovery)
        buf_puts(
            out,
            "publications are made on the primary, and this is a standby: run there, as the owner of the "
            "tables");
    else if (!c->create)
        buf_puts(out, "the option create is off: have the owner of the tables run");
    else if (!s->may_create)
        buf_printf(
            out,
            "role \"%s\" lacks CREATE on database \"%s\", which making publications needs: have the owner "
            "of the tables run",
            s->role, s->database);
    else
        buf_printf(out,
                   "role \"%s\" owns neither the publication nor all of the tables: have their owner run",
                   s->role);
}

static void log_lines(const struct config_source *c, enum log_level level, const char *sql) {
    while (*sql) {
        size_t len = strcspn(sql, "\n");
        log_msg(level, c->name, "for the owner to run: %.*s", (int)len, sql);
        sql += len + (sql[len] == '\n');
    }
}

int pg_published_refuse(const struct config_source *c, const struct pg_server *s, struct buf *owner,
                        struct err *e) {
    struct buf reason = {0};

    put_reason(c, s, &reason);
    if (owner->len <= SQL_IN_ERROR) {
        for (size_t i = 0; i < owner->len; i++)
            if (owner->data[i] == '\n') owner->data[i] = ' ';
        err_set(e, ERR_CONFIG, "the wanted tables are not all published; %s: %s", buf_cstr(&reason),
                buf_cstr(owner));
    } else {
        log_lines(c, LOG_ERROR, buf_cstr(owner));
        err_set(e, ERR_CONFIG,
                "the wanted tables are not all published; %s the statements in the lines above",
                buf_cstr(&reason));
    }
    buf_release(&reason);
    return -1;
}

void pg_published_hand_over(const struct config_source *c, const struct pg_server *s, struct buf *owner) {
    struct buf reason = {0};

    put_reason(c, s, &reason);
    log_msg(LOG_WARN, c->name, "some wanted tables are not streamed as they should be; %s",
            buf_cstr(&reason));
    log_lines(c, LOG_WARN, buf_cstr(owner));
    buf_release(&reason);
}
