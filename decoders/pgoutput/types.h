/*
 * types: from a type OID to the parser of its values and its name.
 *
 * PostgreSQL's own types are a const table; what a database added (enums, domains, composites, extensions,
 * their arrays) comes from FRAME_CATALOG, or, as a bare name, from a Type message. An OID that nothing
 * explains is text.
 */
#ifndef TAILRACE_DECODERS_PGOUTPUT_TYPES_H
#define TAILRACE_DECODERS_PGOUTPUT_TYPES_H

#include <stdint.h>

#include "decoders/arena.h"
#include "decoders/pgoutput/catalog.h"
#include "decoders/pgoutput/text.h"

struct known_type;

/* What the database told about its own types, by OID. */
struct types {
    struct known_type *known;
};

/* An empty set, which allocates nothing yet; and the end of it. */
void types_init(struct types *t);
void types_release(struct types *t);

/* Learns a type from the catalogue; replaces what was known. -1: memory. */
int types_put(struct types *t, const struct pgoutput_type *type, struct err *e);

/* Learns the bare name of a type from a Type message, unless the catalogue told more. -1: memory. */
int types_put_name(struct types *t, uint32_t oid, const char *schema, const char *name, struct err *e);

/*
 * Finds out how values of a type are read: fills `out`; its elements and *name (for people, with modifiers)
 * are in `a` or const. -1: memory.
 */
int types_resolve(const struct types *t, uint32_t oid, int32_t type_mod, struct arena *a,
                  struct text_type *out, const char **name, struct err *e);

#endif
