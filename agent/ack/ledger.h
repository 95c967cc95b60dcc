/*
 * ledger: which changes are delivered, in order. Pure; one thread.
 *
 * Every change gets the next sequence number and an entry with a count of its records that are still out. The
 * watermark is the last entry up to which all are done; a failed record never becomes done, so the watermark
 * never passes it. Entries carry a position as opaque bytes: a *boundary* (a transaction's end: the source
 * may be acknowledged there) or a *progress* mark (inside a transaction).
 */
#ifndef TAILRACE_AGENT_ACK_LEDGER_H
#define TAILRACE_AGENT_ACK_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/change.h"
#include "decoders/err.h"

struct ledger;

enum ledger_mark { LEDGER_PROGRESS, LEDGER_BOUNDARY };

/* An empty ledger; the first sequence number is 1. Grows as needed, by doubling, up to `max_entries`. */
struct ledger *ledger_new(size_t max_entries, struct err *e);
void ledger_free(struct ledger *l);

/*
 * Opens the next entry and returns its sequence number, 0 with `e` when there is no room (ERR_MEMORY,
 * retriable: wait for results) or no memory. The entry holds itself open until ledger_close(), whatever its
 * records do meanwhile. Copies `p`; an empty one lets the watermark pass without leaving a mark.
 */
uint64_t ledger_open(struct ledger *l, enum ledger_mark mark, struct position p, struct err *e);

/* One more record of this entry is out. Before the record is sent. */
void ledger_add(struct ledger *l, uint64_t seq);

/* No more records will be added to it. */
void ledger_close(struct ledger *l, uint64_t seq);

/* One record of this entry is delivered; or failed for good: then the entry and all after it stay undone. */
void ledger_done(struct ledger *l, uint64_t seq);
void ledger_fail(struct ledger *l, uint64_t seq);

/* The sequence number up to which everything is done; 0 at first. */
uint64_t ledger_watermark(const struct ledger *l);

/* Entries that are not done yet, and the sequence number given out last. */
size_t ledger_in_flight(const struct ledger *l);
uint64_t ledger_last(const struct ledger *l);

/*
 * The last boundary at or before the watermark (len 0: none yet), and the last progress mark after that
 * boundary (len 0: none). Valid until the next call that changes the ledger.
 */
struct position ledger_boundary(const struct ledger *l);
struct position ledger_progress(const struct ledger *l);

#endif
