#include <string.h>

#include "decoders/binlog/cell.h"
#include "decoders/binlog/shape_part.h"
#include "decoders/utf8.h"

#define REMEDY                                                                                               \
    "leave the table out (\"!DATABASE.TABLE\" in tables) until the agent is past this place, and read it "   \
    "anew then"

struct builder {
    struct described *d;
    const struct shape_sources *from;
    const struct table_map *m;
    struct err *e;
};

static int no_memory(struct err *e) {
    return err_memory(e, "reading a table description");
}

static int set_name(struct builder *b, struct text from, const char **to) {
    if (!utf8_valid(from.ptr, from.len) || memchr(from.ptr, 0, from.len))
        return err_set(b->e, ERR_DATA, "a name of the table or its columns is not UTF-8");
    *to = arena_strndup(&b->d->arena, from.ptr, from.len);
    return *to ? 0 : no_memory(b->e);
}

/* ---- Fields ---- */

static const struct catalog_column *told_column(const struct catalog_table *t, struct text name) {
    for (size_t i = 0; t && i < t->ncolumns; i++)
        if (strlen(t->columns[i].name) == name.len && memcmp(t->columns[i].name, name.ptr, name.len) == 0)
            return &t->columns[i];
    return NULL;
}

/* The log says names: the catalogue only tells what some bytes are. */
static int add_hints(struct builder *b) {
    for (size_t i = 0; i < b->m->ncolumns; i++) {
        struct field *f = &b->d->shape.fields[i];
        const struct catalog_column *c = told_column(b->from->told, f->name);
        if (c && field_told(f, c, false, &b->d->arena) < 0) return no_memory(b->e);
    }
    return 0;
}

/* What the log does say of a column without a name, the catalogue must not say otherwise. */
static bool contradicts(const struct table_map *m, const struct field *log, const struct field *told) {
    if (m->has_signs && field_is_numeric(log) && log->is_unsigned != told->is_unsigned) return true;
    return field_is_character(log) && log->charset && log->charset != told->charset;
}

/* The log says types alone: the rest is the catalogue's, if it fits. */
static int add_told(struct builder *b) {
    const struct catalog_table *t = b->from->told;
    if (!t || !t->ncolumns || t->hints)
        return err_set(
            b->e, ERR_DATA,
            "the log does not say its columns' names; run SET GLOBAL binlog_row_metadata = FULL, and start "
            "behind what was written before");
    if (t->ncolumns != b->m->ncolumns)
        return err_set(
            b->e, ERR_DATA,
            "it has %zu columns in the log and %zu in information_schema, though no statement that changed "
            "it was logged between (sql_log_bin = 0, columns our user may not see): which is which, the log "
            "does not say; " REMEDY,
            b->m->ncolumns, t->ncolumns);
    for (size_t i = 0; i < t->ncolumns; i++) {
        struct field *f = &b->d->shape.fields[i];
        int rc = field_told(f, &t->columns[i], true, &b->d->arena);
        if (rc < 0) return no_memory(b->e);
        if (rc > 0 || contradicts(b->m, &b->m->fields[i], f))
            return err_set(b->e, ERR_DATA,
                           "column %zu is not in the log what it is in information_schema (%s %s), though "
                           "no statement that changed it was logged between; " REMEDY,
                           i + 1, t->columns[i].name, t->columns[i].type);
    }
    return 0;
}

/* What reading its cells needs. */
static const char *missing(const struct builder *b, const struct field *f) {
    if (b->m->has_names && !b->m->has_signs && field_is_numeric(f)) return "sign";
    if ((field_is_character(f) || field_is_label(f)) && !f->charset) return "character set";
    if (field_is_label(f) && !f->labels) return "labels";
    return NULL;
}

static int check_field(struct builder *b, const struct field *f, size_t i) {
    const char *what = missing(b, f);
    if (!what) return 0;
    if (f->collation && !f->charset)
        return err_set(
            b->e, ERR_DATA,
            "column %zu: the collation %u is not known; this server has one that Tailrace does not", i + 1,
            f->collation);
    return err_set(b->e, ERR_DATA, "column %zu: the log does not say its %s", i + 1, what);
}

/* The labels in UTF-8, in memory of the shape. */
static int own_labels(struct builder *b, struct field *f) {
    struct arena *a = &b->d->arena;
    struct text *labels = arena_calloc(a, f->nlabels, sizeof(labels[0]));
    if (!labels) return no_memory(b->e);
    for (size_t i = 0; i < f->nlabels; i++) {
        struct text from = f->labels[i], to;
        int rc = charset_to_utf8(b->from->charsets, f->charset, from.ptr, from.len, a, &to, b->e);
        if (rc < 0) return -1;
        if (rc > 0)
            return err_set(b->e, ERR_DATA, "label %zu of an ENUM or SET is not %s", i + 1,
                           charset_name(f->charset));
        labels[i] = (struct text){arena_strndup(a, to.ptr, to.len), to.len};
        if (!labels[i].ptr) return no_memory(b->e);
    }
    f->labels = labels;
    return 0;
}

static int set_fields(struct builder *b) {
    struct shape *s = &b->d->shape;
    size_t n = b->m->ncolumns;
    s->fields = arena_calloc(&b->d->arena, n, sizeof(s->fields[0]));
    if (!s->fields) return no_memory(b->e);
    memcpy(s->fields, b->m->fields, n * sizeof(s->fields[0]));
    if (b->m->has_names ? add_hints(b) : add_told(b)) return -1;
    for (size_t i = 0; i < n; i++) {
        if (check_field(b, &s->fields[i], i)) return -1;
        if (field_is_label(&s->fields[i]) && own_labels(b, &s->fields[i])) return -1;
    }
    return 0;
}

/* ---- Columns and keys ---- */

static int set_column(struct builder *b, size_t i, struct buf *type) {
    struct field *f = &b->d->shape.fields[i];
    struct column *to = &b->d->shape.table.columns[i];
    if (set_name(b, f->name, &to->name)) return -1;
    f->name.ptr = to->name;
    buf_clear(type, SIZE_MAX);
    cell_type_name(f, type);
    to->type = arena_strndup(&b->d->arena, buf_cstr(type), type->len);
    if (!to->type || buf_failed(type)) return no_memory(b->e);
    to->type_mod = -1;
    to->kind = cell_kind(f);
    return 0;
}

static int set_columns(struct builder *b) {
    struct table *t = &b->d->shape.table;
    struct buf type = {0};
    int rc = 0;
    t->ncolumns = b->m->ncolumns;
    t->columns = arena_calloc(&b->d->arena, t->ncolumns, sizeof(t->columns[0]));
    if (!t->columns) return no_memory(b->e);
    for (size_t i = 0; i < t->ncolumns && !rc; i++) rc = set_column(b, i, &type);
    buf_release(&type);
    return rc;
}

/* The catalogue's primary key: its columns by their places. */
static void told_keys(const struct catalog_table *from, struct table *t) {
    for (size_t place = 1; place <= from->ncolumns; place++) {
        size_t i = 0;
        while (i < from->ncolumns && from->columns[i].key != place) i++;
        if (i == from->ncolumns) return;
        t->keys[t->nkeys++] = (uint16_t)i;
    }
}

/* What NOBLOB may leave out. JSON and GEOMETRY are BLOBs to some versions. */
static bool is_large(const struct field *f) {
    return f->type == FIELD_BLOB || f->type == FIELD_BLOB_COMPRESSED || f->type == FIELD_JSON ||
           f->type == FIELD_GEOMETRY || f->type == FIELD_VECTOR;
}

/*
 * What old images hold at least. MINIMAL and NOBLOB leave columns out only where the server sees a key: the
 * primary key, else the first unique one without NULL, which the catalogue tells.
 */
static void set_identity(struct builder *b) {
    struct table *t = &b->d->shape.table;
    size_t key = t->nkeys, held = 0;
    for (size_t i = 0; i < t->nkeys; i++) t->columns[t->keys[i]].identity = true;
    for (size_t i = 0; b->m->has_names && !t->nkeys && i < t->ncolumns; i++) {
        const struct catalog_column *c = told_column(b->from->told, b->d->shape.fields[i].name);
        if (c && c->key) t->columns[i].identity = ++key;
    }
    for (size_t i = 0; i < t->ncolumns; i++) {
        struct column *c = &t->columns[i];
        bool kept = c->identity || (b->from->image == ROW_IMAGE_NOBLOB && !is_large(&b->d->shape.fields[i]));
        held += kept;
        if (t->nkeys) c->identity = kept; /* else what is marked is taken for the key */
    }
    t->identity = t->nkeys ? IDENTITY_DEFAULT : IDENTITY_INDEX;
    if (b->from->image != ROW_IMAGE_FULL && key && held < t->ncolumns) return;
    t->identity = IDENTITY_FULL;
    for (size_t i = 0; i < t->ncolumns; i++) t->columns[i].identity = true;
}

/* A column whose beginning alone is in the key is key as a whole: it identifies the row all the same. */
static int set_keys(struct builder *b) {
    struct table *t = &b->d->shape.table;
    t->keys = arena_calloc(&b->d->arena, t->ncolumns, sizeof(t->keys[0]));
    if (!t->keys) return no_memory(b->e);
    for (size_t i = 0; i < b->m->nkeys; i++) t->keys[t->nkeys++] = b->m->keys[i].column;
    if (!b->m->has_names) told_keys(b->from->told, t);
    set_identity(b);
    return 0;
}

static int set_room(struct builder *b) {
    struct shape *s = &b->d->shape;
    struct arena *a = &b->d->arena;
    size_t n = b->m->ncolumns, json = 0;
    for (size_t i = 0; i < n; i++) json += s->fields[i].type == FIELD_JSON;
    s->before = arena_calloc(a, n, sizeof(s->before[0]));
    s->after = arena_calloc(a, n, sizeof(s->after[0]));
    if (json) s->documents = arena_calloc(a, n, sizeof(s->documents[0]));
    return s->before && s->after && (s->documents || !json) ? 0 : no_memory(b->e);
}

static int describe(struct builder *b) {
    struct table *t = &b->d->shape.table;
    struct text *description = &b->d->description;
    t->schema = "";
    if (set_name(b, b->m->database, &t->database) || set_name(b, b->m->table, &t->name)) return -1;
    *description = b->m->description;
    description->ptr = arena_strndup(&b->d->arena, description->ptr, description->len);
    if (!description->ptr) return no_memory(b->e);
    return set_fields(b) || set_columns(b) || set_keys(b) || set_room(b) ? -1 : 0;
}

struct described *shape_describe(const struct shape_sources *from, const struct table_map *m, struct err *e) {
    struct arena arena;
    arena_init(&arena, 0);
    struct described *d = arena_calloc(&arena, 1, sizeof(*d));
    if (!d) {
        no_memory(e);
        return NULL;
    }
    d->arena = arena;
    struct builder b = {d, from, m, e};
    if (describe(&b) == 0) return d;
    err_prefix(e, "table %.*s.%.*s", (int)m->database.len, m->database.ptr, (int)m->table.len, m->table.ptr);
    shape_forget(d);
    return NULL;
}

void shape_forget(struct described *d) {
    if (!d) return;
    struct arena arena = d->arena; /* it lives in it */
    arena_release(&arena);
}

/* ---- The same? ---- */

static bool same_labels(const struct field *a, const struct field *b) {
    if (a->nlabels != b->nlabels) return false;
    for (size_t i = 0; i < a->nlabels; i++)
        if (a->labels[i].len != b->labels[i].len ||
            memcmp(a->labels[i].ptr, b->labels[i].ptr, a->labels[i].len) != 0)
            return false;
    return true;
}

static bool same_field(const struct field *a, const struct field *b) {
    return a->type == b->type && a->length == b->length && a->precision == b->precision &&
           a->scale == b->scale && a->bits == b->bits && a->hint == b->hint &&
           a->is_unsigned == b->is_unsigned && a->unlogged == b->unlogged && a->nullable == b->nullable &&
           a->charset == b->charset && a->geometry == b->geometry && a->dimensions == b->dimensions &&
           same_labels(a, b);
}

static bool same_column(const struct column *a, const struct column *b) {
    return strcmp(a->name, b->name) == 0 && strcmp(a->type, b->type) == 0 && a->kind == b->kind &&
           a->identity == b->identity;
}

bool shape_equal(const struct shape *a, const struct shape *b) {
    const struct table *s = &a->table, *t = &b->table;
    if (s->identity != t->identity || s->ncolumns != t->ncolumns || s->nkeys != t->nkeys) return false;
    if (memcmp(s->keys, t->keys, s->nkeys * sizeof(s->keys[0])) != 0) return false;
    for (size_t i = 0; i < s->ncolumns; i++)
        if (!same_column(&s->columns[i], &t->columns[i]) || !same_field(&a->fields[i], &b->fields[i]))
            return false;
    return true;
}
