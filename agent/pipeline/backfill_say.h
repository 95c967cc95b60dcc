/*
 * backfill_say: what people are told of a snapshot.
 */
#ifndef TAILRACE_AGENT_PIPELINE_BACKFILL_SAY_H
#define TAILRACE_AGENT_PIPELINE_BACKFILL_SAY_H

#include "agent/pipeline/backfill_state.h"

/* A table is read to its end; will not be, because it is gone; failed, for good (`left`) or for now. */
void backfill_say_read(const char *source, const struct backfill_table *t);
void backfill_say_gone(const char *source, const struct backfill_table *t, const char *why);
void backfill_say_failed(const char *source, const struct backfill_table *t, const char *why, bool left);

/* Nothing can be read for a while now. */
void backfill_say_later(const char *source, int64_t seconds, const char *why);

/* Everything is read, but for `left` tables: so many rows by this process, in so long. */
void backfill_say_taken(const char *source, const struct backfill_state *s, size_t left, uint64_t rows,
                        int64_t us);

#endif
