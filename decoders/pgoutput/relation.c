#include "decoders/pgoutput/relation.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "decoders/utf8.h"

struct relation {
    uint32_t id;
    struct shape *shape;
    uint64_t connection; /* that described it last */
    UT_hash_handle hh;
};

/* A primary key as the catalogue has it. */
struct known_keys {
    uint32_t relid;
    UT_hash_handle hh;
    size_t nkeys;
    char names[]; /* of its columns, each with a NUL */
};

static int no_memory(struct err *e) {
    return err_memory(e, "reading a table description");
}

void shape_free(struct shape *s) {
    if (!s) return;
    struct arena arena = s->arena; /* the shape lives in it */
    arena_release(&arena);
}

void relations_init(struct relations *r) {
    *r = (struct relations){.connection = 1};
    types_init(&r->types);
}

void relations_release(struct relations *r) {
    struct relation *rel, *next_rel;
    HASH_ITER(hh, r->by_id, rel, next_rel) {
        HASH_DEL(r->by_id, rel);
        shape_free(rel->shape);
        free(rel);
    }
    struct known_keys *k, *next_keys;
    HASH_ITER(hh, r->keys, k, next_keys) {
        HASH_DEL(r->keys, k);
        free(k);
    }
    types_release(&r->types);
    r->last = NULL;
}

void relations_restart(struct relations *r) {
    r->connection++;
    r->last = NULL;
}

static struct relation *find(const struct relations *r, uint32_t relid) {
    struct relation *rel;
    HASH_FIND(hh, r->by_id, &relid, sizeof(relid), rel);
    return rel;
}

struct shape *relations_find(struct relations *r, uint32_t relid) {
    if (r->last && r->last->id == relid) return r->last->shape;
    struct relation *rel = find(r, relid);
    if (!rel || rel->connection != r->connection) return NULL;
    r->last = rel;
    return rel->shape;
}

/* ---- Catalogue ---- */

static struct known_keys *find_keys(const struct relations *r, uint32_t relid) {
    struct known_keys *k;
    HASH_FIND(hh, r->keys, &relid, sizeof(relid), k);
    return k;
}

static struct known_keys *keys_new(const struct pgoutput_keys *from) {
    size_t size = 0;
    for (size_t i = 0; i < from->nkeys; i++) size += strlen(from->keys[i]) + 1;
    struct known_keys *k = calloc(1, sizeof(*k) + size);
    if (!k) return NULL;
    k->relid = from->relid;
    k->nkeys = from->nkeys;
    char *to = k->names;
    for (size_t i = 0; i < from->nkeys; i++) to = stpcpy(to, from->keys[i]) + 1;
    return k;
}

static int learn_keys(struct relations *r, const struct pgoutput_keys *keys, struct err *e) {
    struct known_keys *k = keys_new(keys), *known = find_keys(r, keys->relid);
    if (!k) return no_memory(e);
    if (known) HASH_DEL(r->keys, known);
    free(known);
    HASH_ADD(hh, r->keys, relid, sizeof(k->relid), k);
    if (find_keys(r, keys->relid) == k) return 0;
    free(k);
    return no_memory(e);
}

int relations_catalog(struct relations *r, const void *data, size_t len, struct err *e) {
    struct cursor c = cursor_of(data, len);
    struct pgoutput_type type;
    struct pgoutput_keys keys;
    for (;;) {
        int tag = pgoutput_catalog_next(&c, &type, &keys, e);
        if (tag <= 0) return tag;
        if (tag == 't' ? types_put(&r->types, &type, e) : learn_keys(r, &keys, e)) return -1;
    }
}

/* ---- Shapes ---- */

static int set_name(struct shape *s, const char *from, const char **to, struct err *e) {
    size_t len = strlen(from);
    if (!utf8_valid(from, len))
        return err_set(e, ERR_DATA,
                       "table %u: a name of the table or its columns is not UTF-8; rename it, Tailrace needs "
                       "names that every consumer can read",
                       s->table.id);
    *to = arena_strndup(&s->arena, from, len);
    return *to ? 0 : no_memory(e);
}

static int set_column(struct relations *r, struct shape *s, size_t i, const struct pgoutput_column *from,
                      struct err *e) {
    struct column *to = &s->table.columns[i];
    to->type_id = from->type;
    to->type_mod = from->type_mod;
    to->identity = from->identity;
    if (set_name(s, from->name, &to->name, e)) return -1;
    if (types_resolve(&r->types, from->type, from->type_mod, &s->arena, &s->types[i], &to->type, e))
        return -1;
    to->kind = (enum value_kind)s->types[i].kind;
    return 0;
}

static bool column_by_name(const struct table *t, const char *name, uint16_t *out) {
    for (size_t i = 0; i < t->ncolumns; i++) {
        if (strcmp(t->columns[i].name, name) != 0) continue;
        *out = (uint16_t)i;
        return true;
    }
    return false;
}

/* The catalogue's primary key; 0 when one of its columns is not published. */
static size_t primary_key(const struct known_keys *k, const struct table *t, uint16_t *out) {
    if (!k) return 0;
    const char *name = k->names;
    for (size_t i = 0; i < k->nkeys; i++, name += strlen(name) + 1)
        if (!column_by_name(t, name, &out[i])) return 0;
    return k->nkeys;
}

static bool all_identity(const struct table *t, const uint16_t *keys, size_t nkeys) {
    for (size_t i = 0; i < nkeys; i++)
        if (!t->columns[keys[i]].identity) return false;
    return true;
}

/*
 * The primary key as the catalogue has it now, unless the log says that it was another one then: with
 * identity DEFAULT the identity columns are the primary key. Without a primary key the replica identity
 * index.
 */
static int set_keys(const struct relations *r, struct shape *s, struct err *e) {
    struct table *t = &s->table;
    size_t nidentity = 0;
    for (size_t i = 0; i < t->ncolumns; i++) nidentity += t->columns[i].identity;
    t->keys = arena_calloc(&s->arena, nidentity + PGOUTPUT_MAX_KEYS, sizeof(t->keys[0]));
    if (!t->keys) return no_memory(e);
    t->nkeys = primary_key(find_keys(r, t->id), t, t->keys);
    bool same = t->nkeys == nidentity && all_identity(t, t->keys, t->nkeys);
    if (t->nkeys && (t->identity != IDENTITY_DEFAULT || nidentity == 0 || same)) return 0;
    t->nkeys = 0;
    if (t->identity != IDENTITY_DEFAULT && t->identity != IDENTITY_INDEX) return 0;
    for (size_t i = 0; i < t->ncolumns; i++)
        if (t->columns[i].identity) t->keys[t->nkeys++] = (uint16_t)i;
    return 0;
}

static int fill(struct relations *r, const struct pgoutput_relation *m, struct shape *s, struct err *e) {
    struct table *t = &s->table;
    t->id = m->relid;
    t->identity = m->identity;
    t->ncolumns = m->ncolumns;
    t->columns = arena_calloc(&s->arena, m->ncolumns, sizeof(t->columns[0]));
    s->types = arena_calloc(&s->arena, m->ncolumns, sizeof(s->types[0]));
    s->before = arena_calloc(&s->arena, m->ncolumns, sizeof(s->before[0]));
    s->after = arena_calloc(&s->arena, m->ncolumns, sizeof(s->after[0]));
    if (!t->columns || !s->types || !s->before || !s->after) return no_memory(e);
    if (set_name(s, m->schema[0] ? m->schema : "pg_catalog", &t->schema, e)) return -1;
    if (set_name(s, m->name, &t->name, e)) return -1;
    for (size_t i = 0; i < m->ncolumns; i++)
        if (set_column(r, s, i, &m->columns[i], e)) return -1;
    return set_keys(r, s, e);
}

static struct shape *shape_new(struct relations *r, const struct pgoutput_relation *m, struct err *e) {
    struct arena arena;
    arena_init(&arena, 0);
    struct shape *s = arena_calloc(&arena, 1, sizeof(*s));
    if (!s) {
        no_memory(e);
        return NULL;
    }
    s->arena = arena;
    if (fill(r, m, s, e)) {
        shape_free(s);
        return NULL;
    }
    return s;
}

static bool same_type(const struct text_type *a, const struct text_type *b) {
    if (a->parse != b->parse || a->kind != b->kind || a->delim != b->delim || !a->elem != !b->elem)
        return false;
    return !a->elem || same_type(a->elem, b->elem);
}

static bool same_column(const struct column *a, const struct column *b) {
    return strcmp(a->name, b->name) == 0 && strcmp(a->type, b->type) == 0 && a->type_id == b->type_id &&
           a->type_mod == b->type_mod && a->kind == b->kind && a->identity == b->identity;
}

static bool same_shape(const struct shape *a, const struct shape *b) {
    const struct table *s = &a->table, *t = &b->table;
    if (strcmp(s->schema, t->schema) != 0 || strcmp(s->name, t->name) != 0) return false;
    if (s->identity != t->identity || s->ncolumns != t->ncolumns || s->nkeys != t->nkeys) return false;
    if (memcmp(s->keys, t->keys, s->nkeys * sizeof(s->keys[0])) != 0) return false;
    for (size_t i = 0; i < s->ncolumns; i++)
        if (!same_column(&s->columns[i], &t->columns[i]) || !same_type(&a->types[i], &b->types[i]))
            return false;
    return true;
}

/* The entry of a table, found or new. NULL: memory. */
static struct relation *entry(struct relations *r, uint32_t relid) {
    struct relation *rel = find(r, relid);
    if (rel) return rel;
    rel = calloc(1, sizeof(*rel));
    if (!rel) return NULL;
    rel->id = relid;
    HASH_ADD(hh, r->by_id, id, sizeof(rel->id), rel);
    if (find(r, relid) == rel) return rel;
    free(rel);
    return NULL;
}

int relations_describe(struct relations *r, const struct pgoutput_relation *m, struct shape **shape,
                       bool *fresh, struct shape **replaced, struct err *e) {
    *replaced = NULL;
    *fresh = false;
    struct shape *s = shape_new(r, m, e);
    if (!s) return -1;
    struct relation *rel = entry(r, m->relid);
    if (!rel) {
        shape_free(s);
        return no_memory(e);
    }
    rel->connection = r->connection;
    if (rel->shape && same_shape(rel->shape, s)) {
        shape_free(s);
    } else {
        s->table.serial = ++r->serial;
        *replaced = rel->shape;
        rel->shape = s;
        *fresh = true;
    }
    *shape = rel->shape;
    return 0;
}
