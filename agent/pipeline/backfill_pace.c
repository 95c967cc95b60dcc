#include "agent/pipeline/backfill_pace.h"

#define WAIT_FIRST_US INT64_C(1000000)
#define WAIT_MOST_US INT64_C(30000000)

static uint32_t within(double rows) {
    if (rows < BACKFILL_ROWS_MIN) return BACKFILL_ROWS_MIN;
    return rows > BACKFILL_ROWS_MAX ? BACKFILL_ROWS_MAX : (uint32_t)rows;
}

void backfill_pace_init(struct backfill_pace *p) {
    p->rows = BACKFILL_ROWS_FIRST;
}

/* At most twice as many as before, at least half: one odd chunk does not decide. A chunk that was not full
 * says only that it is large enough. */
void backfill_pace_note(struct backfill_pace *p, uint32_t asked, uint64_t got, int64_t took_us) {
    double ideal = (double)asked * BACKFILL_TARGET_US / (double)(took_us > 0 ? took_us : 1);
    double now = p->rows;

    if (got < asked && ideal > now) return;
    p->rows = within(ideal < now / 2 ? now / 2 : ideal > now * 2 ? now * 2 : ideal);
}

/* A quarter of a second's rows may come at once. */
static double most(const struct backfill_rate *r) {
    return r->per_s >= 4 ? (double)r->per_s / 4 : 1;
}

/* A chunk is not asked for a handful of rows when there could be more a little later. */
static double least(const struct backfill_rate *r) {
    return most(r) < BACKFILL_ROWS_MIN ? most(r) : BACKFILL_ROWS_MIN;
}

static double rows_at(const struct backfill_rate *r, int64_t now_us) {
    double rows = r->rows + (double)(now_us - r->at_us) * r->per_s / 1e6;

    return rows > most(r) ? most(r) : rows;
}

int64_t backfill_wait_us(unsigned failures) {
    int64_t wait = WAIT_FIRST_US << (failures < 6 ? failures : 6);

    return wait < WAIT_MOST_US ? wait : WAIT_MOST_US;
}

void backfill_rate_init(struct backfill_rate *r, uint32_t per_s, int64_t now_us) {
    *r = (struct backfill_rate){.per_s = per_s, .at_us = now_us};
    r->rows = most(r);
}

uint32_t backfill_rate_take(struct backfill_rate *r, uint32_t want, int64_t now_us) {
    uint32_t take;

    if (!r->per_s) return want;
    r->rows = rows_at(r, now_us);
    r->at_us = now_us;
    if (r->rows < least(r)) return 0;
    take = r->rows < want ? (uint32_t)r->rows : want;
    r->rows -= take;
    return take;
}

void backfill_rate_return(struct backfill_rate *r, uint64_t rows) {
    if (r->per_s) r->rows += (double)rows;
}

int64_t backfill_rate_due_us(const struct backfill_rate *r, int64_t now_us) {
    double missing = r->per_s ? least(r) - rows_at(r, now_us) : 0;

    return missing <= 0 ? 0 : (int64_t)(missing * 1e6 / r->per_s) + 1;
}
