/*
 * pg_server: facts about the PostgreSQL server behind a connection.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_SERVER_H
#define TAILRACE_AGENT_SOURCE_PG_SERVER_H

#include "agent/source/pg_query.h"
#include "agent/source/pg_text.h"

struct pg_server {
    int version;                    /* server_version_num: 180001 */
    bool in_recovery;               /* a standby */
    bool sql_ascii;                 /* the database declares no encoding: text is raw bytes */
    bool superuser;                 /* of the role we are */
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
 * Reads the facts over an ordinary connection, all but system_id and timeline. ERR_CONFIG for a server that
 * logical decoding cannot work with (version, wal_level), with the remedy; a version newer than those tested
 * is a warning on the log.
 */
int pg_server_read(struct pg_conn *c, struct pg_server *out, struct err *e);

/* Reads system_id and timeline over a replication connection (IDENTIFY_SYSTEM). */
int pg_server_identify(struct pg_conn *c, struct pg_server *out, struct err *e);

/*
 * What is flushed now on a primary, replayed on a standby: everything committed before it is before it.
 * Either kind of connection.
 */
int pg_server_end(struct pg_conn *c, const struct pg_server *s, uint64_t *lsn, struct err *e);

/* Likewise what is written, flushed or not: everything done before is before it. */
int pg_server_insert_end(struct pg_conn *c, const struct pg_server *s, uint64_t *lsn, struct err *e);

#endif
