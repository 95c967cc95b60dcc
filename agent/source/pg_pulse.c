#include "agent/source/pg_pulse.h"

#define LONGEST_INTERVAL_US INT64_C(10000000)
#define SHORTEST_INTERVAL_US INT64_C(10000)
#define ACK_INTERVAL_US INT64_C(100000) /* between feedbacks that have something new to say */
/* A lone repeat may be the server's own timer; one that shuts down asks again as soon as it was answered. */
#define REPEATS_TO_LEAVE 5
#define SUCCESSION_US INT64_C(1000000)
#define ASK_AFTER_US INT64_C(60000000)
#define SILENT_AFTER_US INT64_C(300000000) /* a walsender may be deep in a transaction for a while */

void pg_pulse_init(struct pg_pulse *p, uint32_t wal_sender_timeout_ms, uint64_t flushed, int64_t now_us) {
    int64_t third = (int64_t)wal_sender_timeout_ms * 1000 / 3;

    *p = (struct pg_pulse){
        .flushed = flushed, .written = flushed, .sent_us = INT64_MIN / 2, .heard_us = now_us};
    p->interval_us = third == 0 || third > LONGEST_INTERVAL_US ? LONGEST_INTERVAL_US
                     : third < SHORTEST_INTERVAL_US            ? SHORTEST_INTERVAL_US
                                                               : third;
}

void pg_pulse_asked(struct pg_pulse *p, uint64_t lsn, int64_t now_us) {
    if (p->repeats == 0 || p->asked_at != lsn || now_us - p->again_us > SUCCESSION_US) {
        p->repeats = 0;
        p->asked_at = lsn;
        p->asked_us = now_us;
    }
    if (!p->owed) p->repeats++;
    p->owed = true;
    p->again_us = now_us;
}

void pg_pulse_moved(struct pg_pulse *p) {
    p->repeats = 0;
}

int64_t pg_pulse_due_us(const struct pg_pulse *p, uint64_t acked) {
    if (p->owed && p->repeats <= 1) return p->sent_us;
    if ((p->owed || acked > p->flushed) && p->interval_us > ACK_INTERVAL_US)
        return p->sent_us + ACK_INTERVAL_US;
    return p->sent_us + p->interval_us;
}

void pg_pulse_sent(struct pg_pulse *p, uint64_t written, uint64_t acked, int64_t now_us) {
    if (acked > p->flushed) p->flushed = acked;
    if (written > p->written) p->written = written;
    if (p->flushed > p->written) p->written = p->flushed;
    p->owed = false;
    p->sent_us = now_us;
}

bool pg_pulse_leave(const struct pg_pulse *p, int64_t now_us) {
    return p->repeats >= REPEATS_TO_LEAVE && now_us - p->asked_us >= PG_PULSE_GRACE_US;
}

void pg_pulse_heard(struct pg_pulse *p, int64_t now_us) {
    p->heard_us = now_us;
}

bool pg_pulse_ask(const struct pg_pulse *p, int64_t now_us) {
    return now_us - p->heard_us >= ASK_AFTER_US;
}

bool pg_pulse_silent(const struct pg_pulse *p, int64_t now_us) {
    return now_us - p->heard_us >= SILENT_AFTER_US;
}
