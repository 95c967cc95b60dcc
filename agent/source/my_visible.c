#include "agent/source/my_visible.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/source/my_conn.h"
#include "agent/source/my_log.h"
#include "agent/source/my_rows.h"
#include "agent/source/my_table.h"

#define TRIES 5
#define PAUSE_MS 20
#define LOCK_MS 50  /* how long writers may have to wait for us */
#define ANSWER_S 30 /* of the connections for locks */
#define NO_SUCH_TABLE 1146
#define BEGIN "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"

struct my_visible {
    const struct config_source *config;
    int stop_fd;
    pthread_mutex_t lock;              /* for the pointers; only the owner's thread changes them */
    struct my_client *locker, *killer; /* NULL: closed */
    char locker_id[24];
};

/* One beginning. */
struct beginning {
    struct my_visible *v;
    struct my_client *sql;
    const struct my_server *server;
    const struct binlog_position *at;
    const char *database, *table;
    struct err *e;
};

int my_visible_new(const struct config_source *config, int stop_fd, struct my_visible **out, struct err *e) {
    struct my_visible *v = calloc(1, sizeof *v);

    if (!v) return err_memory(e, "reading rows");
    v->config = config;
    v->stop_fd = stop_fd;
    pthread_mutex_init(&v->lock, NULL);
    *out = v;
    return 0;
}

void my_visible_abort(struct my_visible *v) {
    pthread_mutex_lock(&v->lock);
    if (v->locker) my_client_abort(v->locker);
    if (v->killer) my_client_abort(v->killer);
    pthread_mutex_unlock(&v->lock);
}

static void set_client(struct my_visible *v, struct my_client **which, struct my_client *c) {
    struct my_client *before;

    pthread_mutex_lock(&v->lock);
    before = *which;
    *which = c;
    pthread_mutex_unlock(&v->lock);
    my_client_close(before);
}

void my_visible_free(struct my_visible *v) {
    if (!v) return;
    set_client(v, &v->locker, NULL);
    set_client(v, &v->killer, NULL);
    pthread_mutex_destroy(&v->lock);
    free(v);
}

/* False: a stop. */
static bool wait_ms(const struct my_visible *v, int ms) {
    struct pollfd fd = {.fd = v->stop_fd, .events = POLLIN};

    poll(&fd, 1, ms);
    return fd.revents == 0;
}

static int begin(struct beginning *b) {
    return my_client_exec(b->sql, "beginning to read rows", BEGIN, b->e);
}

static void roll_back(struct beginning *b) {
    my_client_exec(b->sql, "giving up reading rows", "ROLLBACK", NULL);
}

/* ---- GTIDs ---- */

/* The set in a row's column; NULL and an error. */
static struct gtid_set *parse_set(struct beginning *b, const char *text) {
    struct gtid_set *s = gtid_set_new(b->at->flavour);

    if (!s)
        err_memory(b->e, "comparing GTIDs");
    else if (!text || gtid_set_parse(s, text, strlen(text), b->e) == 0)
        return s;
    gtid_set_free(s);
    return NULL;
}

/* 0; 1: not all of it is visible; -1. */
static int compare_sets(struct beginning *b, const struct gtid_set *visible) {
    if (gtid_set_within(b->at->through.gtids, visible)) return 0;
    err_set(b->e, ERR_IO,
            "a transaction that the log holds is not visible on the server yet: it may wait for a "
            "semi-synchronous replica, or this server is behind the one whose log is read");
    return 1;
}

static int begin_by_gtid(struct beginning *b) {
    struct my_result *r =
        my_client_query(b->sql, "asking for gtid_executed", "SELECT @@GLOBAL.gtid_executed", b->e);
    struct gtid_set *visible = NULL;
    int rc = -1;

    if (r && my_result_next(r)) visible = parse_set(b, my_result_at(r, 0));
    my_result_free(r);
    if (visible) rc = compare_sets(b, visible);
    gtid_set_free(visible);
    return rc ? rc : begin(b);
}

/* ---- MariaDB ---- */

struct snapshot {
    char file[BINLOG_FILE_MAX + 1];
    uint64_t offset;
};

static int read_snapshot(struct beginning *b, struct snapshot *out) {
    struct my_result *r =
        my_client_query(b->sql, "asking where the log was", "SHOW STATUS LIKE 'binlog\\_snapshot\\_%'", b->e);

    memset(out, 0, sizeof *out);
    if (!r) return -1;
    while (my_result_next(r)) {
        const char *name = my_result_at(r, 0), *value = my_result_at(r, 1);
        if (name && value && strcasecmp(name, "binlog_snapshot_file") == 0)
            snprintf(out->file, sizeof out->file, "%s", value);
        if (name && value && strcasecmp(name, "binlog_snapshot_position") == 0)
            out->offset = strtoull(value, NULL, 10);
    }
    my_result_free(r);
    if (out->file[0]) return 0;
    return err_set(b->e, ERR_CONFIG,
                   "the server does not say where its log was when rows are read: start it "
                   "with --log-bin");
}

/* By place on the server whose files they are, else by GTID. */
static int compare_snapshot(struct beginning *b, const struct snapshot *s) {
    const struct binlog_place *at = &b->at->through;
    struct binlog_place there = {.offset = s->offset};
    struct gtid_set *visible;
    bool known;
    int rc = -1;

    memcpy(there.file, s->file, sizeof there.file);
    if (at->file[0] && at->server == b->server->server_id && binlog_place_compare(at, &there) <= 0) return 0;
    if (!(visible = parse_set(b, NULL))) return -1;
    if (my_log_gtids_at(b->sql, s->file, s->offset, visible, &known, b->e) == 0)
        rc = compare_sets(b, visible);
    gtid_set_free(visible);
    return rc;
}

static int begin_mariadb(struct beginning *b) {
    struct snapshot s;
    int rc;

    if (begin(b)) return -1;
    rc = read_snapshot(b, &s) ? -1 : compare_snapshot(b, &s);
    if (rc) roll_back(b);
    return rc;
}

/* ---- By lock ---- */

static int open_locker(struct beginning *b) {
    struct my_visible *v = b->v;
    struct my_client *c;
    struct my_result *r;

    if (v->locker) return 0;
    if (my_conn_open(v->config, ANSWER_S, &c, b->e)) return -1;
    set_client(v, &v->locker, c);
    r = my_client_query(c, "preparing a lock", "SELECT CONNECTION_ID()", b->e);
    if (r && my_result_next(r)) snprintf(v->locker_id, sizeof v->locker_id, "%s", my_result_at(r, 0));
    my_result_free(r);
    if (r && my_client_exec(c, "preparing a lock", "SET SESSION lock_wait_timeout = 1", b->e) == 0) return 0;
    set_client(v, &v->locker, NULL);
    return -1;
}

static int open_killer(struct beginning *b) {
    struct my_client *c;

    if (b->v->killer) return 0;
    if (my_conn_open(b->v->config, ANSWER_S, &c, b->e)) return -1;
    set_client(b->v, &b->v->killer, c);
    return 0;
}

/* Ends the wait for the lock. */
static void give_up(struct my_visible *v) {
    char sql[64];

    snprintf(sql, sizeof sql, "KILL QUERY %s", v->locker_id);
    if (my_client_exec(v->killer, "giving up a lock", sql, NULL) == 0) return;
    my_client_abort(v->locker); /* the server's own limit ends it, a second later */
    set_client(v, &v->killer, NULL);
}

static void put_lock(struct beginning *b, struct buf *sql) {
    buf_puts(sql, "LOCK TABLES ");
    my_put_name(sql, b->database);
    buf_putc(sql, '.');
    my_put_name(sql, b->table);
    buf_puts(sql, " READ");
}

/* ERR_CONFIG says which grant. */
static int explain(struct beginning *b) {
    if (b->e->code != ERR_CONFIG) return -1;
    return err_set(
        b->e, ERR_CONFIG,
        "without GTIDs (gtid_mode=OFF) rows are read under a brief lock: run \"GRANT LOCK TABLES ON "
        "`%s`.* TO USER;\", or switch gtid_mode to ON",
        b->database);
}

/* 0: it is held; 1: a writer is in the way; -1. */
static int take_lock(struct beginning *b) {
    struct my_visible *v = b->v;
    struct buf sql = {0};
    bool killed;
    int rc = -1;

    put_lock(b, &sql);
    if (buf_failed(&sql))
        err_memory(b->e, "locking a table");
    else
        rc = my_client_send(v->locker, "locking a table", buf_cstr(&sql), b->e);
    buf_release(&sql);
    if (rc) return -1;
    killed = !my_client_answered(v->locker, LOCK_MS);
    if (killed) give_up(v);
    if (my_client_answer(v->locker, "locking a table", b->e) == 0) return 0;
    if (my_client_errno(v->locker) == NO_SUCH_TABLE) return 0; /* reading it says so */
    if (!killed) return explain(b);
    err_set(b->e, ERR_IO, "a transaction that writes to the table is open, or a statement waits for it");
    return 1;
}

static void close_locker(struct my_visible *v) {
    set_client(v, &v->locker, NULL);
}

static int begin_by_lock(struct beginning *b) {
    const struct binlog_place *at = &b->at->through;
    int rc;

    if (at->server && at->server != b->server->server_id) {
        err_set(b->e, ERR_IO, "the server that answers (server_id %u) is not the one whose log is read (%u)",
                b->server->server_id, at->server);
        return 1;
    }
    if (open_locker(b) || open_killer(b)) return -1;
    rc = take_lock(b);
    if (rc == 0) {
        rc = begin(b);
        if (my_client_exec(b->v->locker, "unlocking a table", "UNLOCK TABLES", NULL)) close_locker(b->v);
    } else if (rc < 0) {
        close_locker(b->v);
    }
    return rc;
}

/* ---- All together ---- */

static int try_once(struct beginning *b) {
    if (b->server->flavour == FLAVOUR_MARIADB) return begin_mariadb(b);
    return b->at->by_gtid ? begin_by_gtid(b) : begin_by_lock(b);
}

int my_visible_begin(struct my_visible *v, struct my_client *sql, const struct my_server *server,
                     const struct binlog_position *at, const char *database, const char *table,
                     struct err *e) {
    struct beginning b = {
        .v = v, .sql = sql, .server = server, .at = at, .database = database, .table = table, .e = e};
    int rc = 1;

    for (int i = 0; rc == 1 && i < TRIES; i++) {
        if (i > 0 && !wait_ms(v, PAUSE_MS)) return err_set(e, ERR_STOPPED, "stopped");
        err_clear(e);
        rc = try_once(&b);
    }
    return rc;
}
