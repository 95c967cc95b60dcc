#include "agent/source/pg_chunk.h"

#include <stdlib.h>
#include <string.h>

#include "agent/base/log.h"
#include "agent/source/pg_catalog.h"
#include "agent/source/pg_query.h"
#include "agent/source/pg_waiting.h"

/* A synchronous standby answers soon: 1, 2, 4, 8 ms. */
#define TRIES 5

struct chunk {
    const struct pg_reading *r;
    struct pg_conn *c;
    const struct source_chunk *q;
    struct pg_shape_of of;
    int64_t read_us; /* the server's clock */
    struct pg_shape shape;
    struct buf catalog;
    struct buf key; /* texts of `q->after` */
    struct pg_field behind[PGOUTPUT_MAX_KEYS];
    struct pg_rows rows;
    struct buf sql;
    enum source_chunk_outcome ended; /* 0: not known yet, or by the failure */
};

/* ---- Connecting ---- */

/* A plan that sorts would read the whole table for each chunk. */
static const char settings[] =
    "SET lock_timeout = '1s'; SET statement_timeout = 0; SET row_security = off; SET enable_sort = off;"
    " SET enable_incremental_sort = off; SET jit = off; SET max_parallel_workers_per_gather = 0;"
    " SET plan_cache_mode = force_generic_plan";

static const char look_sql[] =
    "PREPARE tr_look (text, text) AS"
    " SELECT pg_current_snapshot(), pg_snapshot_xmin(pg_current_snapshot())::text::numeric"
    "  + age(pg_snapshot_xmin(pg_current_snapshot())::xid), pg_is_in_recovery(),"
    " (extract(epoch FROM statement_timestamp()) * 1000000)::bigint,"
    " c.oid, c.relkind = 'p', c.relreplident, row_security_active(c.oid)"
    " FROM (VALUES (1)) one LEFT JOIN (pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace)"
    " ON n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')";

int pg_chunk_connect(struct pg_conn *c, const struct config_source *config, int stop_fd, struct err *e) {
    if (pg_conn_open(c, config, PG_CONN_SQL, stop_fd, e)) return -1;
    if (!pg_exec(c, "setting up a connection that reads rows", settings, e) &&
        !pg_exec(c, "preparing statements", look_sql, e) && !pg_shape_prepare(c, e))
        return 0;
    pg_conn_close(c);
    return -1;
}

/* ---- How it ended ---- */

static bool is_state(const struct chunk *x, const char *start) {
    return strncmp(x->c->sqlstate, start, strlen(start)) == 0;
}

/* Connection lost, conflict with recovery or another transaction, out of resources, locked, shut down. */
static bool is_passing(const struct chunk *x) {
    static const char *const states[] = {"08", "40", "53", "55P03", "57"};

    if (x->c->sqlstate[0] == '\0') return true;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (is_state(x, states[i])) return true;
    return false;
}

static void say_grant(const struct chunk *x, struct err *e) {
    struct buf cure = {0};
    const char *role = x->c->pq ? PQuser(x->c->pq) : NULL;

    buf_puts(&cure, "GRANT USAGE ON SCHEMA ");
    pg_put_ident(&cure, x->q->space);
    buf_puts(&cure, " TO ");
    pg_put_ident(&cure, role ? role : "");
    buf_puts(&cure, "; GRANT SELECT ON TABLE ");
    pg_put_table(&cure, x->q->space, x->q->name);
    buf_puts(&cure, " TO ");
    pg_put_ident(&cure, role ? role : "");
    err_set(e, ERR_CONFIG, "our role may not read table %s.%s: run \"%s;\"", x->q->space, x->q->name,
            buf_cstr(&cure));
    buf_release(&cure);
}

/* What a failure of the server or the connection means for the chunk. */
static enum source_chunk_outcome judge_failure(const struct chunk *x, struct err *e) {
    if (is_state(x, "42P01") || is_state(x, "3F000")) return CHUNK_GONE;
    if (is_state(x, "42501")) {
        say_grant(x, e);
        return CHUNK_FAILED;
    }
    if (e->code == ERR_DATA || e->code == ERR_MEMORY || !is_passing(x)) return CHUNK_FAILED;
    return x->rows.scanned > 0 ? CHUNK_MORE : CHUNK_LATER;
}

/* ---- The snapshot ---- */

static int begin(struct chunk *x, struct err *e) {
    struct buf sql = {0};
    int rc;

    buf_puts(&sql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE ");
    pg_put_table(&sql, x->q->space, x->q->name);
    buf_puts(&sql, " IN ACCESS SHARE MODE");
    rc = buf_failed(&sql) ? err_memory(e, "reading rows")
                          : pg_exec(x->c, "locking a table for reading", buf_cstr(&sql), e);
    buf_release(&sql);
    return rc;
}

/* The first query of the transaction: the snapshot is taken for it. */
static PGresult *look(struct chunk *x, struct err *e) {
    const char *params[2] = {x->q->space, x->q->name};

    return pg_execute(x->c, "looking at a table", "tr_look", 2, params, e);
}

/* The table as the catalogue has it; -1 with x->ended. */
static int take_table(struct chunk *x, const PGresult *res, struct err *e) {
    if (PQgetisnull(res, 0, 4)) {
        x->ended = CHUNK_GONE;
        return err_set(e, ERR_DATA, "table %s.%s is not there any more", x->q->space, x->q->name);
    }
    x->read_us = strtoll(pg_text(res, 0, 3), NULL, 10);
    x->of = (struct pg_shape_of){
        .oid = (uint32_t)pg_u64(res, 0, 4),
        .schema = x->q->space,
        .name = x->q->name,
        .partitioned = pg_bool(res, 0, 5),
        .identity = pg_text(res, 0, 6)[0],
    };
    if (!pg_bool(res, 0, 7)) return 0;
    x->ended = CHUNK_FAILED;
    return err_set(
        e, ERR_CONFIG,
        "the row security policies of table %s.%s hide rows from our role: run \"ALTER ROLE \"%s\" "
        "BYPASSRLS;\" as a superuser",
        x->q->space, x->q->name, PQuser(x->c->pq));
}

/* 0 with a verdict, the transaction is open; -1. */
static int try_once(struct chunk *x, struct pg_verdict *verdict, struct err *e) {
    struct pg_snapshot s = {0};
    PGresult *res = NULL;
    int rc = -1;

    pg_visible_look(x->r->visible);
    if (begin(x, e) || !(res = look(x, e)) || take_table(x, res, e) ||
        pg_snapshot_parse(pg_text(res, 0, 0), &s, e)) {
        pg_visible_leave(x->r->visible);
        goto out;
    }
    s.next = pg_u64(res, 0, 1);
    s.in_recovery = pg_bool(res, 0, 2);
    rc = pg_visible_judge(x->r->visible, x->of.oid, &s, verdict, e);
out:
    pg_snapshot_release(&s);
    PQclear(res);
    return rc;
}

/* Begins a transaction whose snapshot is good. -1: x->ended, or what the server says. */
static int take_snapshot(struct chunk *x, struct err *e) {
    struct pg_verdict verdict;

    for (int i = 0;; i++) {
        if (try_once(x, &verdict, e)) return -1;
        if (verdict.sight == PG_SIGHT_GOOD) return 0;
        if (pg_exec(x->c, "leaving a transaction", "ROLLBACK", e)) return -1;
        if (i == TRIES - 1 || atomic_load(x->r->cut)) break;
        if (!pg_rows_wait(x->r, -1, 1 << i)) return err_set(e, ERR_STOPPED, "reading rows: stopped");
    }
    pg_waiting_say(x->c, &verdict, e);
    x->ended = CHUNK_LATER;
    return -1;
}

/* ---- The rows ---- */

/* The description and what the log does not say beside it. The decoder is told all of it with every chunk. */
static int describe(struct chunk *x, struct err *e) {
    static _Thread_local struct pgoutput_peek peek;
    struct pg_question question = {0};
    struct pg_catalog none = {0};
    int rc = -1;

    if (pg_shape_read(x->c, x->r->streamed, &x->of, &x->shape, e)) return -1;
    x->ended = CHUNK_GONE;
    if (!x->shape.published)
        return err_set(e, ERR_CONFIG, "table %s.%s is not streamed any more", x->q->space, x->q->name);
    x->ended = CHUNK_FAILED;
    if (x->shape.key.n == 0)
        return err_set(e, ERR_CONFIG, "table %s.%s has no key to read it by: %s", x->q->space, x->q->name,
                       PG_CHUNK_NO_KEY);
    x->ended = 0;
    if (!pgoutput_peek_relation(x->shape.relation.data, x->shape.relation.len, &peek))
        err_set(e, ERR_DATA, "the description of table %s.%s is malformed", x->q->space, x->q->name);
    else if (!pg_question_set(&question, &peek, e))
        rc = question.types.len > 0 ? pg_catalog_ask(&none, x->c, &question, &x->catalog, e) : 0;
    if (x->shape.primary.len > 0) buf_put(&x->catalog, x->shape.primary.data, x->shape.primary.len);
    pg_question_release(&question);
    pg_catalog_release(&none);
    return rc;
}

static int read_rows(struct chunk *x, struct err *e) {
    const struct source_chunk *q = x->q;
    const struct pg_field *behind = NULL;

    if (q->after.len > 0 && pg_key_load(&x->shape.key, q->after, &x->key, x->behind))
        behind = x->behind;
    else if (q->after.len > 0)
        log_msg(LOG_WARN, x->r->config->name,
                "table %s.%s has another key now: it is read from its first row on", q->space, q->name);
    pg_shape_put_copy(&x->shape, behind, q->rows, &x->sql);
    if (buf_failed(&x->sql) || buf_failed(&x->key) || buf_failed(&x->catalog))
        return err_memory(e, "reading rows");
    x->rows.shape = &x->shape;
    x->rows.sql = buf_cstr(&x->sql);
    x->rows.catalog = &x->catalog;
    x->rows.chunk = (struct frame){
        .kind = FRAME_CHUNK, .start = q->stamp, .sent_us = x->read_us, .data = q->at.bytes, .len = q->at.len};
    return pg_rows_read(x->r, x->c, &x->rows, e);
}

/* ---- All together ---- */

/* Leaves the transaction, if need be with the connection. */
static void leave(struct chunk *x) {
    struct err ignored = {0};

    if (!x->c->pq) return;
    if (PQstatus(x->c->pq) != CONNECTION_OK || pg_exec(x->c, "leaving a transaction", "ROLLBACK", &ignored))
        pg_conn_close(x->c);
}

static int read_chunk(struct chunk *x, struct err *e) {
    x->c->sqlstate[0] = '\0';
    if (take_snapshot(x, e) || describe(x, e) || read_rows(x, e)) return -1;
    x->ended = x->rows.cut || x->rows.scanned >= x->q->rows ? CHUNK_MORE : CHUNK_LAST;
    return 0;
}

static void fill_end(struct chunk *x, struct source_chunk_end *end, struct buf *after) {
    const struct buf *key = &x->rows.after;

    buf_clear(after, SIZE_MAX);
    if (key->len > 0)
        buf_put(after, key->data, key->len);
    else if (x->q->after.len > 0)
        buf_put(after, x->q->after.bytes, x->q->after.len);
    end->outcome = x->ended;
    end->rows = x->rows.pushed;
}

static void release(struct chunk *x) {
    pg_shape_release(&x->shape);
    buf_release(&x->catalog);
    buf_release(&x->key);
    buf_release(&x->rows.after);
    buf_release(&x->sql);
}

int pg_chunk_read(const struct pg_reading *r, struct pg_conn *c, const struct source_chunk *q,
                  struct source_chunk_end *end, struct buf *after, struct err *e) {
    struct chunk x = {.r = r, .c = c, .q = q};
    int rc;

    memset(end, 0, sizeof *end);
    rc = read_chunk(&x, &end->err);
    if (rc && x.ended == 0 && end->err.code != ERR_STOPPED) x.ended = judge_failure(&x, &end->err);
    if (rc && end->err.code == ERR_STOPPED) {
        if (e) *e = end->err;
    } else {
        leave(&x);
        fill_end(&x, end, after);
        rc = buf_failed(after) ? err_memory(e, "reading rows") : 0;
    }
    release(&x);
    return rc;
}
