#include "agent/source/my_readable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/source/my_conn.h"
#include "agent/source/my_key.h"

#define FULL_NAME 512 /* room for "database.table" */
#define OWN_SCHEMAS "('mysql', 'information_schema', 'performance_schema', 'sys')"

/* Both lists in the same order of tables. */
struct listing {
    const struct config_source *s;
    source_readable_fn fn;
    void *ctx;
    struct my_result *tables, *keys;
    bool keys_left;
};

static struct my_result *ask_tables(struct my_client *c, struct err *e) {
    return my_client_query(
        c, "listing the tables",
        "SELECT table_schema, table_name, table_rows, engine, engine IN (SELECT engine FROM"
        " information_schema.engines WHERE transactions = 'YES')"
        " FROM information_schema.tables WHERE table_type IN ('BASE TABLE',"
        " 'SYSTEM VERSIONED') AND table_schema NOT IN " OWN_SCHEMAS
        " ORDER BY BINARY table_schema, BINARY table_name",
        e);
}

/* Tables with a key to read by (my_key.h). */
static struct my_result *ask_keys(struct my_client *c, const struct my_server *s, struct err *e) {
    struct my_result *r = NULL;
    struct buf sql = {0};

    buf_printf(
        &sql,
        "SELECT s.table_schema, s.table_name FROM information_schema.statistics s LEFT JOIN"
        " (SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE data_type"
        " IN %s AND column_key <> '') f ON f.table_schema = s.table_schema AND"
        " f.table_name = s.table_name AND f.column_name = s.column_name"
        " WHERE s.table_schema NOT IN " OWN_SCHEMAS " AND s.non_unique = 0",
        my_key_unordered(s));
    buf_puts(&sql, my_key_usable(s));
    buf_puts(&sql, " GROUP BY s.table_schema, s.table_name, s.index_name"
                   " HAVING SUM(s.sub_part IS NOT NULL OR s.nullable = 'YES' OR s.index_type <> 'BTREE'"
                   " OR s.column_name IS NULL OR f.column_name IS NOT NULL) = 0"
                   " ORDER BY BINARY s.table_schema, BINARY s.table_name");
    if (buf_failed(&sql))
        err_memory(e, "listing the keys");
    else
        r = my_client_query(c, "listing the keys", buf_cstr(&sql), e);
    buf_release(&sql);
    return r;
}

/* Keys of tables in front of this one are of no use any more. */
static bool is_keyed(struct listing *l, const char *database, const char *name) {
    for (; l->keys_left; l->keys_left = my_result_next(l->keys)) {
        int order = strcmp(my_result_at(l->keys, 0), database);
        if (order == 0) order = strcmp(my_result_at(l->keys, 1), name);
        if (order >= 0) return order == 0;
    }
    return false;
}

static int tell(struct listing *l, struct err *e) {
    const char *rows = my_result_at(l->tables, 2), *engine = my_result_at(l->tables, 3);
    const char *transactional = my_result_at(l->tables, 4);
    struct source_readable t = {.space = my_result_at(l->tables, 0), .name = my_result_at(l->tables, 1)};
    char full[FULL_NAME], why[200];
    bool keyed = is_keyed(l, t.space, t.name);

    snprintf(full, sizeof full, "%s.%s", t.space, t.name);
    if (!pattern_list_match(l->s->table_patterns, full, NULL)) return 0;
    t.rows = rows ? strtoull(rows, NULL, 10) : UINT64_MAX;
    t.keyed = keyed && transactional && *transactional == '1';
    t.why_not = why;
    if (t.keyed)
        t.why_not = NULL;
    else if (keyed)
        snprintf(why, sizeof why,
                 "its engine (%s) shows no rows as of one moment: convert it with \"ALTER "
                 "TABLE … ENGINE = InnoDB\"",
                 engine ? engine : "unknown");
    else
        t.why_not =
            "it has neither a primary key nor a unique one without NULLs, of whole columns that "
            "compare exactly (FLOAT and DOUBLE do not, nor do MariaDB's UUIDs before 11.4): give it one";
    return l->fn(l->ctx, &t, e);
}

int my_readable(const struct config_source *s, source_readable_fn fn, void *ctx, struct err *e) {
    struct listing l = {.s = s, .fn = fn, .ctx = ctx};
    struct my_client *c;
    struct my_server server;
    int rc = -1;

    if (my_conn_open(s, MY_CONN_SQL_S, &c, e)) return -1;
    if (my_server_read(c, s, &server, e)) goto out;
    if (!(l.tables = ask_tables(c, e)) || !(l.keys = ask_keys(c, &server, e))) goto out;
    l.keys_left = my_result_next(l.keys);
    for (rc = 0; !rc && my_result_next(l.tables);) rc = tell(&l, e);
out:
    my_result_free(l.tables);
    my_result_free(l.keys);
    my_client_close(c);
    return rc;
}
