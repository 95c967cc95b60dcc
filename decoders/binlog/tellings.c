#include "decoders/binlog/tellings.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "decoders/binlog/table_key.h"

#define VERSION 1
#define WHAT "keeping what is known of a table"

struct telling {
    struct telling_mark from;
    struct catalog_table *table; /* NULL: unknown from there on */
    struct arena arena;          /* holds the table */
    struct telling *next;        /* later in the log */
};

/* One table. */
struct entry {
    struct told told; /* of `now` */
    struct telling *first;
    struct telling *now; /* true where the log is read; those behind it come again */
    char *key;           /* behind the struct: "database\0table" */
    size_t key_len;
    UT_hash_handle hh;
};

struct tellings {
    struct entry *entries;
    uint64_t serial;
};

struct tellings *tellings_new(void) {
    return calloc(1, sizeof(struct tellings));
}

static void free_telling(struct telling *x) {
    arena_release(&x->arena);
    free(x);
}

static void free_entry(struct tellings *t, struct entry *en) {
    for (struct telling *x = en->first, *later; x; x = later) {
        later = x->next;
        free_telling(x);
    }
    HASH_DEL(t->entries, en);
    free(en);
}

void tellings_free(struct tellings *t) {
    struct entry *en, *next;
    if (!t) return;
    HASH_ITER(hh, t->entries, en, next) free_entry(t, en);
    free(t);
}

bool tellings_empty(const struct tellings *t) {
    return t->entries == NULL;
}

/* ---- Entries ---- */

static struct entry *find(const struct tellings *t, struct text database, struct text table) {
    char key[TABLE_KEY_MAX];
    struct entry *en = NULL;
    size_t len = table_key(database, table, key);
    if (len) HASH_FIND(hh, t->entries, key, len, en);
    return en;
}

const struct told *tellings_find(const struct tellings *t, struct text database, struct text table) {
    const struct entry *en = find(t, database, table);
    return en ? &en->told : NULL;
}

static struct entry *find_or_add(struct tellings *t, const struct catalog_table *c) {
    const struct text database = {c->database, strlen(c->database)}, table = {c->table, strlen(c->table)};
    char key[TABLE_KEY_MAX];
    struct entry *en = find(t, database, table);
    size_t len = table_key(database, table, key);
    if (en || !len) return en;
    en = calloc(1, sizeof(*en) + len + 1);
    if (!en) return NULL;
    en->key = (char *)(en + 1);
    en->key_len = len;
    memcpy(en->key, key, len);
    HASH_ADD_KEYPTR(hh, t->entries, en->key, en->key_len, en);
    if (en->hh.tbl) return en;
    free(en);
    return NULL;
}

static void set_now(struct tellings *t, struct entry *en, struct telling *now) {
    en->now = now;
    en->told.table = now ? now->table : NULL;
    en->told.serial = ++t->serial;
}

/* ---- Tellings ---- */

static const char *own_text(struct arena *a, const char *text) {
    return arena_strndup(a, text, strlen(text));
}

static struct catalog_table *own_table(struct arena *a, const struct catalog_table *from) {
    struct catalog_table *t = arena_calloc(a, 1, sizeof(*t));
    if (!t) return NULL;
    *t = *from;
    t->columns = arena_calloc(a, t->ncolumns, sizeof(t->columns[0]));
    t->database = own_text(a, from->database);
    t->table = own_text(a, from->table);
    if (!t->columns || !t->database || !t->table) return NULL;
    for (size_t i = 0; i < t->ncolumns; i++) {
        const struct catalog_column *c = &from->columns[i];
        t->columns[i] = (struct catalog_column){own_text(a, c->name), own_text(a, c->type),
                                                own_text(a, c->charset), c->key};
        if (!t->columns[i].name || !t->columns[i].type || !t->columns[i].charset) return NULL;
    }
    return t;
}

/* `c` NULL, or without columns: unknown. */
static struct telling *new_telling(const struct catalog_table *c, const struct telling_mark *from,
                                   struct err *e) {
    struct telling *x = calloc(1, sizeof(*x));
    if (x) {
        arena_init(&x->arena, 0);
        x->from = *from;
        if (c && c->ncolumns) x->table = own_table(&x->arena, c);
        if (x->table || !c || !c->ncolumns) return x;
        free_telling(x);
    }
    err_memory(e, WHAT);
    return NULL;
}

int tellings_learn(struct tellings *t, const struct catalog_table *c, struct err *e) {
    struct entry *en = find_or_add(t, c);
    if (!en) return err_memory(e, WHAT);
    const struct telling_mark ever = {0};
    struct telling *x = new_telling(c, en->now ? &en->now->from : &ever, e);
    if (!x) return -1;
    struct telling **at = &en->first;
    while (en->now && *at != en->now) at = &(*at)->next;
    struct telling *old = en->now;
    x->next = old ? old->next : *at;
    *at = x;
    if (old) free_telling(old);
    set_now(t, en, x);
    return 0;
}

/* ---- Changes ---- */

static bool is_up_to(const struct telling_mark *a, const struct telling_mark *b, bool by_gtid) {
    if (by_gtid) return a->rank <= b->rank;
    return a->file < b->file || (a->file == b->file && a->offset <= b->offset);
}

static bool is_same(const struct telling_mark *a, const struct telling_mark *b, bool by_gtid) {
    return is_up_to(a, b, by_gtid) && is_up_to(b, a, by_gtid);
}

size_t tellings_fold(struct text name, char *out) {
    size_t n = 0;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if ((unsigned char)c >= 0x80) {
            if (n && out[n - 1] == '\x80') continue;
            c = '\x80';
        }
        out[n++] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
    }
    return n;
}

static bool may_be(struct text a, struct text b) {
    char x[TABLE_NAME_MAX], y[TABLE_NAME_MAX];
    if (a.len > TABLE_NAME_MAX || b.len > TABLE_NAME_MAX) return false;
    size_t n = tellings_fold(a, x), m = tellings_fold(b, y);
    return n == m && memcmp(x, y, n) == 0;
}

static bool is_meant(const struct entry *en, struct text database, struct text table) {
    size_t len = strlen(en->key);
    if (database.len == 0) return true;
    if (!may_be((struct text){en->key, len}, database)) return false;
    return table.len == 0 || may_be((struct text){en->key + len + 1, en->key_len - len - 1}, table);
}

/* Another course than the one that was read before: what was known of it is worth nothing. */
static void drop_later(struct entry *en) {
    struct telling **later = en->now ? &en->now->next : &en->first;
    while (*later) {
        struct telling *x = *later;
        *later = x->next;
        free_telling(x);
    }
}

/* Unknown from here on; unless it is known from an earlier reading what the change led to. */
static int change(struct tellings *t, struct entry *en, const struct telling_mark *at, bool by_gtid,
                  struct err *e) {
    struct telling **next = en->now ? &en->now->next : &en->first;
    if (!*next || !is_same(&(*next)->from, at, by_gtid)) {
        struct telling *x = new_telling(NULL, at, e);
        if (!x) return -1;
        drop_later(en);
        *next = x;
    }
    set_now(t, en, *next);
    return 0;
}

int tellings_change(struct tellings *t, struct text database, struct text table,
                    const struct telling_mark *at, bool by_gtid, struct err *e) {
    struct entry *en, *next;
    HASH_ITER(hh, t->entries, en, next) {
        if (is_meant(en, database, table) && change(t, en, at, by_gtid, e)) return -1;
    }
    return 0;
}

/* ---- The checkpoint ---- */

/* Frees those that ended to be true at `from` or before. */
static void prune(struct entry *en, const struct telling_mark *from, bool by_gtid) {
    while (en->now && en->first != en->now && is_up_to(&en->first->next->from, from, by_gtid)) {
        struct telling *old = en->first;
        en->first = old->next;
        free_telling(old);
    }
}

static void save_one(const struct entry *en, const struct telling *x, struct buf *out) {
    const struct catalog_table none = {.database = en->key, .table = en->key + strlen(en->key) + 1};
    buf_put_be64(out, x->from.file);
    buf_put_be64(out, x->from.offset);
    buf_put_be64(out, x->from.rank);
    catalog_put_table(x->table ? x->table : &none, out);
}

void tellings_save(struct tellings *t, const struct telling_mark *from, bool by_gtid, struct buf *out) {
    struct entry *en, *next;
    if (!t->entries) return;
    buf_putc(out, VERSION);
    buf_putc(out, by_gtid);
    HASH_ITER(hh, t->entries, en, next) {
        prune(en, from, by_gtid);
        for (const struct telling *x = en->first; x; x = x->next)
            if (x->table || x->next || x != en->first) save_one(en, x, out);
    }
}

/* Those of a table come in the order of the log. What begins behind `from` waits there. */
static int restore(struct tellings *t, const struct catalog_table *c, const struct telling_mark *at,
                   const struct telling_mark *from, bool by_gtid, struct err *e) {
    struct entry *en = find_or_add(t, c);
    if (!en) return err_memory(e, WHAT);
    struct telling **last = &en->first, *before = NULL;
    for (; *last; last = &before->next) before = *last;
    if (before && !is_up_to(&before->from, at, by_gtid))
        return err_set(e, ERR_DATA, "what the checkpoint knows of a table is not in the order of the log");
    struct telling *x = new_telling(c, at, e);
    if (!x) return -1;
    *last = x;
    if (is_up_to(at, from, by_gtid)) set_now(t, en, x);
    return 0;
}

static int load_one(struct tellings *t, struct cursor *c, struct arena *a, const struct telling_mark *from,
                    bool by_gtid, struct err *e) {
    struct telling_mark at;
    struct catalog_table table;
    enum row_image image;
    arena_clear(a);
    if (!cursor_u64(c, &at.file) || !cursor_u64(c, &at.offset) || !cursor_u64(c, &at.rank))
        return err_set(e, ERR_DATA, "what the checkpoint knows of tables is cut short");
    int tag = catalog_next(c, a, &table, &image, e);
    if (tag < 0) return -1;
    if (tag != 't' || table.hints)
        return err_set(e, ERR_DATA, "what the checkpoint knows of tables is malformed");
    return restore(t, &table, &at, from, by_gtid, e);
}

int tellings_load(struct tellings *t, const struct telling_mark *from, bool by_gtid, const void *data,
                  size_t len, struct err *e) {
    struct cursor c = cursor_of(data, len);
    struct entry *en, *next;
    struct arena a;
    uint8_t version, gtids;
    int rc = 0;
    if (len == 0) return 0;
    if (!cursor_u8(&c, &version) || version != VERSION || !cursor_u8(&c, &gtids))
        return err_set(e, ERR_DATA, "what the checkpoint knows of tables is of another version");
    arena_init(&a, 0);
    while (rc == 0 && cursor_left(&c) > 0) rc = load_one(t, &c, &a, from, gtids != 0, e);
    arena_release(&a);
    /* Told apart in another way from now on, places that are still to come are not found again. */
    HASH_ITER(hh, t->entries, en, next) {
        if ((gtids != 0) != by_gtid) drop_later(en);
    }
    return rc;
}
