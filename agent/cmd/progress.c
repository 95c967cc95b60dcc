#include "agent/cmd/progress.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/base/log.h"

#define EVERY_US 10000000

/* "1h05m", "2m03s", "12s": what is left at the rate of late; "unknown". */
static void time_left(const struct pipeline_stats *s, double rate, char *out, size_t len) {
    double left = rate > 0 ? (double)(s->table_rows_total - s->table_rows) / rate : 0;
    uint64_t seconds = (uint64_t)left;

    if (s->table_rows_total == UINT64_MAX || rate <= 0 || left > 1e7)
        snprintf(out, len, "unknown");
    else if (seconds >= 3600)
        snprintf(out, len, "%" PRIu64 "h%02" PRIu64 "m", seconds / 3600, seconds / 60 % 60);
    else if (seconds >= 60)
        snprintf(out, len, "%" PRIu64 "m%02" PRIu64 "s", seconds / 60, seconds % 60);
    else
        snprintf(out, len, "%" PRIu64 "s", seconds);
}

static void say_snapshot(const struct progress *p, const char *source, const struct pipeline_stats *s,
                         double span) {
    double rate = (double)(s->table_rows - p->table_rows) / span;
    char tables[48], rows[32], per_s[32], left[32];

    snprintf(tables, sizeof tables, "%zu/%zu", s->tables_read, s->tables);
    snprintf(rows, sizeof rows, "%" PRIu64, s->table_rows);
    snprintf(per_s, sizeof per_s, "%.0f", rate);
    time_left(s, rate, left, sizeof left);
    log_kv(LOG_INFO, source, "reading tables", "done", tables, "rows", rows, "rows_per_s", per_s, "left",
           left, NULL);
}

void progress_say(struct progress *p, const char *source, const struct pipeline *pipeline) {
    int64_t now = clock_monotonic_us(&clock_system);
    struct pipeline_stats s;
    char rate[32], lag[32], seconds[32], flight[32], unconverted[32];

    if (p->at_us > 0 && now - p->at_us < EVERY_US) return;
    pipeline_stats(pipeline, &s);
    if (p->at_us == 0) *p = (struct progress){.at_us = now, .table_rows = s.table_rows};
    if (now - p->at_us < EVERY_US) return;
    if (s.rows != p->rows || s.in_flight > 0) {
        double span = (double)(now - p->at_us) / 1e6;
        snprintf(rate, sizeof rate, "%.0f", (double)(s.rows - p->rows) / span);
        snprintf(lag, sizeof lag, "%" PRIu64, s.lag_bytes);
        snprintf(seconds, sizeof seconds, "%.1f", (double)s.lag_us / 1e6);
        snprintf(flight, sizeof flight, "%zu", s.in_flight);
        snprintf(unconverted, sizeof unconverted, "%" PRIu64, s.unconverted);
        log_kv(LOG_INFO, source, "progress", "rows_per_s", rate, "lag_bytes", lag, "lag_s", seconds,
               "in_flight", flight, s.unconverted ? "unconverted" : NULL, unconverted, NULL);
    }
    if (s.tables_read < s.tables) say_snapshot(p, source, &s, (double)(now - p->at_us) / 1e6);
    p->at_us = now;
    p->rows = s.rows;
    p->table_rows = s.table_rows;
}

void progress_last(const char *source, const struct pipeline *pipeline) {
    struct pipeline_stats s;
    char rows[32], records[32], transactions[32], unconverted[32];

    pipeline_stats(pipeline, &s);
    snprintf(rows, sizeof rows, "%" PRIu64, s.rows);
    snprintf(records, sizeof records, "%" PRIu64, s.records);
    snprintf(transactions, sizeof transactions, "%" PRIu64, s.transactions);
    snprintf(unconverted, sizeof unconverted, "%" PRIu64, s.unconverted);
    log_kv(LOG_INFO, source, "ended", "rows", rows, "records", records, "transactions", transactions,
           s.unconverted ? "unconverted" : NULL, unconverted, NULL);
}
