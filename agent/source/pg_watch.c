#include "agent/source/pg_watch.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/base/log.h"
#include "agent/source/pg_published.h"

#define PAUSE_MS 100 /* between two looks, however many new tables come */

struct pg_watch {
    const struct config_source *config;
    struct pg_identity identity;
    char publication[PG_NAME_MAX];
    bool read_only;
    pthread_t thread;
    int stop_fd;
    int wake_fd;          /* a table is new */
    pthread_mutex_t lock; /* of `known` */
    struct pg_oids known;
    atomic_uint changes;
    /* The thread's own. */
    struct pg_conn sql;
    struct pg_server server;
    uint64_t added;       /* tables that came in after the start */
    uint64_t said_owner;  /* hash of what was last left to the owner, so that it is said once */
    uint64_t said_tables; /* likewise of what the stream lacks */
    uint64_t published;   /* hash of what the publications held */
    bool troubled;        /* trouble was said and not yet over */
};

/* FNV-1a: enough to see that a text is the one of before. */
static uint64_t hash(uint64_t h, const void *data, size_t len) {
    const uint8_t *at = data;

    for (size_t i = 0; i < len; i++) h = (h ^ at[i]) * 1099511628211u;
    return h;
}

#define HASH_START 14695981039346656037u

/* What is not as it should be: the tables without usable identity, and why. */
static uint64_t hash_tables(const struct pg_tables *t) {
    uint64_t h = HASH_START;

    for (size_t i = 0; i < t->count; i++)
        if (t->items[i].wanted && !t->items[i].usable) {
            h = hash(h, &t->items[i].oid, sizeof t->items[i].oid);
            h = hash(h, t->items[i].why, strlen(t->items[i].why));
        }
    return h;
}

/* Whether the publications hold other tables than at the last look. */
static void note_changes(struct pg_watch *w, const struct pg_published *p, size_t added) {
    uint64_t now = hash(HASH_START, p->main.tables.items, p->main.tables.count * sizeof(uint32_t));

    now = hash(now, p->insert.tables.items, p->insert.tables.count * sizeof(uint32_t));
    if (added > 0 || now != w->published) atomic_fetch_add(&w->changes, 1);
    w->published = now;
}

unsigned pg_watch_changes(const struct pg_watch *w) {
    return w ? atomic_load(&w->changes) : 0;
}

/* Says what is new since the last look, and remembers it. */
static void say(struct pg_watch *w, const struct pg_published *p, struct buf *owner, bool first) {
    uint64_t lacking = hash_tables(&p->tables);
    uint64_t left = hash(HASH_START, owner->data, owner->len);

    if (lacking != w->said_tables) pg_published_warn(p, w->config);
    if (!first && owner->len > 0 && left != w->said_owner)
        pg_published_hand_over(w->config, &w->server, owner);
    w->said_tables = lacking;
    w->said_owner = left;
}

static bool is_same(const struct pg_publication *p, uint32_t oid) {
    return p->exists && p->oid == oid;
}

/* A publication of the stream that is no longer there; NULL when all are. */
static const char *find_lost(const struct pg_watch *w, const struct pg_published *p) {
    for (size_t i = 0; i < w->identity.npublications; i++) {
        const struct pg_identity_publication *ours = &w->identity.publications[i];
        if (!is_same(&p->main, ours->oid) && !is_same(&p->insert, ours->oid)) return ours->name;
    }
    return NULL;
}

/* We are the same role as the stream's backend, so we may end it. */
static int end_stream(struct pg_watch *w, const char *lost, struct err *e) {
    const char *params[] = {w->identity.slot};
    PGresult *res;

    log_msg(LOG_ERROR, w->config->name,
            "the publication \"%s\" was dropped or made anew while streaming: ending the connection", lost);
    res = pg_query(&w->sql, "ending the stream",
                   "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots"
                   " WHERE slot_name = $1 AND active_pid IS NOT NULL",
                   1, params, e);
    PQclear(res);
    return res ? 0 : -1;
}

/* All tables of now, in the order of OIDs. A failure leaves the old ones: a table is then looked at once
 * more. */
static void learn(struct pg_watch *w, const struct pg_tables *t) {
    struct pg_oids now = {.items = calloc(t->count + 1, sizeof(uint32_t)), .count = t->count};
    struct pg_oids old = now;

    if (!now.items) return;
    for (size_t i = 0; i < t->count; i++) now.items[i] = t->by_oid[i]->oid;
    pthread_mutex_lock(&w->lock);
    old = w->known;
    w->known = now;
    pthread_mutex_unlock(&w->lock);
    free(old.items);
}

void pg_watch_saw(struct pg_watch *w, uint32_t table) {
    uint64_t one = 1;
    bool known;

    if (!w) return;
    pthread_mutex_lock(&w->lock);
    known = pg_oids_has(&w->known, table);
    pthread_mutex_unlock(&w->lock);
    if (!known && write(w->wake_fd, &one, sizeof one) < 0) return; /* full means readable */
}

static int look(struct pg_watch *w, bool first, struct err *e) {
    struct pg_published p = {0};
    struct pg_update u = {.streaming = true, .forbidden = w->read_only};
    const char *lost;
    int rc = -1;

    if (pg_published_load(&p, &w->sql, &w->server, w->publication, e)) goto out;
    if ((lost = find_lost(w, &p))) {
        rc = end_stream(w, lost, e);
        goto out;
    }
    u.mark = p.main.mark;
    if (pg_published_update(&p, &w->sql, &w->server, &u, e)) goto out;
    w->added += u.nadded;
    note_changes(w, &p, u.nadded);
    learn(w, &p.tables);
    say(w, &p, &u.owner, first);
    rc = 0;
out:
    buf_release(&u.owner);
    pg_published_release(&p);
    return rc;
}

static int connect_and_look(struct pg_watch *w, bool first, struct err *e) {
    if (!w->sql.pq && (pg_conn_open(&w->sql, w->config, PG_CONN_SQL, w->stop_fd, e) ||
                       pg_server_read(&w->sql, &w->server, e)))
        return -1;
    return look(w, first, e);
}

/* Trouble is said once until it is over: the reader meets the same server and says the rest. */
static void note_trouble(struct pg_watch *w, const struct err *e) {
    pg_conn_close(&w->sql);
    if (e->code == ERR_STOPPED) return;
    if (!w->troubled)
        log_msg(LOG_WARN, w->config->name, "cannot look for new tables now, trying again: %s", e->text);
    w->troubled = true;
}

/* 1: stop. */
static int sleep_a_while(const struct pg_watch *w) {
    struct pollfd fds[2] = {{.fd = w->stop_fd, .events = POLLIN}, {.fd = w->wake_fd, .events = POLLIN}};
    int turn = (int)(w->config->discover_ms > INT32_MAX ? INT32_MAX : w->config->discover_ms);
    int pause = turn < PAUSE_MS ? turn : PAUSE_MS;
    uint64_t woken;

    if (poll(fds, 1, pause) > 0) return 1;
    if (poll(fds, 2, turn - pause) < 1) return 0;
    if (read(w->wake_fd, &woken, sizeof woken) < 0) return fds[0].revents != 0;
    return fds[0].revents != 0;
}

static void *watch_main(void *arg) {
    struct pg_watch *w = arg;
    struct err e;

    for (bool first = true; !sleep_a_while(w);) {
        err_clear(&e);
        if (connect_and_look(w, first, &e)) {
            note_trouble(w, &e);
            continue;
        }
        if (w->troubled) log_msg(LOG_INFO, w->config->name, "looking for new tables again");
        w->troubled = false;
        first = false;
    }
    pg_conn_close(&w->sql);
    return NULL;
}

/* Signals are the main thread's. */
static int start_thread(struct pg_watch *w) {
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&w->thread, NULL, watch_main, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static void release(struct pg_watch *w) {
    if (w->stop_fd >= 0) close(w->stop_fd);
    if (w->wake_fd >= 0) close(w->wake_fd);
    pthread_mutex_destroy(&w->lock);
    free(w->known.items);
    free(w);
}

int pg_watch_start(const struct pg_watch_parts *parts, struct pg_watch **out, struct err *e) {
    struct pg_watch *w;
    int rc;

    *out = NULL;
    if (parts->config->discover_ms == 0) return 0;
    w = calloc(1, sizeof *w);
    if (!w) return err_memory(e, "watching for tables");
    w->config = parts->config;
    w->identity = *parts->identity;
    w->read_only = parts->read_only;
    snprintf(w->publication, sizeof w->publication, "%s", parts->publication);
    pthread_mutex_init(&w->lock, NULL);
    learn(w, parts->known);
    w->said_tables = hash_tables(parts->known);
    w->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    rc = w->stop_fd < 0 || w->wake_fd < 0 ? -1 : start_thread(w);
    if (rc == 0) {
        *out = w;
        return 0;
    }
    release(w);
    return err_set(e, ERR_IO, "cannot start the thread that watches for tables");
}

void pg_watch_stop(struct pg_watch *w) {
    uint64_t one = 1;

    if (!w) return;
    while (write(w->stop_fd, &one, sizeof one) < 0)
        ; /* only a signal can come between */
    pthread_join(w->thread, NULL);
    if (w->added > 0)
        log_msg(LOG_WARN, w->config->name,
                "%llu table(s) came in while streaming: what they had before is not streamed",
                (unsigned long long)w->added);
    release(w);
}
