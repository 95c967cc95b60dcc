/*
 * codec: what a column really holds, where its type does not say it: dates packed into numbers, numbers
 * packed into texts, texts in another charset.
 *
 * A codec is written as steps, "date=yyyymmdd,zero=null"; docs/legacy.md explains each. They are applied in
 * one order, however they are written: charset or utf8, trim, empty and zero, then at most one of date, time,
 * decimal (with zoned or packed) and bool. A value that does not parse becomes VALUE_INVALID with its raw
 * text: nothing is guessed.
 */
#ifndef TAILRACE_AGENT_MAP_CODEC_H
#define TAILRACE_AGENT_MAP_CODEC_H

#include "decoders/arena.h"
#include "decoders/change.h"
#include "decoders/err.h"
#include "decoders/value.h"

enum codec_type { CODEC_AS_IS, CODEC_DATE, CODEC_TIME, CODEC_DECIMAL, CODEC_BOOL };

enum codec_date { DATE_YYYYMMDD, DATE_CYYMMDD, DATE_YYMMDD, DATE_JULIAN, DATE_DAYS_SINCE };

enum codec_digits { DIGITS_PLAIN, DIGITS_ZONED, DIGITS_PACKED };

struct codec_charset;

struct codec {
    const struct codec_charset *charset;  /* of the bytes; NULL: none */
    const struct codec_charset *as_which; /* what the database took them for: of texts */
    bool repair;                          /* UTF-8 that was encoded twice */
    bool trim;
    bool empty_null;
    bool zero_null;
    enum codec_type type;
    enum codec_date date;
    int64_t first_day; /* DAYS_SINCE: day 0, since 1970-01-01 */
    enum codec_digits digits;
    unsigned scale; /* implied places behind the point */
    const char *yes;
    const char *no; /* NULL: blanks */
};

/* Reads the steps. Keeps what it needs in `a`, which outlives the codec. ERR_CONFIG says which step is wrong.
 */
int codec_parse(const char *steps, struct arena *a, struct codec *out, struct err *e);

/* ERR_CONFIG when values of this kind can never be read by the codec. */
int codec_check(const struct codec *c, enum value_kind kind, struct err *e);

/* The kind that values of this kind become. */
enum value_kind codec_kind(const struct codec *c, enum value_kind kind);

/*
 * Converts a value in place; only PRESENT and INVALID ones. 0: done; 1: it does not parse and is INVALID now;
 * -1: no memory. What it makes lies in `a`.
 */
int codec_apply(const struct codec *c, struct value *v, struct arena *a);

#endif
