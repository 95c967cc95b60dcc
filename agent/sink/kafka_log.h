/*
 * kafka_log: what librdkafka says by itself, on our log, a flood cut short.
 */
#ifndef TAILRACE_AGENT_SINK_KAFKA_LOG_H
#define TAILRACE_AGENT_SINK_KAFKA_LOG_H

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdint.h>

struct kafka_log {
    const char *source;
    _Atomic(int64_t) from_us; /* the window in which lines are counted */
    atomic_int lines;
};

/* One line of librdkafka's, level 0 to 7 as in syslog. Any thread. */
void kafka_log_line(struct kafka_log *l, int level, const char *facility, const char *text);

#endif
