/*
 * binlog: the insides of the decoder, which its parts share: decoder.c (frames, and the events that are about
 * the log itself), group.c (where transactions begin and end), emit.c (changes), prepared.c (XA), columns.c
 * (what the log does not say of tables).
 */
#ifndef TAILRACE_DECODERS_BINLOG_BINLOG_H
#define TAILRACE_DECODERS_BINLOG_BINLOG_H

#include "decoders/binlog/charset.h"
#include "decoders/binlog/decoder.h"
#include "decoders/binlog/gtid_event.h"
#include "decoders/binlog/hold.h"
#include "decoders/binlog/inflate.h"
#include "decoders/binlog/position.h"
#include "decoders/binlog/prepared.h"
#include "decoders/binlog/shape.h"
#include "decoders/binlog/statement.h"
#include "decoders/binlog/statement_text.h"
#include "decoders/binlog/tables.h"

#define BINLOG_POS_TEXT (BINLOG_FILE_MAX + 24)

/* A transaction, or a statement that is none, on its way through. */
struct group {
    bool open;
    bool silent;     /* it was emitted before */
    bool xa;         /* it prepares an XA transaction */
    bool standalone; /* ends with its first statement */
    bool streaming;  /* changes are emitted as they come; else they are held */
    bool begun;      /* CHANGE_BEGIN was emitted */
    bool rows;       /* a row was emitted */
    bool stated;     /* the text of the statement being read is among its events */
    bool has_gtid;
    struct gtid gtid;
    uint64_t start; /* offset of its first event */
};

struct binlog {
    struct decoder base;
    struct decoder_options options;
    uint16_t epoch;
    bool failed;
    bool started; /* a FRAME_START came */
    enum binlog_flavour flavour;
    bool by_gtid;
    struct binlog_format format;

    struct binlog_place here;  /* the end of the event being read; `gtids`: of all groups that ended */
    struct binlog_place whole; /* where the last group ended; no GTIDs */
    struct binlog_place told;  /* last resume position emitted; no GTIDs */
    struct gtid_set *seen;     /* what the server sent or was told not to send; NULL: caught up */
    bool cut;                  /* a group in which changes were emitted was cut off: it must come again */
    struct group group;
    struct hold hold;             /* of the open group */
    struct statement_text coming; /* of the statement being read, until rows are wanted of it */
    struct statement_text stated; /* of the rows being emitted */
    struct prepared prepared;

    struct tables tables;
    struct shapes *shapes;
    bool asked;              /* what a table is: for the description at hand */
    struct bare_table *bare; /* tables that are truncated before their shape was seen */
    struct payload *payload;
    struct charsets *charsets;
    struct arena arena; /* of the event being read */
    struct arena row;   /* of the row being read */

    struct binlog_point at;   /* the row being emitted */
    struct binlog_point done; /* the row emitted last */
    struct binlog_point skip; /* rows up to this one were delivered */
    struct tx tx;
    char tx_text[BINLOG_POS_TEXT > GTID_TEXT ? BINLOG_POS_TEXT : GTID_TEXT];
    char id[BINLOG_POS_TEXT + GTID_TEXT];
    size_t prefix; /* of the id: what is the transaction's */
    char pos[BINLOG_POS_TEXT];
    uint8_t progress[BINLOG_PROGRESS_LEN];
    struct buf resume;
    struct buf scratch; /* of reading values */
};

/* One frame on its way through the decoder. */
struct feed {
    struct binlog *d;
    change_fn fn;
    void *ctx;
    bool refused; /* by the callback: its error, not ours */
    struct err *e;
};

/* ---- group.c ---- */

/* An event that is part of a transaction, or opens or closes one. `start`: its offset. */
int group_event(struct feed *f, struct binlog_event *ev, uint64_t start, bool nested);
/* The log goes on elsewhere: what was not closed never will be. */
int group_abandon(struct feed *f);
/* The connection was made anew. */
void group_cut(struct binlog *d);

/* ---- emit.c ---- */

/* What ids of the open group begin with, its rank, its `tx`. */
int emit_identity(struct feed *f, int64_t commit_us);
int emit_begin(struct feed *f);
/* A TABLE_MAP, rows, or a statement, with all that follows from it. */
int emit_event(struct feed *f, struct binlog_event *ev, uint64_t start);
/* What was held. `start`: of all of it, or UINT64_MAX: each its own. */
int emit_hold(struct feed *f, struct hold *h, uint64_t start);
/* An XA transaction commits whose rows are not known: an error, unless it is to be passed over (by its id).
 */
int emit_unknown(struct feed *f, struct text xid);
/* COMMIT or HEARTBEAT: a position to resume from. */
int emit_position(struct feed *f, enum change_op op);
void emit_release(struct binlog *d);

/* ---- columns.c ---- */

/* A table is described: where the log says no names and nobody told them yet, they are asked for. */
int columns_need(struct feed *f, const struct table_map *m);
/* What was known of it does not fit the log (our user could not see all of it then): asked for anew, once.
 * -1: the error that is there stays, or says why it cannot be known. */
int columns_again(struct feed *f, const struct table_map *m);
/* A statement was read: what is known of the tables that it changes is true no longer. */
int columns_change(struct feed *f, const struct query_event *q, const struct statement *s);
/* Those of struct decoder_ops. */
void columns_remember(struct decoder *base, struct position from, struct buf *out);
int columns_recall(struct decoder *base, struct position from, const void *data, size_t len, struct err *e);
int columns_learn(struct decoder *base, const void *payload, size_t len, struct err *e);

#endif
