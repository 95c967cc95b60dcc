#include "agent/cmd/progress.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/base/log.h"

#define EVERY_US 10000000

void progress_say(struct progress *p, const char *source, const struct pipeline *pipeline) {
    int64_t now = clock_monotonic_us(&clock_system);
    struct pipeline_stats s;
    char rate[32], lag[32], seconds[32], flight[32], unconverted[32];

    if (p->at_us == 0) p->at_us = now;
    if (now - p->at_us < EVERY_US) return;
    pipeline_stats(pipeline, &s);
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
    p->at_us = now;
    p->rows = s.rows;
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
