/*
 * charset: MySQL's and MariaDB's character sets → UTF-8.
 *
 * The server's collation ids name the charset. What its bytes mean is what the servers themselves answered to
 * decoders/binlog/charset_tables.py: latin1 is cp1252 with its five holes passed through, and so on.
 */
#ifndef TAILRACE_DECODERS_BINLOG_CHARSET_H
#define TAILRACE_DECODERS_BINLOG_CHARSET_H

#include "decoders/arena.h"
#include "decoders/change.h"
#include "decoders/err.h"

struct charset; /* const, one per character set */

/* The charset of a collation id (MySQL and MariaDB number alike below 2048; MariaDB's uca1400 above), NULL:
 * unknown. And by its name in either server: "utf8mb4", "latin1", "binary". */
const struct charset *charset_of_collation(uint32_t collation);
const struct charset *charset_named(const char *name);

/* As the server writes it: "utf8mb4". */
const char *charset_name(const struct charset *cs);
/* What has it is bytes, not text. */
bool charset_is_binary(const struct charset *cs);
/* Bytes of its longest character: a CHAR(n) takes n times that. */
unsigned charset_width(const struct charset *cs);

/* Open converters of one decoder; nothing is shared between threads. */
struct charsets;
struct charsets *charsets_new(void);
void charsets_free(struct charsets *c);

/*
 * Converts to UTF-8 (binary: only looks whether it is that). `out` points into `in` where nothing had to be
 * done, else into `a`. 0; 1: the bytes are not valid in this charset, `out` is unset; -1 with `e`: memory, or
 * the C library lacks the charset.
 */
int charset_to_utf8(struct charsets *c, const struct charset *cs, const void *in, size_t len, struct arena *a,
                    struct text *out, struct err *e);

#endif
