/*
 * hex: bytes of a log written as hexadecimal digits, as the tests keep what servers wrote.
 */
#ifndef TAILRACE_TESTS_UNIT_DECODERS_BINLOG_HEX_H
#define TAILRACE_TESTS_UNIT_DECODERS_BINLOG_HEX_H

#include <stdio.h>
#include <string.h>

#include "decoders/buf.h"

/* Appends the bytes; blanks are passed over. */
static inline void hex_put(struct buf *out, const char *text) {
    for (unsigned byte; *text; text += 2) {
        while (*text == ' ') text++;
        if (!*text || sscanf(text, "%2x", &byte) != 1) return;
        buf_putc(out, (char)byte);
    }
}

#endif
