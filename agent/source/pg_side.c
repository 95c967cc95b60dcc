#include "agent/source/pg_side.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/log.h"
#include "agent/base/thread.h"
#include "agent/source/backoff.h"
#include "agent/source/pg_query.h"

#define KEEP_US INT64_C(30000000)
#define SAMPLE_US INT64_C(5000000)
#define CANNOT_CONNECT_NOW "57P03" /* while our stream is up this can only mean a shutdown */

enum ask_state { ASK_NONE, ASK_OPEN, ASK_ANSWERED };

struct pg_side {
    const struct config_source *config;
    const struct clock *clock;
    pthread_t thread;
    int stop_fd;
    int wake_fd; /* for the thread */
    int told_fd; /* for the reader */
    atomic_llong wanted_us;
    atomic_llong closing_us;
    atomic_ullong end;

    pthread_mutex_t lock; /* guards the rest of this block */
    enum ask_state state;
    bool forget;
    struct pg_question question;
    struct buf answer;
    struct err answer_error; /* code ERR_NONE: it went well */

    /* The thread's own. */
    struct pg_conn conn;
    struct pg_catalog catalog;
    struct backoff backoff;
    bool lost; /* the connection ended, and not by us */
    int64_t retry_us;
    int64_t sample_us;
};

static int64_t now_us(const struct pg_side *s) {
    return clock_monotonic_us(s->clock);
}

/* ---- The thread: its connection ---- */

static void lose(struct pg_side *s, const char *why) {
    log_msg(LOG_DEBUG, s->config->name, "the connection beside the stream ended: %.*s",
            (int)strcspn(why, "\n"), why);
    pg_conn_close(&s->conn);
    s->lost = true;
    s->retry_us = 0;
}

static int connect_side(struct pg_side *s, struct err *e) {
    if (s->conn.pq) return 0;
    if (pg_conn_open(&s->conn, s->config, PG_CONN_SQL, s->stop_fd, e) == 0) {
        s->lost = false;
        s->sample_us = 0;
        backoff_reset(&s->backoff);
        atomic_store(&s->closing_us, 0);
        return 0;
    }
    s->retry_us = now_us(s) + (int64_t)backoff_next(&s->backoff) * 1000;
    if (e->code == ERR_STOPPED || !(s->lost || strcmp(s->conn.sqlstate, CANNOT_CONNECT_NOW) == 0)) return -1;
    if (atomic_load(&s->closing_us) == 0) {
        atomic_store(&s->closing_us, now_us(s));
        event_raise(s->told_fd);
    }
    return -1;
}

static void sample_end(struct pg_side *s, struct err *e) {
    PGresult *res =
        pg_query(&s->conn, "asking for the end of the log",
                 "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN"
                 " pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_flush_lsn() END",
                 0, NULL, e);

    s->sample_us = now_us(s) + SAMPLE_US;
    if (res) atomic_store(&s->end, pg_lsn(res, 0, 0));
    PQclear(res);
    if (!res) lose(s, e->text);
}

/* Opens, uses or closes the connection, as it is wanted. */
static void keep(struct pg_side *s) {
    int64_t now = now_us(s);
    bool wanted = now - atomic_load(&s->wanted_us) < KEEP_US;
    struct err e = {0};

    if (!wanted) {
        pg_conn_close(&s->conn);
        s->lost = false;
        atomic_store(&s->closing_us, 0);
        return;
    }
    if (!s->conn.pq && now >= s->retry_us && connect_side(s, &e))
        log_msg(LOG_DEBUG, s->config->name, "no connection beside the stream: %s", e.text);
    if (s->conn.pq && now >= s->sample_us) sample_end(s, &e);
}

/* ---- The thread: questions ---- */

static int find_out(struct pg_side *s, const struct pg_question *q, struct buf *payload, struct err *e) {
    if (connect_side(s, e)) return -1;
    if (pg_catalog_ask(&s->catalog, &s->conn, q, payload, e) == 0) return 0;
    if (PQstatus(s->conn.pq) != CONNECTION_OK) lose(s, e->text);
    return -1;
}

/* Answers the open question, if there is one. The lock is not held while the server is asked. */
static void answer(struct pg_side *s) {
    struct pg_question q;
    struct buf payload = {0};
    struct err e = {0};
    bool open;

    pthread_mutex_lock(&s->lock);
    if (s->forget) {
        pg_catalog_forget(&s->catalog);
        s->lost = false;
    }
    s->forget = false;
    open = s->state == ASK_OPEN;
    q = s->question;
    if (open) s->question = (struct pg_question){0};
    pthread_mutex_unlock(&s->lock);
    if (!open) return;

    find_out(s, &q, &payload, &e);
    pg_question_release(&q);

    pthread_mutex_lock(&s->lock);
    if (s->state == ASK_OPEN && !s->forget) {
        buf_release(&s->answer);
        s->answer = payload;
        payload = (struct buf){0};
        s->answer_error = e;
        s->state = ASK_ANSWERED;
    }
    pthread_mutex_unlock(&s->lock);
    buf_release(&payload);
    event_raise(s->told_fd);
}

/* ---- The thread: its life ---- */

static int wait_ms(const struct pg_side *s) {
    int64_t now = now_us(s), wanted = atomic_load(&s->wanted_us), until = wanted + KEEP_US;

    if (!s->conn.pq && now - wanted >= KEEP_US) return -1;
    if (s->conn.pq && s->sample_us < until) until = s->sample_us;
    if (!s->conn.pq && s->retry_us < until) until = s->retry_us;
    return until <= now ? 0 : (int)((until - now) / 1000) + 1;
}

/* False: stop. */
static bool wait_for_work(struct pg_side *s) {
    struct pollfd fds[3] = {
        {.fd = s->stop_fd, .events = POLLIN},
        {.fd = s->wake_fd, .events = POLLIN},
        {.fd = s->conn.pq ? PQsocket(s->conn.pq) : -1, .events = POLLIN},
    };

    poll(fds, 3, wait_ms(s));
    if (fds[0].revents) return false;
    if (fds[1].revents) event_clear(s->wake_fd);
    if (fds[2].revents && s->conn.pq) {
        bool alive = PQconsumeInput(s->conn.pq);
        PQisBusy(s->conn.pq); /* reads what it says */
        if (!alive || PQstatus(s->conn.pq) != CONNECTION_OK) lose(s, PQerrorMessage(s->conn.pq));
    }
    return true;
}

static void *side_main(void *arg) {
    struct pg_side *s = arg;

    while (wait_for_work(s)) {
        answer(s);
        keep(s);
    }
    pg_conn_close(&s->conn);
    return NULL;
}

/* ---- For the reader ---- */

static void release(struct pg_side *s) {
    if (s->wake_fd >= 0) close(s->wake_fd);
    if (s->told_fd >= 0) close(s->told_fd);
    pthread_mutex_destroy(&s->lock);
    pg_question_release(&s->question);
    pg_catalog_release(&s->catalog);
    buf_release(&s->answer);
    free(s);
}

int pg_side_start(const struct config_source *c, const struct clock *clock, int stop_fd, struct pg_side **out,
                  struct err *e) {
    struct pg_side *s = calloc(1, sizeof *s);

    if (!s) return err_memory(e, "starting a reader");
    s->config = c;
    s->clock = clock;
    s->stop_fd = stop_fd;
    s->wanted_us = clock_monotonic_us(clock) - KEEP_US;
    backoff_init(&s->backoff, (uint64_t)clock_wall_us(clock));
    pthread_mutex_init(&s->lock, NULL);
    s->wake_fd = event_new(e);
    s->told_fd = event_new(e);
    if (s->wake_fd < 0 || s->told_fd < 0 || thread_start(&s->thread, "tr-catalog", side_main, s, e)) {
        release(s);
        return -1;
    }
    *out = s;
    return 0;
}

bool pg_side_free(struct pg_side *s, int64_t until_us) {
    if (!s) return true;
    if (!thread_join(s->thread, until_us)) return false;
    release(s);
    return true;
}

int pg_side_fd(const struct pg_side *s) {
    return s->told_fd;
}

void pg_side_clear(struct pg_side *s) {
    event_clear(s->told_fd);
}

int pg_side_ask(struct pg_side *s, const struct pgoutput_peek *peek, struct err *e) {
    int rc;

    pthread_mutex_lock(&s->lock);
    rc = pg_question_set(&s->question, peek, e);
    if (rc == 0) s->state = ASK_OPEN;
    pthread_mutex_unlock(&s->lock);
    pg_side_want(s);
    event_raise(s->wake_fd);
    return rc;
}

int pg_side_answer(struct pg_side *s, struct buf *payload, struct err *e) {
    int rc = 0;

    pthread_mutex_lock(&s->lock);
    if (s->state == ASK_ANSWERED) {
        s->state = ASK_NONE;
        rc = s->answer_error.code == ERR_NONE ? 1 : -1;
        if (rc == 1 && s->answer.len > 0) buf_put(payload, s->answer.data, s->answer.len);
        if (rc == -1) *e = s->answer_error;
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

void pg_side_restart(struct pg_side *s) {
    pthread_mutex_lock(&s->lock);
    s->state = ASK_NONE;
    s->forget = true;
    pthread_mutex_unlock(&s->lock);
    atomic_store(&s->closing_us, 0);
    event_raise(s->wake_fd);
}

void pg_side_want(struct pg_side *s) {
    int64_t now = now_us(s), before = atomic_exchange(&s->wanted_us, now);

    if (now - before >= KEEP_US / 2) event_raise(s->wake_fd);
}

uint64_t pg_side_end(const struct pg_side *s) {
    return atomic_load(&s->end);
}

int64_t pg_side_closing_us(const struct pg_side *s) {
    return atomic_load(&s->closing_us);
}
