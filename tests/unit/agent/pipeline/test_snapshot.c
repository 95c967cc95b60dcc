/* A snapshot beside the stream, through the whole pipeline: order, ends, and what a start goes on from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/pipeline/backfill_state.h"
#include "agent/pipeline/pipeline.h"
#include "tests/unit/agent/pipeline/script.c"

/* ---- The table: rows FIRST to LAST, a few a chunk, each answered at once ---- */

#define FIRST 40
#define LAST 59
#define PER_CHUNK 5

static struct {
    unsigned chunks;
    uint8_t began_behind[64]; /* of each chunk; 0: the first row */
    uint64_t at[64];          /* the stream's position */
    unsigned never_ends;      /* this chunk (1: the first) brings rows and no end */
    bool later;               /* nothing is visible */
} reads;

static struct source_ops reading;

struct script_chunks {
    struct source_chunks base;
    struct ring *ring;
};

static int snapshot_open(const struct config_source *c, const struct clock *clock, struct source **out,
                         struct err *e) {
    if (source_open(c, clock, out, e)) return -1;
    (*out)->ops = &reading;
    return 0;
}

static int snapshot_readable(struct source *s, source_readable_fn fn, void *ctx, struct err *e) {
    struct source_readable t = {.space = "public", .name = "t", .keyed = true, .rows = LAST - FIRST + 1};

    (void)s;
    return fn(ctx, &t, e);
}

static int snapshot_chunks(struct source *s, struct ring *ring, struct source_chunks **out, struct err *e) {
    struct script_chunks *c = calloc(1, sizeof *c);

    (void)s;
    (void)e;
    c->base.ops = &reading;
    c->ring = ring;
    *out = &c->base;
    return 0;
}

static int push(struct ring *ring, enum frame_kind kind, const void *data, size_t len, struct err *e) {
    struct frame f = {.kind = kind, .data = data, .len = len};

    return source_push(ring, &f, e);
}

static int push_end(struct ring *ring, enum source_chunk_outcome outcome, uint64_t rows, uint8_t after,
                    struct err *e) {
    struct source_chunk_end end = {.outcome = outcome, .rows = rows, .after_len = after ? 1 : 0};
    char bytes[sizeof end + 1];

    memcpy(bytes, &end, sizeof end);
    bytes[sizeof end] = (char)after;
    return push(ring, FRAME_CHUNK_END, bytes, sizeof end + end.after_len, e);
}

static int snapshot_ask(struct source_chunks *base, const struct source_chunk *q, struct err *e) {
    struct ring *ring = ((struct script_chunks *)base)->ring;
    uint8_t from = q->after.len ? q->after.bytes[0] : FIRST - 1;
    uint8_t to = from + PER_CHUNK;

    reads.began_behind[reads.chunks % 64] = q->after.len ? from : 0;
    reads.at[reads.chunks++ % 64] = position_value(q->at);
    if (reads.later) {
        if (push_end(ring, CHUNK_LATER, 0, 0, e)) return -1;
    } else {
        if (push(ring, FRAME_CHUNK, q->at.bytes, q->at.len, e)) return -1;
        for (uint8_t id = from + 1; id <= to && id <= LAST; id++)
            if (push(ring, FRAME_DATA, &id, 1, e)) return -1;
        if (reads.never_ends != reads.chunks &&
            push_end(ring, to < LAST ? CHUNK_MORE : CHUNK_LAST, PER_CHUNK, to, e))
            return -1;
    }
    ring_flush(ring);
    return 0;
}

static void snapshot_cut(struct source_chunks *c) {
    (void)c;
}

static void snapshot_close(struct source_chunks *c) {
    free(c);
}

static int read_row(struct decoder *base, const struct frame *f, change_fn fn, void *ctx, struct err *e) {
    struct script_decoder *d = (struct script_decoder *)base;
    struct tx tx = {.commit_us = 1};
    struct change c = {.op = CHANGE_SCHEMA, .table = &d->table, .tx = &tx, .id = {"r", 1}};
    struct value v = {.state = VALUE_PRESENT, .kind = VALUE_INT};

    if (f->kind == FRAME_CHUNK) {
        if (d->described) return 0;
        d->described = true;
        return fn(ctx, &c, e);
    }
    v.v.i = f->data[0];
    c.op = CHANGE_READ;
    c.after_image = IMAGE_FULL;
    c.after = &v;
    return fn(ctx, &c, e);
}

static struct decoder_ops reading_decoder;

static struct decoder *reading_create(const struct decoder_options *o) {
    struct decoder *d = decoder_create(o);

    ((struct script_decoder *)d)->table.serial = o->serials;
    d->ops = &reading_decoder;
    return d;
}

/* ---- A run ---- */

static char state[64];
static struct config_source source = {.name = "s", .scheme = "script", .database = "d"};
static struct config config = {
    .sources = &source,
    .nsources = 1,
    .topics = "{source}.{schema}.{table}",
    .ring_bytes = 1 << 20,
    .checkpoint_ms = 1,
    .grace_ms = 200,
};

static int setup(void **unused) {
    const char *pattern = "public.*";
    struct pattern_list *list;
    struct err e;

    (void)unused;
    reading = script_source;
    reading.open = snapshot_open;
    reading.readable = snapshot_readable;
    reading.chunk_decoder = &reading_decoder;
    reading.chunks_open = snapshot_chunks;
    reading.chunks_ask = snapshot_ask;
    reading.chunks_cut = snapshot_cut;
    reading.chunks_close = snapshot_close;
    reading_decoder = script_decoder_ops;
    reading_decoder.create = reading_create;
    reading_decoder.feed = read_row;
    snprintf(state, sizeof state, "/tmp/tailrace-test-XXXXXX");
    assert_non_null(mkdtemp(state));
    assert_int_equal(pattern_list_new(&pattern, 1, &list, &e), 0);
    source.table_patterns = list;
    source.snapshot = SNAPSHOT_INITIAL;
    source.snapshot_connections = 1;
    source.snapshot_rate = 0;
    source.chunk_bytes = 1 << 18;
    config.state = state;
    config.until = "end";
    memset(&script, 0, sizeof script);
    memset(&reads, 0, sizeof reads);
    log_setup(LOG_ERROR, LOG_TEXT);
    return 0;
}

static int teardown(void **unused) {
    char path[128];

    (void)unused;
    snprintf(path, sizeof path, "%s/s.checkpoint", state);
    unlink(path);
    snprintf(path, sizeof path, "%s/s.lock", state);
    unlink(path);
    assert_int_equal(rmdir(state), 0);
    pattern_list_free((struct pattern_list *)(uintptr_t)source.table_patterns);
    return 0;
}

static struct pipeline *make(void) {
    struct pipeline_parts parts = {
        .config = &config,
        .source = &source,
        .source_ops = &reading,
        .encoder_ops = &encoder_json,
        .entity_ops = &encoder_json,
        .sink_ops = &script_sink,
        .clock = &clock_system,
    };
    struct err e;
    struct pipeline *p = pipeline_new(&parts, &e);

    assert_non_null(p);
    return p;
}

static int run(const char *log, struct err *e) {
    struct pipeline *p = make();
    int rc;

    script.log = log;
    script.end = strlen(log);
    memset(e, 0, sizeof *e);
    rc = pipeline_run(p, e);
    pipeline_free(p);
    return rc;
}

static void run_well(const char *log) {
    struct err e;

    if (run(log, &e)) fail_msg("%s", e.text);
}

static void assert_all_read(void) {
    for (unsigned id = FIRST; id <= LAST; id++) assert_true(script.delivered[id]);
}

static void assert_read_once(void) {
    for (unsigned id = FIRST; id <= LAST; id++) assert_int_equal(script.rows_sent[id], 1);
}

/* What is kept of the snapshot, for people. */
static void assert_kept(const char *expected) {
    struct checkpoint c = {0};
    struct backfill_state *s;
    struct buf text = {0};
    struct err e;
    bool found;

    assert_int_equal(checkpoint_peek(state, "s", &c, &found, &e), 0);
    assert_true(found);
    assert_int_equal(backfill_state_load(c.sections[CHECKPOINT_SNAPSHOT].data,
                                         c.sections[CHECKPOINT_SNAPSHOT].len, &s, &e),
                     0);
    backfill_state_text(s, &text);
    assert_string_equal(buf_cstr(&text), expected);
    buf_release(&text);
    backfill_state_free(s);
    checkpoint_release(&c);
}

/* ---- */

static void everything_is_read_between_transactions(void **unused) {
    static const char log[] = "BiiiiCBiiiiCkBiiiiCBiiC";

    (void)unused;
    run_well(log);
    assert_all_read();
    assert_read_once();
    assert_int_equal(script.acknowledged, strlen(log));
    for (size_t i = 0; i < script.sent; i++)
        assert_int_equal(script.ops[i], script.order[i] < FIRST ? 'c' : 'r');
    /* A row of the log that comes right behind a read one is its transaction's first. */
    for (size_t i = 1; i < script.sent; i++)
        if (script.order[i - 1] >= FIRST && script.order[i] < FIRST)
            assert_int_equal(log[script.order[i] - 2], 'B');
    /* A chunk is read where everything that was sent before it ends. */
    for (unsigned i = 0; i < reads.chunks; i++)
        assert_true(reads.at[i] == 0 || strchr("Ck", log[reads.at[i] - 1]));
    assert_kept("initial: 1 of 1 tables read, 20 rows");
}

static void a_start_goes_on_behind_what_was_delivered(void **unused) {
    struct err e;

    (void)unused;
    script.fail_record = 13; /* in the third chunk */
    assert_int_equal(run("k", &e), -1);
    script.fail_record = 0;
    reads.chunks = 0;
    run_well("kk");
    assert_all_read();
    assert_true(reads.began_behind[0] >= FIRST + PER_CHUNK - 1);
    assert_true(script.rows_sent[FIRST] == 1);
    assert_kept("initial: 1 of 1 tables read, 20 rows");
    reads.chunks = 0;
    run_well("kkk");
    assert_int_equal(reads.chunks, 0);
}

static void a_broken_producer_costs_no_row(void **unused) {
    (void)unused;
    script.fatal_record = 12;
    run_well("BiCBiCBiCBiCBiC");
    assert_int_equal(script.opened, 2);
    assert_all_read();
    assert_int_equal(script.acknowledged, 15);
    assert_kept("initial: 1 of 1 tables read, 20 rows");
}

static void never_stays_never(void **unused) {
    (void)unused;
    source.snapshot = SNAPSHOT_NEVER;
    run_well("BiC");
    assert_kept("never");
    source.snapshot = SNAPSHOT_INITIAL;
    run_well("BiCk");
    source.snapshot = SNAPSHOT_WHEN_NEEDED;
    run_well("BiCkk");
    assert_int_equal(reads.chunks, 0);
    assert_kept("never");
}

static void what_was_begun_waits_while_it_is_told_never(void **unused) {
    struct err e;

    (void)unused;
    script.fail_record = 13;
    assert_int_equal(run("k", &e), -1);
    script.fail_record = 0;
    reads.chunks = 0;
    source.snapshot = SNAPSHOT_NEVER;
    run_well("kBiC");
    assert_int_equal(reads.chunks, 0);
    source.snapshot = SNAPSHOT_INITIAL;
    run_well("kBiCk");
    assert_all_read();
    assert_true(reads.began_behind[0] >= FIRST + PER_CHUNK - 1);
}

static void only_reads_and_ends_and_leaves_nothing(void **unused) {
    (void)unused;
    source.snapshot = SNAPSHOT_ONLY;
    config.until = NULL;
    run_well("BiC");
    assert_all_read();
    assert_read_once(); /* and teardown finds no checkpoint, or rmdir fails */
}

static void a_source_that_cannot_read_tables_says_so(void **unused) {
    struct err e;

    (void)unused;
    reading.readable = NULL;
    log_setup(LOG_ERROR, LOG_TEXT);
    run_well("BiC");
    assert_kept("never");
    source.snapshot = SNAPSHOT_ONLY;
    assert_int_equal(run("BiC", &e), -1);
    assert_int_equal(e.code, ERR_CONFIG);
}

static void *run_in_thread(void *arg) {
    struct err e = {0};

    return (void *)(intptr_t)pipeline_run(arg, &e);
}

/* Stops a run of this log when `records` were sent. */
static void stop_after(const char *log, uint64_t records) {
    struct pipeline *p = make();
    struct pipeline_stats stats = {0};
    pthread_t thread;
    void *rc;

    config.until = NULL;
    script.log = log;
    assert_int_equal(pthread_create(&thread, NULL, run_in_thread, p), 0);
    for (int i = 0; i < 10000 && stats.records < records; i++) {
        usleep(1000);
        pipeline_stats(p, &stats);
    }
    pipeline_stop(p);
    pthread_join(thread, &rc);
    pipeline_free(p);
    assert_null(rc);
    assert_int_equal(stats.records, records);
    config.until = "end";
}

static void a_stop_in_a_chunk_keeps_what_was_delivered(void **unused) {
    (void)unused;
    reads.never_ends = 3;
    stop_after("", 15);
    assert_kept("initial: 0 of 1 tables read, 10 rows; being read: public.t (10 rows)");
    reads.never_ends = 0;
    reads.chunks = 0;
    run_well("BiC");
    assert_int_equal(reads.began_behind[0], FIRST + 2 * PER_CHUNK - 1);
    assert_all_read();
}

/* Nothing is visible for a while: the stream goes on, and the end that it is told to wait for comes later. */
static void a_snapshot_that_must_wait_does_not_hold_the_stream(void **unused) {
    (void)unused;
    reads.later = true;
    stop_after("BiCBiiiCBiC", 5);
    assert_true(reads.chunks > 0);
    assert_kept("initial: 0 of 1 tables read, 0 rows");
    reads.later = false;
    run_well("BiCBiiiCBiCk");
    assert_all_read();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(everything_is_read_between_transactions),
        TEST(a_start_goes_on_behind_what_was_delivered),
        TEST(a_broken_producer_costs_no_row),
        TEST(never_stays_never),
        TEST(what_was_begun_waits_while_it_is_told_never),
        TEST(only_reads_and_ends_and_leaves_nothing),
        TEST(a_source_that_cannot_read_tables_says_so),
        TEST(a_stop_in_a_chunk_keeps_what_was_delivered),
        TEST(a_snapshot_that_must_wait_does_not_hold_the_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
