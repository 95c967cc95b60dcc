/*
 * pg_visible: whether a snapshot of PostgreSQL shows everything that the stream has delivered.
 *
 * A commit is in the log, and decoded, before it is visible: it waits for a synchronous standby, or just has
 * not left the list of running transactions yet. So a chunk read in between would be older than what was
 * published. Two rules, by which a snapshot S is good:
 *
 *   - No transaction that was handled is invisible in S: none is at or above S's xmax or in its list.
 *   - Every transaction below a limit has ended in S (S's xmin is at or above it). The limit is the next xid
 *     of the server, taken at the first chunk of this process, and for a table that is streamed only since
 *     then at its first chunk: after the slot and the publication were there. It stands for what an earlier
 *     process delivered, and for writers that were open when their table was published, whose rows of before
 *     are not in the stream.
 *
 * A snapshot of a standby has no list (its running transactions are kept elsewhere), and needs none: the
 * standby decodes what it has replayed, and replaying a commit makes it visible before the replayed position
 * moves on. The limit holds there too.
 *
 * Shared by the threads that read chunks and the pipeline's, which tells what was handled. Several of them
 * may look at once: what one snapshot shows is forgotten only when nobody holds an older one.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_VISIBLE_H
#define TAILRACE_AGENT_SOURCE_PG_VISIBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/err.h"

/* pg_current_snapshot(). `struct pg_snapshot s = {0};` is an empty one. */
struct pg_snapshot {
    uint64_t xmin, xmax;
    uint64_t *xip; /* running, xmin <= x < xmax, ascending */
    size_t nxip;
    uint64_t next;    /* the server's next xid, read after the snapshot was taken */
    bool in_recovery; /* of a standby */
};

/* Reads "xmin:xmax:x,x,…"; `next` and `in_recovery` are the caller's. Release it also after a failure. */
int pg_snapshot_parse(const char *text, struct pg_snapshot *out, struct err *e);
void pg_snapshot_release(struct pg_snapshot *s);

/* True when the transaction has ended in the snapshot's eyes. */
bool pg_snapshot_sees(const struct pg_snapshot *s, uint64_t xid);

/* The 64-bit xid that is nearest to `near`. */
uint64_t pg_xid_widen(uint32_t xid, uint64_t near);

struct pg_visible;

/* One without a limit yet; NULL: memory. Freed when nobody looks any more; NULL is fine. */
struct pg_visible *pg_visible_new(struct err *e);
void pg_visible_free(struct pg_visible *v);

/* The tables that are streamed when the first chunk is asked for: the limit of that chunk is theirs too.
 * Later calls add nothing. Ascending OIDs. -1: memory. */
int pg_visible_cover(struct pg_visible *v, const uint32_t *tables, size_t n, struct err *e);

/* This transaction of the stream was handled. */
void pg_visible_handled(struct pg_visible *v, uint32_t xid);

/* A snapshot is about to be taken; pg_visible_judge() or pg_visible_leave() ends the look. */
void pg_visible_look(struct pg_visible *v);
void pg_visible_leave(struct pg_visible *v);

enum pg_sight {
    PG_SIGHT_GOOD = 1,
    PG_SIGHT_WRITERS, /* transactions below `limit` run */
    PG_SIGHT_COMMIT,  /* `xid` was delivered, and is not visible yet */
};

struct pg_verdict {
    enum pg_sight sight;
    uint64_t limit;
    uint64_t xid;
};

/* May the rows of this table that `s` shows be published now? -1: memory. */
int pg_visible_judge(struct pg_visible *v, uint32_t table, const struct pg_snapshot *s,
                     struct pg_verdict *out, struct err *e);

#endif
