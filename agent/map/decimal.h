/*
 * decimal: compares decimal numbers written as text, exactly, whatever their length.
 */
#ifndef TAILRACE_AGENT_MAP_DECIMAL_H
#define TAILRACE_AGENT_MAP_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>

/* A number as text: sign, digits, point, digits; or one of the three that are no number. */
struct decimal {
    enum {
        DECIMAL_BELOW = -1,
        DECIMAL_FINITE = 0,
        DECIMAL_ABOVE = 1,
        DECIMAL_NAN = 2
    } class; /* below: -Infinity */
    bool negative;
    const char *whole; /* without leading zeros */
    size_t nwhole;
    const char *fraction; /* without trailing zeros */
    size_t nfraction;
};

/* Reads `len` bytes: [+-]digits[.digits], "NaN", "Infinity", "-Infinity". Points into `text`. False: none of
 * these. */
bool decimal_parse(const char *text, size_t len, struct decimal *out);

/* Negative, 0, positive. As PostgreSQL orders them: NaN equals itself and is above Infinity; -0 equals 0. */
int decimal_compare(const struct decimal *a, const struct decimal *b);

#endif
