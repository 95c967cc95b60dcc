/*
 * yaml: text to tree, strictly.
 *
 * What libyaml lets pass is decided here: a key twice, several documents, tags, merge keys, keys that are no
 * plain words, a value that is missing, bytes after a NUL are all errors with line and column. Anchors and
 * aliases are allowed; the tree they unfold to is bounded. Every scalar stays the text it was written as:
 * `no` and `on` mean nothing here.
 */
#ifndef TAILRACE_AGENT_CONFIG_YAML_H
#define TAILRACE_AGENT_CONFIG_YAML_H

#include <stddef.h>

#include "agent/config/tree.h"
#include "decoders/err.h"

#define YAML_MAX_BYTES ((size_t)1 << 20)
#define YAML_MAX_DEPTH 16
#define YAML_MAX_NODES 10000

/* Reads a whole document, which must be a map at its top. `name` stands in front of line and column. */
int yaml_parse(const char *text, size_t len, const char *name, struct arena *a, struct node **out,
               struct err *e);

/* Reads one value of any kind, as a flag gives it; every node's place is `place`, and from_flag is set. */
int yaml_parse_value(const char *text, const char *place, struct arena *a, struct node **out, struct err *e);

/* Reads a file of at most YAML_MAX_BYTES. */
int yaml_parse_file(const char *path, struct arena *a, struct node **out, struct err *e);

#endif
