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

/* The nearest of `n` names when it is near enough to be a typing mistake (a third of the letters, at least
 * one), else NULL. The first of equals wins. */
const char *suggest_nearest(const char *word, const char *const *names, size_t n);

/* Fills `out` with up to `max` of the names that are near enough, nearest first; returns how many. */
size_t suggest_some(const char *word, const char *const *names, size_t n, const char **out, size_t max);

#endif
