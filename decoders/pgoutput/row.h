/*
 * row: a row's values from their text, shared by all who read rows of PostgreSQL.
 */
#ifndef TAILRACE_DECODERS_PGOUTPUT_ROW_H
#define TAILRACE_DECODERS_PGOUTPUT_ROW_H

#include "decoders/pgoutput/relation.h"

/*
 * Parses the values of one image in place: each PRESENT one has its raw text (pgoutput_read_insert and the
 * like). Of a key image only the identity columns are meant, the others become ABSENT. What is made is in
 * `a`. ERR_DATA for a text that is none of its type.
 */
int row_parse(const struct shape *s, enum image image, struct value *values, struct arena *a, struct err *e);

#endif
