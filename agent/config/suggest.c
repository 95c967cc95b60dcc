#include "agent/config/suggest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static uint8_t fold(char c) {
    if (c >= 'A' && c <= 'Z') return (uint8_t)(c - 'A' + 'a');
    return c == '-' ? '_' : (uint8_t)c;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Three rows of the usual table: two before, one before, this one. */
size_t suggest_distance(const char *a, const char *b) {
    size_t rows[3][SUGGEST_MAX + 1];
    size_t na = strlen(a);
    size_t nb = strlen(b);
    if (na > SUGGEST_MAX || nb > SUGGEST_MAX) return SUGGEST_MAX;
    for (size_t j = 0; j <= nb; j++) rows[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *now = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3];
        const size_t *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t change = fold(a[i - 1]) == fold(b[j - 1]) ? 0 : 1;
            size_t d = least(before[j] + 1, now[j - 1] + 1);
            d = least(d, before[j - 1] + change);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]))
                d = least(d, earlier[j - 2] + 1);
            now[j] = d;
        }
    }
    return rows[na % 3][nb];
}

static size_t tolerance(const char *word) {
    size_t n = least(strlen(word) / 3, SUGGEST_MAX - 1);
    return n > 0 ? n : 1;
}

/* Whether the lengths alone say that two words are further apart than that. */
static bool too_far(const char *a, const char *b, size_t limit) {
    size_t na = strlen(a);
    size_t nb = strlen(b);
    return (na > nb ? na - nb : nb - na) > limit;
}

size_t suggest_from(const char *word, suggest_fn known, const void *ctx, const char **out, size_t max) {
    size_t found = 0;
    size_t limit = tolerance(word);
    const char *name;
    for (size_t i = 0; max > 0 && (name = known(ctx, i)); i++) {
        if (too_far(word, name, limit)) continue;
        size_t d = suggest_distance(word, name);
        size_t at = found;
        while (at > 0 && suggest_distance(word, out[at - 1]) > d) at--;
        if (d > limit || at == max) continue;
        if (found < max) found++;
        memmove(out + at + 1, out + at, (found - at - 1) * sizeof *out);
        out[at] = name;
    }
    return found;
}

struct list {
    const char *const *names;
    size_t n;
};

static const char *of_list(const void *ctx, size_t i) {
    const struct list *list = ctx;
    return i < list->n ? list->names[i] : NULL;
}

size_t suggest_some(const char *word, const char *const *names, size_t n, const char **out, size_t max) {
    struct list list = {names, n};
    return suggest_from(word, of_list, &list, out, max);
}

const char *suggest_nearest(const char *word, const char *const *names, size_t n) {
    const char *best = NULL;
    return suggest_some(word, names, n, &best, 1) > 0 ? best : NULL;
}
