/*
 * charset_multi: multi-byte character sets (those of Chinese, Japanese and Korean) as tables.
 *
 * A table is what the C library's converter says about every code, patched to what the servers say. Its
 * checksum must then be that of the servers' own table: another version of the library can fail, but cannot
 * change a character.
 */
#ifndef TAILRACE_DECODERS_BINLOG_CHARSET_MULTI_H
#define TAILRACE_DECODERS_BINLOG_CHARSET_MULTI_H

#include "decoders/binlog/charset_tables.h"
#include "decoders/err.h"

/* Makes the table; the caller frees it. NULL with `e`: memory (ERR_MEMORY), or the C library lacks the
 * converter (ERR_CONFIG). */
uint16_t *charset_multi_table(const struct charset_multi *m, struct err *e);

/* Reads the character at p, of which at least one byte is left. Returns its length, 0 when it is none. */
size_t charset_multi_read(const struct charset_multi *m, const uint16_t *table, const uint8_t *p, size_t left,
                          uint32_t *point);

#endif
