/*
 * hold: the events of one transaction, kept until its end is known.
 *
 * Both servers write transactions into the log that end in ROLLBACK, or undo a part of themselves with
 * ROLLBACK TO: after CREATE TEMPORARY TABLE in the transaction, for one. Their rows never happened. And those
 * of an XA transaction have not happened before it is committed, perhaps days later. So events are held: in
 * memory, and beyond HOLD_MEMORY in a spill.
 *
 * What nobody wants leaves a mark of its number alone (hold_skip()).
 */
#ifndef TAILRACE_DECODERS_BINLOG_HOLD_H
#define TAILRACE_DECODERS_BINLOG_HOLD_H

#include "decoders/binlog/event.h"
#include "decoders/buf.h"
#include "decoders/change.h"
#include "decoders/spill.h"

#define HOLD_MEMORY ((size_t)1 << 20)
#define HOLD_SKIPPED 0   /* as the type of an event: `server_id` rows events that nobody wants */
#define HOLD_STATEMENT 1 /* likewise: the text of the statement whose rows follow (statement_text.h) */

struct hold_mark;

struct hold {
    struct buf chunk;    /* records not in the spill */
    struct spill *spill; /* owned; NULL: all is in memory */
    uint64_t count;      /* events put */
    size_t last_skip; /* where in `chunk` the last record is, if it counts what nobody wants; else SIZE_MAX */
    struct hold_mark *marks; /* savepoints, and what was undone */
    size_t nmarks, room;
    uint64_t read;    /* events read */
    size_t next_mark; /* the first that ends behind them */
    struct cursor at;
    bool in_chunk;
};

/* Empty, without memory; gives all memory back. */
void hold_init(struct hold *h);
void hold_release(struct hold *h);
/* Empty again: the spill goes, memory up to HOLD_MEMORY stays. */
void hold_clear(struct hold *h);

/* True when memory is full and there is no spill: give it one, or take the events out. */
bool hold_full(const struct hold *h);
/* What is beyond memory goes into `s` from now on; takes it over. */
void hold_spill(struct hold *h, struct spill *s);

/* Keeps an event; `offset` is given back with it. */
int hold_put(struct hold *h, const struct binlog_event *ev, uint64_t offset, struct err *e);
int hold_skip(struct hold *h, struct err *e);

/* SAVEPOINT, by its name as the statement has it; ROLLBACK TO: ERR_DATA when there is no such savepoint. */
int hold_savepoint(struct hold *h, struct text name, struct err *e);
int hold_undo(struct hold *h, struct text name, struct err *e);

/* No savepoints after this. Reads them in order, without those that were undone; type HOLD_SKIPPED for what
 * was skipped. The event is valid until the next call; false at the end. */
int hold_rewind(struct hold *h, struct err *e);
int hold_next(struct hold *h, struct binlog_event *ev, uint64_t *offset, bool *more, struct err *e);

#endif
