#include "agent/cmd/run.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent/base/log.h"
#include "agent/cmd/attend.h"
#include "agent/cmd/exit.h"
#include "agent/cmd/progress.h"
#include "agent/cmd/usage.h"
#include "agent/config/config.h"
#include "agent/pipeline/pipeline.h"
#include "agent/registry.h"

#define PROGRESS_MS 10000

/* One source at work. */
struct lane {
    const char *name;
    struct pipeline *pipeline;
    struct attend *attend; /* NULL: nobody can ask */
    struct progress progress;
    pthread_t thread;
    bool started;
    bool joined;
    atomic_bool ended;
    int rc;
    struct err err;
    int done_fd; /* shared: raised when a lane ends */
};

struct run {
    int argc; /* to be read again on SIGHUP */
    char **argv;
    struct config *config;
    struct config *next;   /* read again; takes over when the lanes have ended. NULL: none */
    struct claims *claims; /* NULL: the sink has no topics */
    struct lane *lanes;
    struct pollfd *fds; /* 2 + nlanes */
    size_t nlanes;
    size_t running;
    int signal_fd;
    int done_fd;
    int code; /* worst so far */
};

static void *lane_main(void *arg) {
    struct lane *l = arg;
    uint64_t one = 1;

    l->rc = pipeline_run(l->pipeline, &l->err);
    atomic_store(&l->ended, true);
    if (write(l->done_fd, &one, sizeof one) < 0) return NULL; /* full means readable */
    return NULL;
}

static int make_lane(struct run *r, size_t i, struct err *e) {
    const struct config *c = r->config;
    struct pipeline_parts parts = {
        .config = c,
        .source = &c->sources[i],
        .source_ops = registry_source(c->sources[i].scheme),
        .encoder_ops = registry_encoder(c->encoding),
        .entity_ops = registry_entity_encoder(c->encoding, c->sink.type),
        .schemas = registry_schemas(),
        .sink_ops = registry_sink(c->sink.type),
        .claims = r->claims,
        .clock = &clock_system,
    };

    if (!parts.source_ops)
        return err_set(e, ERR_CONFIG, "source %s: there is no source for %s:// URLs", c->sources[i].name,
                       c->sources[i].scheme);
    r->lanes[i].name = c->sources[i].name;
    r->lanes[i].done_fd = r->done_fd;
    r->lanes[i].pipeline = pipeline_new(&parts, e);
    return r->lanes[i].pipeline ? 0 : -1;
}

/* Signals are read from a descriptor; threads started later inherit the mask. */
static int take_signals(struct run *r, struct err *e) {
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file-size limit is a full disk, not a crash */
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    r->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    r->done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (r->signal_fd < 0 || r->done_fd < 0)
        return err_set(e, ERR_IO, "cannot watch signals: %s", strerror(errno));
    return 0;
}

static void say_intent(const struct config *c) {
    static const char *const sinks[] = {"stdout", "file", "null", "kafka"};

    for (size_t i = 0; i < c->nsources; i++)
        log_kv(LOG_INFO, c->sources[i].name, "will stream", "url", c->sources[i].url, "to",
               sinks[c->sink.type], "encoding", registry_encoder(c->encoding)->name, "state",
               c->state ? c->state : "none: nothing is kept", NULL);
    for (size_t i = 0; i < c->warnings.count; i++) log_msg(LOG_WARN, "config", "%s", c->warnings.items[i]);
}

/* An agent that cannot be asked anything streams all the same. Another agent on the same source: the lane
 * itself finds that out. */
static void open_ear(const struct run *r, struct lane *l) {
    const char *state = r->config->state;
    struct err e = {0};

    if (!state || checkpoint_make_directory(state, NULL)) return;
    if (attend_open(state, l->name, l->pipeline, &l->attend, &e) && e.code != ERR_FENCED)
        log_msg(LOG_WARN, l->name, "nobody can ask this agent anything: %s", e.text);
}

static int start_lanes(struct run *r, struct err *e) {
    if (r->config->sink.type == SINK_KAFKA && !(r->claims = claims_new(e))) return -1;
    r->lanes = calloc(r->config->nsources, sizeof *r->lanes);
    r->fds = calloc(2 + r->config->nsources, sizeof *r->fds);
    if (!r->lanes || !r->fds) return err_memory(e, "starting");
    r->nlanes = r->config->nsources;
    for (size_t i = 0; i < r->nlanes; i++)
        if (make_lane(r, i, e)) return -1;
    for (size_t i = 0; i < r->nlanes; i++) open_ear(r, &r->lanes[i]);
    for (size_t i = 0; i < r->nlanes; i++) {
        int rc = pthread_create(&r->lanes[i].thread, NULL, lane_main, &r->lanes[i]);
        if (rc) return err_set(e, ERR_IO, "cannot start a thread: %s", strerror(rc));
        r->lanes[i].started = true;
        r->running++;
    }
    return 0;
}

/* Told once, a lane drains; told again, it leaves at once. */
static void stop_lanes(struct run *r) {
    for (size_t i = 0; i < r->nlanes; i++)
        if (r->lanes[i].started && !r->lanes[i].joined) pipeline_stop(r->lanes[i].pipeline);
}

static void finish_lane(struct run *r, struct lane *l) {
    int code;

    pthread_join(l->thread, NULL);
    l->joined = true;
    r->running--;
    attend_close(l->attend);
    l->attend = NULL;
    progress_last(l->name, l->pipeline);
    if (!l->rc) return;
    code = exit_code(&l->err);
    if (l->err.code != ERR_CLOSED) log_msg(LOG_ERROR, l->name, "%s", l->err.text);
    if (code > r->code) r->code = code;
    if (r->running > 0) log_msg(LOG_WARN, l->name, "this source has stopped; the others go on");
}

/* Joins the lanes that have ended; each raised done_fd when it did. */
static void reap(struct run *r) {
    uint64_t ended;

    if (read(r->done_fd, &ended, sizeof ended) < 0) return;
    for (size_t i = 0; i < r->nlanes; i++) {
        struct lane *l = &r->lanes[i];
        if (l->started && !l->joined && atomic_load(&l->ended)) finish_lane(r, l);
    }
}

static int load_next(const struct run *r, struct config **next, struct err *e) {
    const char *state = r->config->state;

    if (!state || !r->config->file)
        return err_set(e, ERR_CONFIG, "there is no file to read again, or no state directory to go on from");
    if (config_load(r->argc, r->argv, next, e)) return -1;
    if ((*next)->state && strcmp((*next)->state, state) == 0) return 0;
    return err_set(e, ERR_CONFIG, "the state directory is %s and stays so as long as the agent runs", state);
}

/* A configuration that cannot be used changes nothing. */
static void read_again(struct run *r) {
    struct config *next = NULL;
    struct err e = {0};

    if (load_next(r, &next, &e)) {
        log_msg(LOG_ERROR, "run", "configuration not read again, everything goes on as before: %s", e.text);
        config_free(next);
        return;
    }
    log_msg(LOG_INFO, "run", "configuration read again: delivering what is under way, then going on with it");
    next->accept_gap = false;    /* that was for the start */
    if (!r->next) stop_lanes(r); /* else they are ending already */
    config_free(r->next);
    r->next = next;
}

static void take_signal(struct run *r) {
    struct signalfd_siginfo info;

    while (read(r->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            read_again(r);
            continue;
        }
        log_msg(LOG_INFO, "run", "%s: delivering what is under way, then stopping (again: stop at once)",
                info.ssi_signo == SIGINT ? "interrupted" : "told to stop");
        config_free(r->next);
        r->next = NULL;
        stop_lanes(r);
    }
}

static void release_lanes(struct run *r) {
    for (size_t i = 0; i < r->nlanes; i++) {
        attend_close(r->lanes[i].attend);
        pipeline_free(r->lanes[i].pipeline);
    }
    free(r->lanes);
    free(r->fds);
    claims_free(r->claims);
    r->lanes = NULL;
    r->fds = NULL;
    r->nlanes = 0;
    r->claims = NULL;
}

/* The lanes have ended; those of the new configuration begin where they stopped. */
static void take_over(struct run *r) {
    struct err e = {0};

    release_lanes(r);
    config_free(r->config);
    r->config = r->next;
    r->next = NULL;
    r->code = EXIT_DONE;
    log_setup(r->config->log_level, r->config->log_format);
    say_intent(r->config);
    if (!start_lanes(r, &e)) return;
    stop_lanes(r);
    r->code = exit_report(&e);
}

/* What there is to wait for: signals, lanes that end, and what people ask of each lane. */
static nfds_t wait_for(const struct run *r) {
    struct pollfd *fds = r->fds;

    fds[0] = (struct pollfd){.fd = r->signal_fd, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = r->done_fd, .events = POLLIN};
    for (size_t i = 0; i < r->nlanes; i++) {
        const struct attend *a = r->lanes[i].attend;
        fds[2 + i] = (struct pollfd){.fd = a ? attend_fd(a) : -1, .events = POLLIN};
    }
    return 2 + (nfds_t)r->nlanes;
}

/* Returns when all lanes have ended, or the lanes are others now. */
static void watch_lanes(struct run *r) {
    struct pollfd *fds = r->fds;

    while (r->running > 0) {
        bool any = poll(fds, wait_for(r), PROGRESS_MS) > 0;
        for (size_t i = 0; i < r->nlanes; i++)
            if (any && fds[2 + i].revents && r->lanes[i].attend) attend_serve(r->lanes[i].attend);
        if (any && fds[0].revents) take_signal(r);
        if (any && fds[1].revents) reap(r);
        for (size_t i = 0; i < r->nlanes; i++)
            if (!r->lanes[i].joined)
                progress_say(&r->lanes[i].progress, r->lanes[i].name, r->lanes[i].pipeline);
    }
}

static void watch(struct run *r) {
    while (r->running > 0) {
        watch_lanes(r);
        if (r->next) take_over(r);
    }
}

static void release(struct run *r) {
    release_lanes(r);
    if (r->signal_fd >= 0) close(r->signal_fd);
    if (r->done_fd >= 0) close(r->done_fd);
    config_free(r->config);
    config_free(r->next);
}

int cmd_run(int argc, char **argv) {
    struct run r = {.argc = argc, .argv = argv, .signal_fd = -1, .done_fd = -1};
    struct err e = {0};

    if (usage_asked(argc, argv)) return usage_print("run", NULL);
    if (config_load(argc, argv, &r.config, &e)) return exit_report(&e);
    log_setup(r.config->log_level, r.config->log_format);
    if (take_signals(&r, &e)) goto out;
    say_intent(r.config);
    if (start_lanes(&r, &e)) stop_lanes(&r);
    watch(&r);
out:
    if (e.code != ERR_NONE && exit_report(&e) > r.code) r.code = exit_code(&e);
    release(&r);
    return r.code;
}
