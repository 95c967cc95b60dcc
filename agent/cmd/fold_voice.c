#include "agent/cmd/fold_voice.h"

#include <stdlib.h>
#include <string.h>

/* Parts as people want to read them. */
static int part_rank(const char *part) {
    static const char *const order[] = {"profile",       "financial", "location",
                                        "participation", "purchase",  "attributes"};
    int n = (int)(sizeof(order) / sizeof(order[0])), i = 0;
    while (i < n && strcmp(order[i], part) != 0) i++;
    return i;
}

static int compare(const struct voice *v, const struct voice_name *s) {
    int by_rank = part_rank(v->part) - part_rank(s->part);
    int by_part = by_rank ? by_rank : strcmp(v->part, s->part);
    int by_item = by_part ? by_part : strverscmp(v->item, s->item);
    int by_source = by_item ? by_item : strcmp(v->source, s->source);
    return by_source ? by_source : strcmp(v->table, s->table);
}

static void entry_release(struct entry *x) {
    free(x->name);
    free(x->ts);
    json_object_put(x->value);
    json_object_put(x->truth);
}

void voice_silence(struct voice *v) {
    for (size_t i = 0; i < v->count; i++) entry_release(&v->entries[i]);
    v->count = 0;
}

static void voice_free(struct voice *v) {
    if (!v) return;
    voice_silence(v);
    free(v->entries);
    free(v->part);
    free(v->item);
    free(v->source);
    free(v->table);
    free(v->ord);
    free(v);
}

static struct voice *voice_new(const struct voice_name *s) {
    struct voice *v = calloc(1, sizeof(*v));
    if (!v) return NULL;
    v->part = strdup(s->part);
    v->item = strdup(s->item);
    v->source = strdup(s->source);
    v->table = strdup(s->table);
    v->ord = strdup("");
    if (v->part && v->item && v->source && v->table && v->ord) return v;
    voice_free(v);
    return NULL;
}

/* Where the voice is, or would be put. */
static size_t search(const struct voices *all, const struct voice_name *s, bool *found) {
    size_t low = 0, high = all->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = compare(all->items[middle], s);
        if (c == 0) {
            *found = true;
            return middle;
        }
        if (c < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *found = false;
    return low;
}

struct voice *voices_get(struct voices *all, const struct voice_name *s) {
    bool found;
    size_t at = search(all, s, &found);
    if (found) return all->items[at];
    if (all->count == all->cap) {
        size_t cap = all->cap ? 2 * all->cap : 16;
        struct voice **items = realloc(all->items, cap * sizeof(*items));
        if (!items) return NULL;
        all->items = items;
        all->cap = cap;
    }
    struct voice *v = voice_new(s);
    if (!v) return NULL;
    memmove(all->items + at + 1, all->items + at, (all->count - at) * sizeof(*all->items));
    all->items[at] = v;
    all->count++;
    return v;
}

void voices_release(struct voices *all) {
    for (size_t i = 0; i < all->count; i++) voice_free(all->items[i]);
    free(all->items);
    *all = (struct voices){0};
}

struct entry *voice_entry(struct voice *v, const char *name, bool *made) {
    *made = false;
    for (size_t i = 0; i < v->count; i++)
        if (strcmp(v->entries[i].name, name) == 0) return &v->entries[i];
    if (v->count == v->cap) {
        size_t cap = v->cap ? 2 * v->cap : 16;
        struct entry *entries = realloc(v->entries, cap * sizeof(*entries));
        if (!entries) return NULL;
        v->entries = entries;
        v->cap = cap;
    }
    struct entry x = {.name = strdup(name), .ts = strdup("")};
    if (!x.name || !x.ts) {
        entry_release(&x);
        return NULL;
    }
    *made = true;
    v->entries[v->count] = x;
    return &v->entries[v->count++];
}
