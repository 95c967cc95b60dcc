/*
 * pg_copy: rows of COPY … TO STDOUT (text format), made into the messages that the log would have. Pure.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_COPY_H
#define TAILRACE_AGENT_SOURCE_PG_COPY_H

#include <stddef.h>
#include <stdint.h>

#include "decoders/err.h"

/* The text of one column, with a NUL behind it that does not count. NULL: null. */
struct pg_field {
    char *text;
    size_t len;
};

/*
 * Splits a line, its newline included, into exactly `n` fields: in place, the fields point into it. ERR_DATA
 * for another number of fields, and for an escape that COPY does not write.
 */
int pg_copy_split(char *line, size_t len, struct pg_field *fields, size_t n, struct err *e);

/* The size of an Insert message of `n` fields, and the message (decoders/pgoutput/proto.c has the layout). */
size_t pg_copy_insert_size(const struct pg_field *fields, size_t n);
void pg_copy_insert(uint32_t table, const struct pg_field *fields, size_t n, uint8_t *out);

#endif
