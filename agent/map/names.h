/*
 * names: how tables and columns are written in messages, patterns and SQL.
 */
#ifndef TAILRACE_AGENT_MAP_NAMES_H
#define TAILRACE_AGENT_MAP_NAMES_H

#include "decoders/buf.h"
#include "decoders/change.h"

#define NAMES_NONE ((size_t)-1)

/* Appends "source.space.name", see table_space(); `source` NULL, or an empty space: without it. */
void names_dotted(struct buf *out, const char *source, const char *space, const char *name);

/* The same as a fresh string, to be freed; NULL without memory. */
char *names_table(const char *source, const struct table *t);

/* Index of a column by its exact name (`len` bytes), or NAMES_NONE. */
size_t names_column(const struct table *t, const char *name, size_t len);

/* Writes ": did you mean x?" after a column of `t`, or "". Returns `out`. */
const char *names_hint(const struct table *t, const char *name, char *out, size_t size);

/* The statement that makes the log carry whole old rows of this table (in MySQL: of all tables), into `out`;
 * returns `out`. */
const char *names_remedy(const struct table *t, char *out, size_t size);

#endif
