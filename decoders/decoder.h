/*
 * decoder: frames of a database's log in, changes out. Pure: no sockets, clocks, logs or globals.
 *
 * The source's reader thread only frames bytes; everything that reads them is here. A frame that is not
 * understood is an ERR_DATA that names message and offset; the decoder is unusable afterwards (fail closed).
 */
#ifndef TAILRACE_DECODERS_DECODER_H
#define TAILRACE_DECODERS_DECODER_H

#include "decoders/buf.h"
#include "decoders/change.h"
#include "decoders/err.h"

enum frame_kind {
    FRAME_DATA = 1,  /* one message of the log; `start` is its LSN as the transport says */
    FRAME_KEEPALIVE, /* nothing to deliver up to `start` (server's end of WAL) */
    FRAME_CATALOG,   /* what the log does not say, read from the catalogue beside it (pgoutput/catalog.h) */
    FRAME_RESTART, /* the connection was made anew: descriptions will be sent again, and the log from anywhere
                      before the end of the last whole transaction: what was emitted before is not emitted
                      again, an open transaction goes on where it was cut off. `data`, when not empty, is
                      for the pipeline alone: the identity to be stored with checkpoints from now on (a
                      standby was promoted) */
    FRAME_CHUNK,   /* decoders of read rows: the rows of one table follow; `start` is the chunk's stamp,
                      `sent_us`   the time of the reading, `data` the stream's resume position that they are
                      read   at */
    FRAME_CHUNK_END, /* no more rows; `data` is a struct source_chunk_end. Not for decoders. */
    FRAME_START, /* binlog: `data` is the resume position the log is sent from, first after each connection */
    FRAME_END,   /* the reader stopped; `data` is a struct frame_end. Not for decoders. */
};

struct frame {
    enum frame_kind kind;
    uint64_t start;      /* LSN */
    int64_t sent_us;     /* server's clock when it sent the frame, microseconds since 1970, 0 unknown */
    const uint8_t *data; /* lives as long as the feed call */
    size_t len;
};

/* Receives each change in order. Non-zero stops the feed, which then returns -1 with the error given here. */
typedef int (*change_fn)(void *ctx, const struct change *c, struct err *e);

struct decoder_ops;
struct spill;

struct decoder_options {
    uint32_t epoch;     /* goes into every id and ord; at most 65535 */
    size_t max_columns; /* 0: the database's own limit */
    uint64_t serials;   /* where table.serial begins: decoders of one source share caches keyed on it */
    /*
     * Says whether anybody wants the rows of a table (`space` is its schema, or MySQL's database), so that
     * the others need not be decoded. NULL: all. Asked once per table description.
     */
    bool (*wanted)(void *ctx, const char *space, const char *name);
    void *wanted_ctx;
    /*
     * Makes a store for what must be kept until it is decided (prepared XA transactions). NULL: such a
     * transaction is ERR_DATA.
     */
    struct spill *(*spill)(void *ctx, struct err *e);
    void *spill_ctx;
    /*
     * Says whether a person told to pass over what has this id: a statement that may write rows, which the
     * decoder cannot tell. NULL: nothing was.
     */
    bool (*passed_over)(void *ctx, const char *id);
    void *passed_over_ctx;
    /*
     * Asks what a table's columns are, where the log does not say: appends the payload of a FRAME_CATALOG
     * that is true at `at`, a resume position. NULL: nobody can be asked. -1: `e` says why it cannot be
     * known.
     */
    int (*columns)(void *ctx, const char *space, const char *name, struct position at, struct buf *out,
                   struct err *e);
    void *columns_ctx;
    bool statements; /* rows carry the statement that made them, where the log has it */
};

/* Every decoder embeds this as its first member. */
struct decoder {
    const struct decoder_ops *ops;
};

/* What a kind of log offers. Const, one per decoder, listed in agent/registry.c. */
struct decoder_ops {
    const char *name;
    /* A new decoder with an empty cache, or NULL when memory runs out. */
    struct decoder *(*create)(const struct decoder_options *o);
    /* Decodes one frame; `fn` is called for each change in it (none for what is known or was emitted
     * already). */
    int (*feed)(struct decoder *d, const struct frame *f, change_fn fn, void *ctx, struct err *e);
    /* Rows up to and including `progress` (a row's `position`) were delivered: they are not emitted again. */
    int (*resume)(struct decoder *d, struct position progress, struct err *e);
    /* Appends a resume position (of a commit or heartbeat) for people: "0/1A2B3C"; and the way back from
     * text. */
    void (*position_text)(struct position p, struct buf *out);
    int (*position_parse)(const char *text, struct buf *out, struct err *e);
    /* Orders two resume positions of one source and epoch: negative, 0, positive. */
    int (*position_compare)(struct position a, struct position b);
    /*
     * What the decoder knows of tables and the log does not say, to be kept with a checkpoint at the resume
     * position `from`: appended (nothing: there is nothing to keep); and taken up again, before the first
     * frame. NULL: the log says everything.
     */
    void (*remember)(struct decoder *d, struct position from, struct buf *out);
    int (*recall)(struct decoder *d, struct position from, const void *data, size_t len, struct err *e);
    /* Learns the payload of a FRAME_CATALOG, of tables that are not known yet. NULL likewise. */
    int (*learn)(struct decoder *d, const void *payload, size_t len, struct err *e);
    void (*destroy)(struct decoder *d);
};

#endif
