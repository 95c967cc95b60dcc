/*
 * value: one column's value, typed, whichever database it came from.
 *
 * Promise: no invented values. A value is present, null, unchanged (the log does not carry it), masked,
 * omitted (too large) or invalid with its raw text or bytes. There is no sentinel, and a decimal never
 * becomes a double.
 *
 * Memory: texts, bytes and arrays point into the frame or the arena of the message; they are valid until the
 * callback that received the change returns.
 */
#ifndef TAILRACE_DECODERS_VALUE_H
#define TAILRACE_DECODERS_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/buf.h"

enum value_state {
    VALUE_ABSENT = 0, /* this image has no such column (partial image, key-only old tuple) */
    VALUE_PRESENT,
    VALUE_NULL,
    VALUE_UNCHANGED, /* the database did not log it because it did not change (TOAST) */
    VALUE_MASKED,    /* left out by configuration */
    VALUE_OMITTED,   /* left out because the record was too large */
    VALUE_INVALID,   /* the database holds something its own type does not allow; `text` has the raw bytes */
};

enum value_kind {
    VALUE_BOOL = 1,  /* v.b */
    VALUE_INT,       /* v.i */
    VALUE_UINT,      /* v.u */
    VALUE_FLOAT,     /* v.d, exactly representable as float: NaN, infinities and -0 included */
    VALUE_DOUBLE,    /* v.d */
    VALUE_DECIMAL,   /* text, canonical: digits as the database writes them, "NaN", "Infinity", "-Infinity" */
    VALUE_TEXT,      /* text, UTF-8 */
    VALUE_BYTES,     /* text holds the raw bytes */
    VALUE_DATE,      /* v.i days since 1970-01-01, proleptic Gregorian; or text */
    VALUE_TIME,      /* v.i microseconds since midnight, or a signed duration (MySQL) */
    VALUE_TIMESTAMP, /* v.i microseconds since 1970-01-01T00:00:00, no zone; or text */
    VALUE_TIMESTAMPTZ, /* v.i microseconds since 1970-01-01T00:00:00Z; or text */
    VALUE_TIMETZ,      /* text, as the database writes it: 12:00:00.5+02 */
    VALUE_INTERVAL,    /* text, ISO 8601 */
    VALUE_UUID,        /* text, 36 characters, lower case */
    VALUE_JSON,        /* text, one JSON document as the database holds it */
    VALUE_ENUM,        /* text, the label */
    VALUE_SET,         /* text, labels joined by commas */
    VALUE_ARRAY,       /* v.array; or text when a lower bound is not 1 */
    VALUE_GEOMETRY,    /* v.u SRID; text holds the WKB */
    VALUE_OTHER,       /* text in the database's own form; the column's type name says what it is */
};

/*
 * `is_text` is set for the kinds above that say "text", and for DATE, TIMESTAMP, TIMESTAMPTZ and ARRAY values
 * that have no number: infinity and -infinity, a timestamp that does not fit 64 bits, an array with other
 * lower bounds. They then hold the database's own text.
 */
struct value {
    uint8_t state; /* enum value_state */
    uint8_t kind;  /* enum value_kind; 0 unless PRESENT */
    bool is_text;
    union {
        bool b;
        int64_t i;
        uint64_t u;
        double d;
        struct value_array *array;
    } v;
    const char *text; /* not NUL-terminated */
    size_t len;
};

#define VALUE_MAX_DIMS 6 /* PostgreSQL's MAXDIM */

/* A rectangular array, all lower bounds 1. Zero dimensions: the empty array. */
struct value_array {
    uint8_t kind; /* of the elements */
    uint8_t ndims;
    char delim; /* between elements in the database's text; ',' but for PostgreSQL's box */
    uint32_t dims[VALUE_MAX_DIMS];
    size_t count;        /* product of dims */
    struct value *items; /* row-major; PRESENT or NULL */
};

/*
 * Appends a present value (nothing for other states) as canonical text: what PostgreSQL prints under the
 * session pins (ISO dates, UTC, hex bytea, shortest round-trip floats), so that format(parse(x)) = x; of a
 * geometry "SRID=4326;" and its WKB in hex. Used for entity keys, templates and tests.
 */
void value_format(const struct value *v, struct buf *out);

/* Shortest decimal that reads back as the same double (or float), laid out as PostgreSQL does; NaN, Infinity,
 * -0. */
void value_format_double(double d, struct buf *out);
void value_format_float(float f, struct buf *out);

/* The digits of the shortest decimal that reads back as the same double (neither 0 nor infinite), sign left
 * out: the number is digits * 10^exponent. MySQL's choice, which differs from PostgreSQL's where an end of
 * the interval that rounds to the number is shorter. */
uint64_t value_double_digits(double d, int *exponent);

/* ISO forms from numbers: 2026-11-23, 12:00:00.5, 2026-11-23 12:00:00.5 (`sep` ' ' or 'T'); years BC end in "
 * BC". */
void value_format_date(int64_t days, struct buf *out);
void value_format_time(int64_t micros, struct buf *out);
void value_format_timestamp(int64_t micros, char sep, const char *zone, struct buf *out);

/* True when both have the same state, kind and content (floats by bits). */
bool value_equal(const struct value *a, const struct value *b);

/* A short stable name of a kind or a state, for messages and golden files: "int", "timestamptz", "unchanged".
 */
const char *value_kind_name(enum value_kind k);
const char *value_state_name(enum value_state s);

#endif
