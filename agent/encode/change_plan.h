/*
 * change_plan: the parts of a RowChange that are the same for every row of a selection, as wire bytes.
 */
#ifndef TAILRACE_AGENT_ENCODE_CHANGE_PLAN_H
#define TAILRACE_AGENT_ENCODE_CHANGE_PLAN_H

#include <string.h>

#include "agent/encode/plan_cache.h"
#include "decoders/buf.h"

/* Field numbers of RowChange (schemas/tailrace/v1/change.proto); a test compares them with the schema. */
enum change_field {
    CHANGE_FIELD_VERSION = 1,
    CHANGE_FIELD_SOURCE = 2,
    CHANGE_FIELD_DATABASE = 3,
    CHANGE_FIELD_SCHEMA = 4,
    CHANGE_FIELD_TABLE = 5,
    CHANGE_FIELD_OP = 6,
    CHANGE_FIELD_KEY = 7,
    CHANGE_FIELD_BEFORE = 8,
    CHANGE_FIELD_AFTER = 9,
    CHANGE_FIELD_ID = 10,
    CHANGE_FIELD_ORD = 11,
    CHANGE_FIELD_TX = 12,
    CHANGE_FIELD_POS = 13,
    CHANGE_FIELD_COMMIT_US = 14,
    CHANGE_FIELD_MESSAGE = 16,
    CHANGE_FIELD_GAP = 17,
    CHANGE_FIELD_DDL = 18,
    CHANGE_FIELD_STATEMENT = 19,
    CHANGE_FIELD_STATEMENT_LENGTH = 20,
};

#define CHANGE_LAYOUT_VERSION 1

/* A column that is not hidden. */
struct change_column {
    size_t index; /* in the table */
    size_t at;    /* where in `text` its name, its type and the tag of its value stand */
    size_t len;
    size_t short_text; /* with a value of less text the whole column is shorter than 128 bytes */
    bool masked;
};

/* Bytes that change_plan_copy() may write behind the column: it copies whole steps of this many. */
#define CHANGE_PLAN_PAD 16

struct change_plan {
    struct plan base;
    struct buf
        text;    /* version, source, database, schema, table; then the columns; then CHANGE_PLAN_PAD bytes */
    size_t head; /* length of the former */
    size_t ncolumns;
    struct change_column *columns; /* in table order */
    struct change_column *keys;    /* the selection's nkeys, in key order */
};

/* A cache of these plans. */
void change_plan_cache_init(struct plan_cache *c);

/* Copies a column's prepared bytes to `p`, where c->len + CHANGE_PLAN_PAD bytes are free; returns the place
 * behind them. Names are short: a few fixed steps beat a call of memcpy(). */
static inline uint8_t *change_plan_copy(uint8_t *p, const struct change_plan *plan,
                                        const struct change_column *c) {
    const uint8_t *from = plan->text.data + c->at;
    for (size_t i = 0; i < c->len; i += CHANGE_PLAN_PAD) memcpy(p + i, from + i, CHANGE_PLAN_PAD);
    return p + c->len;
}

/* Appends fields 1 to 5 of a RowChange; empty ones are left out. */
void change_plan_head(struct buf *out, const char *source, const char *database, const char *schema,
                      const char *table);

/* Appends a text field unless it is empty. */
void change_plan_text(struct buf *out, uint32_t field, struct text t);

/* The Op of a letter of struct event; 0 (unspecified) for none. */
uint8_t change_plan_op(char op);

/* The letter of an Op, 0 for one that is not known. */
char change_plan_letter(uint64_t op);

#endif
