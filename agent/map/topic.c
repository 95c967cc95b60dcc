#include "agent/map/topic.h"

#include <stdlib.h>
#include <string.h>

#include "agent/map/nearest.h"

#define TOPIC_MAX 249

enum placeholder { SOURCE, DATABASE, SCHEMA, TABLE, PLACEHOLDERS };
static const char *const placeholders[PLACEHOLDERS + 1] = {"source", "database", "schema", "table", NULL};

static bool legal(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

/* The place of the first illegal byte; `len` when there is none. */
static size_t legal_length(const char *text, size_t len) {
    size_t n = 0;
    while (n < len && legal(text[n])) n++;
    return n;
}

static int literal_is_legal(void *ctx, const char *text, size_t len) {
    size_t n = legal_length(text, len);
    if (n < len) *(char *)ctx = text[n];
    return n < len;
}

static const char *known_placeholder(const void *ctx, size_t i) {
    (void)ctx;
    return placeholders[i];
}

static size_t find_placeholder(const char *name) {
    size_t i = 0;
    while (placeholders[i] && strcmp(placeholders[i], name) != 0) i++;
    return i;
}

int topic_template(const char *text, struct template **out, struct err *e) {
    struct template *t = NULL;
    if (template_parse(text, &t, e)) return -1;
    char bad = 0;
    int rc = 0;
    if (template_literals(t, literal_is_legal, &bad))
        rc = err_set(e, ERR_CONFIG, "\"%s\": Kafka takes only a-z A-Z 0-9 . _ - in a topic, not '%c'", text,
                     bad);
    for (size_t i = 0; rc == 0 && i < template_names(t); i++) {
        const char *name = template_name(t, i);
        char hint[160];
        if (find_placeholder(name) < PLACEHOLDERS) continue;
        rc = err_set(e, ERR_CONFIG,
                     "\"%s\": there is no {%s} here%s (known: {source} {database} {schema} {table})", text,
                     name, nearest_hint(name, known_placeholder, NULL, hint, sizeof(hint)));
    }
    if (rc)
        template_free(t);
    else
        *out = t;
    return rc;
}

static struct value text_value(const char *s) {
    return (struct value){.state = VALUE_PRESENT, .kind = VALUE_TEXT, .text = s, .len = strlen(s)};
}

/* In place of a name that is left out: a byte that no name holds. */
static const struct value left_out = {.state = VALUE_PRESENT, .kind = VALUE_TEXT, .text = "", .len = 1};

static bool separates(uint8_t c) {
    return c == '.' || c == '-' || c == '_';
}

/* Takes out what stands for names that are left out, each with the separator behind it, else before it. */
static void close_gaps(struct buf *out, size_t from) {
    if (buf_failed(out)) return;
    size_t to = from;
    for (size_t i = from; i < out->len; i++) {
        if (out->data[i] != '\0') {
            out->data[to++] = out->data[i];
        } else if (i + 1 < out->len && separates(out->data[i + 1])) {
            i++;
        } else if (to > from && separates(out->data[to - 1])) {
            to--;
        }
    }
    out->len = to;
}

int topic_render(const struct template *tpl, const char *source, const char *database, const struct table *t,
                 struct buf *out, bool *replaced, struct err *e) {
    struct value all[PLACEHOLDERS] = {text_value(source), text_value(database), text_value(t->schema),
                                      text_value(t->name)};
    const struct value *values[PLACEHOLDERS] = {0};
    if (!t->schema[0]) all[SCHEMA] = all[DATABASE];
    for (size_t i = 0; i < template_names(tpl); i++) {
        size_t p = find_placeholder(template_name(tpl, i));
        values[i] = &all[p];
        if (p == DATABASE && !t->schema[0]) all[SCHEMA] = left_out;
    }
    size_t from = out->len;
    template_render(tpl, values, out);
    close_gaps(out, from);
    const char *name = buf_cstr(out);
    if (buf_failed(out)) return err_memory(e, "making a topic's name");
    *replaced = false;
    for (size_t i = from; i < out->len; i++) {
        if (legal((char)out->data[i])) continue;
        out->data[i] = '_';
        *replaced = true;
    }
    return topic_check(name + from, e);
}

int topic_check(const char *name, struct err *e) {
    size_t len = strlen(name);
    size_t n = legal_length(name, len);
    if (n < len)
        return err_set(e, ERR_CONFIG, "topic \"%s\": Kafka takes only a-z A-Z 0-9 . _ - in a topic, not '%c'",
                       name, name[n]);
    if (len == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return err_set(e, ERR_CONFIG, "\"%s\" is no name for a topic", name);
    if (len > TOPIC_MAX)
        return err_set(e, ERR_CONFIG,
                       "topic \"%s\" is %zu characters long, Kafka takes %d: give a shorter template", name,
                       len, TOPIC_MAX);
    return 0;
}

/* ---- Who has which ---- */

struct topic_claim {
    char *name;
    char *owner;
    size_t uses;
};

/* Compares as Kafka does: '.' and '_' are the same. */
static int compare(const char *a, const char *b) {
    for (;; a++, b++) {
        char x = *a == '.' ? '_' : *a;
        char y = *b == '.' ? '_' : *b;
        if (x != y || !x) return (unsigned char)x - (unsigned char)y;
    }
}

/* Where `name` is (*found), or where it would stand. */
static size_t find(const struct topics *all, const char *name, bool *found) {
    size_t low = 0;
    size_t high = all->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(all->items[middle].name, name);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = false;
    return low;
}

static int insert(struct topics *all, size_t at, const char *topic, const char *owner, struct err *e) {
    struct topic_claim claim = {.uses = 1};
    if (all->count == all->cap) {
        size_t cap = all->cap ? all->cap * 2 : 16;
        struct topic_claim *items = realloc(all->items, cap * sizeof(*items));
        if (!items) return err_memory(e, "keeping topics");
        all->items = items;
        all->cap = cap;
    }
    claim.name = strdup(topic);
    claim.owner = strdup(owner);
    if (!claim.name || !claim.owner) {
        free(claim.name);
        free(claim.owner);
        return err_memory(e, "keeping topics");
    }
    memmove(&all->items[at + 1], &all->items[at], (all->count - at) * sizeof(claim));
    all->items[at] = claim;
    all->count++;
    return 0;
}

int topics_claim(struct topics *all, const char *topic, const char *owner, bool *fresh, struct err *e) {
    bool found;
    size_t at = find(all, topic, &found);
    if (fresh) *fresh = !found;
    if (!found) return insert(all, at, topic, owner, e);
    struct topic_claim *claim = &all->items[at];
    bool same = strcmp(claim->name, topic) == 0;
    if (same && strcmp(claim->owner, owner) == 0) {
        claim->uses++;
        return 0;
    }
    if (same)
        return err_set(e, ERR_CONFIG, "%s and %s would both go to topic %s: give one of them another `topic`",
                       claim->owner, owner, topic);
    return err_set(
        e, ERR_CONFIG,
        "%s would go to topic %s and %s to topic %s, which Kafka refuses because they differ in '.' and "
        "'_' only: give one of them a `topic` of its own under `overrides`",
        claim->owner, claim->name, owner, topic);
}

void topics_release_claim(struct topics *all, const char *topic) {
    bool found;
    size_t at = find(all, topic, &found);
    if (!found || --all->items[at].uses > 0) return;
    free(all->items[at].name);
    free(all->items[at].owner);
    all->count--;
    memmove(&all->items[at], &all->items[at + 1], (all->count - at) * sizeof(*all->items));
}

void topics_release(struct topics *all) {
    for (size_t i = 0; i < all->count; i++) {
        free(all->items[i].name);
        free(all->items[i].owner);
    }
    free(all->items);
    *all = (struct topics){0};
}
