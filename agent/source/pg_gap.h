/*
 * pg_gap: does the server still continue where our position ends? Facts in, verdict out. Pure.
 *
 * Only what can be told for sure is told: a slot created anew and one that somebody advanced differ in that
 * the advanced one may still hold the log from before our position, while a new one cannot.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_GAP_H
#define TAILRACE_AGENT_SOURCE_PG_GAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/source/pg_identity.h"
#include "agent/source/pg_server.h"
#include "agent/source/pg_slot.h"

enum pg_gap_kind {
    PG_GAP_NONE = 0,
    PG_GAP_OTHER_CLUSTER,
    PG_GAP_OTHER_DATABASE,
    PG_GAP_DATABASE_RECREATED,
    PG_GAP_FORKED,         /* the server's history left ours before our position */
    PG_GAP_OLDER_TIMELINE, /* the server has not seen the promotion that our position comes after */
    PG_GAP_RESTORED,       /* the server's log ends before our position */
    PG_GAP_PUBLICATION_MISSING,
    PG_GAP_PUBLICATION_RECREATED,
    PG_GAP_SLOT_MISSING,
    PG_GAP_SLOT_LOST,
    PG_GAP_SLOT_RECREATED, /* or advanced so far that its log begins after our position */
    PG_GAP_SLOT_MOVED,     /* somebody else read from it or advanced it */
    PG_GAP_KINDS,
};

/* Where each timeline before the server's own ended. */
#define PG_HISTORY_MAX 64
struct pg_history {
    size_t count;
    struct {
        uint32_t timeline;
        uint64_t end;
    } entries[PG_HISTORY_MAX]; /* the newest ones, when there are more */
};

struct pg_gap_facts {
    const struct pg_identity *ours; /* NULL: no checkpoint, only the slot is looked at */
    uint64_t position;
    const struct pg_server *server;
    uint64_t server_end;              /* flushed, or replayed on a standby */
    const struct pg_history *history; /* of the server's timeline; NULL when ours has the same */
    const struct pg_slot *slot;
    const struct pg_identity_publication *publications; /* as they are now */
    size_t npublications;
};

struct pg_gap {
    enum pg_gap_kind kind;
    bool keep_slot; /* when accepted: go on from the slot's confirmed position; else the slot is made anew */
    bool wait;      /* no gap yet: a standby that has not replayed up to our position */
    char what[480]; /* what is wrong, for people */
    const char *remedy;
};

/* The verdict; the first of the kinds above that applies. */
void pg_gap_find(const struct pg_gap_facts *f, struct pg_gap *out);

/* Reads what TIMELINE_HISTORY returns; false when a line is not understood. */
bool pg_history_parse(const char *text, struct pg_history *out);

#endif
