/*
 * text: PostgreSQL's text form of a value → struct value.
 *
 * pgoutput sends every value as its type's output function prints it. The parser of a column is chosen once,
 * when its table is described; after that it is one call per value. What a parser expects is the server's
 * output under the session pins: DateStyle ISO, TimeZone UTC, IntervalStyle iso_8601, extra_float_digits >=
 * 1, client_encoding UTF8; bytea may be hex or escape.
 */
#ifndef TAILRACE_DECODERS_PGOUTPUT_TEXT_H
#define TAILRACE_DECODERS_PGOUTPUT_TEXT_H

#include <stdbool.h>

#include "decoders/arena.h"
#include "decoders/value.h"

enum text_result {
    TEXT_OK = 0,
    TEXT_MALFORMED, /* not what the type's output function prints */
    TEXT_NOMEM,
};

struct text_type;

/*
 * Turns the raw text in v->text, v->len into the value itself, in place; `v` comes PRESENT with kind 0. Text
 * that is no valid UTF-8 (a SQL_ASCII database) becomes VALUE_INVALID and keeps its raw bytes. Arrays and
 * bytes are made in `a`; the rest points into the raw text.
 */
typedef enum text_result (*text_fn)(const struct text_type *t, struct value *v, struct arena *a);

/* A type as the decoder sees it. Const once made; `elem` lives as long as the type. */
struct text_type {
    text_fn parse;
    uint8_t kind; /* enum value_kind */
    char delim;   /* arrays: between elements */
    const struct text_type *elem;
};

/* t or f. */
enum text_result text_bool(const struct text_type *t, struct value *v, struct arena *a);

/* Numbers, strictly as they are printed: no leading zero, no plus sign. A numeric keeps its text. */
enum text_result text_int2(const struct text_type *t, struct value *v, struct arena *a);
enum text_result text_int4(const struct text_type *t, struct value *v, struct arena *a);
enum text_result text_int8(const struct text_type *t, struct value *v, struct arena *a);
enum text_result text_uint4(const struct text_type *t, struct value *v, struct arena *a);
enum text_result text_uint8(const struct text_type *t, struct value *v, struct arena *a);
enum text_result text_float4(const struct text_type *t, struct value *v, struct arena *a);
enum text_result text_float8(const struct text_type *t, struct value *v, struct arena *a);
enum text_result text_numeric(const struct text_type *t, struct value *v, struct arena *a);

/* \x and hexadecimal digits, or the escape format. */
enum text_result text_bytea(const struct text_type *t, struct value *v, struct arena *a);

/* 36 characters, lower case. */
enum text_result text_uuid(const struct text_type *t, struct value *v, struct arena *a);

/* ISO dates and times, " BC" and infinity; intervals in ISO 8601. */
enum text_result text_date(const struct text_type *t, struct value *v, struct arena *a);
enum text_result text_time(const struct text_type *t, struct value *v, struct arena *a);
enum text_result text_timetz(const struct text_type *t, struct value *v, struct arena *a);
enum text_result text_timestamp(const struct text_type *t, struct value *v, struct arena *a);
enum text_result text_timestamptz(const struct text_type *t, struct value *v, struct arena *a);
enum text_result text_interval(const struct text_type *t, struct value *v, struct arena *a);

/* Braces around elements of t->elem; with bounds in front it stays text. */
enum text_result text_array(const struct text_type *t, struct value *v, struct arena *a);

/* Any text: of kind t->kind, checked to be UTF-8. TEXT, JSON, ENUM, OTHER. */
enum text_result text_plain(const struct text_type *t, struct value *v, struct arena *a);

/*
 * Decimal text of `len` bytes as double or float, rounded correctly; NaN, Infinity, -Infinity. False when it
 * is no number, or too long for one. Needs the "C" locale's decimal point.
 */
bool text_to_double(const char *s, size_t len, double *out);
bool text_to_float(const char *s, size_t len, float *out);

#endif
