/*
 * source: a database whose log we tail.
 *
 * A source connects, proves that the log still continues where the checkpoint ends, and then runs one reader
 * thread that frames bytes into the ring, answers the server's keepalives on its own timer, and reconnects
 * with back-off. It knows neither mapping nor Kafka nor the ledger. Only source_ack() moves what the server
 * is told, and only forward.
 *
 * Life: open → prepare → start → (ack …) → stop → free. All calls come from the pipeline thread; the reader
 * thread alone touches the replication connection between start and stop.
 */
#ifndef TAILRACE_AGENT_SOURCE_SOURCE_H
#define TAILRACE_AGENT_SOURCE_SOURCE_H

#include "agent/base/clock.h"
#include "agent/base/ring.h"
#include "agent/config/config.h"
#include "decoders/buf.h"
#include "decoders/decoder.h"

struct source_ops;

/* Every source embeds this as its first member. */
struct source {
    const struct source_ops *ops;
};

/* What a record in the ring looks like: this header, then `len` bytes. The pipeline turns it into a struct
 * frame. */
struct source_record {
    uint32_t kind; /* enum frame_kind */
    uint32_t len;
    uint64_t start;
    int64_t sent_us;
};

/* Payload of FRAME_END: why the reader stopped for good. err.code ERR_STOPPED after source_stop(). */
struct frame_end {
    struct err err;
};

/* What a checkpoint knows; everything empty on a first run. Blobs are opaque outside the source and its
 * decoder. */
struct source_resume {
    struct position identity; /* who the positions were taken from */
    struct position position; /* where to go on */
    uint32_t epoch;
    bool first_run; /* there is no checkpoint */
    bool
        durable; /* a state directory is used; false: nothing is left behind (PostgreSQL: a temporary slot) */
    bool accept_gap;  /* --accept-gap */
    const char *from; /* --from: "now", a position's text, or NULL; first run only */
    int stop_fd;      /* readable when the caller wants to give up: ERR_STOPPED; 0: none */
};

/* What prepare found out. Release with source_start_release(). */
struct source_start {
    struct buf identity; /* to be stored with every checkpoint from now on */
    struct buf position; /* where streaming begins */
    uint32_t epoch;      /* resume's, or one more after an accepted gap */
    bool gap;            /* an accepted gap: the pipeline publishes `gap_text` */
    struct buf gap_text; /* from where to where, and why */
    struct buf columns; /* tables whose columns the log does not name, as they are where streaming begins: the
                           payload of a FRAME_CATALOG; empty: the log says everything */
};

/* Receives one table's description; it is only lent. Non-zero stops, with the error given here. */
typedef int (*source_table_fn)(void *ctx, const struct table *t, struct err *e);

/*
 * Reading rows that are there, beside the running stream (snapshot).
 *
 * One rule makes it exact: a chunk may be published behind the stream's resume position P when every
 * transaction delivered up to P is visible in the transaction that reads it. Its rows are then as new as
 * anything published before them, and whatever they do not show yet comes behind them. So the pipeline stops
 * handling the stream at P, between two transactions, as long as a chunk is under way; what the rows show
 * already of transactions behind P comes once more, and is recognised by `ord`.
 *
 * Being logged is not being visible: a commit waits for a synchronous standby, or for a semi-synchronous
 * replica, after the log has it. Each source proves visibility by its own means (pg_visible.h, my_visible.h).
 */

/* A table whose rows can be read; lent. */
struct source_readable {
    const char *space; /* schema; MySQL: database */
    const char *name;
    bool keyed;    /* read in chunks, in key order; else not at all, and `why_not` says so */
    uint64_t rows; /* estimate; UINT64_MAX: unknown */
    const char *why_not;
};

typedef int (*source_readable_fn)(void *ctx, const struct source_readable *t, struct err *e);

struct source_chunk {
    const char *space;
    const char *name;
    struct position after; /* opaque key behind which to begin, from an earlier end; empty: the first row */
    uint32_t rows;         /* at most so many */
    struct position at;    /* P: everything before it has been published, nothing behind it */
    uint64_t stamp;        /* tells this chunk from all others of the source: microseconds since 1970 */
};

enum source_chunk_outcome {
    CHUNK_MORE = 1, /* rows came; there are more behind `after` */
    CHUNK_LAST,     /* rows came, or none; there are no more */
    CHUNK_LATER,    /* not everything delivered is visible yet: no row came, ask again. err.text: waiting for
                       what */
    CHUNK_GONE,     /* the table is no longer there, or no longer streamed: err.text */
    CHUNK_FAILED,   /* err; rows up to `after` are good */
};

/* Payload of FRAME_CHUNK_END: this, then `after_len` bytes of key. */
struct source_chunk_end {
    enum source_chunk_outcome outcome;
    uint64_t rows; /* that came */
    struct err err;
    uint32_t after_len;
};

/* Reads chunks over a connection of its own, in a thread of its own. Every source embeds it first. */
struct source_chunks {
    const struct source_ops *ops;
};

struct source_ops {
    const char *scheme; /* of the URL: "postgresql" */
    const struct decoder_ops *decoder;
    /*
     * Connects and checks versions, TLS and settings; nothing is created yet. The config outlives the source.
     * ERR_IO is retriable.
     */
    int (*open)(const struct config_source *c, const struct clock *clock, struct source **out, struct err *e);
    /*
     * Compares the checkpoint with the server (promise 5) and makes what streaming needs: publication, then
     * slot. A gap is ERR_GAP with the remedy, unless accepted. Missing grants are ERR_CONFIG with the SQL for
     * the owner.
     */
    int (*prepare)(struct source *s, const struct source_resume *r, struct source_start *out, struct err *e);
    /*
     * Calls `fn` for each table that the patterns select, as the catalogue has it now: for map_check(). Any
     * time between open and start.
     */
    int (*describe)(struct source *s, source_table_fn fn, void *ctx, struct err *e);
    /*
     * The position that the server has flushed now: everything committed before it is before it. For `--until
     * end`.
     */
    int (*end_position)(struct source *s, struct buf *out, struct err *e);
    /* Who reads from the log's end on hears of it only seconds later: a start that is there need not wait. */
    bool silent_end;
    /*
     * The decoder's question (decoder_options.columns), asked by the pipeline's thread while streaming;
     * `identity` is the server's whose log is read. May take long; a stop ends it. NULL: never asked.
     */
    int (*columns)(struct source *s, struct position identity, const char *space, const char *name,
                   struct position at, struct buf *out, struct err *e);
    /* Starts the reader thread, which fills `ring` from the position prepare returned. */
    int (*start)(struct source *s, struct ring *ring, struct err *e);
    /* Everything up to `p` is delivered and durable. Any time after start; never blocks. */
    void (*ack)(struct source *s, struct position p);
    /* Bytes between what the server has flushed (as last told) and what was acknowledged; for the progress
     * line. */
    uint64_t (*lag_bytes)(const struct source *s);
    /*
     * Calls `fn` for each table that is streamed and whose rows the log will go on from: any time after
     * prepare. Blocks for a query or two.
     */
    int (*readable)(struct source *s, source_readable_fn fn, void *ctx, struct err *e);
    /* Another number than before: tables may have joined that the stream says nothing of yet, and readable()
     * is worth asking again. Any time after start; cheap. NULL: only the stream tells. */
    unsigned (*joined)(const struct source *s);
    const struct decoder_ops *chunk_decoder; /* of the frames that chunks come in */
    /*
     * A thread that reads chunks into `ring`, one after the other: for each FRAME_CHUNK (not when there are
     * no rows), descriptions and rows, FRAME_CHUNK_END. It connects when first asked, and when asked again
     * after its connection was lost (CHUNK_FAILED; the caller waits between tries). After the start.
     */
    int (*chunks_open)(struct source *s, struct ring *ring, struct source_chunks **out, struct err *e);
    /* Asks for the next chunk; the one before has ended. `q` is copied. Never blocks. */
    int (*chunks_ask)(struct source_chunks *c, const struct source_chunk *q, struct err *e);
    /* The chunk under way takes too long: end it soon, at whatever row it is. Never blocks. */
    void (*chunks_cut)(struct source_chunks *c);
    /* Ends thread and connection, within 5 s. Before stop(). */
    void (*chunks_close)(struct source_chunks *c);
    /* While chunks are read: this transaction of the stream was handled. What was delivered before the start
     * is not told. NULL: the positions tell enough. */
    void (*handled)(struct source *s, const struct tx *tx);
    /* Tells the server the last acknowledged position, ends the reader, waits for it. Idempotent. */
    void (*stop)(struct source *s);
    void (*destroy)(struct source *s);
    /* Removes slot and publications that Tailrace made for this source; says on the log what it removed. */
    int (*drop)(const struct config_source *c, struct err *e);
};

/* Frees the buffers of a struct source_start. */
void source_start_release(struct source_start *s);

/* Appends one record to the ring as the pipeline expects it. 0; 1 no room now; -1 with `e`. */
int source_push(struct ring *ring, const struct frame *f, struct err *e);

/* Reads a record of the ring back into a frame that points into it. */
int source_frame(const void *record, size_t len, struct frame *out, struct err *e);

#endif
