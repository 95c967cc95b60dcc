#include "agent/source/my_reader.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/log.h"
#include "agent/base/thread.h"
#include "agent/source/backoff.h"
#include "agent/source/my_catalog.h"
#include "agent/source/my_conn.h"
#include "agent/source/my_stream.h"
#include "agent/source/my_watch.h"
#include "decoders/binlog/event.h"

#define STOP_US INT64_C(5000000)
#define FULL_SAY_MS 10000             /* a ring full for so long is worth a word */
#define HUGE_BYTES ((size_t)16 << 20) /* an event whose buffer is worth a new connection */
#define QUIET_US INT64_C(5000000)     /* … once nothing has come for so long */
#define RENEW_US INT64_C(600000000)   /* … and at most so often */

struct my_reader {
    struct my_reader_parts parts;
    pthread_t thread;
    int stop_fd;
    struct my_watch *watch;
    atomic_bool stopping;
    atomic_bool abandoned; /* stuck for too long: the ring may be gone */
    pthread_mutex_t lock;  /* for these two */
    struct buf acked;
    struct my_client *client; /* NULL: none, or it is being made */
    /* The thread's own. */
    struct buf resume; /* where this connection began */
    struct backoff backoff;
    bool again; /* not the first connection */
    bool slow;  /* the last connection was lost before events came: the server may need longer to find them */
    int64_t renewed_us;
};

static const char *name_of(const struct my_reader *r) {
    return r->parts.config->name;
}

static int stopped(struct err *e) {
    return err_set(e, ERR_STOPPED, "stopped");
}

/* ---- Waiting ---- */

/* Waits for `fd` (-1: nothing but the time), a stop, or `timeout_ms` (-1: for ever). False: stop. */
static bool wait_for(const struct my_reader *r, int fd, int timeout_ms) {
    struct pollfd fds[2] = {{.fd = r->stop_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};

    poll(fds, 2, timeout_ms);
    return fds[0].revents == 0;
}

static int64_t now_us(const struct my_reader *r) {
    return clock_monotonic_us(r->parts.clock);
}

/* Waits for room in the ring; says so when it takes long. */
static int wait_for_room(const struct my_reader *r, int64_t since_us, bool *said, struct err *e) {
    ring_flush(r->parts.ring);
    if (!wait_for(r, ring_space_fd(r->parts.ring), FULL_SAY_MS)) return stopped(e);
    ring_space_clear(r->parts.ring);
    if (*said || now_us(r) - since_us < FULL_SAY_MS * INT64_C(1000)) return 0;
    *said = true;
    log_msg(LOG_WARN, name_of(r),
            "the sink takes nothing and the queue is full: waiting, the server keeps its log meanwhile");
    return 0;
}

/* Pushes a frame, however long the ring takes to have room. */
static int push(struct my_reader *r, const struct frame *f, struct err *e) {
    int rc = source_push(r->parts.ring, f, e);
    int64_t since;
    bool said = false;

    if (rc <= 0) return rc;
    since = now_us(r);
    do {
        if (wait_for_room(r, since, &said, e)) return -1;
    } while ((rc = source_push(r->parts.ring, f, e)) == 1);
    if (said) log_msg(LOG_INFO, name_of(r), "the sink takes changes again: going on");
    return rc;
}

/* ---- One connection ---- */

/* Lets a stop reach the connection; or takes it away from there. */
static int publish_client(struct my_reader *r, struct my_client *client, struct err *e) {
    pthread_mutex_lock(&r->lock);
    r->client = client;
    pthread_mutex_unlock(&r->lock);
    return client && atomic_load(&r->stopping) ? stopped(e) : 0;
}

static int take_resume(struct my_reader *r, struct err *e) {
    pthread_mutex_lock(&r->lock);
    buf_clear(&r->resume, SIZE_MAX);
    buf_put(&r->resume, r->acked.data, r->acked.len);
    pthread_mutex_unlock(&r->lock);
    return buf_failed(&r->resume) ? err_memory(e, "reading the log") : 0;
}

static int push_start(struct my_reader *r, const struct buf *identity, const struct buf *catalog,
                      struct err *e) {
    struct frame restart = {.kind = FRAME_RESTART, .data = identity->data, .len = identity->len};
    struct frame start = {.kind = FRAME_START, .data = r->resume.data, .len = r->resume.len};
    struct frame told = {.kind = FRAME_CATALOG, .data = catalog->data, .len = catalog->len};

    if (r->again && push(r, &restart, e)) return -1;
    r->again = true;
    return push(r, &start, e) || push(r, &told, e) ? -1 : 0;
}

static int start_stream(struct my_reader *r, struct my_client *c, struct err *e) {
    struct position at = {r->resume.data, r->resume.len};
    struct binlog_position p;
    struct buf text = {0};
    int rc = -1;

    if (binlog_position_init(&p, my_prepare_server(r->parts.prepare)->flavour, e)) return -1;
    if (binlog_position_read(at, &p, e)) goto out;
    if (my_stream_start(c, r->parts.config, my_prepare_server(r->parts.prepare), &p, e)) goto out;
    my_client_set_patience(c, MY_SEARCH_S);
    binlog_position_text(at, &text);
    log_kv(LOG_INFO, name_of(r), "streaming", "from", buf_cstr(&text), NULL);
    rc = 0;
out:
    buf_release(&text);
    binlog_position_release(&p);
    return rc;
}

/* Connects, proves, and asks for the log. */
static int begin(struct my_reader *r, struct my_client *c, struct err *e) {
    struct position at;
    struct buf identity = {0}, catalog = {0};
    int rc = -1;

    if (take_resume(r, e)) return -1;
    at = (struct position){r->resume.data, r->resume.len};
    if (r->again && my_prepare_verify(r->parts.prepare, c, at, &identity, e)) goto out;
    if (my_catalog_read(c, my_prepare_server(r->parts.prepare), &catalog, e)) goto out;
    if (start_stream(r, c, e)) goto out;
    rc = push_start(r, &identity, &catalog, e);
out:
    buf_release(&catalog);
    buf_release(&identity);
    return rc;
}

static bool is_heartbeat(const uint8_t *event, size_t len) {
    return len > 4 && (event[4] == BINLOG_HEARTBEAT || event[4] == BINLOG_HEARTBEAT_V2);
}

/* What the server sends before it looks for our position; the search may take long. */
static bool is_preface(const uint8_t *event, size_t len) {
    if (len <= 4) return true;
    switch (event[4]) {
    case BINLOG_ROTATE:
    case BINLOG_FORMAT_DESCRIPTION:
    case BINLOG_PREVIOUS_GTIDS:
    case MARIADB_GTID_LIST:
    case MARIADB_BINLOG_CHECKPOINT:
    case MARIADB_START_ENCRYPTION: return true;
    default: return false;
    }
}

/* The catalogue once more, over a connection of its own, behind a statement that is in the ring. */
static int ask_again(struct my_reader *r, struct err *e) {
    struct my_client *c;
    struct buf catalog = {0};
    int rc;

    if (my_conn_open(r->parts.config, MY_CONN_SQL_S, &c, e)) return -1;
    rc = my_catalog_read(c, my_prepare_server(r->parts.prepare), &catalog, e);
    my_client_close(c);
    if (!rc)
        rc = push(r, &(struct frame){.kind = FRAME_CATALOG, .data = catalog.data, .len = catalog.len}, e);
    buf_release(&catalog);
    return rc;
}

/* From the first event to the end of the connection: -1, `e` says why; 1: connect anew at once. */
static int read_events(struct my_reader *r, struct my_client *c, bool *progress, struct err *e) {
    struct frame f = {.kind = FRAME_DATA};
    size_t largest = 0;
    int64_t data_us = now_us(r);
    int rc;

    for (;;) {
        if (!my_client_pending(c)) ring_flush(r->parts.ring);
        rc = my_client_fetch(c, &f.data, &f.len, e);
        if (rc < 0) return my_stream_explain(c, r->parts.config, e);
        if (rc == 0) return err_set(e, ERR_IO, "the server ended the stream");
        if (!*progress && !is_preface(f.data, f.len)) {
            my_client_set_patience(c, MY_PATIENCE_S);
            *progress = true;
        }
        if (!is_heartbeat(f.data, f.len)) {
            data_us = now_us(r);
            if (f.len > largest) largest = f.len;
        } else if (largest >= HUGE_BYTES && now_us(r) - data_us >= QUIET_US &&
                   now_us(r) - r->renewed_us >= RENEW_US) {
            return 1;
        }
        f.sent_us = clock_wall_us(r->parts.clock);
        if (push(r, &f, e)) return -1;
        if (my_catalog_grows(f.data, f.len, my_prepare_server(r->parts.prepare)) && ask_again(r, e))
            return -1;
    }
}

/* The silence to connect with. Where it is for the whole connection, it is short unless that was too short.
 */
static unsigned first_patience(const struct my_reader *r) {
    if (my_client_can_set_patience()) return MY_CONN_STREAM_S;
    return r->slow ? MY_SEARCH_S : MY_PATIENCE_S;
}

static int stream_once(struct my_reader *r, struct err *e) {
    struct my_client *c = NULL;
    bool progress = false;
    int rc = -1;

    err_clear(e);
    if (my_conn_open(r->parts.config, first_patience(r), &c, e)) return -1;
    if (!publish_client(r, c, e) && !begin(r, c, e)) rc = read_events(r, c, &progress, e);
    publish_client(r, NULL, NULL);
    r->slow = !progress && my_client_errno(c) == MY_CLIENT_LOST;
    my_client_close(c);
    if (progress) backoff_reset(&r->backoff);
    if (atomic_load(&r->stopping)) return stopped(e);
    return rc;
}

static void renew(struct my_reader *r) {
    r->renewed_us = now_us(r);
    log_msg(LOG_INFO, name_of(r), "connecting anew, to give back the memory that a huge row took");
}

/* ---- Again, or not ---- */

static bool pause_before_next(struct my_reader *r, const struct err *e) {
    uint32_t ms = backoff_next(&r->backoff);

    log_msg(LOG_WARN, name_of(r), "%s; trying again in %u ms", e->text, (unsigned)ms);
    return wait_for(r, -1, (int)ms);
}

static void push_end(struct my_reader *r, const struct err *why) {
    struct frame_end end = {.err = *why};
    struct frame f = {.kind = FRAME_END, .data = (const uint8_t *)&end, .len = sizeof end};

    push(r, &f, NULL); /* a stop in between needs no end */
    ring_flush(r->parts.ring);
}

static void *reader_main(void *arg) {
    struct my_reader *r = arg;
    struct err e = {0};

    do {
        while (stream_once(r, &e) == 1) renew(r);
    } while (e.retriable && pause_before_next(r, &e));
    if (e.retriable) stopped(&e);
    if (!atomic_load(&r->abandoned)) push_end(r, &e);
    return NULL;
}

/* ---- Outside ---- */

static void release(struct my_reader *r) {
    if (r->stop_fd >= 0) close(r->stop_fd);
    pthread_mutex_destroy(&r->lock);
    buf_release(&r->acked);
    buf_release(&r->resume);
    free(r);
}

int my_reader_start(const struct my_reader_parts *parts, struct my_reader **out, struct err *e) {
    struct my_reader *r = calloc(1, sizeof *r);

    if (!r) return err_memory(e, "starting a reader");
    r->parts = *parts;
    r->renewed_us = clock_monotonic_us(parts->clock) - RENEW_US;
    pthread_mutex_init(&r->lock, NULL);
    buf_put(&r->acked, parts->position.bytes, parts->position.len);
    backoff_init(&r->backoff, (uint64_t)clock_wall_us(parts->clock) ^ (uint64_t)getpid() << 32);
    r->stop_fd = event_new(e);
    if (r->stop_fd < 0) goto fail;
    if (buf_failed(&r->acked)) {
        err_memory(e, "starting a reader");
        goto fail;
    }
    my_prepare_hang_up(parts->prepare);
    if (my_watch_start(parts->config, parts->clock, parts->position, &r->watch, e)) goto fail;
    if (thread_start(&r->thread, "tr-reader", reader_main, r, e)) goto fail;
    *out = r;
    return 0;
fail:
    my_watch_stop(r->watch, clock_wall_us(&clock_system) + STOP_US);
    release(r);
    return -1;
}

void my_reader_ack(struct my_reader *r, struct position p) {
    pthread_mutex_lock(&r->lock);
    buf_clear(&r->acked, SIZE_MAX);
    buf_put(&r->acked, p.bytes, p.len);
    pthread_mutex_unlock(&r->lock);
    my_watch_ack(r->watch, p);
}

uint64_t my_reader_lag(const struct my_reader *r) {
    return my_watch_lag(r->watch);
}

bool my_reader_stop(struct my_reader *r) {
    int64_t until = clock_wall_us(&clock_system) + STOP_US;
    bool ended;

    atomic_store(&r->stopping, true);
    event_raise(r->stop_fd);
    pthread_mutex_lock(&r->lock);
    if (r->client) my_client_abort(r->client);
    pthread_mutex_unlock(&r->lock);
    ended = thread_join(r->thread, until);
    ended = my_watch_stop(r->watch, until) && ended;
    if (!ended) {
        atomic_store(&r->abandoned, true);
        log_msg(LOG_WARN, name_of(r), "a connection does not let go within 5 s: left as it is");
        return false;
    }
    release(r);
    return true;
}
