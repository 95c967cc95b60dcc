#include "agent/sink/stream.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "agent/base/log.h"

#define OUT_LIMIT (256u << 10)   /* bytes accepted and not written */
#define WRITE_AT (64u << 10)     /* send() writes by itself from here on */
#define RETRY_US INT64_C(250000) /* full disk */

/* ---- Life ---- */

static int open_waiting(struct stream *s, struct err *e) {
    struct epoll_event timer = {.events = EPOLLIN, .data.fd = -1};
    struct epoll_event out = {.events = 0, .data.fd = s->fd};

    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (s->epoll < 0 || s->timer < 0 || epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->timer, &timer) < 0)
        return err_set(e, ERR_IO, "%s: cannot make a descriptor to wait on: %s", s->name, strerror(errno));
    /* Files and most devices refuse this: they never block. */
    s->pollable = epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->fd, &out) == 0;
    return 0;
}

int stream_init(struct stream *s, const struct sink_ops *ops, int fd, const char *name,
                const struct config_sink *c, const char *source, sink_result_fn fn, void *ctx,
                struct err *e) {
    struct stat st;

    *s = (struct stream){.sink.ops = ops, .fd = fd, .source = source, .delimited = c->delimited};
    s->fn = fn;
    s->ctx = ctx;
    s->epoll = -1;
    s->timer = -1;
    s->name = strdup(name);
    if (!s->name) {
        err_memory(e, "opening the output");
        goto failed;
    }
    if (fstat(fd, &st) < 0) {
        err_set(e, ERR_CONFIG, "%s is not open for writing: %s", name, strerror(errno));
        goto failed;
    }
    s->regular = S_ISREG(st.st_mode);
    if (results_init(&s->results, e) == 0 && open_waiting(s, e) == 0) return 0;
failed:
    stream_release(s);
    return -1;
}

void stream_release(struct stream *s) {
    if (s->turn) turn_leave(s->turn, s, s->written != s->results.ready_end);
    if (s->epoll >= 0) close(s->epoll);
    if (s->timer >= 0) close(s->timer);
    s->epoll = -1;
    s->timer = -1;
    results_release(&s->results);
    buf_release(&s->out);
    free(s->name);
    s->name = NULL;
}

/* ---- Waiting ---- */

static void set_timer(struct stream *s, int64_t us) {
    struct itimerspec when = {.it_value = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000}};

    timerfd_settime(s->timer, 0, &when, NULL);
}

/* Wakes us when the descriptor takes bytes again; where that cannot be waited for, after a while. */
static void set_blocked(struct stream *s, bool blocked) {
    struct epoll_event out = {.events = blocked ? EPOLLOUT : 0, .data.fd = s->fd};

    if (s->blocked != blocked && s->pollable) epoll_ctl(s->epoll, EPOLL_CTL_MOD, s->fd, &out);
    if (!s->pollable && (blocked || s->blocked)) set_timer(s, blocked ? RETRY_US : 0);
    s->blocked = blocked;
}

/* Whether PIPE_BUF bytes can be written without blocking; true also when writing them will fail. */
static bool writable(const struct stream *s) {
    struct pollfd p = {.fd = s->fd, .events = POLLOUT};

    return poll(&p, 1, 0) == 1;
}

/* ---- Writing ---- */

static bool no_space(int error) {
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

static void begin_no_space(struct stream *s, int error) {
    int64_t now = clock_monotonic_us(&clock_system);

    s->retry_us = now + RETRY_US;
    set_timer(s, RETRY_US);
    if (s->full_us) return;
    s->full_us = now;
    log_kv(LOG_WARN, s->source, "no room for output: waiting until there is", "output", s->name, "error",
           strerror(error), NULL);
}

static void end_no_space(struct stream *s) {
    s->retry_us = 0;
    if (!s->full_us) return;
    set_timer(s, 0);
    log_msg(LOG_INFO, s->source, "%s: there is room again after %lld s", s->name,
            (long long)((clock_monotonic_us(&clock_system) - s->full_us) / 1000000));
    s->full_us = 0;
}

static int fail(struct stream *s, enum err_code code, const char *what, int error) {
    err_set(&s->error, code, "%s: %s: %s", s->name, what, strerror(error));
    s->error.fatal = true;
    return -1;
}

static int write_failed(struct stream *s, int error) {
    if (error == EINTR) return 0;
    if (error == EAGAIN) {
        set_blocked(s, true);
        return 0;
    }
    if (no_space(error)) {
        begin_no_space(s, error);
        return 0;
    }
    if (error == EPIPE || error == ECONNRESET) return fail(s, ERR_CLOSED, "the reader went away", error);
    return fail(s, ERR_IO, "cannot write", error);
}

/* Writes until the buffer is empty, the pipe or disk is full, or it fails. */
static int write_out(struct stream *s) {
    while (s->done < s->out.len) {
        size_t n = s->out.len - s->done;
        if (s->pollable) {
            if (!writable(s)) {
                set_blocked(s, true);
                return 0;
            }
            if (n > PIPE_BUF) n = PIPE_BUF;
        }
        ssize_t w = write(s->fd, s->out.data + s->done, n);
        if (w < 0) {
            if (write_failed(s, errno) < 0) return -1;
            if (s->blocked || s->retry_us) return 0;
            continue;
        }
        s->done += (size_t)w;
        s->written += (uint64_t)w;
        s->dirty = true;
        end_no_space(s);
    }
    buf_clear(&s->out, OUT_LIMIT);
    s->done = 0;
    set_blocked(s, false);
    return 0;
}

/* Another source left a torn record behind: lines can be told apart again, delimited records cannot. */
static int mend_shared(struct stream *s) {
    if (!s->turn || !atomic_load(&s->turn->torn)) return 0;
    if (s->delimited) {
        err_set(&s->error, ERR_IO, "%s: another source ended in the middle of a record", s->name);
        s->error.fatal = true;
        return -1;
    }
    if (s->pollable && !writable(s)) {
        set_blocked(s, true);
        return 1;
    }
    if (write(s->fd, "\n", 1) < 0) return write_failed(s, errno) < 0 ? -1 : 1;
    atomic_store(&s->turn->torn, false);
    return 0;
}

/* One attempt to get rid of the buffer. -1: `s->error` says why no further one will be made. */
static int try_write(struct stream *s) {
    if (s->error.code) return -1;
    if (s->done == s->out.len) return 0;
    if (s->retry_us && clock_monotonic_us(&clock_system) < s->retry_us) return 0;
    if (s->turn && !turn_take(s->turn, s)) {
        set_blocked(s, true);
        return 0;
    }
    int mended = mend_shared(s);
    int rc = mended == 0 ? write_out(s) : mended < 0 ? -1 : 0;
    results_written(&s->results, s->written);
    if (s->turn && s->written == s->results.ready_end) turn_leave(s->turn, s, false);
    return rc;
}

/* ---- Operations ---- */

static int give_error(const struct stream *s, struct err *e) {
    if (e) *e = s->error;
    return -1;
}

/* Room for `len` more bytes: 1 there is, 0 not now, -1 no memory. A record over the limit needs an empty
 * buffer. */
static int make_room(struct stream *s, size_t len) {
    size_t left = s->out.len - s->done;

    if (results_full(&s->results) || (left > 0 && left + len > OUT_LIMIT)) return 0;
    if (s->done > 0 && s->out.len + len > OUT_LIMIT) {
        memmove(s->out.data, s->out.data + s->done, left);
        s->out.len = left;
        s->done = 0;
    }
    if (buf_reserve(&s->out, len)) return 1;
    s->out.failed = false; /* what it holds is whole */
    return -1;
}

static void put_varint(struct buf *b, uint64_t v) {
    for (; v >= 0x80; v >>= 7) buf_putc(b, (char)(v | 0x80));
    buf_putc(b, (char)v);
}

enum sink_send stream_send(struct sink *sink, const struct sink_record *r, struct err *e) {
    struct stream *s = (struct stream *)sink;
    size_t overhead = s->delimited ? 10 : 1;

    if (!r->value.ptr) {
        if (results_full(&s->results)) return SINK_FULL;
        results_push(&s->results, r->seq, s->queued);
        return SINK_SENT;
    }
    int room = make_room(s, r->value.len + overhead);
    if (room == 0) return SINK_FULL;
    if (room < 0) {
        err_memory(e, "a record for the output");
        return SINK_ERROR;
    }
    size_t before = s->out.len;
    if (s->delimited) put_varint(&s->out, r->value.len);
    buf_put(&s->out, r->value.ptr, r->value.len);
    if (!s->delimited) buf_putc(&s->out, '\n');
    s->queued += s->out.len - before;
    results_push(&s->results, r->seq, s->queued);
    if (s->out.len - s->done >= WRITE_AT && !s->blocked) try_write(s); /* poll() tells of a failure */
    return SINK_SENT;
}

/* Sleeps until something can be done. With nothing to write, an event can only be that the reader left. */
static int wait_for_event(struct stream *s, int timeout_ms) {
    struct epoll_event event;

    if (epoll_wait(s->epoll, &event, 1, timeout_ms) != 1 || event.data.fd < 0) return 0;
    if (event.events & (EPOLLERR | EPOLLHUP)) return fail(s, ERR_CLOSED, "the reader went away", EPIPE);
    return 0;
}

int stream_poll(struct sink *sink, int timeout_ms, struct err *e) {
    struct stream *s = (struct stream *)sink;

    for (int round = 0; round < 2; round++) {
        if (try_write(s) < 0) return give_error(s, e);
        results_written(&s->results, s->written);
        if (results_give(&s->results, s->fn, s->ctx) > 0) return 0;
        if (round == 0 && wait_for_event(s, timeout_ms) < 0) return give_error(s, e);
    }
    return 0;
}

int stream_fd(struct sink *sink) {
    return ((struct stream *)sink)->epoll;
}

int stream_sync(struct sink *sink, struct err *e) {
    struct stream *s = (struct stream *)sink;

    if (s->error.code) return give_error(s, e);
    if (!s->regular || !s->dirty) return 0;
    if (fdatasync(s->fd) < 0) {
        fail(s, ERR_IO, "cannot make the output durable", errno);
        return give_error(s, e);
    }
    s->dirty = false;
    return 0;
}

int stream_flush(struct sink *sink, int timeout_ms, struct err *e) {
    struct stream *s = (struct stream *)sink;
    int64_t deadline = clock_monotonic_us(&clock_system) + (int64_t)timeout_ms * 1000;

    for (int wait = 0;; wait = 100) {
        if (stream_poll(sink, wait, e) < 0) return -1;
        if (results_out(&s->results) == 0) return 0;
        int64_t left = deadline - clock_monotonic_us(&clock_system);
        if (left <= 0) return 1;
    }
}
