#include "agent/source/source_postgres.h"

#include <stdlib.h>

#include "agent/source/pg_chunks.h"
#include "agent/source/pg_drop.h"
#include "agent/source/pg_prepare.h"
#include "agent/source/pg_readable.h"
#include "agent/source/pg_reader.h"
#include "agent/source/pg_text.h"
#include "agent/source/pg_watch.h"
#include "decoders/pgoutput/decoder.h"
#include "decoders/pgoutput/read_decoder.h"

struct postgres {
    struct source base;
    const struct config_source *config;
    const struct clock *clock;
    struct pg_prepare *prepare;
    struct pg_reader *reader; /* NULL: not started, or stopped */
    struct pg_watch *watch;
    struct pg_streamed streamed; /* since prepare */
    struct pg_visible *visible;
    uint64_t position; /* where prepare said to begin */
    bool stuck;        /* a thread did not end: what it uses is left to it */
};

static struct postgres *of(struct source *s) {
    return (struct postgres *)(void *)s;
}

/* The log position in the opaque bytes of a resume position. */
static bool position_lsn(struct position p, uint64_t *lsn) {
    struct buf text = {0};
    bool ok;

    decoder_pgoutput.position_text(p, &text);
    ok = pg_lsn_parse(buf_cstr(&text), lsn);
    buf_release(&text);
    return ok;
}

static int postgres_open(const struct config_source *c, const struct clock *clock, struct source **out,
                         struct err *e) {
    struct postgres *p = calloc(1, sizeof *p);

    if (!p) return err_memory(e, "opening a source");
    p->base.ops = &source_postgres;
    p->config = c;
    p->clock = clock;
    p->visible = pg_visible_new(e);
    if (!p->visible || pg_prepare_open(c, clock, &decoder_pgoutput, &p->prepare, e)) {
        pg_visible_free(p->visible);
        free(p);
        return -1;
    }
    *out = &p->base;
    return 0;
}

static int postgres_prepare(struct source *s, const struct source_resume *r, struct source_start *out,
                            struct err *e) {
    struct postgres *p = of(s);

    if (pg_prepare_run(p->prepare, r, out, e)) return -1;
    pg_prepare_streamed(p->prepare, &p->streamed);
    if (position_lsn((struct position){out->position.data, out->position.len}, &p->position)) return 0;
    return err_set(e, ERR_DATA, "the position to begin at is not one of PostgreSQL's log");
}

static int postgres_describe(struct source *s, source_table_fn fn, void *ctx, struct err *e) {
    return pg_prepare_describe(of(s)->prepare, fn, ctx, e);
}

static int postgres_end_position(struct source *s, struct buf *out, struct err *e) {
    return pg_prepare_end_position(of(s)->prepare, out, e);
}

static int postgres_start(struct source *s, struct ring *ring, struct err *e) {
    struct postgres *p = of(s);
    struct pg_reader_parts parts = {
        .config = p->config,
        .clock = p->clock,
        .prepare = p->prepare,
        .ring = ring,
        .position = p->position,
    };
    struct pg_watch_parts watch = pg_prepare_watch(p->prepare);

    /* The watch first: it copies what belongs to the reader from then on. */
    if (pg_watch_start(&watch, &p->watch, e)) return -1;
    parts.watch = p->watch;
    return pg_reader_start(&parts, &p->reader, e);
}

static void postgres_ack(struct source *s, struct position position) {
    struct postgres *p = of(s);
    uint64_t lsn;

    if (p->reader && position_lsn(position, &lsn)) pg_reader_ack(p->reader, lsn);
}

static uint64_t postgres_lag_bytes(const struct source *s) {
    const struct postgres *p = (const struct postgres *)(const void *)s;

    return p->reader ? pg_reader_lag(p->reader) : 0;
}

/* ---- Rows that are there ---- */

static int postgres_readable(struct source *s, source_readable_fn fn, void *ctx, struct err *e) {
    struct postgres *p = of(s);

    return pg_readable(p->config, &p->streamed, p->visible, fn, ctx, e);
}

static unsigned postgres_joined(const struct source *s) {
    const struct postgres *p = (const struct postgres *)(const void *)s;

    return pg_watch_changes(p->watch);
}

static int postgres_chunks_open(struct source *s, struct ring *ring, struct source_chunks **out,
                                struct err *e) {
    struct postgres *p = of(s);
    struct pg_chunks_parts parts = {
        .config = p->config,
        .streamed = &p->streamed,
        .visible = p->visible,
        .ring = ring,
        .stuck = &p->stuck,
    };

    if (pg_chunks_open(&parts, out, e)) return -1;
    (*out)->ops = &source_postgres;
    return 0;
}

static void postgres_handled(struct source *s, const struct tx *tx) {
    uint64_t xid = 0;

    for (size_t i = 0; i < tx->xid.len; i++) xid = xid * 10 + (uint64_t)(tx->xid.ptr[i] - '0');
    if (tx->xid.len > 0) pg_visible_handled(of(s)->visible, (uint32_t)xid);
}

/* ---- The end ---- */

static void postgres_stop(struct source *s) {
    struct postgres *p = of(s);
    struct pg_reader *reader = p->reader;

    p->reader = NULL;
    if (reader && !pg_reader_stop(reader)) p->stuck = true;
    if (!p->stuck) pg_watch_stop(p->watch);
    p->watch = NULL;
    if (reader && !p->stuck) pg_prepare_clean_up(p->prepare);
}

static void postgres_destroy(struct source *s) {
    struct postgres *p = of(s);

    if (!p) return;
    postgres_stop(s);
    if (p->stuck) return;
    pg_prepare_free(p->prepare);
    pg_visible_free(p->visible);
    free(p);
}

const struct source_ops source_postgres = {
    .scheme = "postgresql",
    .decoder = &decoder_pgoutput,
    .open = postgres_open,
    .prepare = postgres_prepare,
    .describe = postgres_describe,
    .end_position = postgres_end_position,
    .start = postgres_start,
    .ack = postgres_ack,
    .lag_bytes = postgres_lag_bytes,
    .readable = postgres_readable,
    .joined = postgres_joined,
    .chunk_decoder = &decoder_pgoutput_read,
    .chunks_open = postgres_chunks_open,
    .chunks_ask = pg_chunks_ask,
    .chunks_cut = pg_chunks_cut,
    .chunks_close = pg_chunks_close,
    .handled = postgres_handled,
    .stop = postgres_stop,
    .destroy = postgres_destroy,
    .drop = pg_drop,
};
