#include "agent/source/my_columns.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/source/my_conn.h"
#include "agent/source/my_identity.h"
#include "agent/source/my_log.h"
#include "decoders/binlog/catalog.h"
#include "decoders/binlog/table_map.h"

#define FULL_NAME 512 /* room for "database.table" */
#define OWN_SCHEMAS "('mysql', 'information_schema', 'performance_schema', 'sys')"
#define COLUMNS " FROM information_schema.columns WHERE table_schema NOT IN " OWN_SCHEMAS

struct my_columns {
    const struct config_source *config;
    struct my_client *sql; /* NULL: closed */
    struct my_server server;
    struct my_ahead ahead;
};

/* One answer while it is put together. */
struct reading {
    struct my_columns *m;
    const struct my_server *server;
    struct my_result *columns, *keys; /* table by table, in the same order */
    bool keys_left;
    struct binlog_position at;
    struct binlog_place end; /* asked for behind the columns */
    struct catalog_table table;
    struct catalog_column *room;
};

int my_columns_new(const struct config_source *config, int stop_fd, struct my_columns **out, struct err *e) {
    struct my_columns *m = calloc(1, sizeof *m);

    if (!m) return err_memory(e, "reading the columns");
    m->config = config;
    if (my_ahead_init(&m->ahead, config, stop_fd, e)) {
        free(m);
        return -1;
    }
    *out = m;
    return 0;
}

void my_columns_free(struct my_columns *m) {
    if (!m) return;
    my_client_close(m->sql);
    my_ahead_release(&m->ahead);
    free(m);
}

/* ---- The connection ---- */

/* What was read ahead of another server's log is worth nothing here. */
static int reopen(struct my_columns *m, struct err *e) {
    struct my_identity before = {.flavour = m->server.flavour, .server_id = m->server.server_id};
    const struct binlog_place nowhere = {0};

    if (m->sql && my_client_exec(m->sql, "asking the server", "DO 1", NULL) == 0) return 0;
    my_client_close(m->sql);
    m->sql = NULL;
    memcpy(before.uuid, m->server.uuid, sizeof before.uuid);
    if (my_conn_open(m->config, MY_CONN_SQL_S, &m->sql, e) ||
        my_server_read(m->sql, m->config, &m->server, e))
        return -1;
    if (!my_identity_same(&before, &m->server)) ddl_index_clear(m->ahead.index, &nowhere);
    return 0;
}

/* Another server may answer, which has other places. */
static int check_server(struct my_columns *m, struct position identity, struct err *e) {
    struct my_identity id;

    if (my_identity_decode(identity, &id, e)) return -1;
    if (my_identity_same(&id, &m->server)) return 0;
    my_client_close(m->sql);
    m->sql = NULL;
    return err_set(e, ERR_IO, "the server that answers (server_id %u) is not the one whose log is read (%u)",
                   m->server.server_id, id.server_id);
}

/* ---- Asking ---- */

static struct my_result *ask(struct my_columns *m, const char *what, const char *select, const char *database,
                             const char *table, const char *order, struct err *e) {
    struct my_result *r = NULL;
    struct buf sql = {0};

    buf_puts(&sql, select);
    if (database) {
        buf_puts(&sql, " AND table_schema = ");
        my_put_literal(&sql, database);
        buf_puts(&sql, " AND table_name = ");
        my_put_literal(&sql, table);
    }
    buf_printf(&sql, " ORDER BY BINARY table_schema, BINARY table_name, %s", order);
    if (buf_failed(&sql))
        err_memory(e, what);
    else
        r = my_client_query(m->sql, what, buf_cstr(&sql), e);
    buf_release(&sql);
    return r;
}

/* The columns first, then where the log ends: what they show is not behind it. */
static int ask_everything(struct reading *r, const char *database, const char *table, struct err *e) {
    struct my_columns *m = r->m;
    bool unlogged = r->server->nameless && r->server->flavour == FLAVOUR_MARIADB;

    r->keys = ask(m, "reading the primary keys",
                  "SELECT table_schema, table_name, column_name, seq_in_index"
                  " FROM information_schema.statistics WHERE index_name = 'PRIMARY'"
                  " AND table_schema NOT IN " OWN_SCHEMAS,
                  database, table, "seq_in_index", e);
    if (!r->keys) return -1;
    r->columns =
        ask(m, "reading the columns",
            unlogged ? "SELECT table_schema, table_name, column_name, CONCAT(column_type, IF(extra LIKE"
                       " 'VIRTUAL%', '" CATALOG_UNLOGGED "', '')), character_set_name" COLUMNS
                     : "SELECT table_schema, table_name, column_name, column_type,"
                       " character_set_name" COLUMNS,
            database, table, "ordinal_position", e);
    if (!r->columns) return -1;
    r->keys_left = my_result_next(r->keys);
    return my_log_end(m->sql, r->server, &r->end, e);
}

/* ---- Tables ---- */

static int order_of(const struct my_result *row, const char *database, const char *table) {
    int order = strcmp(my_result_at(row, 0), database);

    return order ? order : strcmp(my_result_at(row, 1), table);
}

/* Keys of tables in front of this one are of no use any more. */
static void take_keys(struct reading *r) {
    struct catalog_table *t = &r->table;

    for (; r->keys_left; r->keys_left = my_result_next(r->keys)) {
        int order = order_of(r->keys, t->database, t->table);
        const char *name = my_result_at(r->keys, 2), *place = my_result_at(r->keys, 3);
        if (order > 0) return;
        for (size_t i = 0; order == 0 && i < t->ncolumns; i++)
            if (strcmp(t->columns[i].name, name) == 0) t->columns[i].key = (uint8_t)strtoul(place, NULL, 10);
    }
}

static struct text text_of(const char *s) {
    return (struct text){s, strlen(s)};
}

static const struct ddl_change *changed(const struct reading *r, const char *database, const char *table) {
    return ddl_index_last(r->m->ahead.index, &r->at.from, text_of(database), text_of(table));
}

static void finish_table(struct reading *r, struct buf *out) {
    if (r->table.ncolumns == 0) return;
    take_keys(r);
    catalog_put_table(&r->table, out);
    r->table.ncolumns = 0;
}

static bool is_wanted(const struct reading *r, const char *database, const char *table) {
    char full[FULL_NAME];

    snprintf(full, sizeof full, "%s.%s", database, table);
    return pattern_list_match(r->m->config->table_patterns, full, NULL) && !changed(r, database, table);
}

/* The table of that name (a comparison in SQL may take others for it); NULL: those that are wanted and were
 * not changed. */
static void put_tables(struct reading *r, const char *only, struct buf *out) {
    struct catalog_table *t = &r->table;
    bool in = false;

    *t = (struct catalog_table){.database = "", .table = "", .columns = r->room};
    while (my_result_next(r->columns)) {
        const char *charset = my_result_at(r->columns, 4);
        if (order_of(r->columns, t->database, t->table) != 0) {
            finish_table(r, out);
            t->database = my_result_at(r->columns, 0);
            t->table = my_result_at(r->columns, 1);
            in = only ? strcmp(t->table, only) == 0 : is_wanted(r, t->database, t->table);
        }
        if (in && t->ncolumns < BINLOG_MAX_COLUMNS)
            t->columns[t->ncolumns++] = (struct catalog_column){
                my_result_at(r->columns, 2), my_result_at(r->columns, 3), charset ? charset : "", 0};
    }
    finish_table(r, out);
}

/* ---- One answer ---- */

static int begin(struct reading *r, struct my_columns *m, const struct my_server *server, struct err *e) {
    memset(r, 0, sizeof *r);
    r->m = m;
    r->server = server;
    if (binlog_position_init(&r->at, server->flavour, e)) return -1;
    r->end.gtids = gtid_set_new(server->flavour);
    r->room = calloc(BINLOG_MAX_COLUMNS, sizeof *r->room);
    return r->end.gtids && r->room ? 0 : err_memory(e, "reading the columns");
}

static void end(struct reading *r) {
    my_result_free(r->columns);
    my_result_free(r->keys);
    binlog_position_release(&r->at);
    gtid_set_free(r->end.gtids);
    free(r->room);
}

/* "binlog.000003:1234", of a file whose number alone is known. */
static void put_place(const struct reading *r, const struct ddl_change *c, char *out, size_t room) {
    const char *dot = strrchr(r->end.file, '.');
    int base = dot ? (int)(dot - r->end.file) : 0;

    snprintf(out, room, "%.*s.%06" PRIu64 ":%" PRIu64, base, r->end.file, c->file, c->offset);
}

static int judge(const struct reading *r, const char *database, const char *table, const struct buf *out,
                 struct err *e) {
    const struct ddl_change *c = changed(r, database, table);
    char place[BINLOG_FILE_MAX + 48];

    if (c) {
        put_place(r, c, place, sizeof place);
        return err_set(
            e, ERR_DATA,
            "the log does not say its columns' names, and they cannot be asked for any more: it was "
            "changed again before %s (%s); leave it out (\"!%s.%s\" in tables) until the agent is "
            "past that place, and read it anew then",
            place, c->text, database, table);
    }
    if (out->len > 0) return 0;
    return err_set(e, ERR_DATA,
                   "the log does not say its columns' names, and information_schema does not list it: give "
                   "our user SELECT on it, or leave it out (\"!%s.%s\" in tables)",
                   database, table);
}

/* The columns, then what was logged up to their end. */
static int read_all(struct reading *r, const char *database, const char *table, struct err *e) {
    return ask_everything(r, database, table, e) || my_ahead_read(&r->m->ahead, r->server, &r->at, &r->end, e)
               ? -1
               : 0;
}

int my_columns_ask(struct my_columns *m, struct position identity, const char *database, const char *table,
                   struct position at, struct buf *out, struct err *e) {
    struct reading r;
    int rc = -1;

    if (reopen(m, e) || check_server(m, identity, e)) return -1;
    if (begin(&r, m, &m->server, e)) goto out;
    if (binlog_position_read(at, &r.at, e) || read_all(&r, database, table, e)) goto out;
    put_tables(&r, table, out);
    rc = buf_failed(out) ? err_memory(e, "reading the columns") : judge(&r, database, table, out, e);
out:
    end(&r);
    return rc;
}

int my_columns_ask_all(struct my_columns *m, const struct my_server *server, const struct binlog_position *at,
                       struct buf *out, struct err *e) {
    struct reading r;
    struct binlog_place begin_at = at->from; /* owns nothing */
    int rc = -1;

    if (reopen(m, e)) return -1;
    if (begin(&r, m, server, e) || binlog_place_copy(&r.at.from, &begin_at, e)) goto out;
    r.at.by_gtid = at->by_gtid;
    if (read_all(&r, NULL, NULL, e)) goto out;
    put_tables(&r, NULL, out);
    rc = buf_failed(out) ? err_memory(e, "reading the columns") : 0;
out:
    end(&r);
    return rc;
}
