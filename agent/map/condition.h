/*
 * condition: the small language of `when:`, which decides whether a row is part of an entity.
 *
 *     status = 'A' and (credit_limit >= 1000 or "Type" in ('gold', 'silver')) and deleted_at is null
 *
 *     condition = both { "or" both }
 *     both      = negation { "and" negation }
 *     negation  = "not" negation | "(" condition ")" | test
 *     test      = column ( "=" | "!=" | "<>" | "<" | "<=" | ">" | ">=" ) literal
 *               | column "is" [ "not" ] "null"
 *               | column [ "not" ] "in" "(" literal { "," literal } ")"
 *     literal   = 'text' | number | true | false
 *     column    = name | "name in double quotes"
 *
 * Words of the language are written in any case; a column's name is compared exactly, and in double quotes it
 * may be anything (a quote in a text or name is written twice).
 *
 * Meaning, as in SQL: a comparison with NULL is neither true nor false (unknown), `not` leaves unknown as it
 * is, and a condition that is unknown selects nothing. Numbers are compared exactly, with floating-point
 * columns as floating point (NaN is above all). Text is compared byte by byte; blanks that pad a char(n) do
 * not count. Other columns (dates, uuids, enums, bytes ...) compare as the text that the database prints, for
 * equality only. A value that is invalid in its own type (0000-00-00) equals its raw text.
 */
#ifndef TAILRACE_AGENT_MAP_CONDITION_H
#define TAILRACE_AGENT_MAP_CONDITION_H

#include "decoders/buf.h"
#include "decoders/change.h"
#include "decoders/err.h"

struct condition;

enum condition_result { CONDITION_FALSE, CONDITION_TRUE, CONDITION_UNKNOWN };

/* Compiles `text`. ERR_CONFIG says what is wrong at which character. Free with condition_free() (takes NULL).
 */
int condition_parse(const char *text, struct condition **out, struct err *e);
void condition_free(struct condition *c);

/* The distinct columns in it, in order of first use: a column's place there is its slot. */
size_t condition_names(const struct condition *c);
const char *condition_name(const struct condition *c, size_t slot);

/*
 * Checks that each literal can be compared with its column (columns[slot]): ERR_CONFIG, with the character
 * and how to write it.
 */
int condition_check(const struct condition *c, const struct column *const *columns, struct err *e);

/*
 * Evaluates it over values[slot], each PRESENT, NULL or INVALID. `scratch` is for texts (its content is
 * lost); nothing else is allocated. ERR_DATA: a value that cannot be compared.
 */
int condition_eval(const struct condition *c, const struct value *const *values, struct buf *scratch,
                   enum condition_result *out, struct err *e);

#endif
