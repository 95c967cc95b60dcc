#include "agent/pipeline/backfill_say.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/base/log.h"

#define LOUD_ROWS 100000 /* a table of so many is said when it is read */

void backfill_say_read(const char *source, const struct backfill_table *t) {
    char name[256], rows[32];

    backfill_table_name(t, name, sizeof name);
    snprintf(rows, sizeof rows, "%" PRIu64, t->rows);
    log_kv(t->rows >= LOUD_ROWS ? LOG_INFO : LOG_DEBUG, source, "table read", "table", name, "rows", rows,
           NULL);
}

void backfill_say_gone(const char *source, const struct backfill_table *t, const char *why) {
    char name[256];

    backfill_table_name(t, name, sizeof name);
    log_msg(LOG_WARN, source, "table %s is not read any further: %s", name, why);
}

void backfill_say_failed(const char *source, const struct backfill_table *t, const char *why, bool left) {
    char name[256];

    backfill_table_name(t, name, sizeof name);
    if (left)
        log_msg(LOG_ERROR, source, "table %s is not read before the next start: %s", name, why);
    else
        log_msg(LOG_WARN, source, "reading table %s failed, it is tried again: %s", name, why);
}

void backfill_say_later(const char *source, int64_t seconds, const char *why) {
    log_msg(LOG_WARN, source, "the snapshot waits for %" PRId64 " s now: %s", seconds, why);
}

void backfill_say_taken(const char *source, const struct backfill_state *s, size_t left, uint64_t rows,
                        int64_t us) {
    char tables[32], count[32], seconds[32];
    struct backfill_figures f;

    backfill_state_figures(s, &f);
    snprintf(tables, sizeof tables, "%zu", f.done);
    snprintf(count, sizeof count, "%" PRIu64, rows);
    snprintf(seconds, sizeof seconds, "%.1f", (double)us / 1e6);
    log_kv(left ? LOG_WARN : LOG_INFO, source,
           left ? "snapshot taken, but for tables that failed" : "snapshot taken", "tables", tables, "rows",
           count, "seconds", seconds, NULL);
}
