/*
 * field: how one column's bytes in a row image are to be read: its type in the log, and what the metadata
 * says.
 */
#ifndef TAILRACE_DECODERS_BINLOG_FIELD_H
#define TAILRACE_DECODERS_BINLOG_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/change.h"
#include "decoders/cursor.h"
#include "decoders/err.h"

/* enum_field_types as the log numbers them (MySQL: include/field_types.h). */
enum field_type {
    FIELD_DECIMAL = 0, /* before 5.0: refused */
    FIELD_TINY = 1,
    FIELD_SHORT = 2,
    FIELD_LONG = 3,
    FIELD_FLOAT = 4,
    FIELD_DOUBLE = 5,
    FIELD_NULL = 6,
    FIELD_TIMESTAMP = 7, /* old: seconds, no fraction */
    FIELD_LONGLONG = 8,
    FIELD_INT24 = 9,
    FIELD_DATE = 10,
    FIELD_TIME = 11,     /* old */
    FIELD_DATETIME = 12, /* old */
    FIELD_YEAR = 13,
    FIELD_NEWDATE = 14,
    FIELD_VARCHAR = 15,
    FIELD_BIT = 16,
    FIELD_TIMESTAMP2 = 17,
    FIELD_DATETIME2 = 18,
    FIELD_TIME2 = 19,
    FIELD_BLOB_COMPRESSED = 140,    /* MariaDB */
    FIELD_VARCHAR_COMPRESSED = 141, /* MariaDB */
    FIELD_VECTOR = 242,
    FIELD_JSON = 245,
    FIELD_NEWDECIMAL = 246,
    FIELD_ENUM = 247,
    FIELD_SET = 248,
    FIELD_TINY_BLOB = 249,
    FIELD_MEDIUM_BLOB = 250,
    FIELD_LONG_BLOB = 251,
    FIELD_BLOB = 252,
    FIELD_VAR_STRING = 253,
    FIELD_STRING = 254,
    FIELD_GEOMETRY = 255,
};

struct field_key {
    uint16_t column;
    uint32_t prefix; /* characters of it that are in the key; 0 all */
};

struct charset;

/* What a column is that the log holds as plain bytes: known from the catalogue alone. */
enum field_hint {
    HINT_NONE = 0,
    HINT_UUID, /* MariaDB: BINARY(16) in the log */
    HINT_INET4,
    HINT_INET6,
    HINT_VECTOR, /* MariaDB: VARBINARY in the log */
    HINT_TEXT,   /* JSON that was read and not logged: its text */
};

struct field {
    uint8_t type;    /* enum field_type, the real one: STRING unfolded into ENUM, SET or CHAR */
    uint16_t length; /* bytes: of CHAR, VARCHAR; of the length prefix of BLOB, JSON, GEOMETRY; of ENUM, SET */
    uint8_t precision; /* of DECIMAL; fractional digits of temporal types */
    uint8_t scale;     /* of DECIMAL */
    uint8_t bits;      /* of BIT: 1 to 64 */
    uint8_t hint;      /* enum field_hint */
    bool is_unsigned;
    bool nullable;
    bool unlogged;      /* a NULL in the log may stand for any value: old MariaDB's VIRTUAL columns */
    bool visible;       /* not INVISIBLE; true when not told */
    uint32_t collation; /* id; 0 not told */
    const struct charset *charset; /* of texts, enums and sets; NULL: not told, or not known to us */
    struct text name;              /* empty unless the metadata is FULL */
    struct text *labels; /* of ENUM and SET: in `charset` in a table_map, UTF-8 in a shape; NULL: not
                            told */
    size_t nlabels;
    uint32_t geometry;   /* kind of geometry */
    uint32_t dimensions; /* of VECTOR; 0 not told */
};

/*
 * Reads the metadata bytes of a column of type `type` from the metadata block of a TABLE_MAP and sets what
 * follows from both. ERR_DATA: cut short, a type we do not know, or numbers that the type cannot have.
 */
int field_describe(struct field *f, uint8_t type, struct cursor *metadata, struct err *e);

/*
 * Which columns the lists of the optional metadata are about: those with a bit in the list of signs; those
 * with a charset (texts, and bytes: "binary"); ENUM and SET, together or one of them; and so on.
 */
bool field_is_numeric(const struct field *f);
bool field_is_character(const struct field *f);
bool field_is_label(const struct field *f);
bool field_is_any(const struct field *f);
bool field_is_set(const struct field *f);
bool field_is_enum(const struct field *f);
bool field_is_geometry(const struct field *f);
bool field_is_vector(const struct field *f);
bool field_is_character_or_geometry(const struct field *f);

#endif
