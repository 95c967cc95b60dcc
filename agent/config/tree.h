/*
 * tree: a configuration as it was written, before anybody knows what it means.
 *
 * A YAML file and the command line both become such a tree; each node remembers where it stands
 * ("tailrace.yaml:12:7", "--tables"). Everything lives in the arena it was made with.
 */
#ifndef TAILRACE_AGENT_CONFIG_TREE_H
#define TAILRACE_AGENT_CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "decoders/arena.h"

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    bool from_flag;        /* stands on the command line */
    bool plain;            /* a scalar without quotes */
    const char *place;     /* of the value */
    const char *key;       /* in a map, else NULL */
    const char *key_place; /* of the key */
    char *text;            /* of a scalar */
    struct node *first;    /* of a list or map, in the order written */
    struct node *last;
    struct node *next;
    size_t count; /* children */
};

/* A new node without a parent; `place` is kept as it is. NULL when memory runs out. */
struct node *node_new(struct arena *a, enum node_kind kind, const char *place);

/* A new scalar with a copy of `text`. */
struct node *node_scalar(struct arena *a, const char *text, const char *place);

/* Puts a child behind the others. The caller has set its key. */
void node_append(struct node *parent, struct node *child);

/* Puts `fresh` in the place of `old` (with its key), in the same parent. */
void node_replace(struct node *parent, struct node *old, struct node *fresh);

/* The child with that key, or of that index; NULL when there is none, or `n` is NULL or of another kind. */
struct node *node_get(const struct node *n, const char *key);
struct node *node_at(const struct node *n, size_t index);

/* True for a scalar that YAML means as nothing: ~ or null without quotes. */
bool node_is_null(const struct node *n);

/* Where the value of `key` stands; the node's own place when it has no such child. */
const char *node_place(const struct node *n, const char *key);

/* printf into the arena; NULL when memory runs out. */
char *tree_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
