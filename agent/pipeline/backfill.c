#include "agent/pipeline/backfill.h"

#include <stdlib.h>
#include <string.h>

#include "agent/base/log.h"
#include "agent/pipeline/backfill_say.h"
#include "agent/pipeline/backfill_tables.h"
#include "agent/pipeline/backfill_worker.h"

#define MS ((int64_t)1000)
#define SECOND (1000 * MS)
#define WORKERS_MOST 16
#define ROUND_ASKS_US (50 * MS)  /* chunks are begun in a round until then */
#define SHARE_MOST 4             /* times as long as the round took */
#define AGAIN_FIRST_US (20 * MS) /* what is not visible yet is asked for again: within a round, */
#define AGAIN_MOST_US (300 * MS)
#define LATER_FIRST_US (200 * MS) /* and in a later one */
#define LATER_MOST_US SECOND
#define SAY_LATER_US (10 * SECOND)
#define SAY_LATER_AGAIN_US (60 * SECOND)
#define SILENT_US (15 * SECOND) /* a chunk that was told to end and says nothing: the connection is hung */
#define CUT_MOST_US (64 * SECOND)
#define FAILURES_MOST 5
#define LOOK_AGAIN_US (10 * SECOND)

struct backfill {
    struct backfill_parts parts;
    const char *source;
    struct backfill_worker workers[WORKERS_MOST];
    unsigned nworkers;
    struct backfill_rate rate;
    int64_t begun_us;
    uint64_t rows; /* sent on by this process */
    bool at_work;  /* since it was last complete */

    /* The stream. */
    struct buf at;    /* everything before it was sent on, nothing behind it */
    struct buf first; /* see parts.first */
    bool inside;      /* a transaction */
    bool look_again;  /* a table may have joined */
    unsigned joined;  /* what the source said of that */
    int64_t looked_us;

    /* The round. */
    bool wanted; /* one is to begin between two transactions */
    bool holds;
    int64_t round_us;    /* when it began */
    int64_t again_us;    /* what is not visible yet is asked for again then; 0: nothing waits for that */
    int64_t again_after; /* the wait after that */
    int64_t stream_until_us;
    unsigned share;

    /* Since when nothing could be read because something is not visible yet; 0: it is. */
    int64_t later_since_us, later_said_us, later_us;
    int64_t rounds_from_us; /* no round before */
};

static int64_t now_of(const struct backfill *b) {
    return clock_monotonic_us(b->parts.clock);
}

static struct position position_of(const struct buf *p) {
    return (struct position){p->data, p->len};
}

int backfill_new(const struct backfill_parts *parts, struct backfill **out, struct err *e) {
    struct backfill *b = calloc(1, sizeof *b);

    if (!b) return err_memory(e, "preparing a snapshot");
    b->parts = *parts;
    b->source = parts->source_config->name;
    buf_put(&b->at, parts->at.bytes, parts->at.len);
    buf_put(&b->first, parts->first.bytes, parts->first.len);
    if (buf_failed(&b->at) || buf_failed(&b->first)) {
        backfill_free(b);
        return err_memory(e, "preparing a snapshot");
    }
    if (parts->first.len > 0 && parts->source->ops->decoder->position_compare(parts->at, parts->first) >= 0)
        b->first.len = 0;
    b->nworkers = parts->source_config->snapshot_connections;
    if (b->nworkers > WORKERS_MOST) b->nworkers = WORKERS_MOST;
    for (unsigned i = 0; i < b->nworkers; i++) backfill_worker_init(&b->workers[i], &b->parts, i);
    b->begun_us = b->looked_us = now_of(b);
    b->share = 1;
    b->at_work = true;
    backfill_rate_init(&b->rate, parts->source_config->snapshot_rate, b->begun_us);
    *out = b;
    return 0;
}

void backfill_free(struct backfill *b) {
    if (!b) return;
    backfill_stop(b);
    for (unsigned i = 0; i < b->nworkers; i++) backfill_worker_release(&b->workers[i]);
    buf_release(&b->at);
    buf_release(&b->first);
    free(b);
}

/* ---- The stream ---- */

static int note_position(struct backfill *b, const struct change *c, struct err *e) {
    const struct decoder_ops *d = b->parts.source->ops->decoder;

    buf_clear(&b->at, SIZE_MAX);
    buf_put(&b->at, c->position.bytes, c->position.len);
    if (buf_failed(&b->at)) return err_memory(e, "noting a position");
    /* The first transaction that comes is the one whose parts do not come again, or is behind it. */
    if (b->first.len > 0 &&
        (c->op == CHANGE_COMMIT || d->position_compare(position_of(&b->at), position_of(&b->first)) >= 0))
        b->first.len = 0;
    return 0;
}

int backfill_note(struct backfill *b, const struct change *c, struct err *e) {
    switch (c->op) {
    case CHANGE_BEGIN: b->inside = true; return 0;
    case CHANGE_COMMIT:
        b->inside = false;
        if (b->parts.source->ops->handled && c->tx) b->parts.source->ops->handled(b->parts.source, c->tx);
        return note_position(b, c, e);
    case CHANGE_HEARTBEAT: return note_position(b, c, e);
    case CHANGE_SCHEMA:
        if (b->parts.joining && !backfill_state_find(b->parts.state, table_space(c->table), c->table->name))
            b->look_again = true;
        return 0;
    default: return 0;
    }
}

bool backfill_holds(const struct backfill *b) {
    return b->holds || (b->wanted && !b->inside);
}

/* ---- Tables ---- */

bool backfill_done(const struct backfill *b, size_t *left) {
    return backfill_state_done(b->parts.state, left, NULL);
}

/* The smallest that is free; NULL: none now. */
static struct backfill_table *pick(const struct backfill *b, int64_t now) {
    struct backfill_table *best = NULL;

    for (size_t i = 0; i < backfill_state_count(b->parts.state); i++) {
        struct backfill_table *t = backfill_state_at(b->parts.state, i);
        if (!backfill_table_is_left(t) || t->busy || t->not_before_us > now) continue;
        if (!best || t->estimate < best->estimate) best = t;
    }
    return best;
}

static void let_go(struct backfill_worker *w) {
    if (w->table) w->table->busy = false;
    w->table = NULL;
}

/* Gives an idle worker something to do, when there is something. */
static bool has_work(struct backfill *b, struct backfill_worker *w, int64_t now) {
    if (w->busy || w->not_before_us > now) return false;
    if (w->table && w->table->paused) let_go(w);
    if (w->table) return w->table->not_before_us <= now;
    if (!(w->table = pick(b, now))) return false;
    w->table->busy = true;
    w->cut_us = BACKFILL_CUT_US;
    backfill_pace_init(&w->pace);
    return true;
}

static bool any_work(struct backfill *b, int64_t now) {
    if (backfill_rate_due_us(&b->rate, now) > 0) return false;
    for (unsigned i = 0; i < b->nworkers; i++)
        if (has_work(b, &b->workers[i], now)) return true;
    return false;
}

/* A table may have joined. What the source cannot say now is asked again. */
static void look_again(struct backfill *b, int64_t now) {
    const struct source_ops *ops = b->parts.source->ops;
    struct err e = {0};
    size_t added = 0;

    if (b->parts.joining && ops->joined && ops->joined(b->parts.source) != b->joined) {
        b->joined = ops->joined(b->parts.source);
        b->look_again = true;
    }
    if (!b->look_again || now - b->looked_us < LOOK_AGAIN_US) return;
    b->looked_us = now;
    b->look_again = false;
    if (backfill_tables_look(b->parts.state, b->parts.source, b->source, false, &added, &e)) {
        log_msg(LOG_WARN, b->source, "looking for tables to read: %s", e.text);
        b->look_again = true;
    }
    if (added == 0) return;
    log_msg(LOG_INFO, b->source, "%zu table(s) joined: the rows that they have are read", added);
    b->at_work = true;
}

/* ---- What comes of a chunk ---- */

/* Once, when everything is read. */
static void say_complete(struct backfill *b, int64_t now) {
    size_t left, paused;

    if (!b->at_work || !backfill_state_done(b->parts.state, &left, &paused) || paused > 0) return;
    b->at_work = false;
    for (unsigned i = 0; i < b->nworkers; i++) backfill_worker_close(&b->workers[i]);
    if (b->rows > 0 || left > 0) /* else it was complete before */
        backfill_say_taken(b->source, b->parts.state, left, b->rows, now - b->begun_us);
}

void backfill_stop(struct backfill *b) {
    if (!b) return;
    say_complete(b, now_of(b));
    for (unsigned i = 0; i < b->nworkers; i++) backfill_worker_close(&b->workers[i]);
    b->holds = b->wanted = false;
}

/* So much of the table has been sent on. */
static int took(struct backfill *b, struct backfill_worker *w, const struct backfill_end *end,
                enum backfill_stage stage, struct err *e) {
    struct position after = end->after;

    if (after.len == 0) after = position_of(&w->table->after);
    b->rows += end->rows;
    return backfill_state_sent(b->parts.state, w->table, ledger_last(b->parts.ledger), stage, after,
                               end->rows, e);
}

static int chunk_read(struct backfill *b, struct backfill_worker *w, const struct backfill_end *end,
                      int64_t now, struct err *e) {
    bool last = end->outcome == CHUNK_LAST;

    backfill_pace_note(&w->pace, w->asked, end->rows, now - w->asked_us);
    /* A chunk that was cut before its first row came gets longer the next time. */
    if (!last && end->rows == 0 && w->cut_us < CUT_MOST_US) w->cut_us *= 2;
    b->later_since_us = b->later_us = 0;
    w->table->failures = 0;
    if (took(b, w, end, last ? BACKFILL_DONE : BACKFILL_PENDING, e)) return -1;
    if (!last) return 0;
    backfill_say_read(b->source, w->table);
    let_go(w);
    return 0;
}

static void chunk_later(struct backfill *b, const struct backfill_end *end, int64_t now) {
    if (!b->again_us) {
        b->again_us = now + b->again_after;
        b->again_after *= 2;
    }
    if (!b->later_since_us) b->later_since_us = b->later_said_us = now;
    if (now - b->later_said_us < (b->later_said_us == b->later_since_us ? SAY_LATER_US : SAY_LATER_AGAIN_US))
        return;
    b->later_said_us = now;
    backfill_say_later(b->source, (now - b->later_since_us) / SECOND, end->err.text);
}

static int chunk_gone(struct backfill *b, struct backfill_worker *w, const struct backfill_end *end,
                      struct err *e) {
    backfill_say_gone(b->source, w->table, end->err.text);
    if (took(b, w, end, BACKFILL_PASSED_OVER, e)) return -1;
    let_go(w);
    return 0;
}

static int chunk_failed(struct backfill *b, struct backfill_worker *w, const struct backfill_end *end,
                        int64_t now, struct err *e) {
    struct backfill_table *t = w->table;

    if (end->after.len > 0 && took(b, w, end, BACKFILL_PENDING, e)) return -1;
    t->not_before_us = w->not_before_us = now + backfill_wait_us(t->failures);
    t->failures++;
    t->left = end->err.code == ERR_DATA || (!end->err.retriable && t->failures >= FAILURES_MOST);
    backfill_say_failed(b->source, t, end->err.text, t->left);
    let_go(w);
    return 0;
}

static int end_as(struct backfill *b, struct backfill_worker *w, const struct backfill_end *end,
                  struct err *e) {
    int64_t now = now_of(b);

    switch (end->outcome) {
    case CHUNK_MORE:
    case CHUNK_LAST: return chunk_read(b, w, end, now, e);
    case CHUNK_LATER: chunk_later(b, end, now); return 0;
    case CHUNK_GONE: return chunk_gone(b, w, end, e);
    case CHUNK_FAILED: break;
    }
    return chunk_failed(b, w, end, now, e);
}

/* A person does not want the rest of it. */
static int end_cancelled(struct backfill *b, struct backfill_table *t, struct err *e) {
    t->cancelled = false;
    if (t->stage != BACKFILL_PENDING) return 0;
    return backfill_state_sent(b->parts.state, t, ledger_last(b->parts.ledger), BACKFILL_CANCELLED,
                               (struct position){0}, 0, e);
}

static int take_end(struct backfill *b, struct backfill_worker *w, const struct backfill_end *end,
                    struct err *e) {
    struct backfill_table *t = w->table;

    backfill_rate_return(&b->rate, end->rows < w->asked ? w->asked - end->rows : 0);
    if (end_as(b, w, end, e)) return -1;
    if (!t->cancelled) return 0;
    if (w->table) let_go(w);
    return end_cancelled(b, t, e);
}

/* ---- Rounds ---- */

static void ask(struct backfill *b, struct backfill_worker *w, int64_t now) {
    struct backfill_end end = {.outcome = CHUNK_FAILED};
    uint32_t rows = backfill_rate_take(&b->rate, w->pace.rows, now);

    if (rows == 0 || !backfill_worker_ask(w, position_of(&b->at), rows, now, &end.err)) return;
    w->asked = rows;
    take_end(b, w, &end, NULL); /* no rows came, so nothing of it can fail */
}

static void ask_all(struct backfill *b, int64_t now) {
    for (unsigned i = 0; i < b->nworkers; i++)
        if (has_work(b, &b->workers[i], now)) ask(b, &b->workers[i], now);
}

static bool any_busy(const struct backfill *b) {
    for (unsigned i = 0; i < b->nworkers; i++)
        if (b->workers[i].busy) return true;
    return false;
}

static void begin_round(struct backfill *b, bool stream_waits, int64_t now) {
    b->wanted = false;
    b->holds = true;
    b->round_us = now;
    b->again_us = 0;
    b->again_after = AGAIN_FIRST_US;
    b->share = !stream_waits ? 1 : b->share < SHARE_MOST ? b->share * 2 : SHARE_MOST;
    ask_all(b, now);
}

static void end_round(struct backfill *b, int64_t now) {
    b->holds = false;
    b->stream_until_us = now + (now - b->round_us) * b->share;
    if (!b->again_us) return;
    b->later_us = b->later_us ? b->later_us * 2 : LATER_FIRST_US;
    if (b->later_us > LATER_MOST_US) b->later_us = LATER_MOST_US;
    b->rounds_from_us = now + b->later_us;
}

/* In a round: more chunks while it is young; again what was not visible, while that is short; or its end. */
static void go_on(struct backfill *b, int64_t now) {
    if (b->again_us) {
        if (b->again_us <= now && b->again_after <= AGAIN_MOST_US) {
            b->again_us = 0;
            ask_all(b, now);
        }
    } else if (now - b->round_us < ROUND_ASKS_US) {
        ask_all(b, now);
    }
    if (any_busy(b) || (b->again_us && b->again_after <= AGAIN_MOST_US)) return;
    end_round(b, now);
}

static bool may_begin(struct backfill *b, bool stream_waits, int64_t now) {
    if (b->first.len > 0 || now < b->rounds_from_us) return false;
    if (stream_waits && now < b->stream_until_us) return false;
    return any_work(b, now);
}

/* A connection that does not even end a chunk is closed; the stream cannot wait for it. */
static int give_up_silent(struct backfill *b, struct backfill_worker *w, int64_t now, struct err *e) {
    struct backfill_end end = {.outcome = CHUNK_FAILED};

    if (!w->busy || !w->cut || now - w->heard_us < SILENT_US) return 0;
    backfill_worker_close(w);
    err_set(&end.err, ERR_IO, "the connection says nothing any more");
    return take_end(b, w, &end, e);
}

/* Whose chunk is sent on now: the one asked for first. The others are read meanwhile, as far as there is room
 * for them. */
static struct backfill_worker *front(const struct backfill *b) {
    const struct backfill_worker *first = NULL;

    for (unsigned i = 0; i < b->nworkers; i++) {
        const struct backfill_worker *w = &b->workers[i];
        if (w->busy && (!first || w->stamp < first->stamp)) first = w;
    }
    return (struct backfill_worker *)(uintptr_t)first;
}

static int turn_workers(struct backfill *b, bool *more, struct err *e) {
    struct backfill_worker *w;
    struct backfill_end end;
    int rc = 1;

    while (rc > 0 && (w = front(b))) {
        rc = backfill_worker_turn(w, now_of(b), more, &end, e);
        if (rc < 0 || (rc > 0 && take_end(b, w, &end, e))) return -1;
        if (rc > 0 && front(b)) front(b)->heard_us = now_of(b); /* it is listened to from now on */
    }
    backfill_cut_late(b);
    return w && rc == 0 ? give_up_silent(b, w, now_of(b), e) : 0;
}

int backfill_turn(struct backfill *b, bool stream_waits, bool *more, struct err *e) {
    int64_t now;

    *more = false;
    if (turn_workers(b, more, e)) return -1;
    now = now_of(b);
    if (b->holds) {
        go_on(b, now);
        if (!b->holds) *more = true; /* the stream's turn */
        return 0;
    }
    look_again(b, now);
    say_complete(b, now);
    if (!b->at_work) return 0;
    if (!b->wanted && !may_begin(b, stream_waits, now)) return 0;
    b->wanted = true;
    if (!b->inside) begin_round(b, stream_waits, now);
    return 0;
}

int backfill_ask(struct backfill *b, const struct backfill_request *q, struct err *e) {
    if (backfill_request(b->parts.state, b->parts.source, ledger_last(b->parts.ledger), q, e)) return -1;
    for (unsigned i = 0; i < b->nworkers; i++) {
        struct backfill_worker *w = &b->workers[i];
        struct backfill_table *t = w->table;
        if (!t || w->busy || !t->cancelled) continue;
        let_go(w);
        if (end_cancelled(b, t, e)) return -1;
    }
    if (q->verb != BACKFILL_READ) return 0;
    if (!b->at_work) b->begun_us = now_of(b);
    b->at_work = true;
    return 0;
}

void backfill_cut_late(struct backfill *b) {
    for (unsigned i = 0; i < b->nworkers; i++) backfill_worker_cut_late(&b->workers[i], now_of(b));
}

/* ---- Waiting ---- */

size_t backfill_fds(const struct backfill *b, struct pollfd *fds) {
    const struct backfill_worker *w = front(b);

    if (!w) return 0;
    fds[0] = (struct pollfd){.fd = ring_data_fd(w->ring), .events = POLLIN};
    return 1;
}

void backfill_wake(struct backfill *b, const struct pollfd *fds, size_t n) {
    const struct backfill_worker *w = front(b);

    if (n > 0 && fds[0].revents && w) ring_data_clear(w->ring);
}

static void earlier(int64_t *due, int64_t at) {
    if (at < *due) *due = at;
}

/* When a round may begin, as far as time alone decides. */
static void due_round(const struct backfill *b, int64_t now, int64_t *due) {
    int64_t work = INT64_MAX, from = now + backfill_rate_due_us(&b->rate, now);

    if (b->first.len > 0) return;
    if (from < b->rounds_from_us) from = b->rounds_from_us;
    for (size_t i = 0; i < backfill_state_count(b->parts.state); i++) {
        const struct backfill_table *t = backfill_state_at(b->parts.state, i);
        if (backfill_table_is_left(t)) earlier(&work, t->not_before_us);
    }
    if (work == INT64_MAX) return;
    earlier(due, work > from ? work : from);
}

int backfill_due_ms(const struct backfill *b) {
    int64_t now = now_of(b), due = INT64_MAX, left;

    for (unsigned i = 0; i < b->nworkers; i++) {
        const struct backfill_worker *w = &b->workers[i];
        if (w->busy && !w->cut) earlier(&due, w->asked_us + w->cut_us);
    }
    if (front(b) && front(b)->cut) earlier(&due, front(b)->heard_us + SILENT_US);
    if (b->holds && b->again_us) earlier(&due, b->again_us);
    if (b->at_work && !b->holds && !b->wanted) due_round(b, now, &due);
    if (b->look_again) earlier(&due, b->looked_us + LOOK_AGAIN_US);
    if (due == INT64_MAX) return -1;
    left = due - now;
    return left <= 0 ? 0 : left > 1000 * SECOND ? 1000000 : (int)(left / MS) + 1;
}
