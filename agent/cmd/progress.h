/*
 * progress: the lines that a running source writes every ten seconds when it is busy.
 */
#ifndef TAILRACE_AGENT_CMD_PROGRESS_H
#define TAILRACE_AGENT_CMD_PROGRESS_H

#include "agent/pipeline/pipeline.h"

/* What was said last; zero at first. */
struct progress {
    int64_t at_us;
    uint64_t rows;
    uint64_t table_rows;
};

/* Says rate and lag when ten seconds have passed and there was something to do. */
void progress_say(struct progress *p, const char *source, const struct pipeline *pipeline);

/* Says the totals, at the end. */
void progress_last(const char *source, const struct pipeline *pipeline);

#endif
