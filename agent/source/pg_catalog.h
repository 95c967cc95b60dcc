/*
 * pg_catalog: what the log does not say about a table, asked of the catalogue: its primary key, and its
 * types.
 *
 * The catalogue shows now, the log shows then. What is asked here bears that: a type's OID never changes its
 * meaning, and a primary key is asked for anew at each description of its table, by column name, so that the
 * decoder takes it only where it fits the description.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_CATALOG_H
#define TAILRACE_AGENT_SOURCE_PG_CATALOG_H

#include "agent/source/pg_conn.h"
#include "decoders/buf.h"
#include "decoders/pgoutput/catalog.h"

/* Type OIDs that the decoder was told; `struct pg_catalog k = {0};` is an empty one. */
struct pg_catalog {
    uint32_t *told; /* ascending */
    size_t ntold;
    size_t cap;
};

/* The part of a Relation message that is asked about. `struct pg_question q = {0};` is an empty one. */
struct pg_question {
    uint32_t relid;
    struct buf types; /* u32 each, host order */
};

/* Takes over what matters of a Relation message, types that explain themselves left out. */
int pg_question_set(struct pg_question *q, const struct pgoutput_peek *peek, struct err *e);
void pg_question_release(struct pg_question *q);

/*
 * Appends the payload of the FRAME_CATALOG that must go before the Relation message: its primary key (nothing
 * when the table is gone by now), and those of its types that were not told yet, with their element and
 * base types.
 */
int pg_catalog_ask(struct pg_catalog *k, struct pg_conn *c, const struct pg_question *q, struct buf *payload,
                   struct err *e);

/* The decoder starts anew: tell it everything again. */
void pg_catalog_forget(struct pg_catalog *k);
void pg_catalog_release(struct pg_catalog *k);

#endif
