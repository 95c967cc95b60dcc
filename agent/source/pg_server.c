#include "agent/source/pg_server.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/log.h"

#define OLDEST 140000
#define OLDEST_STANDBY 160000
#define NEWEST_TESTED 189999

static void copy(char *out, size_t size, const PGresult *res, int col) {
    snprintf(out, size, "%s", pg_text(res, 0, col));
}

static int check_version(const struct pg_conn *c, const struct pg_server *s, struct err *e) {
    if (s->version < OLDEST)
        return err_set(e, ERR_CONFIG, "the server is PostgreSQL %s: Tailrace reads 14 and later",
                       s->version_text);
    if (s->in_recovery && s->version < OLDEST_STANDBY)
        return err_set(
            e, ERR_CONFIG,
            "the server is a standby of version %s: logical decoding on a standby needs 16 or later; "
            "connect to the primary",
            s->version_text);
    if (s->version > NEWEST_TESTED)
        log_msg(LOG_WARN, c->config->name,
                "the server is PostgreSQL %s: newer than what was tested (14 to 18)", s->version_text);
    return 0;
}

static int check_wal_level(const struct pg_server *s, const char *level, struct err *e) {
    if (strcmp(level, "logical") == 0) return 0;
    return err_set(e, ERR_CONFIG,
                   "the server writes no logical log (wal_level is %s): run \"ALTER SYSTEM SET wal_level = "
                   "logical;\" as a superuser and restart the server%s",
                   level, s->in_recovery ? ", the primary first and this standby too" : "");
}

int pg_server_read(struct pg_conn *c, struct pg_server *out, struct err *e) {
    PGresult *res = pg_query(
        c, "looking at the server",
        "SELECT current_setting('server_version_num'), current_setting('server_version'), "
        "pg_is_in_recovery(),"
        " (SELECT setting FROM pg_settings WHERE name = 'wal_sender_timeout'), current_setting('wal_level'),"
        " d.oid, d.datname, pg_encoding_to_char(d.encoding), current_user,"
        " (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),"
        " has_database_privilege(d.oid, 'CREATE')"
        " FROM pg_database d WHERE d.datname = current_database()",
        0, NULL, e);
    int rc;

    if (!res) return -1;
    memset(out, 0, sizeof *out);
    out->version = (int)pg_u64(res, 0, 0);
    copy(out->version_text, sizeof out->version_text, res, 1);
    out->in_recovery = pg_bool(res, 0, 2);
    out->wal_sender_timeout_ms = (uint32_t)pg_u64(res, 0, 3);
    out->database_oid = (uint32_t)pg_u64(res, 0, 5);
    copy(out->database, sizeof out->database, res, 6);
    copy(out->encoding, sizeof out->encoding, res, 7);
    copy(out->role, sizeof out->role, res, 8);
    out->sql_ascii = strcmp(out->encoding, "SQL_ASCII") == 0;
    out->superuser = pg_bool(res, 0, 9);
    out->may_create = pg_bool(res, 0, 10);
    rc = check_version(c, out, e) || check_wal_level(out, pg_text(res, 0, 4), e) ? -1 : 0;
    PQclear(res);
    return rc;
}

int pg_server_identify(struct pg_conn *c, struct pg_server *out, struct err *e) {
    PGresult *res = pg_query(c, "identifying the server", "IDENTIFY_SYSTEM", 0, NULL, e);

    if (!res) return -1;
    out->system_id = pg_u64(res, 0, 0);
    out->timeline = (uint32_t)pg_u64(res, 0, 1);
    PQclear(res);
    return 0;
}

static int ask_lsn(struct pg_conn *c, const char *sql, uint64_t *lsn, struct err *e) {
    PGresult *res = pg_query(c, "asking for the end of the log", sql, 0, NULL, e);

    if (!res) return -1;
    *lsn = pg_lsn(res, 0, 0);
    PQclear(res);
    return *lsn ? 0 : err_set(e, ERR_IO, "the server does not say where its log ends");
}

int pg_server_end(struct pg_conn *c, const struct pg_server *s, uint64_t *lsn, struct err *e) {
    return ask_lsn(
        c, s->in_recovery ? "SELECT pg_last_wal_replay_lsn()" : "SELECT pg_current_wal_flush_lsn()", lsn, e);
}

int pg_server_insert_end(struct pg_conn *c, const struct pg_server *s, uint64_t *lsn, struct err *e) {
    return ask_lsn(
        c, s->in_recovery ? "SELECT pg_last_wal_replay_lsn()" : "SELECT pg_current_wal_insert_lsn()", lsn, e);
}
