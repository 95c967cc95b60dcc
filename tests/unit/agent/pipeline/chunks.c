/*
 * chunks: a source whose chunks the test answers, a clock that it moves, and the backfill between them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/log.h"
#include "agent/pipeline/backfill.h"
#include "agent/pipeline/backfill_tables.h"

#define MS 1000
#define SECOND (1000 * MS)

/* ---- A source whose chunks the test answers ---- */

struct connection {
    struct source_chunks base;
    struct ring *ring;
    bool asked;
    unsigned cuts;
    char name[16], after[16], at[16];
    uint32_t rows;
    uint64_t stamp;
};

static struct {
    int64_t now_us;
    struct connection *connections[16];
    size_t nopen, opened, handled;
    struct source_readable tables[4];
    size_t ntables;
    unsigned joined;
    bool only_asked_for; /* tables that join are not read */
    bool refuse_rows;
    char sent[256]; /* the letters of rows that were sent on */
    size_t nsent;
    struct ledger *ledger;
} t;

static const struct source_ops ops;
static const struct decoder_ops chunk_decoder;

static int64_t now(void *ctx) {
    (void)ctx;
    return t.now_us;
}

static const struct clock hand_moved = {.monotonic_us = now, .wall_us = now};

static void copy(char *to, const void *bytes, size_t len) {
    assert_true(len < 16);
    if (len > 0) memcpy(to, bytes, len);
    to[len] = '\0';
}

static int source_readable_(struct source *s, source_readable_fn fn, void *ctx, struct err *e) {
    (void)s;
    for (size_t i = 0; i < t.ntables; i++)
        if (fn(ctx, &t.tables[i], e)) return -1;
    return 0;
}

static unsigned joined(const struct source *s) {
    (void)s;
    return t.joined;
}

static int chunks_open(struct source *s, struct ring *ring, struct source_chunks **out, struct err *e) {
    struct connection *c = calloc(1, sizeof *c);

    (void)s;
    (void)e;
    c->base.ops = &ops;
    c->ring = ring;
    t.connections[t.nopen++] = c;
    t.opened++;
    *out = &c->base;
    return 0;
}

static int chunks_ask(struct source_chunks *base, const struct source_chunk *q, struct err *e) {
    struct connection *c = (struct connection *)base;

    (void)e;
    assert_false(c->asked);
    c->asked = true;
    c->rows = q->rows;
    assert_true(q->stamp > c->stamp);
    c->stamp = q->stamp;
    copy(c->name, q->name, strlen(q->name));
    copy(c->after, q->after.bytes, q->after.len);
    copy(c->at, q->at.bytes, q->at.len);
    return 0;
}

static void chunks_cut(struct source_chunks *c) {
    ((struct connection *)c)->cuts++;
}

static void chunks_close(struct source_chunks *base) {
    for (size_t i = 0; i < t.nopen; i++) {
        if (&t.connections[i]->base != base) continue;
        t.connections[i] = t.connections[--t.nopen];
        free(base);
        return;
    }
    fail();
}

static void handled(struct source *s, const struct tx *tx) {
    (void)s;
    (void)tx;
    t.handled++;
}

static int compare(struct position a, struct position b) {
    size_t len = a.len < b.len ? a.len : b.len;
    int c = len ? memcmp(a.bytes, b.bytes, len) : 0;

    return c ? c : (int)a.len - (int)b.len;
}

static const struct decoder_ops stream_decoder = {.position_compare = compare};

static const struct source_ops ops = {
    .decoder = &stream_decoder,
    .readable = source_readable_,
    .joined = joined,
    .chunk_decoder = &chunk_decoder,
    .chunks_open = chunks_open,
    .chunks_ask = chunks_ask,
    .chunks_cut = chunks_cut,
    .chunks_close = chunks_close,
    .handled = handled,
};

static struct source source = {.ops = &ops};

/* ---- Rows are letters; '?' is not understood ---- */

static struct decoder *decoder_create(const struct decoder_options *o) {
    struct decoder *d = calloc(1, sizeof *d);

    assert_true(o->serials >= (uint64_t)1 << 56);
    d->ops = &chunk_decoder;
    return d;
}

static int decoder_feed(struct decoder *d, const struct frame *f, change_fn fn, void *ctx, struct err *e) {
    struct change c = {.op = CHANGE_READ};

    (void)d;
    if (f->kind == FRAME_CHUNK) return 0;
    for (size_t i = 0; i < f->len; i++) {
        c.message.content = (struct text){(const char *)f->data + i, 1};
        if (f->data[i] == '?') return err_set(e, ERR_DATA, "what is this?");
        if (fn(ctx, &c, e)) return -1;
    }
    return 0;
}

static void decoder_destroy(struct decoder *d) {
    free(d);
}

static const struct decoder_ops chunk_decoder = {
    .create = decoder_create, .feed = decoder_feed, .destroy = decoder_destroy};

static int forward(void *ctx, const struct change *c, struct err *e) {
    struct position none = {0};
    uint64_t seq;

    (void)ctx;
    if (t.refuse_rows) return err_set(e, ERR_CONFIG, "the topic is gone");
    assert_int_equal(c->op, CHANGE_READ);
    assert_true(t.nsent + 1 < sizeof t.sent);
    t.sent[t.nsent++] = c->message.content.ptr[0];
    seq = ledger_open(t.ledger, LEDGER_PROGRESS, none, e);
    ledger_close(t.ledger, seq);
    return 0;
}

/* ---- The test's side ---- */

static struct config config;
static struct config_source config_source = {.name = "s", .chunk_bytes = 1 << 20};
static struct backfill_state *state;
static struct backfill *b;

static int setup(void **unused) {
    struct err e;

    (void)unused;
    log_setup(LOG_ERROR, LOG_TEXT);
    memset(&t, 0, sizeof t);
    t.now_us = 1000 * (int64_t)SECOND;
    assert_non_null(t.ledger = ledger_new(1 << 16, &e));
    config_source.snapshot_connections = 1;
    config_source.snapshot_rate = 0;
    b = NULL;
    assert_int_equal(backfill_state_new(SNAPSHOT_INITIAL, &state, &e), 0);
    return 0;
}

static int teardown(void **unused) {
    (void)unused;
    backfill_free(b);
    assert_int_equal(t.nopen, 0);
    backfill_state_free(state);
    ledger_free(t.ledger);
    return 0;
}

static void table(const char *name, uint64_t rows, bool keyed) {
    t.tables[t.ntables++] =
        (struct source_readable){.space = "p", .name = name, .rows = rows, .keyed = keyed};
}

static void begin_first(const char *first) {
    struct backfill_parts parts = {
        .config = &config,
        .source_config = &config_source,
        .clock = &hand_moved,
        .source = &source,
        .ledger = t.ledger,
        .state = state,
        .forward = forward,
        .joining = !t.only_asked_for,
        .at = {(const uint8_t *)"p0", 2},
        .first = {(const uint8_t *)first, strlen(first)},
    };
    struct err e;
    size_t added;

    assert_int_equal(backfill_tables_look(state, &source, "s", true, &added, &e), 0);
    assert_int_equal(backfill_new(&parts, &b, &e), 0);
}

static void begin(void) {
    begin_first("");
}

static bool turn(bool stream_waits) {
    struct err e = {0};
    bool more;

    if (backfill_turn(b, stream_waits, &more, &e)) fail_msg("%s", e.text);
    return more;
}

static void pass(int64_t us) {
    t.now_us += us;
    turn(false);
}

static void note(enum change_op op, const char *position) {
    struct tx tx = {0};
    struct change c = {.op = op, .tx = &tx, .position = {(const uint8_t *)position, strlen(position)}};
    struct err e;

    assert_int_equal(backfill_note(b, &c, &e), 0);
}

static void push(struct connection *c, enum frame_kind kind, const void *data, size_t len) {
    struct frame f = {.kind = kind, .data = data, .len = len};
    struct err e;

    assert_int_equal(source_push(c->ring, &f, &e), 0);
    ring_flush(c->ring);
}

static void rows(struct connection *c, const char *letters) {
    push(c, FRAME_CHUNK, "", 0);
    push(c, FRAME_DATA, letters, strlen(letters));
}

static void end_with(struct connection *c, enum source_chunk_outcome outcome, uint64_t n, const char *after,
                     const struct err *why) {
    struct {
        struct source_chunk_end end;
        char after[16];
    } whole = {.end = {.outcome = outcome, .rows = n, .after_len = (uint32_t)strlen(after)}};
    char bytes[sizeof whole];

    if (why) whole.end.err = *why;
    memcpy(bytes, &whole.end, sizeof whole.end);
    memcpy(bytes + sizeof whole.end, after, strlen(after));
    c->asked = false;
    push(c, FRAME_CHUNK_END, bytes, sizeof whole.end + strlen(after));
}

static void end(struct connection *c, enum source_chunk_outcome outcome, uint64_t n, const char *after) {
    end_with(c, outcome, n, after, NULL);
}

static struct connection *asked(const char *name) {
    for (size_t i = 0; i < t.nopen; i++)
        if (t.connections[i]->asked && strcmp(t.connections[i]->name, name) == 0) return t.connections[i];
    return NULL;
}

static const struct backfill_table *state_of(const char *name) {
    return backfill_state_find(state, "p", name);
}
