/*
 * tables: which table ids of the log are those of tables that somebody wants, so that the others' rows need
 * not be kept at all.
 */
#ifndef TAILRACE_DECODERS_BINLOG_TABLES_H
#define TAILRACE_DECODERS_BINLOG_TABLES_H

#include "decoders/binlog/table_map.h"
#include "decoders/decoder.h"

struct tables {
    struct tables_entry *by_id;    /* a hash table */
    struct tables_space *by_space; /* databases with a wanted table */
    struct tables_entry *last;
};

/* Gives all memory back. */
void tables_release(struct tables *t);
/* Ids mean something else from now on: another connection, another file. */
void tables_forget(struct tables *t);

/* A TABLE_MAP, of which id and names are read. *wanted: its answer is asked for once while id and name stay.
 */
int tables_see(struct tables *t, const struct table_map *m, const struct decoder_options *o, bool *wanted,
               struct err *e);
/* True when rows with this id need not be kept: a TABLE_MAP said whose they are, and nobody wants them. */
bool tables_unwanted(struct tables *t, uint64_t id);
/* True when a table in this database was wanted. */
bool tables_space_wanted(const struct tables *t, struct text database);

#endif
