/*
 * suggest: "did you mean". Finds the names nearest to a mistyped word.
 *
 * Distance is Damerau-Levenshtein (optimal string alignment): insertions, deletions, changes and swaps of
 * neighbours. Upper and lower case, and `-` and `_`, count as the same.
 */
#ifndef TAILRACE_AGENT_CONFIG_SUGGEST_H
#define TAILRACE_AGENT_CONFIG_SUGGEST_H

#include <stddef.h>

/* Words longer than this are near to nothing. */
#define SUGGEST_MAX 128

/* The distance between two words; SUGGEST_MAX when it is more than that, or a word is longer. */
size_t suggest_distance(const char *a, const char *b);

/* Gives the i-th of the names there are; NULL behind the last. */
typedef const char *(*suggest_fn)(const void *ctx, size_t i);

/* Fills `out` with up to `max` of the names that are near enough to be what a mistyped word means (a third of
 * its letters, at least one, differ), nearest first, the first of equals first; returns how many. */
size_t suggest_from(const char *word, suggest_fn known, const void *ctx, const char **out, size_t max);

/* The same from an array of `n` names. */
size_t suggest_some(const char *word, const char *const *names, size_t n, const char **out, size_t max);

/* The nearest alone; NULL when none is near enough. */
const char *suggest_nearest(const char *word, const char *const *names, size_t n);

#endif
