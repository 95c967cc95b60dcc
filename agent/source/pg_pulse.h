/*
 * pg_pulse: when the server hears from us, and when to let go of a server that shuts down. Pure.
 *
 * The server ends a connection it has not heard from for wal_sender_timeout, whatever the reason; so feedback
 * goes out on a timer, three times as often, also while the sink stands still. A request for a reply is
 * answered at once. A server that shuts down asks again and again at the same position until everything is
 * confirmed: repeats are answered ten times a second, and when they do not end although we cannot confirm, it
 * is time to leave, or the shutdown would hang on us. The other way round, a server that is silent for a
 * minute is asked for a sign of life, and given up when none has come for five: something between us is dead.
 *
 * Times are monotonic microseconds.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_PULSE_H
#define TAILRACE_AGENT_SOURCE_PG_PULSE_H

#include <stdbool.h>
#include <stdint.h>

/* How long a server that shuts down may wait for confirmations before we leave. */
#define PG_PULSE_GRACE_US INT64_C(3000000)

struct pg_pulse {
    int64_t interval_us;
    int64_t sent_us;  /* last feedback */
    uint64_t flushed; /* as last told: never goes back */
    uint64_t written;
    bool owed;         /* a reply was asked for and not given yet */
    uint64_t asked_at; /* position of the last request */
    unsigned repeats;  /* requests at that position in quick succession */
    int64_t asked_us;  /* when the first of them came */
    int64_t again_us;  /* when the last of them came */
    int64_t heard_us;  /* when anything came */
};

/* The first feedback is due at once. `wal_sender_timeout_ms` 0: the server has none. */
void pg_pulse_init(struct pg_pulse *p, uint32_t wal_sender_timeout_ms, uint64_t flushed, int64_t now_us);

/* Something came from the server; or we are not listening, so its silence means nothing. */
void pg_pulse_heard(struct pg_pulse *p, int64_t now_us);

/* True when the next feedback should ask for a reply; true when it is no use any more. */
bool pg_pulse_ask(const struct pg_pulse *p, int64_t now_us);
bool pg_pulse_silent(const struct pg_pulse *p, int64_t now_us);

/* The server asked for a reply, having sent everything up to `lsn`. */
void pg_pulse_asked(struct pg_pulse *p, uint64_t lsn, int64_t now_us);

/* Data arrived: whatever the server does, it is not waiting for us alone. */
void pg_pulse_moved(struct pg_pulse *p);

/* When the next feedback is due, `acked` being what could be confirmed by now. */
int64_t pg_pulse_due_us(const struct pg_pulse *p, uint64_t acked);

/* A feedback is going out now: raises `flushed` and `written` to these, never lowers them. */
void pg_pulse_sent(struct pg_pulse *p, uint64_t written, uint64_t acked, int64_t now_us);

/* True when the server waits for a confirmation that has not come for the time of grace. */
bool pg_pulse_leave(const struct pg_pulse *p, int64_t now_us);

#endif
