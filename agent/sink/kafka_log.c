#include "agent/sink/kafka_log.h"

#include <stdbool.h>
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/log.h"

#define WINDOW_US INT64_C(10000000)
#define LINES 20

/*
 * Lines that say nothing new: what comes as an event, too; that we closed without waiting; and that a
 * property, chosen by us, is called experimental.
 */
static bool is_known(const char *facility, const char *text) {
    static const char *const facilities[] = {"FATAL", "FAIL", "ERROR", "TERMINATE", "SSLCERTVRFY"};

    for (size_t i = 0; i < sizeof facilities / sizeof *facilities; i++)
        if (strcmp(facility, facilities[i]) == 0) return true;
    return strcmp(facility, "CONFWARN") == 0 && strstr(text, "enable.gapless.guarantee is experimental");
}

void kafka_log_line(struct kafka_log *l, int level, const char *facility, const char *text) {
    enum log_level ours = level <= 4 ? LOG_WARN : level <= 6 ? LOG_INFO : LOG_DEBUG;
    int64_t now = clock_monotonic_us(&clock_system);

    if (ours != LOG_DEBUG && is_known(facility, text)) return;
    if (now - atomic_load(&l->from_us) > WINDOW_US) {
        atomic_store(&l->from_us, now);
        atomic_store(&l->lines, 0);
    }
    if (ours != LOG_DEBUG && atomic_fetch_add(&l->lines, 1) >= LINES) return;
    log_kv(ours, l->source, "librdkafka", "facility", facility, "text", text, NULL);
}
