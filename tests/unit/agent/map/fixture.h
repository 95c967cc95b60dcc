/*
 * fixture: a map to play with. Tables and rows are written as text, and so are the events that come out.
 *
 *     table   "public.customers d id:int! no:text name:text"    identity d n f i; ! primary key, + identity
 *             "@erp.KNB1 f id:int!"                              MySQL: a database, no schema
 *     row     "1|C1|NULL|~"                                     ~ unchanged, . absent, #x invalid
 *
 * An event is one line:
 *
 *     c shop.public.customers                      row; "<": keyed by the old image, "*": every partition
 *     d< shop.public.customers
 *     x< shop.public.customers                     tombstone
 *     set/u customer profile C1 name=Ann* phone=?  entity; [item] behind the key; "*" changed, "?" not known
 */
#ifndef TAILRACE_TESTS_UNIT_AGENT_MAP_FIXTURE_H
#define TAILRACE_TESTS_UNIT_AGENT_MAP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/map/map.h"
#include "decoders/arena.h"
#include "decoders/buf.h"

#define FIXTURE_MAX 8

struct fixture {
    struct arena arena;
    struct config config;
    struct config_source sources[2]; /* shop (the map's), erp */
    struct config_table tables[FIXTURE_MAX];
    struct config_entity entity;
    struct config_mapping mappings[FIXTURE_MAX];
    struct map_options options;
    struct map *map;
    struct buf out;  /* events since the last change */
    struct err err;  /* of the last call */
    uint64_t serial; /* of the last table */
    size_t sub;      /* next expected */
};

/* ---- The entity of the tests ---- */

static const char *const fixture_profile[] = {"name", "email", "phone"};
static const char *const fixture_location[] = {"kind", "city"};
static const struct entity_part fixture_parts[] = {
    {.name = "profile", .fields = fixture_profile, .nfields = 3},
    {.name = "location", .list = true, .fields = fixture_location, .nfields = 2},
    {.name = "attributes", .open = true},
};
static const struct entity_schema fixture_schema = {
    .entity = "customer", .parts = fixture_parts, .nparts = 3};
static const struct entity_schema *const fixture_schemas[] = {&fixture_schema, NULL};

/* ---- Configuration ---- */

static inline struct pattern_list *fixture_patterns(const char *const *texts, size_t n) {
    struct pattern_list *p = NULL;
    struct err e = {0};
    if (pattern_list_new(texts, n, &p, &e)) fail_msg("%s", e.text);
    return p;
}

static inline void fixture_init(struct fixture *f) {
    static const char *all[] = {"public.*"};
    *f = (struct fixture){0};
    for (size_t i = 0; i < 2; i++)
        f->sources[i] = (struct config_source){
            .name = i ? "erp" : "shop",
            .scheme = "postgresql",
            .database = "shopdb",
            .publication = "tailrace_shop",
            .tables = {all, 1},
            .table_patterns = fixture_patterns(all, 1),
            .place = {"test.yaml:2:3"},
        };
    f->entity = (struct config_entity){.name = "customer", .topic = "customer", .from = f->mappings};
    f->config = (struct config){
        .sources = f->sources,
        .nsources = 2,
        .topics = "{source}.{schema}.{table}",
        .tables = f->tables,
        .entities = &f->entity,
    };
    f->options =
        (struct map_options){.split_key_change = true, .tombstones = true, .schemas = fixture_schemas};
}

static inline void fixture_release(struct fixture *f) {
    map_free(f->map);
    for (size_t i = 0; i < 2; i++) pattern_list_free((struct pattern_list *)f->sources[i].table_patterns);
    for (size_t i = 0; i < f->config.ntables; i++)
        pattern_list_free((struct pattern_list *)f->tables[i].pattern);
    arena_release(&f->arena);
    buf_release(&f->out);
}

/* Adds an entry under `tables` for the caller to fill. */
static inline struct config_table *fixture_override(struct fixture *f, const char *pattern) {
    struct config_table *t = &f->tables[f->config.ntables++];
    *t = (struct config_table){
        .pattern = fixture_patterns(&pattern, 1), .pattern_text = pattern, .place = {"test.yaml:5:5"}};
    return t;
}

/* A list out of "a,b". */
static inline struct config_strings fixture_strings(struct fixture *f, const char *list) {
    struct config_strings s = {arena_calloc(&f->arena, strlen(list) + 1, sizeof(char *)), 0};
    while (*list) {
        size_t n = strcspn(list, ",");
        s.items[s.count++] = arena_strndup(&f->arena, list, n);
        list += n + (list[n] != '\0');
    }
    return s;
}

/*
 * Adds a mapping from "shop.public.customers". `fields` is "name=full_name,kind='billing'".
 */
static inline struct config_mapping *fixture_mapping(struct fixture *f, const char *table, const char *part,
                                                     const char *key, const char *item, const char *when,
                                                     const char *fields) {
    struct config_mapping *m = &f->mappings[f->entity.nfrom++];
    struct config_strings list = fixture_strings(f, fields);
    f->config.nentities = 1;
    *m = (struct config_mapping){.table = table, .part = part, .key = key, .item = item, .when = when};
    m->place.text = "test.yaml:9:9";
    m->fields = arena_calloc(&f->arena, list.count + 1, sizeof(*m->fields));
    for (; m->nfields < list.count; m->nfields++) {
        const char *text = list.items[m->nfields];
        size_t n = strcspn(text, "=");
        struct config_field *to = &m->fields[m->nfields];
        to->field = arena_strndup(&f->arena, text, n);
        text += n + 1;
        if (*text == '\'')
            to->constant = arena_strndup(&f->arena, text + 1, strlen(text) - 2);
        else
            to->column = text;
    }
    return m;
}

/* Adds a conversion, "date=yyyymmdd", to an entry of fixture_override(). */
static inline void fixture_convert(struct fixture *f, struct config_table *t, const char *column,
                                   const char *steps) {
    if (!t->convert) t->convert = arena_calloc(&f->arena, FIXTURE_MAX, sizeof(*t->convert));
    t->convert[t->nconvert++] = (struct config_pair){.name = column, .value = steps};
}

/* Makes the map; 0 or -1 with f->err. */
static inline int fixture_try(struct fixture *f) {
    map_free(f->map);
    f->map = NULL;
    err_clear(&f->err);
    return map_new(&f->config, &f->sources[0], &f->options, &f->map, &f->err);
}

static inline void fixture_start(struct fixture *f) {
    if (fixture_try(f)) fail_msg("%s", f->err.text);
}

/* ---- Tables ---- */

static inline enum value_kind fixture_kind(const char *type) {
    static const struct {
        const char *type;
        enum value_kind kind;
    } kinds[] = {{"int", VALUE_INT},     {"uint", VALUE_UINT},     {"bool", VALUE_BOOL},
                 {"dec", VALUE_DECIMAL}, {"double", VALUE_DOUBLE}, {"float", VALUE_FLOAT},
                 {"date", VALUE_DATE},   {"uuid", VALUE_UUID},     {"enum", VALUE_ENUM},
                 {"bytes", VALUE_BYTES}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kinds[i].type, type) == 0) return kinds[i].kind;
    return VALUE_TEXT;
}

static inline void fixture_column(struct fixture *f, struct table *t, char *spec) {
    struct column *c = &t->columns[t->ncolumns];
    size_t n = strcspn(spec, ":");
    char *type = spec + n + 1;
    size_t end = strlen(type);
    char mark = type[end - 1];
    if (mark == '!' || mark == '+') type[end - 1] = '\0';
    c->name = arena_strndup(&f->arena, spec, n);
    c->type = arena_strndup(&f->arena, type, strlen(type));
    c->kind = fixture_kind(type);
    c->identity = t->identity == IDENTITY_FULL || (t->identity == IDENTITY_DEFAULT && mark == '!') ||
                  (t->identity == IDENTITY_INDEX && mark == '+');
    if (mark == '!') t->keys[t->nkeys++] = (uint16_t)t->ncolumns;
    t->ncolumns++;
}

/* See the top. */
static inline struct table *fixture_table(struct fixture *f, const char *spec) {
    struct table *t = arena_calloc(&f->arena, 1, sizeof(*t));
    char *copy = arena_strndup(&f->arena, spec, strlen(spec));
    char *rest = copy;
    char *name = strsep(&rest, " ");
    char *dot = strchr(name, '.');
    t->schema = arena_strndup(&f->arena, name, (size_t)(dot - name));
    if (*name == '@') {
        t->database = t->schema + 1;
        t->schema = "";
    }
    t->name = dot + 1;
    t->identity = (enum identity) * strsep(&rest, " ");
    t->serial = ++f->serial;
    t->columns = arena_calloc(&f->arena, 64, sizeof(struct column));
    t->keys = arena_calloc(&f->arena, 64, sizeof(uint16_t));
    while (rest) fixture_column(f, t, strsep(&rest, " "));
    return t;
}

/* ---- Rows ---- */

static inline struct value fixture_value(enum value_kind kind, const char *text, size_t len) {
    struct value v = {.state = VALUE_PRESENT, .kind = (uint8_t)kind, .text = text, .len = len};
    if (len == 4 && memcmp(text, "NULL", 4) == 0) return (struct value){.state = VALUE_NULL};
    if (len == 1 && *text == '~') return (struct value){.state = VALUE_UNCHANGED};
    if (len == 1 && *text == '.') return (struct value){.state = VALUE_ABSENT};
    if (len && *text == '#') return (struct value){.state = VALUE_INVALID, .text = text + 1, .len = len - 1};
    if (kind == VALUE_INT) v.v.i = strtoll(text, NULL, 10);
    if (kind == VALUE_UINT) v.v.u = strtoull(text, NULL, 10);
    if (kind == VALUE_BOOL) v.v.b = *text == 't';
    if (kind == VALUE_DATE) v.is_text = true;
    if (kind == VALUE_DOUBLE) v.v.d = strtod(text, NULL);
    if (kind == VALUE_FLOAT) v.v.d = (double)strtof(text, NULL);
    return v;
}

/* NULL gives NULL. */
static inline struct value *fixture_row(struct fixture *f, const struct table *t, const char *text) {
    if (!text) return NULL;
    struct value *row = arena_calloc(&f->arena, t->ncolumns, sizeof(*row));
    for (size_t i = 0; i < t->ncolumns; i++) {
        size_t n = strcspn(text, "|");
        row[i] = fixture_value(t->columns[i].kind, text, n);
        text += n + (text[n] == '|');
    }
    return row;
}

/* ---- Events as text ---- */

static inline void fixture_put_value(struct buf *out, const struct value *v) {
    if (v->state == VALUE_PRESENT)
        value_format(v, out);
    else if (v->state == VALUE_INVALID)
        buf_put(out, v->text, v->len);
    else
        buf_puts(out, value_state_name((enum value_state)v->state));
}

static inline void fixture_put_entity(struct fixture *f, const struct event *ev) {
    static const char *const actions[] = {"set", "remove", "clear"};
    const struct entity_event *en = ev->entity;
    assert_ptr_equal(ev->topic, en->topic);
    buf_printf(&f->out, "%s/%c%s %s %s", actions[en->action], ev->op, ev->every_partition ? "*" : "",
               en->entity, en->part);
    if (en->key.len) buf_printf(&f->out, " %.*s", (int)en->key.len, en->key.ptr);
    if (en->item.len) buf_printf(&f->out, "[%.*s]", (int)en->item.len, en->item.ptr);
    for (size_t i = 0; i < en->nfields; i++) {
        const struct entity_field *field = &en->fields[i];
        buf_printf(&f->out, " %s=", field->name);
        fixture_put_value(&f->out, field->value);
        if (field->changed) buf_putc(&f->out, '*');
        if (!field->known_changed) buf_putc(&f->out, '?');
        assert_true(field->known_changed || !field->changed);
    }
}

static inline int fixture_event(void *ctx, const struct event *ev, struct err *e) {
    struct fixture *f = ctx;
    (void)e;
    assert_int_equal(ev->sub, f->sub++);
    assert_string_equal(ev->source, "shop");
    const struct table *t = ev->change->table;
    assert_string_equal(ev->database, t && t->database ? t->database : "shopdb");
    if (ev->selection) assert_string_equal(ev->selection->database, ev->database);
    if (ev->kind == EVENT_ENTITY) {
        assert_null(ev->selection);
        fixture_put_entity(f, ev);
    } else {
        buf_printf(&f->out, "%c%s%s %s", ev->kind == EVENT_TOMBSTONE ? 'x' : ev->op,
                   ev->key_from_before ? "<" : "", ev->every_partition ? "*" : "", ev->topic);
    }
    buf_putc(&f->out, '\n');
    return 0;
}

/* ---- Changes ---- */

static inline int fixture_run(struct fixture *f, const struct change *c) {
    buf_clear(&f->out, SIZE_MAX);
    err_clear(&f->err);
    f->sub = 0;
    return map_change(f->map, c, fixture_event, f, &f->err);
}

static inline enum image fixture_image(const struct table *t, const char *row) {
    if (!row) return IMAGE_NONE;
    return t->identity == IDENTITY_FULL ? IMAGE_FULL : IMAGE_KEY;
}

/* One change of a row; the old or new one may be NULL. 0, or -1 with f->err. */
static inline int fixture_change(struct fixture *f, enum change_op op, const struct table *t,
                                 const char *before, const char *after) {
    struct change c = {
        .op = op,
        .table = t,
        .before_image = fixture_image(t, before),
        .after_image = after ? IMAGE_FULL : IMAGE_NONE,
        .before = fixture_row(f, t, before),
        .after = fixture_row(f, t, after),
        .id = {"1:A:B:0", 7},
        .pos = {"0/10", 4},
    };
    return fixture_run(f, &c);
}

/* A new description of a table. */
static inline int fixture_schema_change(struct fixture *f, const struct table *t,
                                        const struct table *replaced) {
    struct change c = {.op = CHANGE_SCHEMA, .table = t, .replaced = replaced};
    return fixture_run(f, &c);
}

/* The same, and the events it makes are exactly these lines. */
static inline void fixture_expect(struct fixture *f, enum change_op op, const struct table *t,
                                  const char *before, const char *after, const char *events) {
    if (fixture_change(f, op, t, before, after)) fail_msg("%s", f->err.text);
    assert_string_equal(buf_cstr(&f->out), events);
}

/* Fails unless the last error is of this kind and its text holds `part`. */
static inline void fixture_error(const struct fixture *f, enum err_code code, const char *part) {
    assert_int_equal(f->err.code, code);
    if (!strstr(f->err.text, part)) fail_msg("\"%s\" is not in \"%s\"", part, f->err.text);
}

/* Fails unless the next notice holds `part` (NULL: there is none). */
static inline void fixture_notice(struct fixture *f, enum log_level level, const char *part) {
    enum log_level got = LOG_DEBUG;
    const char *text = map_take_notice(f->map, &got);
    if (!part && text) fail_msg("a notice: %s", text);
    if (!part) return;
    if (!text) fail_msg("no notice \"%s\"", part);
    if (!strstr(text, part)) fail_msg("\"%s\" is not in \"%s\"", part, text);
    assert_int_equal(got, level);
}

#endif
