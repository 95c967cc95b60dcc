#include "agent/source/source_mysql.h"

#include <stdlib.h>

#include "agent/base/log.h"
#include "agent/source/my_chunks.h"
#include "agent/source/my_columns.h"
#include "agent/source/my_identity.h"
#include "agent/source/my_prepare.h"
#include "agent/source/my_readable.h"
#include "agent/source/my_reader.h"
#include "decoders/binlog/decoder.h"
#include "decoders/binlog/read_decoder.h"

struct mysql {
    struct source base;
    const struct config_source *config;
    const struct clock *clock;
    struct my_prepare *prepare;
    struct my_columns *columns;
    struct my_reader *reader; /* NULL: not started, or stopped */
    struct buf position;      /* where prepare said to begin */
    bool stuck;               /* a thread did not end: what it uses is left to it */
};

static struct mysql *of(struct source *s) {
    return (struct mysql *)(void *)s;
}

static int mysql_source_open(const struct config_source *c, const struct clock *clock, struct source **out,
                             struct err *e) {
    struct mysql *m = calloc(1, sizeof *m);

    if (!m) return err_memory(e, "opening a source");
    m->base.ops = &source_mysql;
    m->config = c;
    m->clock = clock;
    if (my_prepare_open(c, &m->prepare, e)) {
        free(m);
        return -1;
    }
    *out = &m->base;
    return 0;
}

/* File and offset of the checkpoint mean something only on the server that it was taken from. */
static bool is_same_server(const struct mysql *m, const struct source_resume *r) {
    struct my_identity id;

    if (r->first_run) return true;
    return my_identity_decode(r->identity, &id, NULL) == 0 &&
           my_identity_same(&id, my_prepare_server(m->prepare));
}

/* A server that never names columns is asked before anything is read: who stops now shall know them later. */
static int read_columns(struct mysql *m, const struct source_resume *r, struct source_start *out,
                        struct err *e) {
    const struct my_server *server = my_prepare_server(m->prepare);
    struct binlog_position p;
    int rc;

    my_columns_free(m->columns);
    m->columns = NULL;
    if (my_columns_new(m->config, r->stop_fd, &m->columns, e)) return -1;
    if (!server->nameless) return 0;
    if (binlog_position_init(&p, server->flavour, e)) return -1;
    rc = binlog_position_read((struct position){out->position.data, out->position.len}, &p, e);
    if (!rc) rc = binlog_place_copy(&p.from, &p.through, e);
    if (!is_same_server(m, r)) p.from.file[0] = '\0';
    if (!rc) rc = my_columns_ask_all(m->columns, server, &p, &out->columns, e);
    binlog_position_release(&p);
    return rc;
}

static int mysql_source_prepare(struct source *s, const struct source_resume *r, struct source_start *out,
                                struct err *e) {
    struct mysql *m = of(s);

    if (my_prepare_run(m->prepare, r, out, e) || read_columns(m, r, out, e)) return -1;
    buf_clear(&m->position, SIZE_MAX);
    buf_put(&m->position, out->position.data, out->position.len);
    return buf_failed(&m->position) ? err_memory(e, "preparing the source") : 0;
}

static int mysql_source_describe(struct source *s, source_table_fn fn, void *ctx, struct err *e) {
    return my_prepare_describe(of(s)->prepare, fn, ctx, e);
}

static int mysql_source_end_position(struct source *s, struct buf *out, struct err *e) {
    return my_prepare_end_position(of(s)->prepare, out, e);
}

static int mysql_source_columns(struct source *s, struct position identity, const char *space,
                                const char *name, struct position at, struct buf *out, struct err *e) {
    return my_columns_ask(of(s)->columns, identity, space, name, at, out, e);
}

static int mysql_source_start(struct source *s, struct ring *ring, struct err *e) {
    struct mysql *m = of(s);
    struct my_reader_parts parts = {
        .config = m->config,
        .clock = m->clock,
        .prepare = m->prepare,
        .ring = ring,
        .position = {m->position.data, m->position.len},
    };

    return my_reader_start(&parts, &m->reader, e);
}

static void mysql_source_ack(struct source *s, struct position p) {
    if (of(s)->reader) my_reader_ack(of(s)->reader, p);
}

static uint64_t mysql_source_lag_bytes(const struct source *s) {
    const struct mysql *m = (const struct mysql *)(const void *)s;

    return m->reader ? my_reader_lag(m->reader) : 0;
}

static int mysql_source_readable(struct source *s, source_readable_fn fn, void *ctx, struct err *e) {
    return my_readable(of(s)->config, fn, ctx, e);
}

static int mysql_source_chunks_open(struct source *s, struct ring *ring, struct source_chunks **out,
                                    struct err *e) {
    return my_chunks_open(&source_mysql, of(s)->config, of(s)->clock, ring, out, e);
}

static void mysql_source_stop(struct source *s) {
    struct mysql *m = of(s);
    struct my_reader *reader = m->reader;

    m->reader = NULL;
    if (reader && !my_reader_stop(reader)) m->stuck = true;
}

static void mysql_source_destroy(struct source *s) {
    struct mysql *m = of(s);

    if (!m) return;
    mysql_source_stop(s);
    if (m->stuck) return;
    my_prepare_free(m->prepare);
    my_columns_free(m->columns);
    buf_release(&m->position);
    free(m);
}

static int mysql_source_drop(const struct config_source *c, struct err *e) {
    (void)e;
    log_msg(LOG_INFO, c->name, "nothing to remove on the server: a replica leaves nothing there");
    return 0;
}

const struct source_ops source_mysql = {
    .scheme = "mysql",
    .decoder = &decoder_binlog,
    .open = mysql_source_open,
    .prepare = mysql_source_prepare,
    .describe = mysql_source_describe,
    .end_position = mysql_source_end_position,
    .silent_end = true,
    .columns = mysql_source_columns,
    .start = mysql_source_start,
    .ack = mysql_source_ack,
    .lag_bytes = mysql_source_lag_bytes,
    .readable = mysql_source_readable,
    .chunk_decoder = &decoder_binlog_read,
    .chunks_open = mysql_source_chunks_open,
    .chunks_ask = my_chunks_ask,
    .chunks_cut = my_chunks_cut,
    .chunks_close = my_chunks_close,
    .stop = mysql_source_stop,
    .destroy = mysql_source_destroy,
    .drop = mysql_source_drop,
};
