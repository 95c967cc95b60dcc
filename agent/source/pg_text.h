/*
 * pg_text: PostgreSQL's texts: names, literals, log positions. Pure.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_TEXT_H
#define TAILRACE_AGENT_SOURCE_PG_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/buf.h"

#define PG_NAME_MAX 64 /* NAMEDATALEN: the longest name and its NUL */
#define PG_LSN_TEXT 24 /* room for "FFFFFFFF/FFFFFFFF" */

/* Reads "0/1A2B3C" exactly; false for anything else. */
bool pg_lsn_parse(const char *text, uint64_t *lsn);

/* Writes it as the server does and returns `out`. */
const char *pg_lsn_format(uint64_t lsn, char out[PG_LSN_TEXT]);

/* Appends an identifier in double quotes, a qualified name, a literal; safe for any name. */
void pg_put_ident(struct buf *out, const char *name);
void pg_put_table(struct buf *out, const char *schema, const char *name);
void pg_put_literal(struct buf *out, const char *text);

#endif
