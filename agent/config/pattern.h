/*
 * pattern: which names a list of patterns selects.
 *
 * A pattern is a glob over the dotted name ("public.*", "public.order_?"; see agent/config/glob.h: a wildcard
 * crosses no dot, except behind the pattern's last one), or a PCRE2 regular expression between slashes
 * ("/^public\.ord/"), which is searched for in the whole dotted name: `^` and `$` anchor it. A leading "!"
 * excludes, and "!!" excludes what no pattern without a wildcard names. A name is selected when a positive
 * pattern matches it and no excluding one does; order does not matter. A list of exclusions alone selects all
 * else, and an empty list selects everything. Letters match in their own case, and names with quotes or dots
 * in them are compared as they are.
 */
#ifndef TAILRACE_AGENT_CONFIG_PATTERN_H
#define TAILRACE_AGENT_CONFIG_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "decoders/err.h"

struct pattern_list;

/*
 * Compiles `n` patterns (copied). ERR_CONFIG names the pattern and the byte offset in it, as written. Free
 * with pattern_list_free(). The list is read-only afterwards and may be shared between threads.
 */
int pattern_list_new(const char *const *patterns, size_t n, struct pattern_list **out, struct err *e);
void pattern_list_free(struct pattern_list *p);

/* True when `name` ("schema.table") is selected. Regular expressions run with match and depth limits; over
 * them, or when memory runs out: no match and *failed set (may be NULL). */
bool pattern_list_match(const struct pattern_list *p, const char *name, bool *failed);

/* The i-th pattern's text, for messages; and whether that one alone matches (its "!" ignored). */
size_t pattern_list_count(const struct pattern_list *p);
const char *pattern_list_text(const struct pattern_list *p, size_t i);
bool pattern_list_matches_one(const struct pattern_list *p, size_t i, const char *name);

/*
 * When the whole list is every table ("*.*", "*" or nothing at all; no exclusion, no regex), and when it is
 * whole schemas ("public.*" each, no exclusion, no regex): at most `max` distinct names, owned by the list.
 * So a publication can be FOR ALL TABLES or FOR TABLES IN SCHEMA.
 */
bool pattern_list_is_all(const struct pattern_list *p);
bool pattern_list_is_schemas(const struct pattern_list *p, const char **schemas, size_t max, size_t *n);

#endif
