/*
 * shape_part: what is behind shapes_take(): a description in the log, and what the catalogue says, become one
 * shape.
 */
#ifndef TAILRACE_DECODERS_BINLOG_SHAPE_PART_H
#define TAILRACE_DECODERS_BINLOG_SHAPE_PART_H

#include "decoders/binlog/catalog.h"
#include "decoders/binlog/charset.h"
#include "decoders/binlog/shape.h"

/* One description with all that hangs on it. */
struct described {
    struct shape shape;
    struct text description;
    struct arena arena; /* holds everything, this struct too */
    struct described *next;
};

/* What a shape is made from besides the log. */
struct shape_sources {
    struct charsets *charsets;
    const struct catalog_table *told; /* NULL: the catalogue says nothing */
    enum row_image image;
};

/* A new shape; NULL with `e`. ERR_DATA: neither the log nor the catalogue says what is needed. */
struct described *shape_describe(const struct shape_sources *from, const struct table_map *m, struct err *e);
void shape_forget(struct described *d); /* NULL is fine */

/* True when both describe the same table in the same way. */
bool shape_equal(const struct shape *a, const struct shape *b);

/*
 * Completes a field from the catalogue's column: name, sign, charset and labels when `all` (the log does not
 * say them), and in any case the hint. 0; 1: with `all`, the types do not fit; -1: memory.
 */
int field_told(struct field *f, const struct catalog_column *c, bool all, struct arena *a);

/* What a COLUMN_TYPE is in the log (enum field_type; 0: not known), its numbers in brackets, and the length
 * of those whose word says it. */
uint8_t field_type_told(const char *type, unsigned long numbers[2], uint16_t *length);

#endif
