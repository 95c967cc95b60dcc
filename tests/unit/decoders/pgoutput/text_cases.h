/*
 * text_cases: helpers for the tests of the text parsers.
 */
#ifndef TAILRACE_TESTS_UNIT_DECODERS_PGOUTPUT_TEXT_CASES_H
#define TAILRACE_TESTS_UNIT_DECODERS_PGOUTPUT_TEXT_CASES_H

#include <stdlib.h>
#include <string.h>

#include "decoders/pgoutput/text.h"

/* Parses a copy of exactly `len` bytes, so that a sanitizer sees a read behind it. The copy is in the arena.
 */
static inline enum text_result parse_text(const struct text_type *t, const char *s, size_t len,
                                          struct value *v, struct arena *a) {
    char *copy = malloc(len ? len : 1);
    char *kept = arena_alloc(a, len ? len : 1);
    assert_non_null(copy);
    assert_non_null(kept);
    memcpy(copy, s, len);
    memcpy(kept, s, len);
    *v = (struct value){.state = VALUE_PRESENT, .text = copy, .len = len};
    t->parse(t, v, a);
    free(copy);
    *v = (struct value){.state = VALUE_PRESENT, .text = kept, .len = len};
    return t->parse(t, v, a);
}

/* The text is taken, and formats back to itself (or to `canonical`). */
static inline void round_trips(const struct text_type *t, const char *s, const char *canonical) {
    struct arena a;
    struct value v;
    struct buf b = {0};
    arena_init(&a, 0);
    if (parse_text(t, s, strlen(s), &v, &a) != TEXT_OK) fail_msg("refused: %s", s);
    if (v.state != VALUE_PRESENT) fail_msg("not present: %s", s);
    assert_int_equal(v.kind, t->kind);
    value_format(&v, &b);
    assert_string_equal(buf_cstr(&b), canonical ? canonical : s);
    buf_release(&b);
    arena_release(&a);
}

static inline void refused(const struct text_type *t, const char *s, size_t len) {
    struct arena a;
    struct value v;
    arena_init(&a, 0);
    if (parse_text(t, s, len, &v, &a) != TEXT_MALFORMED) fail_msg("taken: %s", s);
    arena_release(&a);
}

#define ROUND_TRIP(type, ...)                                                                                \
    do {                                                                                                     \
        static const char *const cases_[] = {__VA_ARGS__};                                                   \
        for (size_t i = 0; i < sizeof(cases_) / sizeof(cases_[0]); i++) round_trips(type, cases_[i], NULL);  \
    } while (0)

#define REFUSED(type, ...)                                                                                   \
    do {                                                                                                     \
        static const char *const cases_[] = {__VA_ARGS__};                                                   \
        for (size_t i = 0; i < sizeof(cases_) / sizeof(cases_[0]); i++)                                      \
            refused(type, cases_[i], strlen(cases_[i]));                                                     \
    } while (0)

#endif
