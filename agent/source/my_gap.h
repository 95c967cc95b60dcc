/*
 * my_gap: does the server still continue where our position ends? Facts in, verdict out. Pure.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_GAP_H
#define TAILRACE_AGENT_SOURCE_MY_GAP_H

#include "agent/source/my_identity.h"
#include "agent/source/my_log.h"

enum my_gap_kind {
    MY_GAP_NONE = 0,
    MY_GAP_OTHER_FLAVOUR, /* MySQL's positions and MariaDB's have nothing in common */
    MY_GAP_OTHER_SERVER,  /* and no GTIDs that both have */
    MY_GAP_RESTORED,      /* we have seen transactions that the server lacks */
    MY_GAP_RESET,         /* the log was begun anew */
    MY_GAP_PURGED,        /* the log begins behind our position */
    MY_GAP_UNREADABLE,    /* the server itself cannot give what follows: found by my_prepare, not here */
    MY_GAP_KINDS,
};

struct my_gap_facts {
    const struct my_identity *ours;
    const struct binlog_position *position;
    const struct my_server *server;
    const struct my_log *log;
    const struct gtid_set
        *at_position; /* MariaDB: the server's GTIDs at our file and offset; NULL: unknown */
    uint32_t begun;   /* when the file of my_gap_place() was, on this server now; 0: unknown */
};

struct my_gap {
    enum my_gap_kind kind;
    bool wait;        /* no gap yet: a replica that has not caught up with what we have seen */
    bool from_oldest; /* when accepted: all that is there now comes behind our position; else: begin at the
                         end */
    char what[480];   /* what is wrong, for people */
    const char *remedy;
};

/* True when the position is to be continued by GTID on this server, false by file and offset. */
bool my_gap_by_gtid(const struct my_gap_facts *f);

/*
 * The place of the position whose file must be the one that it was: its name alone says nothing behind a
 * RESET. NULL: the server has no such file (any more), or it would be another server's.
 */
const struct binlog_place *my_gap_place(const struct my_gap_facts *f);

/* The verdict; the first of the kinds above that applies. -1 only when memory runs out. */
int my_gap_find(const struct my_gap_facts *f, struct my_gap *out, struct err *e);

#endif
