#include "agent/source/my_catalog.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "decoders/binlog/catalog.h"
#include "decoders/binlog/event.h"
#include "decoders/binlog/table_map.h"

#define HEAD 19 /* of an event */

#define BEGINNING                                                                                            \
    "SELECT c.table_schema, c.table_name, c.column_name, c.column_type, (c.column_key = 'PRI' AND NOT "      \
    "EXISTS ("                                                                                               \
    "SELECT 1 FROM information_schema.statistics s WHERE s.table_schema = c.table_schema"                    \
    " AND s.table_name = c.table_name AND s.index_name = 'PRIMARY')) AS in_key"                              \
    " FROM information_schema.columns c"                                                                     \
    " WHERE c.table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')"              \
    " AND (c.data_type IN ('uuid', 'inet4', 'inet6', 'vector')"                                              \
    " OR (c.datetime_precision > 0 AND c.column_type LIKE '%mariadb-5.3%')"
#define END ") ORDER BY BINARY c.table_schema, BINARY c.table_name, c.ordinal_position"

static const char of_full_images[] = BEGINNING END;
/* A unique key without NULL is PRI where there is no primary key: the server knows rows by it. */
static const char of_others[] = BEGINNING " OR c.column_key = 'PRI'" END;

static bool is_of(const struct catalog_table *t, const char *database, const char *table) {
    return t->ncolumns && strcmp(t->database, database) == 0 && strcmp(t->table, table) == 0;
}

static uint8_t in_key(const struct my_result *row) {
    const char *yes = my_result_at(row, 4);
    return yes && *yes == '1';
}

/* The rows of a result come table by table, and live as long as it does. */
static void put_tables(struct my_result *rows, struct catalog_column *columns, struct buf *out) {
    struct catalog_table t = {.hints = true, .columns = columns};
    while (my_result_next(rows)) {
        const char *database = my_result_at(rows, 0), *table = my_result_at(rows, 1);
        if (!is_of(&t, database, table)) {
            if (t.ncolumns) catalog_put_table(&t, out);
            t.database = database;
            t.table = table;
            t.ncolumns = 0;
        }
        if (t.ncolumns < BINLOG_MAX_COLUMNS)
            columns[t.ncolumns++] =
                (struct catalog_column){my_result_at(rows, 2), my_result_at(rows, 3), "", in_key(rows)};
    }
    if (t.ncolumns) catalog_put_table(&t, out);
}

static int read_hints(struct my_client *c, bool full, struct buf *out, struct err *e) {
    struct catalog_column *columns = calloc(BINLOG_MAX_COLUMNS, sizeof(*columns));
    struct my_result *rows = NULL;
    int rc = -1;
    if (!columns) {
        err_memory(e, "reading the types of columns");
        goto out;
    }
    rows = my_client_query(c, "reading the types of columns", full ? of_full_images : of_others, e);
    if (!rows) goto out;
    put_tables(rows, columns, out);
    rc = 0;
out:
    if (rows) my_result_free(rows);
    free(columns);
    return rc;
}

int my_catalog_read(struct my_client *c, const struct my_server *server, struct buf *out, struct err *e) {
    bool hints = server->flavour == FLAVOUR_MARIADB || !server->row_full;
    catalog_put_image(server->row_image, out);
    if (server->nameless) catalog_put_nameless(out);
    if (hints && read_hints(c, server->row_full, out, e)) return -1;
    return buf_failed(out) ? err_memory(e, "reading the types of columns") : 0;
}

/* In upper or lower case. */
static bool holds(const uint8_t *text, size_t len, const char *word) {
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= len; i++)
        if (strncasecmp((const char *)text + i, word, n) == 0) return true;
    return false;
}

bool my_catalog_grows(const uint8_t *event, size_t len, const struct my_server *server) {
    static const char *const of_types[] = {"uuid", "inet4", "inet6", "vector", "rename", "like", NULL};
    static const char *const of_keys[] = {"unique", "primary", "rename", "like", NULL};
    const char *const *sets[] = {server->flavour == FLAVOUR_MARIADB ? of_types : NULL,
                                 server->row_full ? NULL : of_keys};
    if (len <= HEAD || (event[4] != BINLOG_QUERY && event[4] != MARIADB_QUERY_COMPRESSED)) return false;
    for (size_t i = 0; i < 2; i++) {
        if (sets[i] && event[4] == MARIADB_QUERY_COMPRESSED) return true;
        for (const char *const *word = sets[i]; word && *word; word++)
            if (holds(event + HEAD, len - HEAD, *word)) return true;
    }
    return false;
}
