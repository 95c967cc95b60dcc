#include "agent/map/columns.h"

#include <string.h>

#include "agent/map/image.h"
#include "agent/map/names.h"

#define NAME 200

int columns_find(const struct table *t, const char *name, bool may_be_absent, size_t *at, struct err *e) {
    char hint[NAME];
    size_t len = strlen(name);
    *at = names_column(t, name, len);
    if (*at != NAMES_NONE) return 0;
    if (may_be_absent && len > 1 && name[len - 1] == '?') {
        *at = names_column(t, name, len - 1);
        return 0;
    }
    names_hint(t, name, hint, sizeof(hint));
    return err_set(e, ERR_CONFIG, "table %s.%s has no column %s%s%s", table_space(t), t->name, name, hint,
                   may_be_absent ? "; put ? behind the name when a table may lack it" : "");
}

/* Gives all columns named in a list the same use; `only_shown` leaves hidden ones hidden. */
static int apply(const struct table *t, const struct config_table *from, const struct config_strings *names,
                 const char *what, enum column_use use, uint8_t *uses, struct err *e) {
    for (size_t i = 0; i < names->count; i++) {
        size_t at;
        if (columns_find(t, names->items[i], true, &at, e))
            return err_prefix(e, "%s: %s", from->place.text, what);
        if (at == NAMES_NONE || (use == COLUMN_MASKED && uses[at] == COLUMN_HIDDEN)) continue;
        uses[at] = (uint8_t)use;
    }
    return 0;
}

static int choose_use(const struct table *t, const struct override *o, uint8_t *uses, struct err *e) {
    if (o->columns) {
        memset(uses, COLUMN_HIDDEN, t->ncolumns);
        if (apply(t, o->columns, &o->columns->columns, "columns", COLUMN_SHOWN, uses, e)) return -1;
    }
    if (o->exclude && apply(t, o->exclude, &o->exclude->exclude, "exclude", COLUMN_HIDDEN, uses, e))
        return -1;
    return o->mask ? apply(t, o->mask, &o->mask->mask, "mask", COLUMN_MASKED, uses, e) : 0;
}

/* ---- Key ---- */

/* `key: none` or `key: hash`, where no column is called so. */
static bool is_word(const struct table *t, const struct config_table *from, const char *word) {
    return from->key.count == 1 && strcmp(from->key.items[0], word) == 0 &&
           names_column(t, word, strlen(word)) == NAMES_NONE;
}

static int add_key(struct selection *sel, uint16_t *keys, size_t at, struct err *e) {
    const struct table *t = sel->table;
    char remedy[400];
    for (size_t j = 0; j < sel->nkeys; j++)
        if (keys[j] == at) return err_set(e, ERR_CONFIG, "column %s is named twice", t->columns[at].name);
    if (image_has_identity(t) && !image_has_old(t, at))
        return err_set(
            e, ERR_CONFIG,
            "the log does not carry column %s of deleted rows of %s.%s, so a delete would have no key. "
            "Run: %s (rows written before that stay as they are: if the log still holds such, let "
            "them pass first, without this setting)",
            t->columns[at].name, table_space(t), t->name, names_remedy(t, remedy, sizeof(remedy)));
    keys[sel->nkeys++] = (uint16_t)at;
    return 0;
}

static int key_configured(struct selection *sel, const struct config_table *from, uint16_t *keys,
                          struct err *e) {
    const struct table *t = sel->table;
    if (is_word(t, from, "none")) return 0;
    sel->hashed = is_word(t, from, "hash");
    for (size_t i = 0; sel->hashed && i < t->ncolumns; i++)
        if (sel->use[i] == COLUMN_SHOWN && add_key(sel, keys, i, e)) return -1;
    for (size_t i = 0; !sel->hashed && i < from->key.count; i++) {
        size_t at;
        if (columns_find(t, from->key.items[i], false, &at, e) || add_key(sel, keys, at, e)) return -1;
    }
    return 0;
}

/* The primary key where old rows have it, else the replica identity where that is some columns. */
static void key_of_table(const struct table *t, uint16_t *keys, size_t *n) {
    bool carried = true;
    for (size_t i = 0; i < t->nkeys; i++)
        if (image_has_identity(t) && !image_has_old(t, t->keys[i])) carried = false;
    if (t->nkeys && carried) {
        memcpy(keys, t->keys, t->nkeys * sizeof(*keys));
        *n = t->nkeys;
        return;
    }
    if (t->identity == IDENTITY_FULL || t->identity == IDENTITY_NOTHING) return;
    for (size_t i = 0; i < t->ncolumns; i++)
        if (t->columns[i].identity) keys[(*n)++] = (uint16_t)i;
}

static int check_shown(const struct selection *sel, struct err *e) {
    const struct table *t = sel->table;
    for (size_t i = 0; i < sel->nkeys; i++) {
        uint8_t use = sel->use[sel->keys[i]];
        if (use == COLUMN_SHOWN) continue;
        return err_set(
            e, ERR_CONFIG,
            "column %s is part of the key of %s.%s and cannot be %s: show it, or set another `key`",
            t->columns[sel->keys[i]].name, table_space(t), t->name,
            use == COLUMN_MASKED ? "masked" : "left out");
    }
    return 0;
}

int columns_choose(struct selection *sel, const struct override *o, struct arena *arena, struct err *e) {
    const struct table *t = sel->table;
    uint8_t *uses = arena_calloc(arena, t->ncolumns + 1, sizeof(*uses));
    uint16_t *keys = arena_calloc(arena, t->ncolumns + 1, sizeof(*keys));
    if (!uses || !keys) return err_memory(e, "choosing columns");
    sel->use = uses;
    sel->keys = keys;
    sel->nkeys = 0;
    if (choose_use(t, o, uses, e)) return -1;
    if (!o->key)
        key_of_table(t, keys, &sel->nkeys);
    else if (key_configured(sel, o->key, keys, e))
        return err_prefix(e, "%s: key", o->key->place.text);
    if (!check_shown(sel, e)) return 0;
    const struct config_table *blame = o->key       ? o->key
                                       : o->columns ? o->columns
                                       : o->exclude ? o->exclude
                                                    : o->mask;
    return blame ? err_prefix(e, "%s", blame->place.text) : -1;
}
