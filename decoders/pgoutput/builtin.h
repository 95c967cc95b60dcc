/*
 * builtin: the types that every PostgreSQL has, by OID: parser, kind and name.
 */
#ifndef TAILRACE_DECODERS_PGOUTPUT_BUILTIN_H
#define TAILRACE_DECODERS_PGOUTPUT_BUILTIN_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/buf.h"
#include "decoders/pgoutput/text.h"

/* A type of PostgreSQL itself. */
struct builtin_type {
    uint32_t oid;
    uint32_t array; /* OID of its array type, 0 none */
    const char *name;
    const char *sql_name; /* as format_type() prints it; NULL: like `name` */
    struct text_type type;
};

/* By OID, also of its array type (*is_array tells), or by name; NULL when it is not in the table. */
const struct builtin_type *builtin_by_oid(uint32_t oid, bool *is_array);
const struct builtin_type *builtin_by_name(const char *name);

/* Appends the SQL name with modifiers, as format_type(oid, type_mod) does: numeric(12,2). */
void builtin_format(const struct builtin_type *t, int32_t type_mod, struct buf *out);

#endif
