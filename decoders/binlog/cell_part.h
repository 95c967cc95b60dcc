/*
 * cell_part: the readers behind cell_read(), one per family of types. Each reads one cell of a type it is
 * for, with the arguments and results of cell_read().
 */
#ifndef TAILRACE_DECODERS_BINLOG_CELL_PART_H
#define TAILRACE_DECODERS_BINLOG_CELL_PART_H

#include "decoders/binlog/cell.h"
#include "decoders/change.h"

/* DECIMAL. */
int cell_decimal(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
                 struct err *e);
/* Dates and times of every encoding. */
int cell_temporal(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
                  struct err *e);
/* ENUM and SET. */
int cell_label(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
               struct err *e);
/* CHAR, VARCHAR, BLOB, and those of them that are bytes. */
int cell_string(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
                struct err *e);
/* MariaDB's COMPRESSED ones. */
int cell_compressed(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
                    struct err *e);
/* MySQL's JSON. */
int cell_json(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
              struct err *e);
/* GEOMETRY and VECTOR. */
int cell_blob(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
              struct err *e);

/* Bytes of a CHAR, VARCHAR or BLOB: text or bytes, as the charset says. */
int cell_put_string(const struct cell_reader *r, const struct field *f, const uint8_t *bytes, size_t len,
                    struct value *out, struct err *e);
/* What is in `out`, bytes of a column with a hint, as the hint says it. */
int cell_hinted(const struct cell_reader *r, enum field_hint hint, struct value *out, struct err *e);
/* What the scratch buffer holds, in the arena; a large buffer goes. */
int cell_keep_scratch(const struct cell_reader *r, struct text *out, struct err *e);
/* A binary document as text. */
int cell_put_json(const struct cell_reader *r, const uint8_t *bytes, size_t len, struct value *out,
                  struct err *e);
/* Bytes as an array of floats. */
int cell_vector(const struct cell_reader *r, const uint8_t *bytes, size_t len, struct value *out,
                struct err *e);

/* Width of the length in front of the bytes. Only what can be longer than 255 has two bytes there. */
static inline size_t cell_length_bytes(const struct field *f) {
    if (f->type == FIELD_STRING || f->type == FIELD_VARCHAR || f->type == FIELD_VARCHAR_COMPRESSED)
        return f->length > 255 ? 2 : 1;
    return f->length;
}

/* The bytes behind a little-endian length of `width` bytes, 1 to 4. */
bool cell_take(struct cursor *c, size_t width, const uint8_t **bytes, size_t *len);

/* A little-endian or big-endian integer of `width` bytes, 1 to 8. */
static inline uint64_t cell_le(const uint8_t *p, size_t width) {
    uint64_t v = 0;
    for (size_t i = width; i--;) v = v << 8 | p[i];
    return v;
}

static inline uint64_t cell_be(const uint8_t *p, size_t width) {
    uint64_t v = 0;
    for (size_t i = 0; i < width; i++) v = v << 8 | p[i];
    return v;
}

/* The value is what its bytes or text say. */
static inline int cell_put_text(struct value *out, enum value_kind kind, const void *text, size_t len) {
    *out = (struct value){
        .state = VALUE_PRESENT, .kind = (uint8_t)kind, .is_text = true, .text = text, .len = len};
    return 0;
}

/* The type does not allow this: what the server prints, or the bytes. */
static inline int cell_put_invalid(struct value *out, const void *text, size_t len) {
    *out = (struct value){.state = VALUE_INVALID, .is_text = true, .text = text, .len = len};
    return 0;
}

/* Reports a cell whose bytes are not all there. */
int cell_cut(struct err *e);

/* Reports that memory ran out. */
int cell_memory(struct err *e);

#endif
