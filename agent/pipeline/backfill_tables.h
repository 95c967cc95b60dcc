/*
 * backfill_tables: which tables are to be read.
 */
#ifndef TAILRACE_AGENT_PIPELINE_BACKFILL_TABLES_H
#define TAILRACE_AGENT_PIPELINE_BACKFILL_TABLES_H

#include "agent/pipeline/backfill_state.h"
#include "agent/source/source.h"

/* What a checkpoint and this start say about a snapshot. */
struct backfill_choice {
    const struct config_source *source;
    bool can_read; /* the source can read tables */
    bool has_checkpoint;
    const struct buf *section; /* CHECKPOINT_SNAPSHOT of it */
    bool gap;                  /* an accepted gap lies behind the checkpoint */
};

/*
 * Makes the state to go on with, without asking for tables yet. *reading: tables are to be read, and those
 * that join are to be added; else the state is kept as it is. Says on the log what a person may not expect.
 */
int backfill_tables_choose(const struct backfill_choice *c, struct backfill_state **out, bool *reading,
                           struct err *e);

/* Asks the source for tables and adds what is new; *added: so many are to be read that were not. `start`: a
 * table that was passed over and can be read now is read. Tables that cannot be read are said on the log. */
int backfill_tables_look(struct backfill_state *s, struct source *source, const char *name, bool start,
                         size_t *added, struct err *e);

#endif
