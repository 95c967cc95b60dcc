/*
 * backfill_pace: how many rows the next chunk has. Pure.
 */
#ifndef TAILRACE_AGENT_PIPELINE_BACKFILL_PACE_H
#define TAILRACE_AGENT_PIPELINE_BACKFILL_PACE_H

#include <stdint.h>

#define BACKFILL_TARGET_US 100000 /* what a chunk should take */
#define BACKFILL_ROWS_FIRST 1000
#define BACKFILL_ROWS_MIN 100
#define BACKFILL_ROWS_MAX 100000

/* Of one table: the size that takes the target's time, as far as chunks have shown. */
struct backfill_pace {
    uint32_t rows; /* the next chunk's */
};

/* Begins with the first size. */
void backfill_pace_init(struct backfill_pace *p);
/* A chunk of `asked` rows brought `got` of them within `took_us`. */
void backfill_pace_note(struct backfill_pace *p, uint32_t asked, uint64_t got, int64_t took_us);

/* How long a table rests after so many failures in a row before this one. */
int64_t backfill_wait_us(unsigned failures);

/* At most so many rows a second, over all chunks of a source. */
struct backfill_rate {
    uint32_t per_s; /* 0: no limit */
    double rows;    /* that may come now */
    int64_t at_us;  /* as of then */
};

/* `per_s` 0: no limit. */
void backfill_rate_init(struct backfill_rate *r, uint32_t per_s, int64_t now_us);
/* Takes up to `want` rows out; 0: none yet, see below. */
uint32_t backfill_rate_take(struct backfill_rate *r, uint32_t want, int64_t now_us);
/* So many of what was taken did not come. */
void backfill_rate_return(struct backfill_rate *r, uint64_t rows);
/* Microseconds until backfill_rate_take() would give some; 0: now. */
int64_t backfill_rate_due_us(const struct backfill_rate *r, int64_t now_us);

#endif
