/*
 * loader: what the steps of config_load() share: the tree that was read, the config that is being made.
 *
 *     args_read → yaml_parse_file → overlay_flags → bind_config → check_sources, check_sink, check_entities
 */
#ifndef TAILRACE_AGENT_CONFIG_LOADER_H
#define TAILRACE_AGENT_CONFIG_LOADER_H

#include "agent/config/config.h"
#include "agent/config/tree.h"

struct loader {
    struct config *config;
    struct arena *arena;
    struct node *root;
    struct err *e;
};

/*
 * ERR_CONFIG about something at `place`: "tailrace.yaml:12:7: sources.shop.slot: text". The path is left out
 * ("" or a flag's place says it all already). Returns -1.
 */
int load_refuse(struct loader *l, const char *place, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds a warning to config->warnings, the place in front. -1 when memory runs out. */
int load_warn(struct loader *l, const char *place, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* printf into the arena; NULL with the error set. */
const char *load_text(struct loader *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Adds a string to a list. -1 when memory runs out. */
int load_append(struct loader *l, struct config_strings *list, const char *text);

/* Compiles patterns; an error gets the place of the bad one among `node`'s items. Free with the config. */
int load_patterns(struct loader *l, const struct config_strings *patterns, const struct node *node,
                  const char *path, struct pattern_list **out);

/* Fills l->config from l->root by the option table: types, ranges, required options, defaults. */
int bind_config(struct loader *l);

/* What the table cannot say; each also works out the defaults that depend on something. In this order. */
int check_sources(struct loader *l);
int check_sink(struct loader *l);
int check_overrides(struct loader *l);
int check_entities(struct loader *l);

/* The source with that name, or NULL; and the nearest name to it, or NULL. */
const struct config_source *find_source(const struct config *c, const char *name, size_t len);
const char *nearest_source(const struct config *c, const char *name, size_t len);

#endif
