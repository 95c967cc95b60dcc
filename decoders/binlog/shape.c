#include "decoders/binlog/shape.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "decoders/binlog/shape_part.h"
#include "decoders/binlog/table_key.h"

#define IDS_MAX 4096 /* old ids are forgotten beyond */

/* All that is known of one table. */
struct known {
    char *key; /* behind the struct */
    size_t key_len;
    struct described *now;      /* NULL: the catalogue alone has spoken */
    bool stale;                 /* the catalogue has spoken since */
    struct arena arena;         /* holds `told` and its texts */
    struct catalog_table *told; /* hints; NULL: none */
    const struct told *telling; /* what `now` was made from where the log says no names, else NULL */
    uint64_t telling_serial;    /* … and which of them */
    UT_hash_handle hh;
};

struct bound {
    uint64_t table_id;
    uint64_t generation;
    struct shape *shape;
    UT_hash_handle hh;
};

struct shapes {
    struct known *tables;
    struct known *last; /* found last: statements come in runs */
    struct bound *ids;
    uint64_t generation; /* counts shapes_unbind() */
    struct described *retired;
    struct charsets *charsets;
    struct tellings *tellings;
    enum row_image image;
    bool nameless;
    uint64_t serial;
};

struct shapes *shapes_new(void) {
    struct shapes *s = calloc(1, sizeof(*s));
    if (!s) return NULL;
    s->charsets = charsets_new();
    s->tellings = tellings_new();
    if (s->charsets && s->tellings) return s;
    shapes_free(s);
    return NULL;
}

void shapes_count_from(struct shapes *s, uint64_t serial) {
    s->serial = serial;
}

static void drop_ids(struct shapes *s) {
    struct bound *b, *next;
    HASH_ITER(hh, s->ids, b, next) {
        HASH_DEL(s->ids, b);
        free(b);
    }
}

void shapes_free(struct shapes *s) {
    if (!s) return;
    struct known *k, *next;
    HASH_ITER(hh, s->tables, k, next) {
        HASH_DEL(s->tables, k);
        shape_forget(k->now);
        arena_release(&k->arena);
        free(k);
    }
    drop_ids(s);
    shapes_sweep(s);
    charsets_free(s->charsets);
    tellings_free(s->tellings);
    free(s);
}

void shapes_sweep(struct shapes *s) {
    for (struct described *d = s->retired, *next; d; d = next) {
        next = d->next;
        shape_forget(d);
    }
    s->retired = NULL;
}

/* ---- Tables ---- */

static struct known *find(const struct shapes *s, struct text database, struct text table) {
    char key[TABLE_KEY_MAX];
    struct known *k = NULL;
    size_t len = table_key(database, table, key);
    if (len) HASH_FIND(hh, s->tables, key, len, k);
    return k;
}

static struct known *find_or_add(struct shapes *s, struct text database, struct text table) {
    char key[TABLE_KEY_MAX];
    struct known *k = find(s, database, table);
    size_t len = table_key(database, table, key);
    if (k || !len) return k;
    k = calloc(1, sizeof(*k) + len);
    if (!k) return NULL;
    k->key = (char *)(k + 1);
    k->key_len = len;
    memcpy(k->key, key, len);
    arena_init(&k->arena, 0);
    HASH_ADD_KEYPTR(hh, s->tables, k->key, k->key_len, k);
    if (find(s, database, table) == k) return k;
    free(k);
    return NULL;
}

static bool text_equal(struct text a, struct text b) {
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

static bool is_table(const struct known *k, const struct table_map *m) {
    return k->key_len == m->database.len + 1 + m->table.len && k->key[m->database.len] == '\0' &&
           memcmp(k->key, m->database.ptr, m->database.len) == 0 &&
           memcmp(k->key + m->database.len + 1, m->table.ptr, m->table.len) == 0;
}

struct shape *shapes_known(struct shapes *s, const struct table_map *m) {
    struct known *k = s->last && is_table(s->last, m) ? s->last : find(s, m->database, m->table);
    if (!k) return NULL;
    s->last = k;
    if (!k->now || k->stale || (k->telling && k->telling->serial != k->telling_serial)) return NULL;
    if (!text_equal(k->now->description, m->description)) return NULL;
    return &k->now->shape;
}

/* ---- Ids ---- */

static struct bound *find_id(const struct shapes *s, uint64_t table_id) {
    struct bound *b;
    HASH_FIND(hh, s->ids, &table_id, sizeof(table_id), b);
    return b;
}

int shapes_bind(struct shapes *s, uint64_t table_id, struct shape *shape, struct err *e) {
    struct bound *b = find_id(s, table_id);
    if (!b) {
        if (HASH_COUNT(s->ids) >= IDS_MAX) {
            struct bound *old, *next;
            HASH_ITER(hh, s->ids, old, next) {
                if (old->generation == s->generation) continue;
                HASH_DEL(s->ids, old);
                free(old);
            }
        }
        b = calloc(1, sizeof(*b));
        if (!b) return err_memory(e, "remembering a table's id");
        b->table_id = table_id;
        HASH_ADD(hh, s->ids, table_id, sizeof(b->table_id), b);
        if (find_id(s, table_id) != b) {
            free(b);
            return err_memory(e, "remembering a table's id");
        }
    }
    b->generation = s->generation;
    b->shape = shape;
    return 0;
}

bool shapes_find(const struct shapes *s, uint64_t table_id, struct shape **out) {
    const struct bound *b = find_id(s, table_id);
    if (!b || b->generation != s->generation) return false;
    *out = b->shape;
    return true;
}

void shapes_unbind(struct shapes *s) {
    s->generation++;
}

static void unbind_shape(struct shapes *s, const struct shape *shape) {
    struct bound *b, *next;
    HASH_ITER(hh, s->ids, b, next) {
        if (b->shape != shape) continue;
        HASH_DEL(s->ids, b);
        free(b);
    }
}

/* ---- Describing ---- */

/* The same in other bytes: what is there stays, and knows the bytes. */
static int keep(struct known *k, struct described *same, struct err *e) {
    struct text d = same->description;
    if (text_equal(d, k->now->description)) {
        shape_forget(same);
        return 0;
    }
    d.ptr = arena_strndup(&k->now->arena, d.ptr, d.len);
    shape_forget(same);
    if (!d.ptr) return err_memory(e, "reading a table description");
    k->now->description = d;
    return 0;
}

static void replace(struct shapes *s, struct known *k, struct described *d, struct shape **replaced) {
    d->shape.table.serial = ++s->serial;
    if (k->now) {
        *replaced = &k->now->shape;
        unbind_shape(s, &k->now->shape);
        k->now->next = s->retired;
        s->retired = k->now;
    }
    k->now = d;
}

/* What a description without names is completed from. */
static void note_telling(struct shapes *s, struct known *k, const struct table_map *m) {
    k->telling = m->has_names ? NULL : tellings_find(s->tellings, m->database, m->table);
    k->telling_serial = k->telling ? k->telling->serial : 0;
}

struct shape *shapes_take(struct shapes *s, const struct table_map *m, bool *fresh, struct shape **replaced,
                          struct err *e) {
    *fresh = false;
    *replaced = NULL;
    struct shape *same = shapes_known(s, m);
    if (same) return same;
    struct known *k = find_or_add(s, m->database, m->table);
    if (!k) {
        err_memory(e, "reading a table description");
        return NULL;
    }
    note_telling(s, k, m);
    const struct shape_sources from = {s->charsets, k->telling ? k->telling->table : k->told, s->image};
    struct described *d = shape_describe(&from, m, e);
    if (!d) return NULL;
    if (k->now && shape_equal(&k->now->shape, &d->shape)) {
        if (keep(k, d, e)) return NULL;
    } else {
        replace(s, k, d, replaced);
        *fresh = true;
    }
    k->stale = false;
    return &k->now->shape;
}

/* ---- The catalogue ---- */

static int own_text(struct arena *a, const char **text) {
    *text = arena_strndup(a, *text, strlen(*text));
    return *text ? 0 : -1;
}

static int own_table(struct arena *a, const struct catalog_table *from, struct catalog_table **out) {
    struct catalog_table *t = arena_calloc(a, 1, sizeof(*t));
    if (!t) return -1;
    *t = *from;
    t->columns = arena_calloc(a, t->ncolumns, sizeof(t->columns[0]));
    if (!t->columns || own_text(a, &t->database) || own_text(a, &t->table)) return -1;
    for (size_t i = 0; i < t->ncolumns; i++) {
        struct catalog_column *c = &t->columns[i];
        *c = from->columns[i];
        if (own_text(a, &c->name) || own_text(a, &c->type) || own_text(a, &c->charset)) return -1;
    }
    *out = t;
    return 0;
}

static int learn_table(struct shapes *s, const struct catalog_table *t, struct err *e) {
    if (!t->hints) return tellings_learn(s->tellings, t, e);
    const struct text database = {t->database, strlen(t->database)}, table = {t->table, strlen(t->table)};
    struct known *k = find_or_add(s, database, table);
    if (!k) return err_memory(e, "reading a catalogue frame");
    arena_clear(&k->arena);
    k->told = NULL;
    k->stale = true;
    return own_table(&k->arena, t, &k->told) ? err_memory(e, "reading a catalogue frame") : 0;
}

static void learn_image(struct shapes *s, enum row_image image) {
    struct known *k, *next;
    s->nameless = false;
    if (s->image == image) return;
    s->image = image;
    HASH_ITER(hh, s->tables, k, next) {
        k->stale = true;
    }
}

int shapes_catalog(struct shapes *s, const void *data, size_t len, struct err *e) {
    struct cursor c = cursor_of(data, len);
    struct catalog_table t;
    enum row_image image;
    struct arena a;
    int tag;
    arena_init(&a, 0);
    while ((tag = catalog_next(&c, &a, &t, &image, e)) > 0) {
        if (tag == 'i') learn_image(s, image);
        if (tag == 'n') s->nameless = true;
        if (tag == 't' && learn_table(s, &t, e)) {
            tag = -1;
            break;
        }
    }
    arena_release(&a);
    return tag;
}

struct tellings *shapes_tellings(struct shapes *s) {
    return s->tellings;
}

bool shapes_nameless(const struct shapes *s) {
    return s->nameless;
}

struct shape *shapes_named(const struct shapes *s, struct text database, struct text table) {
    const struct known *k = find(s, database, table);
    return k && k->now ? &k->now->shape : NULL;
}
