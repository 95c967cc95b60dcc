#include "agent/config/tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct node *node_new(struct arena *a, enum node_kind kind, const char *place) {
    struct node *n = arena_calloc(a, 1, sizeof *n);
    if (n == NULL) return NULL;
    n->kind = kind;
    n->place = place;
    return n;
}

struct node *node_scalar(struct arena *a, const char *text, const char *place) {
    struct node *n = node_new(a, NODE_SCALAR, place);
    if (n == NULL) return NULL;
    n->text = arena_strndup(a, text, strlen(text));
    return n->text == NULL ? NULL : n;
}

void node_append(struct node *parent, struct node *child) {
    child->next = NULL;
    if (parent->last == NULL)
        parent->first = child;
    else
        parent->last->next = child;
    parent->last = child;
    parent->count++;
}

void node_replace(struct node *parent, struct node *old, struct node *fresh) {
    struct node **at = &parent->first;
    while (*at != old) at = &(*at)->next;
    fresh->key = old->key;
    fresh->key_place = fresh->place;
    fresh->next = old->next;
    *at = fresh;
    if (parent->last == old) parent->last = fresh;
}

struct node *node_get(const struct node *n, const char *key) {
    if (n == NULL || n->kind != NODE_MAP) return NULL;
    for (struct node *c = n->first; c != NULL; c = c->next)
        if (strcmp(c->key, key) == 0) return c;
    return NULL;
}

struct node *node_at(const struct node *n, size_t index) {
    if (n == NULL || n->kind == NODE_SCALAR) return NULL;
    struct node *c = n->first;
    while (c != NULL && index-- > 0) c = c->next;
    return c;
}

bool node_is_null(const struct node *n) {
    return n->kind == NODE_SCALAR && n->plain &&
           (strcmp(n->text, "~") == 0 || strcasecmp(n->text, "null") == 0);
}

const char *node_place(const struct node *n, const char *key) {
    const struct node *c = node_get(n, key);
    return c != NULL ? c->place : n->place;
}

char *tree_printf(struct arena *a, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *text = len < 0 ? NULL : arena_alloc(a, (size_t)len + 1);
    if (text == NULL) return NULL;
    va_start(ap, fmt);
    vsnprintf(text, (size_t)len + 1, fmt, ap);
    va_end(ap);
    return text;
}
