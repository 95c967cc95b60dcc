/*
 * pg_slot: the replication slot that keeps the log for us.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_SLOT_H
#define TAILRACE_AGENT_SOURCE_PG_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/base/clock.h"
#include "agent/source/pg_query.h"
#include "agent/source/pg_server.h"
#include "agent/source/pg_text.h"

/* A row of pg_replication_slots. */
struct pg_slot {
    bool exists;
    char name[PG_NAME_MAX];
    char plugin[PG_NAME_MAX];   /* "" of a physical slot */
    char database[PG_NAME_MAX]; /* likewise */
    bool temporary;
    bool two_phase;
    bool failover;             /* 17+ */
    bool synced;               /* 17+: copied from the primary by a standby */
    uint32_t active_pid;       /* 0: not in use */
    uint64_t confirmed;        /* confirmed_flush_lsn: it gives nothing that was committed before */
    uint64_t restart;          /* restart_lsn: the log is kept from here on; 0 when lost */
    char wal_status[16];       /* reserved, extended, unreserved, lost */
    char invalid[PG_NAME_MAX]; /* why it is lost ("wal_removed", …); "" while it is good */
};

/* Reads a slot by name; out->exists false when there is none. Either kind of connection. */
int pg_slot_read(struct pg_conn *c, const struct pg_server *s, const char *name, struct pg_slot *out,
                 struct err *e);

/* Could we stream from this slot at all? ERR_CONFIG when it is somebody else's, with the remedy. */
int pg_slot_check(const struct pg_slot *slot, const struct pg_server *s, struct err *e);

/*
 * Waits until the slot is not in use, and reads it anew. A walsender outlives a client that was killed by at
 * most wal_sender_timeout; a slot that is in use for longer belongs to another agent: ERR_FENCED.
 */
int pg_slot_wait_idle(struct pg_conn *c, const struct pg_server *s, const struct clock *clock,
                      struct pg_slot *slot, struct err *e);

struct pg_slot_request {
    const char *name;
    bool temporary; /* lives as long as `replication` */
    bool failover;  /* 17+ */
};

/*
 * Creates a slot over the connection `replication` and returns its first position. Waits for every
 * transaction that writes right now; meanwhile `sql` is asked which those are, and the log says so. When
 * stop_fd is raised the creation is taken back and the result is ERR_STOPPED.
 */
int pg_slot_create(struct pg_conn *replication, struct pg_conn *sql, const struct pg_server *s,
                   const struct pg_slot_request *r, uint64_t *lsn, struct err *e);

/* Turns failover on for an existing slot (17+); the slot must not be in use. */
int pg_slot_set_failover(struct pg_conn *replication, const char *name, struct err *e);

/* Drops it. ERR_FENCED while it is in use. */
int pg_slot_drop(struct pg_conn *sql, const char *name, struct err *e);

#endif
