/*
 * hex: fields of a golden file that are bytes in hexadecimal.
 */
#ifndef TAILRACE_TESTS_GOLDEN_HEX_H
#define TAILRACE_TESTS_GOLDEN_HEX_H

#include "decoders/buf.h"

static inline unsigned hex_digit(char c) {
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Appends the bytes of the field at the front of a line and returns what follows its tab. */
static inline const char *hex_field(const char *line, struct buf *out) {
    for (; *line && *line != '\t'; line += 2)
        buf_putc(out, (char)(hex_digit(line[0]) << 4 | hex_digit(line[1])));
    return *line ? line + 1 : line;
}

#endif
