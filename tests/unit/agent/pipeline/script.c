#include "tests/unit/agent/pipeline/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct script script;

/* ---- The log ---- */

struct script_decoder {
    struct decoder base;
    struct table table;
    struct column column;
    uint16_t key;
    bool described;
    uint64_t resume; /* rows up to here are not emitted again */
};

static struct position position_of(const uint64_t *at) {
    return (struct position){(const uint8_t *)at, sizeof *at};
}

static uint64_t position_value(struct position p) {
    uint64_t at = 0;

    if (p.len == sizeof at) memcpy(&at, p.bytes, sizeof at);
    return at;
}

static struct decoder *decoder_create(const struct decoder_options *o) {
    struct script_decoder *d = calloc(1, sizeof *d);

    (void)o;
    d->base.ops = script_source.decoder;
    d->column = (struct column){.name = "id", .type = "bigint", .kind = VALUE_INT, .identity = true};
    d->table = (struct table){.schema = "public", .name = "t", .serial = 1, .identity = IDENTITY_DEFAULT};
    d->table.ncolumns = 1;
    d->table.columns = &d->column;
    d->table.nkeys = 1;
    d->table.keys = &d->key;
    return &d->base;
}

static int emit_row(struct script_decoder *d, struct change *c, uint64_t at, change_fn fn, void *ctx,
                    struct err *e) {
    struct value v = {.state = VALUE_PRESENT, .kind = VALUE_INT, .v.i = (int64_t)at};

    c->table = &d->table;
    if (!d->described) {
        c->op = CHANGE_SCHEMA;
        d->described = true;
        if (fn(ctx, c, e)) return -1;
    }
    c->op = CHANGE_INSERT;
    c->after_image = IMAGE_FULL;
    c->after = &v;
    return at <= d->resume ? 0 : fn(ctx, c, e);
}

static int decoder_feed(struct decoder *base, const struct frame *f, change_fn fn, void *ctx, struct err *e) {
    struct tx tx = {.xid = {"1", 1}, .commit_us = 1};
    char id[32];
    int n = snprintf(id, sizeof id, "0:%zu", (size_t)f->start);
    struct change c = {
        .tx = &tx, .id = {id, (size_t)n}, .pos = {id, (size_t)n}, .position = position_of(&f->start)};

    switch (f->len ? f->data[0] : 'k') {
    case 'B': c.op = CHANGE_BEGIN; break;
    case 'C': c.op = CHANGE_COMMIT; break;
    case 'k': c.op = CHANGE_HEARTBEAT; break;
    case 'i': return emit_row((struct script_decoder *)base, &c, f->start, fn, ctx, e);
    default: return err_set(e, ERR_DATA, "letter at %zu", (size_t)f->start);
    }
    return fn(ctx, &c, e);
}

static int decoder_resume(struct decoder *base, struct position progress, struct err *e) {
    (void)e;
    ((struct script_decoder *)base)->resume = position_value(progress);
    return 0;
}

static void decoder_text(struct position p, struct buf *out) {
    buf_put_u64(out, position_value(p));
}

static int decoder_parse(const char *text, struct buf *out, struct err *e) {
    uint64_t at = strtoull(text, NULL, 10);

    if (at == 0) return err_set(e, ERR_CONFIG, "not a position");
    buf_put(out, &at, sizeof at);
    return 0;
}

static int decoder_compare(struct position a, struct position b) {
    return position_value(a) < position_value(b) ? -1 : position_value(a) > position_value(b);
}

static void decoder_destroy(struct decoder *d) {
    free(d);
}

static const struct decoder_ops script_decoder_ops = {
    .name = "script",
    .create = decoder_create,
    .feed = decoder_feed,
    .resume = decoder_resume,
    .position_text = decoder_text,
    .position_parse = decoder_parse,
    .position_compare = decoder_compare,
    .destroy = decoder_destroy,
};

/* ---- The source ---- */

struct source_script {
    struct source base;
    uint64_t from;
};

static int source_open(const struct config_source *c, const struct clock *clock, struct source **out,
                       struct err *e) {
    struct source_script *s = calloc(1, sizeof *s);

    (void)c;
    (void)clock;
    (void)e;
    s->base.ops = &script_source;
    *out = &s->base;
    return 0;
}

static int source_prepare(struct source *base, const struct source_resume *r, struct source_start *out,
                          struct err *e) {
    struct source_script *s = (struct source_script *)base;

    (void)e;
    s->from = position_value(r->position);
    script.starts[script.nstarts++ % 8] = s->from;
    buf_puts(&out->identity, "script");
    buf_put(&out->position, &s->from, sizeof s->from);
    return 0;
}

static int source_describe(struct source *s, source_table_fn fn, void *ctx, struct err *e) {
    (void)s;
    (void)fn;
    (void)ctx;
    (void)e;
    return 0;
}

static int source_end(struct source *s, struct buf *out, struct err *e) {
    uint64_t end = script.end;

    (void)s;
    (void)e;
    buf_put(out, &end, sizeof end);
    return 0;
}

static int source_start(struct source *base, struct ring *ring, struct err *e) {
    struct source_script *s = (struct source_script *)base;

    for (uint64_t i = s->from; i < strlen(script.log); i++) {
        struct frame f = {
            .kind = FRAME_DATA, .start = i + 1, .data = (const uint8_t *)script.log + i, .len = 1};
        if (source_push(ring, &f, e)) return -1;
    }
    ring_flush(ring);
    return 0;
}

static void source_ack(struct source *s, struct position p) {
    uint64_t at = position_value(p);

    (void)s;
    if (at < script.acknowledged) script.went_back = true;
    for (uint64_t i = 0; i < at && script.log[i]; i++)
        if (script.log[i] == 'i' && !script.delivered[i + 1]) script.ahead = true;
    script.acknowledged = at;
}

static uint64_t source_lag(const struct source *s) {
    (void)s;
    return 0;
}

static void source_stop(struct source *s) {
    (void)s;
}

static void source_destroy(struct source *s) {
    free(s);
}

const struct source_ops script_source = {
    .scheme = "script",
    .decoder = &script_decoder_ops,
    .open = source_open,
    .prepare = source_prepare,
    .describe = source_describe,
    .end_position = source_end,
    .start = source_start,
    .ack = source_ack,
    .lag_bytes = source_lag,
    .stop = source_stop,
    .destroy = source_destroy,
};

/* ---- The sink: answers in reverse order, a batch at a time ---- */

#define BATCH 3

struct sink_script {
    struct sink base;
    sink_result_fn fn;
    void *ctx;
    struct {
        uint64_t seq;
        uint64_t number;
        uint64_t row;
    } out[64];
    size_t nout;
    size_t refusals;
    bool broken;
};

static int sink_open(const struct config_sink *c, const char *source, sink_result_fn fn, void *ctx,
                     struct sink **out, struct err *e) {
    struct sink_script *s = calloc(1, sizeof *s);

    (void)c;
    (void)source;
    (void)e;
    s->base.ops = &script_sink;
    s->fn = fn;
    s->ctx = ctx;
    script.opened++;
    *out = &s->base;
    return 0;
}

static int sink_topic(struct sink *s, const struct sink_topic *t, bool (*keep_going)(void *ctx), void *ctx,
                      uint32_t *handle, struct err *e) {
    (void)s;
    (void)t;
    (void)keep_going;
    (void)ctx;
    (void)e;
    *handle = 0;
    return 0;
}

static int32_t sink_partitions(struct sink *s, uint32_t topic) {
    (void)s;
    (void)topic;
    return 1;
}

static size_t sink_max(struct sink *s, uint32_t topic) {
    (void)s;
    (void)topic;
    return 0;
}

/* The row's number is in its JSON: "after":{"id":N}. */
static uint64_t row_of(struct text value) {
    const char *at = memmem(value.ptr, value.len, "\"after\":{\"id\":", 14);

    return at ? strtoull(at + 14, NULL, 10) : 0;
}

static char op_of(struct text value) {
    const char *at = memmem(value.ptr, value.len, "\"op\":\"", 6);

    return at ? at[6] : '-';
}

static enum sink_send sink_send(struct sink *base, const struct sink_record *r, struct err *e) {
    struct sink_script *s = (struct sink_script *)base;

    (void)e;
    if (s->nout == 64) return SINK_FULL;
    if (script.full_every && (script.sent + 1) % script.full_every == 0 && s->refusals < script.sent + 1) {
        s->refusals = script.sent + 1;
        return SINK_FULL;
    }
    script.sent++;
    s->out[s->nout].seq = r->seq;
    s->out[s->nout].number = script.sent;
    s->out[s->nout].row = row_of(r->value);
    script.rows_sent[s->out[s->nout].row]++;
    if (script.sent < sizeof script.order) {
        script.order[script.sent - 1] = (uint8_t)s->out[s->nout].row;
        script.ops[script.sent - 1] = op_of(r->value);
    }
    s->nout++;
    if (script.fatal_record == script.sent) s->broken = true;
    return SINK_SENT;
}

static void answer(struct sink_script *s, size_t i) {
    struct err failed = {.code = ERR_CONFIG, .text = "the topic is gone"};
    uint64_t seq = s->out[i].seq;
    uint64_t number = s->out[i].number;
    uint64_t row = s->out[i].row;

    if (script.silent_from && number >= script.silent_from) return;
    memmove(&s->out[i], &s->out[i + 1], (s->nout - i - 1) * sizeof *s->out);
    s->nout--;
    if (script.fail_record == number) {
        s->fn(s->ctx, seq, &failed);
        return;
    }
    script.delivered[row] = true;
    s->fn(s->ctx, seq, NULL);
}

static int sink_poll(struct sink *base, int timeout_ms, struct err *e) {
    struct sink_script *s = (struct sink_script *)base;

    (void)timeout_ms;
    if (s->broken) {
        script.fatal_record = 0;
        err_set(e, ERR_IO, "the producer broke down");
        e->retriable = false;
        e->fatal = true;
        return -1;
    }
    for (size_t i = s->nout < BATCH ? s->nout : BATCH; i > 0; i--) answer(s, i - 1);
    return 0;
}

static int sink_fd(struct sink *s) {
    (void)s;
    return -1;
}

static int sink_sync(struct sink *s, struct err *e) {
    (void)s;
    return script.sync_fails ? err_set(e, ERR_CONFIG, "sync failed") : 0;
}

static int sink_flush(struct sink *base, int timeout_ms, struct err *e) {
    struct sink_script *s = (struct sink_script *)base;

    for (size_t i = 0; i <= 64 / BATCH && s->nout > 0; i++)
        if (sink_poll(base, timeout_ms, e)) return -1;
    return s->nout > 0;
}

static void sink_close(struct sink *s) {
    free(s);
}

const struct sink_ops script_sink = {
    .name = "script",
    .open = sink_open,
    .topic = sink_topic,
    .partitions = sink_partitions,
    .max_record = sink_max,
    .send = sink_send,
    .poll = sink_poll,
    .fd = sink_fd,
    .sync = sink_sync,
    .flush = sink_flush,
    .close = sink_close,
};
