#include "agent/source/my_describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/log.h"
#include "decoders/arena.h"

#define NAME_BYTES 200 /* 64 characters of UTF-8 in three bytes, and the NUL */
#define OWN_SCHEMAS "('mysql', 'information_schema', 'performance_schema', 'sys')"

/* ---- Types ---- */

static const struct {
    const char *type;
    enum value_kind kind;
} kinds[] = {
    {"tinyint", VALUE_INT},
    {"smallint", VALUE_INT},
    {"mediumint", VALUE_INT},
    {"int", VALUE_INT},
    {"bigint", VALUE_INT},
    {"decimal", VALUE_DECIMAL},
    {"float", VALUE_FLOAT},
    {"double", VALUE_DOUBLE},
    {"bit", VALUE_UINT},
    {"year", VALUE_UINT},
    {"date", VALUE_DATE},
    {"time", VALUE_TIME},
    {"datetime", VALUE_TIMESTAMP},
    {"timestamp", VALUE_TIMESTAMPTZ},
    {"char", VALUE_TEXT},
    {"varchar", VALUE_TEXT},
    {"tinytext", VALUE_TEXT},
    {"text", VALUE_TEXT},
    {"mediumtext", VALUE_TEXT},
    {"longtext", VALUE_TEXT},
    {"binary", VALUE_BYTES},
    {"varbinary", VALUE_BYTES},
    {"tinyblob", VALUE_BYTES},
    {"blob", VALUE_BYTES},
    {"mediumblob", VALUE_BYTES},
    {"longblob", VALUE_BYTES},
    {"enum", VALUE_ENUM},
    {"set", VALUE_SET},
    {"json", VALUE_JSON},
    {"vector", VALUE_ARRAY},
    {"uuid", VALUE_UUID},
    {"inet4", VALUE_OTHER},
    {"inet6", VALUE_OTHER},
    {"geometry", VALUE_GEOMETRY},
    {"point", VALUE_GEOMETRY},
    {"linestring", VALUE_GEOMETRY},
    {"polygon", VALUE_GEOMETRY},
    {"multipoint", VALUE_GEOMETRY},
    {"multilinestring", VALUE_GEOMETRY},
    {"multipolygon", VALUE_GEOMETRY},
    {"geometrycollection", VALUE_GEOMETRY},
    {"geomcollection", VALUE_GEOMETRY},
};

enum value_kind my_describe_kind(const char *data_type, const char *column_type) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].type, data_type) == 0)
            return kinds[i].kind == VALUE_INT && strstr(column_type, "unsigned") ? VALUE_UINT : kinds[i].kind;
    return 0;
}

/* ---- One table while its columns come in ---- */

struct describing {
    const struct config_source *s;
    const struct my_server *server;
    source_table_fn fn;
    void *ctx;
    struct my_result *keys; /* columns of primary keys, in the same order of tables */
    bool keys_left;
    bool *matched; /* by pattern */
    struct arena arena;
    struct table table;
    size_t capacity;
};

static const char *copy(struct describing *d, const char *text) {
    return arena_strndup(&d->arena, text ? text : "", text ? strlen(text) : 0);
}

/* What an exclusion of ours takes away from a pattern of theirs is said. */
static void say_left_out(const struct describing *d, const char *full) {
    const struct pattern_list *p = d->s->table_patterns;
    bool meant = false, ours = false;

    for (size_t i = 0; i < pattern_list_count(p); i++) {
        const char *text = pattern_list_text(p, i);
        if (!pattern_list_matches_one(p, i, full)) continue;
        if (text[0] == '!' && text[1] != '!') return;
        ours = ours || text[0] == '!';
        meant = meant || text[0] != '!';
    }
    if (meant && ours)
        log_msg(LOG_INFO, d->s->name,
                "table %s is left out: its name is one that gh-ost and pt-online-schema-change give to the "
                "tables they work with; name it in tables, without a wildcard, to capture it",
                full);
}

static bool wanted(struct describing *d, const char *database, const char *name) {
    char full[2 * NAME_BYTES];

    snprintf(full, sizeof full, "%s.%s", database, name);
    for (size_t i = 0; i < pattern_list_count(d->s->table_patterns); i++)
        if (pattern_list_matches_one(d->s->table_patterns, i, full)) d->matched[i] = true;
    if (pattern_list_match(d->s->table_patterns, full, NULL)) return true;
    say_left_out(d, full);
    return false;
}

static int begin_table(struct describing *d, const char *database, const char *name, struct err *e) {
    arena_clear(&d->arena);
    d->capacity = 0;
    d->table = (struct table){.schema = "", .identity = IDENTITY_DEFAULT};
    d->table.database = copy(d, database);
    d->table.name = copy(d, name);
    return d->table.database && d->table.name ? 0 : err_memory(e, "describing the tables");
}

static int grow(struct describing *d, struct err *e) {
    size_t capacity = d->capacity ? d->capacity * 2 : 32;
    struct column *columns = arena_calloc(&d->arena, capacity, sizeof *columns);

    if (!columns) return err_memory(e, "describing the tables");
    if (d->table.ncolumns > 0) memcpy(columns, d->table.columns, d->table.ncolumns * sizeof *columns);
    d->table.columns = columns;
    d->capacity = capacity;
    return 0;
}

static int add_column(struct describing *d, const struct my_result *row, struct err *e) {
    const char *data_type = my_result_at(row, 3), *column_type = my_result_at(row, 4);
    const char *key = my_result_at(row, 5);
    struct column *c;

    if (d->table.ncolumns == d->capacity && grow(d, e)) return -1;
    c = &d->table.columns[d->table.ncolumns++];
    c->name = copy(d, my_result_at(row, 2));
    c->type = copy(d, column_type);
    c->type_mod = -1;
    c->kind = my_describe_kind(data_type ? data_type : "", column_type ? column_type : "");
    c->identity =
        key && strcmp(key, "PRI") == 0; /* a unique key without NULL is too, without a primary one */
    return c->name && c->type ? 0 : err_memory(e, "describing the tables");
}

static bool key_is_of(const struct describing *d, const struct table *t) {
    return d->keys_left && strcmp(my_result_at(d->keys, 0), t->database) == 0 &&
           strcmp(my_result_at(d->keys, 1), t->name) == 0;
}

static size_t find_column(const struct table *t, const char *name) {
    size_t i = 0;

    while (i < t->ncolumns && strcmp(t->columns[i].name, name) != 0) i++;
    return i;
}

/* What NOBLOB may leave out of old images. */
static bool is_large(const struct column *c) {
    const char *end = c->type + strcspn(c->type, "( ");

    if (c->kind == VALUE_JSON || c->kind == VALUE_GEOMETRY || c->kind == VALUE_ARRAY) return true;
    return end - c->type >= 4 && (memcmp(end - 4, "blob", 4) == 0 || memcmp(end - 4, "text", 4) == 0);
}

/* As decoders/binlog/shape.h has it. */
static void set_identity(struct table *t, enum row_image image) {
    size_t key = 0, held = 0;

    for (size_t i = 0; i < t->ncolumns; i++) {
        struct column *c = &t->columns[i];
        bool kept = c->identity || (image == ROW_IMAGE_NOBLOB && !is_large(c));
        key += c->identity;
        held += kept;
        if (t->nkeys) c->identity = kept;
    }
    t->identity = t->nkeys ? IDENTITY_DEFAULT : IDENTITY_INDEX;
    if (image != ROW_IMAGE_FULL && key && held < t->ncolumns) return;
    t->identity = IDENTITY_FULL;
    for (size_t i = 0; i < t->ncolumns; i++) t->columns[i].identity = true;
}

static int finish_table(struct describing *d, struct err *e) {
    struct table *t = &d->table;

    if (t->ncolumns == 0) return 0;
    t->keys = arena_calloc(&d->arena, t->ncolumns, sizeof *t->keys);
    if (!t->keys) return err_memory(e, "describing the tables");
    for (; key_is_of(d, t); d->keys_left = my_result_next(d->keys)) {
        size_t i = find_column(t, my_result_at(d->keys, 2));
        if (i < t->ncolumns && t->nkeys < t->ncolumns) t->keys[t->nkeys++] = (uint16_t)i;
    }
    set_identity(t, d->server->row_image);
    return d->fn(d->ctx, t, e);
}

/* ---- Asking ---- */

static struct my_result *ask_keys(struct my_client *c, struct err *e) {
    return my_client_query(c, "reading the primary keys",
                           "SELECT table_schema, table_name, column_name FROM information_schema.statistics"
                           " WHERE index_name = 'PRIMARY' AND table_schema NOT IN " OWN_SCHEMAS
                           " ORDER BY BINARY table_schema, BINARY table_name, seq_in_index",
                           e);
}

static struct my_result *ask_columns(struct my_client *c, struct err *e) {
    return my_client_query(
        c, "reading the columns",
        "SELECT c.table_schema, c.table_name, c.column_name, c.data_type, c.column_type,"
        " c.column_key"
        " FROM information_schema.columns c JOIN information_schema.tables t"
        " ON t.table_schema = c.table_schema AND t.table_name = c.table_name"
        " WHERE t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND c.table_schema NOT IN " OWN_SCHEMAS
        " ORDER BY BINARY c.table_schema, BINARY c.table_name, c.ordinal_position",
        e);
}

/* Keys of tables in front of this one are of no use any more. */
static void skip_keys(struct describing *d, const char *database, const char *name) {
    for (; d->keys_left; d->keys_left = my_result_next(d->keys)) {
        int order = strcmp(my_result_at(d->keys, 0), database);
        if (order == 0) order = strcmp(my_result_at(d->keys, 1), name);
        if (order >= 0) return;
    }
}

static int each_column(struct describing *d, struct my_result *columns, struct err *e) {
    char database[NAME_BYTES] = "", name[NAME_BYTES] = "";
    bool in = false;

    while (my_result_next(columns)) {
        const char *next_database = my_result_at(columns, 0), *next_name = my_result_at(columns, 1);
        if (strcmp(database, next_database) != 0 || strcmp(name, next_name) != 0) {
            if (in && finish_table(d, e)) return -1;
            snprintf(database, sizeof database, "%s", next_database);
            snprintf(name, sizeof name, "%s", next_name);
            skip_keys(d, database, name);
            in = wanted(d, database, name);
            if (in && begin_table(d, database, name, e)) return -1;
        }
        if (in && add_column(d, columns, e)) return -1;
    }
    return in ? finish_table(d, e) : 0;
}

static void warn(const struct describing *d) {
    for (size_t i = 0; i < pattern_list_count(d->s->table_patterns); i++)
        if (!d->matched[i] && pattern_list_text(d->s->table_patterns, i)[0] != '!')
            log_msg(LOG_WARN, d->s->name, "pattern \"%s\" selects no table that is there now",
                    pattern_list_text(d->s->table_patterns, i));
}

int my_describe(struct my_client *c, const struct config_source *s, const struct my_server *server,
                source_table_fn fn, void *ctx, struct err *e) {
    struct describing d = {.s = s, .server = server, .fn = fn, .ctx = ctx};
    struct my_result *columns = NULL;
    int rc = -1;

    arena_init(&d.arena, 0);
    d.matched = calloc(pattern_list_count(s->table_patterns) + 1, sizeof *d.matched);
    if (!d.matched) {
        err_memory(e, "describing the tables");
        goto out;
    }
    if (!(d.keys = ask_keys(c, e)) || !(columns = ask_columns(c, e))) goto out;
    d.keys_left = my_result_next(d.keys);
    rc = each_column(&d, columns, e);
    if (!rc) warn(&d);
out:
    my_result_free(columns);
    my_result_free(d.keys);
    arena_release(&d.arena);
    free(d.matched);
    return rc;
}
