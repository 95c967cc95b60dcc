/*
 * pg_server: facts about the PostgreSQL server behind a connection.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_SERVER_H
#define TAILRACE_AGENT_SOURCE_PG_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/source/pg_conn.h"

#define PG_NAME_MAX 64 /* NAMEDATALEN: longest name and its NUL */

struct pg_server {
    int version;                    /* server_version_num: 180001 */
    bool in_recovery;               /* a standby */
    bool sql_ascii;                 /* the database declares no encoding: text is raw bytes */
    bool superuser;                 /* of the role we are */
    bool may_replicate;             /* role attribute REPLICATION, or superuser */
    bool may_create;                /* CREATE on the database: publications */
    uint32_t wal_sender_timeout_ms; /* as it applies to our role here; 0: off */
    uint64_t system_id;             /* of the cluster */
    uint32_t timeline;              /* being written, or replayed by a standby */
    uint32_t database_oid;
    char database[PG_NAME_MAX];
    char encoding[PG_NAME_MAX]; /* of the database: "UTF8" */
    char role[PG_NAME_MAX];     /* who we are */
    char version_text[64];      /* "18.1" */
};

/*
 * Reads the facts over an ordinary connection. ERR_CONFIG for a server that logical decoding cannot work
 * with (version, wal_level, role), with the remedy; a version newer than what was tested is a warning.
 */
int pg_server_read(struct pg_conn *c, struct pg_server *out, struct err *e);

/* What is flushed now on a primary, replayed on a standby: everything committed before it is before it. */
int pg_server_end(struct pg_conn *c, uint64_t *lsn, struct err *e);

#endif
