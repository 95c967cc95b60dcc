/*
 * until: when a run that was told to end has come to its end.
 *
 *     end        everything that was committed and flushed when the run started is handled
 *     POSITION   the log has been handled up to there
 *     idle:5s    no change came for that long
 */
#ifndef TAILRACE_AGENT_PIPELINE_UNTIL_H
#define TAILRACE_AGENT_PIPELINE_UNTIL_H

#include "agent/base/clock.h"
#include "agent/source/source.h"
#include "decoders/change.h"

struct until {
    const struct decoder_ops *decoder;
    const struct clock *clock;
    struct buf target; /* resume position to reach; empty: none */
    int64_t idle_us;   /* 0: not by idleness */
    int64_t last_us;   /* when the last change came */
    bool reached;
};

/*
 * Reads the text of --until (NULL: for ever) and asks the source for its end where that is what is meant;
 * `from`, where streaming begins, may already be there. ERR_CONFIG for a text that is none of the above.
 */
int until_init(struct until *u, const char *text, struct source *s, struct position from,
               const struct clock *clock, struct err *e);

/* The stream is taken up again from the checkpoint: what was handled since may not have been delivered. */
void until_restart(struct until *u);
void until_release(struct until *u);

/* Tells it of every change, after that was sent on. */
void until_note(struct until *u, const struct change *c);

/* True when the run is to drain and end. */
bool until_reached(struct until *u);

/* Milliseconds until idleness would end the run; -1: time does not matter. */
int until_due_ms(const struct until *u);

#endif
