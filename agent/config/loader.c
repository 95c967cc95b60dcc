#include "agent/config/loader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/config/suggest.h"

#define NAMES_MAX 64 /* sources looked at for a suggestion */

static const char *join(const char *place, const char *path, char *out, size_t size) {
    bool flag = strncmp(place, "--", 2) == 0;
    snprintf(out, size, "%s: %s%s", place, flag ? "" : path, flag || path[0] == '\0' ? "" : ": ");
    return out;
}

int load_refuse(struct loader *l, const char *place, const char *path, const char *fmt, ...) {
    char where[400];
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(l->e, ERR_CONFIG, "%s%s", join(place, path, where, sizeof where), text);
}

int load_warn(struct loader *l, const char *place, const char *path, const char *fmt, ...) {
    char where[400];
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    const char *warning = load_text(l, "%s%s", join(place, path, where, sizeof where), text);
    return warning == NULL ? -1 : load_append(l, &l->config->warnings, warning);
}

const char *load_text(struct loader *l, const char *fmt, ...) {
    char stack[512];
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(stack, sizeof stack, fmt, ap);
    va_end(ap);
    char *text = len < 0 ? NULL : arena_alloc(l->arena, (size_t)len + 1);
    if (text == NULL) {
        err_memory(l->e, "reading the configuration");
        return NULL;
    }
    va_start(ap, fmt);
    vsnprintf(text, (size_t)len + 1, fmt, ap);
    va_end(ap);
    return text;
}

/* Room doubles whenever the count is a power of two. */
int load_append(struct loader *l, struct config_strings *list, const char *text) {
    if ((list->count & (list->count - 1)) == 0) {
        const char **items = arena_calloc(l->arena, list->count > 0 ? list->count * 2 : 1, sizeof *items);
        if (items == NULL) return err_memory(l->e, "reading the configuration");
        if (list->count > 0) memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
    }
    list->items[list->count++] = text;
    return 0;
}

int load_patterns(struct loader *l, const struct config_strings *patterns, const struct node *node,
                  const char *path, struct pattern_list **out) {
    struct err why;
    if (pattern_list_new(patterns->items, patterns->count, out, &why) == 0) return 0;
    const char *place = node != NULL ? node->place : "default";
    for (size_t i = 0; node != NULL && node->kind == NODE_LIST && i < patterns->count; i++) {
        struct pattern_list *one;
        struct err ignored;
        int rc = pattern_list_new(&patterns->items[i], 1, &one, &ignored);
        pattern_list_free(one);
        place = node_at(node, i)->place;
        if (rc != 0) break;
    }
    return load_refuse(l, place, path, "%s", why.text);
}

const struct config_source *find_source(const struct config *c, const char *name, size_t len) {
    for (size_t i = 0; i < c->nsources; i++)
        if (strlen(c->sources[i].name) == len && memcmp(c->sources[i].name, name, len) == 0)
            return &c->sources[i];
    return NULL;
}

const char *nearest_source(const struct config *c, const char *name, size_t len) {
    const char *names[NAMES_MAX];
    char word[SUGGEST_MAX];
    size_t n = 0;
    for (size_t i = 0; i < c->nsources && n < NAMES_MAX; i++) names[n++] = c->sources[i].name;
    snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), name);
    return suggest_nearest(word, names, n);
}
