#include "decoders/binlog/tables.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct tables_entry {
    uint64_t id;
    bool wanted;
    size_t database_len, len; /* of "database\0table", and of the database in it */
    UT_hash_handle hh;
    char names[];
};

struct tables_space {
    UT_hash_handle hh;
    char name[];
};

static void forget(struct tables *t, struct tables_entry *entry) {
    if (t->last == entry) t->last = NULL;
    HASH_DEL(t->by_id, entry);
    free(entry);
}

void tables_forget(struct tables *t) {
    struct tables_entry *entry, *next;
    HASH_ITER(hh, t->by_id, entry, next) forget(t, entry);
}

void tables_release(struct tables *t) {
    struct tables_space *space, *next;
    tables_forget(t);
    HASH_ITER(hh, t->by_space, space, next) {
        HASH_DEL(t->by_space, space);
        free(space);
    }
}

static struct tables_entry *find(struct tables *t, uint64_t id) {
    if (t->last && t->last->id == id) return t->last;
    struct tables_entry *entry;
    HASH_FIND(hh, t->by_id, &id, sizeof(id), entry);
    if (entry) t->last = entry;
    return entry;
}

static bool same_names(const struct tables_entry *entry, const struct table_map *m) {
    return entry->database_len == m->database.len && entry->len == m->database.len + 1 + m->table.len &&
           memcmp(entry->names, m->database.ptr, m->database.len) == 0 &&
           memcmp(entry->names + m->database.len + 1, m->table.ptr, m->table.len) == 0;
}

static int keep_space(struct tables *t, const char *name, struct err *e) {
    struct tables_space *space;
    size_t len = strlen(name);
    HASH_FIND(hh, t->by_space, name, len, space);
    if (space) return 0;
    space = malloc(sizeof(*space) + len + 1);
    if (!space) return err_memory(e, "keeping the name of a database");
    memcpy(space->name, name, len + 1);
    HASH_ADD_KEYPTR(hh, t->by_space, space->name, len, space);
    if (space->hh.tbl) return 0;
    free(space);
    return err_memory(e, "keeping the name of a database");
}

int tables_see(struct tables *t, const struct table_map *m, const struct decoder_options *o, bool *wanted,
               struct err *e) {
    struct tables_entry *entry = find(t, m->table_id);
    if (entry && same_names(entry, m)) {
        *wanted = entry->wanted;
        return 0;
    }
    if (entry) forget(t, entry);
    size_t len = m->database.len + 1 + m->table.len;
    entry = calloc(1, sizeof(*entry) + len + 1);
    if (!entry) return err_memory(e, "keeping the name of a table");
    entry->id = m->table_id;
    entry->database_len = m->database.len;
    entry->len = len;
    memcpy(entry->names, m->database.ptr, m->database.len);
    memcpy(entry->names + m->database.len + 1, m->table.ptr, m->table.len);
    entry->wanted = !o->wanted || o->wanted(o->wanted_ctx, entry->names, entry->names + m->database.len + 1);
    HASH_ADD(hh, t->by_id, id, sizeof(entry->id), entry);
    if (!entry->hh.tbl) {
        free(entry);
        return err_memory(e, "keeping the name of a table");
    }
    t->last = entry;
    *wanted = entry->wanted;
    return entry->wanted ? keep_space(t, entry->names, e) : 0;
}

bool tables_unwanted(struct tables *t, uint64_t id) {
    const struct tables_entry *entry = find(t, id);
    return entry && !entry->wanted;
}

bool tables_space_wanted(const struct tables *t, struct text database) {
    struct tables_space *space;
    HASH_FIND(hh, t->by_space, database.ptr, database.len, space);
    return space != NULL;
}
