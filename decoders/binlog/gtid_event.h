/*
 * gtid_event: what opens a transaction: GTID, ANONYMOUS_GTID, GTID_TAGGED (MySQL) and GTID (MariaDB).
 */
#ifndef TAILRACE_DECODERS_BINLOG_GTID_EVENT_H
#define TAILRACE_DECODERS_BINLOG_GTID_EVENT_H

#include "decoders/binlog/event.h"
#include "decoders/binlog/gtid.h"

struct gtid_event {
    bool anonymous; /* `gtid` is not set */
    struct gtid gtid;
    int64_t commit_us; /* original commit, microseconds since 1970; the header's second where there is none */
    int64_t immediate_commit_us; /* on the server we read from; 0 unknown */
    bool standalone;             /* MariaDB: one statement, no COMMIT follows */
    bool xa_prepare;             /* MariaDB: the group is a prepared XA transaction */
    bool xa_complete;            /* MariaDB: it commits or rolls back a prepared one */
};

/* ERR_DATA names what is wrong; trailing bytes are an error but where the version's layout allows more. */
int gtid_event_read(const struct binlog_event *ev, const struct binlog_format *f, struct gtid_event *out,
                    struct err *e);

#endif
