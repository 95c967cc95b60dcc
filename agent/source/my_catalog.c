#include "agent/source/my_catalog.h"

#include <stdlib.h>
#include <string.h>

#include "decoders/binlog/catalog.h"
#include "decoders/binlog/table_map.h"

static const char query[] =
    "SELECT table_schema, table_name, column_name, column_type FROM information_schema.columns"
    " WHERE table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')"
    " AND (data_type IN ('uuid', 'inet4', 'inet6', 'vector')"
    " OR (datetime_precision > 0 AND column_type LIKE '%mariadb-5.3%'))"
    " ORDER BY BINARY table_schema, BINARY table_name, ordinal_position";

static bool is_of(const struct catalog_table *t, const char *database, const char *table) {
    return t->ncolumns && strcmp(t->database, database) == 0 && strcmp(t->table, table) == 0;
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
                (struct catalog_column){my_result_at(rows, 2), my_result_at(rows, 3), "", 0};
    }
    if (t.ncolumns) catalog_put_table(&t, out);
}

static int read_hints(struct my_client *c, struct buf *out, struct err *e) {
    struct catalog_column *columns = calloc(BINLOG_MAX_COLUMNS, sizeof(*columns));
    struct my_result *rows = NULL;
    int rc = -1;
    if (!columns) {
        err_memory(e, "reading the types of columns");
        goto out;
    }
    rows = my_client_query(c, "reading the types of columns", query, e);
    if (!rows) goto out;
    put_tables(rows, columns, out);
    rc = 0;
out:
    if (rows) my_result_free(rows);
    free(columns);
    return rc;
}

int my_catalog_read(struct my_client *c, const struct my_server *server, struct buf *out, struct err *e) {
    catalog_put_image(server->row_full ? ROW_IMAGE_FULL : ROW_IMAGE_MINIMAL, out);
    if (server->nameless) catalog_put_nameless(out);
    if (server->flavour == FLAVOUR_MARIADB && read_hints(c, out, e)) return -1;
    return buf_failed(out) ? err_memory(e, "reading the types of columns") : 0;
}
