/*
 * lsn: PostgreSQL's log positions, as numbers and as text.
 */
#ifndef TAILRACE_DECODERS_PGOUTPUT_LSN_H
#define TAILRACE_DECODERS_PGOUTPUT_LSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LSN_TEXT 18 /* FFFFFFFF/FFFFFFFF and a NUL */

/* Writes "0/1A2B3C" with a NUL; returns its length. */
size_t lsn_text(uint64_t lsn, char out[LSN_TEXT]);

/* Reads "0/1A2B3C" (either case) up to its NUL; false when it is anything else. */
bool lsn_parse(const char *text, uint64_t *lsn);

/* Writes upper case hexadecimal digits without leading zeros, no NUL, 16 at most; returns how many. */
size_t lsn_hex(uint64_t n, char *out);

/* Eight bytes, most significant first: positions in blobs compare by memcmp. */
void lsn_store(uint64_t lsn, uint8_t out[8]);
uint64_t lsn_load(const uint8_t in[8]);

#endif
