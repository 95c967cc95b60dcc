#include "agent/source/my_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/log.h"
#include "agent/source/my_conn.h"
#include "agent/source/my_log.h"

#define ERROR_DUMP 1236 /* ER_SOURCE_FATAL_ERROR_READING_BINLOG */
#define ERROR_LOG 1373  /* ER_UNKNOWN_TARGET_BINLOG */
#define ERROR_ID 4052   /* MariaDB's ER_SLAVE_SAME_ID */
#define WRITE_TIMEOUT_S 86400

/* Parts of messages. */
#define DAMAGED "\"FLUSH BINARY LOGS;\" lets a whole file follow"
#define ACCEPT                                                                                               \
    "; with --accept-gap the source goes on without what cannot be read, from now, and publishes a gap "     \
    "event"
#define SWITCHED_MODE                                                                                        \
    "gtid_mode was switched while transactions of the other kind were still to be read: run \"SET GLOBAL "   \
    "gtid_mode = ON_PERMISSIVE;\" (or OFF_PERMISSIVE) until they are"

/* ---- What the server is told first ---- */

/*
 * The older and the newer name of each variable; a server knows one of them and ignores the other. The
 * server gives up on a reader that takes nothing for net_write_timeout (60 s by default): we may, while the
 * sink is away.
 */
static void put_settings(struct buf *sql, uint32_t id) {
    uint64_t heartbeat_ns = UINT64_C(1000000000) * MY_HEARTBEAT_S;

    buf_puts(sql, "SET @master_binlog_checksum = @@GLOBAL.binlog_checksum,"
                  " @source_binlog_checksum = @@GLOBAL.binlog_checksum,");
    buf_printf(sql, " @master_heartbeat_period = %" PRIu64 ", @source_heartbeat_period = %" PRIu64 ",",
               heartbeat_ns, heartbeat_ns);
    buf_printf(sql, " @slave_uuid = '7461696c-7261-6365-8000-0000%08" PRIx32 "',", id);
    buf_printf(sql, " @replica_uuid = '7461696c-7261-6365-8000-0000%08" PRIx32 "',", id);
    buf_printf(sql, " SESSION net_write_timeout = %d", WRITE_TIMEOUT_S);
}

/* Capability 4: knows GTIDs, so that the server sends them as they are. */
static void put_mariadb(struct buf *sql, const struct binlog_position *p) {
    struct buf gtids = {0};

    gtid_set_format(p->from.gtids, &gtids);
    buf_puts(sql, ", @mariadb_slave_capability = 4, @slave_gtid_strict_mode = 1,"
                  " @slave_gtid_ignore_duplicates = 0, @slave_connect_state = ");
    my_put_literal(sql, buf_cstr(&gtids));
    sql->failed = sql->failed || buf_failed(&gtids);
    buf_release(&gtids);
}

static int tell(struct my_client *c, const struct my_server *server, const struct binlog_position *p,
                uint32_t id, struct err *e) {
    struct buf sql = {0};
    int rc;

    put_settings(&sql, id);
    if (server->flavour == FLAVOUR_MARIADB) put_mariadb(&sql, p);
    rc = my_client_exec(c, "preparing to read the log", buf_cstr(&sql), e);
    if (buf_failed(&sql)) rc = err_memory(e, "preparing to read the log");
    buf_release(&sql);
    return rc;
}

/* ---- Asking ---- */

static int ask(struct my_client *c, const struct config_source *s, const struct my_server *server,
               const struct binlog_position *p, struct err *e) {
    struct my_dump d = {.server_id = my_conn_server_id(s), .file = "", .offset = 4};
    struct buf gtids = {0};
    int rc;

    d.statements = s->statements && server->flavour == FLAVOUR_MARIADB;
    if (server->flavour == FLAVOUR_MYSQL && p->by_gtid) {
        d.by_gtid = true;
        gtid_set_encode(p->from.gtids, &gtids);
        d.gtids = gtids.data;
        d.gtids_len = gtids.len;
    } else if (server->flavour == FLAVOUR_MYSQL) {
        d.file = p->from.file;
        d.offset = p->from.offset;
    }
    rc = buf_failed(&gtids) ? err_memory(e, "asking for the log") : my_client_dump(c, &d, e);
    buf_release(&gtids);
    return rc;
}

int my_stream_start(struct my_client *c, const struct config_source *s, const struct my_server *server,
                    const struct binlog_position *p, struct err *e) {
    uint32_t id = my_conn_server_id(s);
    char name[64];

    snprintf(name, sizeof name, "tailrace/%.50s", s->name);
    if (tell(c, server, p, id, e)) return -1;
    if (my_client_register(c, id, name, e) || ask(c, s, server, p, e)) return my_stream_explain(c, s, e);
    return 0;
}

/* Server id 0 throws nobody out. With a place in a file MariaDB must not be told GTIDs. */
int my_stream_look(struct my_client *c, const struct my_server *server, const struct binlog_position *p,
                   struct err *e) {
    bool by_file = p->from.file[0] != '\0';
    struct my_dump d = {.file = "", .offset = 4, .ends = true};
    struct buf sql = {0}, gtids = {0};
    int rc;

    buf_puts(&sql, "SET @master_binlog_checksum = @@GLOBAL.binlog_checksum,"
                   " @source_binlog_checksum = @@GLOBAL.binlog_checksum, @mariadb_slave_capability = 4");
    if (!by_file && server->flavour == FLAVOUR_MARIADB) put_mariadb(&sql, p);
    if (by_file) {
        d.file = p->from.file;
        d.offset = p->from.offset;
    } else if (server->flavour == FLAVOUR_MYSQL) {
        d.by_gtid = true;
        gtid_set_encode(p->from.gtids, &gtids);
        d.gtids = gtids.data;
        d.gtids_len = gtids.len;
    }
    rc = my_client_exec(c, "preparing to read the log ahead", buf_cstr(&sql), e);
    if (buf_failed(&sql) || buf_failed(&gtids)) rc = err_memory(e, "preparing to read the log ahead");
    if (!rc) rc = my_client_dump(c, &d, e);
    buf_release(&sql);
    buf_release(&gtids);
    return rc;
}

/* ---- What went wrong ---- */

static bool says(const struct err *e, const char *words) {
    return strcasestr(e->text, words) != NULL;
}

/*
 * What the server says of a log that it cannot read, or cannot find our position in, and what a person should
 * do. What is not here is a gap too.
 */
static const struct meaning {
    const char *words;
    enum err_code code;
    const char *remedy;
} meanings[] = {
    {"cannot replicate anonymous", ERR_CONFIG, SWITCHED_MODE},
    {"cannot replicate gtid-transaction", ERR_CONFIG, SWITCHED_MODE},
    {"server_id is 0", ERR_CONFIG, "run \"SET GLOBAL server_id = 1;\" (a number of its own) on the server"},
    {"decrypt", ERR_CONFIG, "the server cannot read its own log: give it back the keys of its encryption"},
    {"encryption key", ERR_CONFIG,
     "the server cannot read its own log: give it back the keys of its encryption"},
    {"exceeded max_allowed_packet", ERR_GAP,
     "raise max_allowed_packet on the server; if it is 1G already, the log is damaged there: " DAMAGED},
    {"bogus data", ERR_GAP, "the log is damaged there: " DAMAGED},
    {"truncated in the middle", ERR_GAP, "the log is damaged there: " DAMAGED},
    {"reading log event", ERR_GAP, "the log is damaged there: " DAMAGED},
    {"checksum verification failed", ERR_GAP, "the log is damaged there: " DAMAGED},
    {"corrupt", ERR_GAP, "the log is damaged there: " DAMAGED},
    {"could not open log file", ERR_GAP, "a file of the log is missing or may not be read: " DAMAGED},
};

/* Not the log's fault: trying again may help. */
static const char *const passing[] = {"out of memory", "failed on", "shutdown", "net error",
                                      "already a running dump thread"};

static int give_meaning(const char *text, struct err *e) {
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        if (strcasestr(text, passing[i])) return -1;
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (strcasestr(text, meanings[i].words))
            return err_set(e, meanings[i].code, "%s (%.600s)%s", meanings[i].remedy, text,
                           meanings[i].code == ERR_GAP ? ACCEPT : "");
    return err_set(e, ERR_GAP, "the server cannot give what follows our position: %.700s%s", text, ACCEPT);
}

/* The server puts a dozen things under one number, and tells them apart in English only. */
int my_stream_explain(const struct my_client *c, const struct config_source *s, struct err *e) {
    unsigned number = my_client_errno(c);
    char text[sizeof e->text];

    if (number != ERROR_DUMP && number != ERROR_LOG && number != ERROR_ID) return -1;
    memcpy(text, e->text, sizeof text);
    if (says(e, "same server_uuid/server_id") || says(e, "same server_id"))
        return err_set(e, ERR_FENCED,
                       "another replica has registered with our server_id %" PRIu32
                       " and taken our place: stop it, or give one of the two another server_id (%.500s)",
                       my_conn_server_id(s), text);
    return give_meaning(text, e);
}
