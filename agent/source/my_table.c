#include "agent/source/my_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/source/my_key.h"
#include "agent/source/my_log.h"
#include "decoders/binlog/catalog.h"
#include "decoders/binlog/field_make.h"

#define CONTEXTUAL_MARIADB 101001 /* since then COLLATIONS no longer has all numbers */
#define VERSIONS_MARIADB 100300   /* since then tables can keep what rows were */
#define TABLE_ID 1

/* ---- Collations ---- */

struct collation {
    uint32_t id;
    char name[72];
};

struct my_collations {
    size_t count, room;
    struct collation *all;
};

static int add_collation(struct my_collations *n, const char *name, const char *id, struct err *e) {
    struct collation *c;

    if (!name || !id) return 0;
    if (n->count == n->room) {
        size_t room = n->room ? n->room * 2 : 512;
        c = realloc(n->all, room * sizeof *c);
        if (!c) return err_memory(e, "reading the collations");
        n->all = c;
        n->room = room;
    }
    c = &n->all[n->count++];
    c->id = (uint32_t)strtoul(id, NULL, 10);
    snprintf(c->name, sizeof c->name, "%s", name);
    return 0;
}

int my_collations_read(struct my_client *c, const struct my_server *s, struct my_collations **out,
                       struct err *e) {
    bool contextual = s->flavour == FLAVOUR_MARIADB && s->version >= CONTEXTUAL_MARIADB;
    struct my_collations *n = calloc(1, sizeof *n);
    struct my_result *r = NULL;
    int rc = -1;

    *out = n;
    if (!n) return err_memory(e, "reading the collations");
    r = my_client_query(c, "reading the collations",
                        contextual ? "SELECT full_collation_name, id FROM"
                                     " information_schema.collation_character_set_applicability"
                                   : "SELECT collation_name, id FROM information_schema.collations",
                        e);
    if (!r) return -1;
    for (rc = 0; !rc && my_result_next(r);) rc = add_collation(n, my_result_at(r, 0), my_result_at(r, 1), e);
    my_result_free(r);
    return rc;
}

void my_collations_free(struct my_collations *n) {
    if (!n) return;
    free(n->all);
    free(n);
}

static uint32_t find_collation(const struct my_collations *n, const char *name) {
    for (size_t i = 0; name && i < n->count; i++)
        if (strcmp(n->all[i].name, name) == 0) return n->all[i].id;
    return 0;
}

/* ---- Columns ---- */

struct reading {
    struct my_client *c;
    const struct my_server *server;
    const struct my_collations *collations;
    const char *database, *name;
    struct my_table *t;
    struct err *e;
};

static int no_memory(struct reading *r) {
    return err_memory(r->e, "reading what a table is");
}

static const char *copy(struct reading *r, const char *text) {
    return arena_strndup(&r->t->arena, text ? text : "", text ? strlen(text) : 0);
}

static bool has_versions(const struct my_server *s) {
    return s->flavour == FLAVOUR_MARIADB && s->version >= VERSIONS_MARIADB;
}

static void put_where(const struct reading *r, struct buf *sql) {
    buf_puts(sql, " WHERE table_schema = ");
    my_put_literal(sql, r->database);
    buf_puts(sql, " AND table_name = ");
    my_put_literal(sql, r->name);
}

static struct my_result *ask_columns(struct reading *r) {
    struct buf sql = {0};
    struct my_result *rows = NULL;

    buf_puts(&sql, "SELECT column_name, column_type, character_set_name, collation_name, is_nullable,"
                   " column_key, extra, table_name");
    if (has_versions(r->server)) {
        buf_puts(&sql, ", generation_expression, (SELECT table_type FROM information_schema.tables");
        put_where(r, &sql);
        buf_putc(&sql, ')');
    }
    buf_puts(&sql, " FROM information_schema.columns");
    put_where(r, &sql);
    buf_puts(&sql, " ORDER BY ordinal_position");
    if (buf_failed(&sql))
        no_memory(r);
    else
        rows = my_client_query(r->c, "reading what a table is", buf_cstr(&sql), r->e);
    buf_release(&sql);
    return rows;
}

static bool holds(const char *text, const char *word) {
    return text && strcasestr(text, word);
}

/* MariaDB's log had no values of VIRTUAL columns as long as it had no names (my_columns.c). */
static bool is_unlogged(const struct reading *r, const char *extra) {
    return r->server->nameless && r->server->flavour == FLAVOUR_MARIADB && extra &&
           strncasecmp(extra, "VIRTUAL", 7) == 0;
}

static const char *type_of(struct reading *r, const char *type, const char *extra) {
    char text[96];

    if (strcmp(type, "json") == 0) return CATALOG_JSON_TEXT;
    if (!is_unlogged(r, extra) || strlen(type) + sizeof CATALOG_UNLOGGED > sizeof text) return copy(r, type);
    snprintf(text, sizeof text, "%s" CATALOG_UNLOGGED, type);
    return copy(r, text);
}

static int refuse_type(struct reading *r, const char *column, const char *type) {
    return err_set(r->e, ERR_DATA, "column %s.%s.%s has the type %.100s, which is not known", r->database,
                   r->name, column, type);
}

/* name, type, charset, collation, nullable, key, extra */
static int add_column(struct reading *r, const struct my_result *row) {
    struct table_map *m = &r->t->map;
    struct catalog_column *c = &r->t->columns[m->ncolumns];
    const char *nullable = my_result_at(row, 4), *key = my_result_at(row, 5), *extra = my_result_at(row, 6);
    const struct field_origin o = {
        .mariadb = r->server->flavour == FLAVOUR_MARIADB,
        .nullable = nullable && strcmp(nullable, "YES") == 0,
        .visible = !holds(extra, "INVISIBLE"),
        .collation = find_collation(r->collations, my_result_at(row, 3)),
    };
    int rc;

    c->name = copy(r, my_result_at(row, 0));
    c->type = type_of(r, my_result_at(row, 1), extra);
    c->charset = copy(r, my_result_at(row, 2));
    c->key = key && strcmp(key, "PRI") == 0;
    if (!c->name || !c->type || !c->charset) return no_memory(r);
    rc = field_make(&m->fields[m->ncolumns], c, &o, &r->t->arena);
    if (rc > 0) return refuse_type(r, c->name, c->type);
    m->ncolumns++;
    return rc ? no_memory(r) : 0;
}

/* A column that information_schema does not list, and the log has: timestamp(6) NOT NULL. */
static int add_hidden(struct reading *r, const char *name) {
    const struct field_origin o = {.mariadb = true};
    struct table_map *m = &r->t->map;
    struct catalog_column *c = &r->t->columns[m->ncolumns];

    if (m->ncolumns == BINLOG_MAX_COLUMNS) return 0;
    *c = (struct catalog_column){name, "timestamp(6)", "", 0};
    return field_make(&m->fields[m->ncolumns++], c, &o, &r->t->arena) ? no_memory(r) : 0;
}

/* MariaDB's WITH SYSTEM VERSIONING without columns for it. */
static int add_versions(struct reading *r) {
    if (add_hidden(r, "row_start") || add_hidden(r, "row_end")) return -1;
    r->t->row_end = r->t->map.ncolumns - 1;
    return 0;
}

static int read_columns(struct reading *r) {
    struct table_map *m = &r->t->map;
    struct my_result *rows = ask_columns(r);
    bool versioned = false, told = false;
    int rc = 0;

    if (!rows) return -1;
    m->fields = arena_calloc(&r->t->arena, BINLOG_MAX_COLUMNS, sizeof m->fields[0]);
    r->t->columns = arena_calloc(&r->t->arena, BINLOG_MAX_COLUMNS, sizeof r->t->columns[0]);
    if (!m->fields || !r->t->columns) rc = no_memory(r);
    while (!rc && my_result_next(rows) && m->ncolumns < BINLOG_MAX_COLUMNS) {
        if (strcmp(my_result_at(rows, 7), r->name) != 0) continue;
        versioned = versioned || holds(my_result_at(rows, 9), "SYSTEM VERSIONED");
        told = told || holds(my_result_at(rows, 8), "ROW START");
        rc = add_column(r, rows);
    }
    my_result_free(rows);
    return rc || !versioned || told ? rc : add_versions(r);
}

/* ---- What is asked for ---- */

void my_put_name(struct buf *out, const char *name) {
    buf_putc(out, '`');
    for (; *name; name++) {
        if (*name == '`') buf_putc(out, '`');
        buf_putc(out, *name);
    }
    buf_putc(out, '`');
}

static void put_cast(struct buf *out, const char *name, const char *type) {
    buf_puts(out, "CAST(");
    my_put_name(out, name);
    buf_printf(out, " AS %s)", type);
}

/* As cell_write.h says. */
static void put_expression(struct buf *out, const struct field *f, const char *name) {
    if (f->unlogged)
        buf_puts(out, "NULL");
    else if (field_is_label(f))
        put_cast(out, name, "UNSIGNED");
    else if (f->hint == HINT_UUID || f->hint == HINT_INET6)
        put_cast(out, name, "BINARY(16)");
    else if (f->hint == HINT_INET4)
        put_cast(out, name, "BINARY(4)");
    else
        my_put_name(out, name);
    if (f->type == FIELD_FLOAT || f->type == FIELD_DOUBLE) buf_puts(out, " * 1e0");
}

static void put_select(struct my_table *t) {
    for (size_t i = 0; i < t->map.ncolumns; i++) {
        if (i) buf_puts(&t->select, ", ");
        put_expression(&t->select, &t->map.fields[i], t->columns[i].name);
    }
}

static void mark_keys(struct my_table *t, bool hints) {
    for (size_t i = 0; i < t->map.ncolumns; i++)
        t->columns[i].key = hints && t->columns[i].key && t->map.nkeys == 0;
    for (size_t i = 0; !hints && i < t->map.nkeys; i++)
        t->columns[t->map.keys[i].column].key = (uint8_t)(i + 1);
}

/* What the stream's decoder is told too (my_catalog.h, my_columns.h). */
static void put_catalog(const struct reading *r) {
    struct my_table *t = r->t;
    const struct catalog_table told = {
        .database = r->database,
        .table = r->name,
        .hints = !r->server->nameless,
        .ncolumns = t->map.ncolumns,
        .columns = t->columns,
    };

    mark_keys(t, told.hints);
    catalog_put_image(r->server->row_image, &t->catalog);
    if (r->server->nameless) catalog_put_nameless(&t->catalog);
    catalog_put_table(&told, &t->catalog);
}

static int finish(struct reading *r) {
    struct my_table *t = r->t;
    const char *database = copy(r, r->database), *name = copy(r, r->name);

    if (!database || !name) return no_memory(r);
    t->map.table_id = TABLE_ID;
    t->map.database = (struct text){database, strlen(database)};
    t->map.table = (struct text){name, strlen(name)};
    t->map.has_names = t->map.has_signs = !r->server->nameless;
    put_select(t);
    put_catalog(r);
    return buf_failed(&t->select) || buf_failed(&t->catalog) ? no_memory(r) : 0;
}

int my_table_read(struct my_client *c, const struct my_server *s, const struct my_collations *n,
                  const char *database, const char *name, struct my_table *out, struct err *e) {
    struct reading r = {
        .c = c, .server = s, .collations = n, .database = database, .name = name, .t = out, .e = e};

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, 0);
    if (read_columns(&r)) return -1;
    if (out->map.ncolumns == 0) return 1;
    return my_key_read(c, s, database, name, out, e) || finish(&r) ? -1 : 0;
}

void my_table_release(struct my_table *t) {
    arena_release(&t->arena);
    buf_release(&t->select);
    buf_release(&t->catalog);
}
