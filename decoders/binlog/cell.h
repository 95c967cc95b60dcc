/*
 * cell: the bytes of one column in a row image → one value.
 *
 * Layouts (MySQL: libs/mysql/binlog/event/rows_event.h and sql/log_event.cc log_event_print_value;
 * strings/decimal.cc; mysys/my_time.cc) stand above each reader: cell.c (integers, floats, BIT, YEAR),
 * cell_decimal.c, cell_temporal.c, cell_text.c (texts, bytes, ENUM, SET), cell_json.c, cell_blob.c
 * (GEOMETRY, VECTOR).
 *
 * What only the catalogue knows is plain bytes here unless the field has a hint: MariaDB's UUID, INET4, INET6
 * and VECTOR. MariaDB's JSON is a LONGTEXT.
 */
#ifndef TAILRACE_DECODERS_BINLOG_CELL_H
#define TAILRACE_DECODERS_BINLOG_CELL_H

#include "decoders/arena.h"
#include "decoders/binlog/charset.h"
#include "decoders/binlog/field.h"
#include "decoders/cursor.h"
#include "decoders/err.h"
#include "decoders/value.h"

#define CELL_SCRATCH ((size_t)1 << 20) /* what the scratch buffer keeps from one value to the next */

/* What reading needs besides the bytes. */
struct cell_reader {
    struct arena *arena;       /* of the message: texts that had to be made */
    struct charsets *charsets; /* converters */
    struct buf *scratch;
};

/*
 * Reads one cell that is present and not NULL. What the type does not allow (0000-00-00, bytes that are not
 * valid in their charset, a malformed JSON document) is VALUE_INVALID with its text or bytes; a length beyond
 * the image, or a type we do not know, is ERR_DATA.
 */
int cell_read(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
              struct err *e);

/* The value kind that cell_read() gives for the field, for struct column. 0: a type that we do not know. */
enum value_kind cell_kind(const struct field *f);

/* The type as the server's SHOW COLUMNS prints it: "int unsigned", "decimal(12,2)", "varchar(40)". */
void cell_type_name(const struct field *f, struct buf *out);

#endif
