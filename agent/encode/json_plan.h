/*
 * json_plan: what a JSON line of one selection always repeats, escaped once: its start up to the op, and each
 * column's name. Also writes the key of row records, which is the same JSON object in every row encoding.
 */
#ifndef TAILRACE_AGENT_ENCODE_JSON_PLAN_H
#define TAILRACE_AGENT_ENCODE_JSON_PLAN_H

#include "agent/encode/plan_cache.h"
#include "decoders/buf.h"

/* A column that is not hidden. */
struct json_column {
    size_t index; /* in the table */
    size_t at;    /* where in `text` its ,"name": stands */
    size_t len;
};

struct json_plan {
    struct plan base;
    struct buf text; /* {"v":1,...,"op":" and then the names */
    size_t head;     /* length of the former */
    size_t ncolumns;
    struct json_column *columns;     /* in table order */
    struct json_column *keys;        /* the selection's nkeys, in key order */
    const struct value **key_values; /* of the row whose key was written last */
};

/* A cache of these plans. */
void json_plan_cache_init(struct plan_cache *c);

/* Appends ,"name": or ,"name" of a column. */
static inline void json_plan_name(struct buf *out, const struct json_plan *p, const struct json_column *c) {
    buf_put(out, p->text.data + c->at, c->len);
}

static inline void json_plan_quoted(struct buf *out, const struct json_plan *p, const struct json_column *c) {
    buf_put(out, p->text.data + c->at, c->len - 1);
}

/*
 * Appends the key of a row record, {"id":1}; of a hashed one {"hash":"…"}, 32 hex digits (XXH3, 128 bits, of
 * the object that all key columns would make). The value of an invalid column stands in it raw, and *invalid
 * says so. -1 with ERR_DATA when the log does not carry a key column.
 */
int json_plan_key(struct buf *out, struct json_plan *p, const struct event *ev, bool *invalid, struct err *e);

#endif
