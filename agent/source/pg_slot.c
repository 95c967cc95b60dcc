#include "agent/source/pg_slot.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/log.h"

#define FIRST_LOOK_MS 1000
#define LOOK_MS 10000
#define IDLE_LOOK_MS 1000
#define IDLE_PATIENCE_MS 5000 /* beyond wal_sender_timeout */
#define NAMED_MAX 5           /* writers named in one line */

/* ---- Reading ---- */

#define LOST "(CASE WHEN wal_status = 'lost' THEN 'wal_removed' END)"

/* Columns that came with later versions read as their neutral value before. */
static void put_columns(struct buf *sql, int version) {
    buf_puts(sql, "SELECT plugin, database, temporary, two_phase, active_pid, confirmed_flush_lsn,"
                  " restart_lsn, wal_status");
    buf_puts(sql, version >= 170000 ? ", failover, synced" : ", false, false");
    if (version >= 170000)
        buf_puts(sql, ", COALESCE(invalidation_reason, " LOST ")");
    else if (version >= 160000)
        buf_puts(sql,
                 ", CASE WHEN conflicting AND pg_is_in_recovery() THEN 'rows_removed' ELSE " LOST " END");
    else
        buf_puts(sql, ", " LOST);
    buf_puts(sql, " FROM pg_catalog.pg_replication_slots WHERE slot_name = ");
}

static void copy(char *out, size_t size, const PGresult *res, int col) {
    snprintf(out, size, "%s", pg_text(res, 0, col));
}

static void read_row(const PGresult *res, struct pg_slot *out) {
    out->exists = true;
    copy(out->plugin, sizeof out->plugin, res, 0);
    copy(out->database, sizeof out->database, res, 1);
    out->temporary = pg_bool(res, 0, 2);
    out->two_phase = pg_bool(res, 0, 3);
    out->active_pid = (uint32_t)pg_u64(res, 0, 4);
    out->confirmed = pg_lsn(res, 0, 5);
    out->restart = pg_lsn(res, 0, 6);
    copy(out->wal_status, sizeof out->wal_status, res, 7);
    out->failover = pg_bool(res, 0, 8);
    out->synced = pg_bool(res, 0, 9);
    copy(out->invalid, sizeof out->invalid, res, 10);
}

int pg_slot_read(struct pg_conn *c, const struct pg_server *s, const char *name, struct pg_slot *out,
                 struct err *e) {
    struct buf sql = {0};
    PGresult *res = NULL;

    memset(out, 0, sizeof *out);
    snprintf(out->name, sizeof out->name, "%s", name);
    put_columns(&sql, s->version);
    pg_put_literal(&sql, name);
    if (buf_failed(&sql))
        err_memory(e, "reading the slot");
    else
        res = pg_query(c, "reading the slot", buf_cstr(&sql), 0, NULL, e);
    if (res && PQntuples(res) > 0) read_row(res, out);
    buf_release(&sql);
    PQclear(res);
    return res ? 0 : -1;
}

int pg_slot_check(const struct pg_slot *slot, const struct pg_server *s, struct err *e) {
    const char *other = "choose another name with the option slot, or drop it";

    if (strcmp(slot->plugin, "pgoutput") != 0)
        return err_set(e, ERR_CONFIG, "the slot \"%s\" is %s, not one of pgoutput: %s", slot->name,
                       slot->plugin[0] ? slot->plugin : "a physical one", other);
    if (strcmp(slot->database, s->database) != 0)
        return err_set(e, ERR_CONFIG, "the slot \"%s\" belongs to database \"%s\", not to \"%s\": %s",
                       slot->name, slot->database, s->database, other);
    if (slot->temporary)
        return err_set(e, ERR_CONFIG, "the slot \"%s\" is a temporary one of process %u: %s", slot->name,
                       slot->active_pid, other);
    if (slot->two_phase)
        return err_set(e, ERR_CONFIG,
                       "the slot \"%s\" was created with two_phase, which Tailrace does not read: %s",
                       slot->name, other);
    if (slot->synced && s->in_recovery)
        return err_set(
            e, ERR_IO,
            "the slot \"%s\" is being copied from the primary and cannot be read on this standby until "
            "it is promoted: connect to the primary (several hosts in the URL with "
            "target_session_attrs=read-write find it)",
            slot->name);
    return 0;
}

/* ---- Waiting for one that is still in use ---- */

static void say_active(struct pg_conn *c, const struct pg_slot *slot) {
    char sql[256];
    struct err ignored = {0};
    PGresult *res;
    bool known;

    snprintf(sql, sizeof sql,
             "SELECT COALESCE(application_name, ''), COALESCE(host(client_addr), 'a local socket')"
             " FROM pg_stat_activity WHERE pid = %u",
             slot->active_pid);
    res = pg_query(c, "asking who uses the slot", sql, 0, NULL, &ignored);
    known = res && PQntuples(res) > 0;
    log_msg(LOG_WARN, c->config->name,
            "the slot \"%s\" is in use by process %u (%s, from %s): waiting for it", slot->name,
            slot->active_pid, known ? pg_text(res, 0, 0) : "unknown", known ? pg_text(res, 0, 1) : "unknown");
    PQclear(res);
}

int pg_slot_wait_idle(struct pg_conn *c, const struct pg_server *s, const struct clock *clock,
                      struct pg_slot *slot, struct err *e) {
    struct pollfd fd = {.fd = c->stop_fd > 0 ? c->stop_fd : -1, .events = POLLIN};
    int64_t until = clock_monotonic_us(clock) + 1000 * ((int64_t)s->wal_sender_timeout_ms + IDLE_PATIENCE_MS);
    char name[PG_NAME_MAX];

    if (slot->active_pid != 0) say_active(c, slot);
    memcpy(name, slot->name, sizeof name);
    while (slot->active_pid != 0) {
        if (clock_monotonic_us(clock) > until)
            return err_set(
                e, ERR_FENCED,
                "the slot \"%s\" is in use by process %u: another agent streams this source; stop it, or "
                "give this one a name and a slot of its own",
                name, slot->active_pid);
        if (poll(&fd, 1, IDLE_LOOK_MS) > 0)
            return err_set(e, ERR_STOPPED, "stopped while waiting for the slot");
        if (pg_slot_read(c, s, name, slot, e)) return -1;
    }
    return 0;
}

/* ---- Creating ---- */

static void put_create(struct buf *sql, const struct pg_server *s, const struct pg_slot_request *r) {
    buf_puts(sql, "CREATE_REPLICATION_SLOT ");
    pg_put_ident(sql, r->name);
    buf_puts(sql, r->temporary ? " TEMPORARY LOGICAL pgoutput" : " LOGICAL pgoutput");
    if (s->version < 150000) {
        buf_puts(sql, " NOEXPORT_SNAPSHOT");
        return;
    }
    buf_puts(sql, " (SNAPSHOT 'nothing'");
    if (r->failover && !r->temporary) buf_puts(sql, ", FAILOVER true");
    buf_putc(sql, ')');
}

/* Who holds a transaction id now, the oldest first: the slot waits for those that were there when it began.
 */
static const char writers_sql[] =
    "SELECT 'pid ' || pid || ' (xid ' || backend_xid || COALESCE(', ' || state || ', for ' ||"
    "  floor(extract(epoch FROM clock_timestamp() - xact_start)) || ' s', '') || ')', age(backend_xid)"
    " FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> $1::int"
    " UNION ALL "
    "SELECT 'prepared transaction ' || quote_literal(gid) || ' (xid ' || transaction || ')', age(transaction)"
    " FROM pg_prepared_xacts ORDER BY 2 DESC";

static void say_writers(struct pg_conn *sql, const struct pg_slot_request *r, const PGconn *creator) {
    char pid[16];
    const char *params[] = {pid};
    struct buf names = {0};
    struct err trouble = {0};
    PGresult *res;
    int n;

    snprintf(pid, sizeof pid, "%d", PQbackendPID(creator));
    res = pg_query(sql, "asking who writes", writers_sql, 1, params, &trouble);
    n = res ? PQntuples(res) : 0;
    for (int i = 0; i < n && i < NAMED_MAX; i++) {
        if (i > 0) buf_puts(&names, ", ");
        buf_puts(&names, pg_text(res, i, 0));
    }
    if (n > NAMED_MAX) buf_printf(&names, " and %d more", n - NAMED_MAX);
    log_msg(LOG_WARN, sql->config->name,
            "creating the slot \"%s\" waits for transactions that were writing when it began; open now: %s",
            r->name, n > 0 ? buf_cstr(&names) : "none that we can see");
    buf_release(&names);
    PQclear(res);
}

static void say_waiting(struct pg_conn *sql, const struct pg_server *s, const struct pg_slot_request *r,
                        const PGconn *creator) {
    if (!s->in_recovery) {
        say_writers(sql, r, creator);
        return;
    }
    log_msg(
        LOG_WARN, sql->config->name,
        "creating the slot \"%s\" on a standby waits for the primary to log its running transactions: run "
        "\"SELECT pg_log_standby_snapshot();\" there",
        r->name);
}

/* The creation may have won the race with the cancel: then the slot is there, and has to go. */
static void take_back(struct pg_conn *replication, struct pg_conn *sql, const struct pg_slot_request *r) {
    struct pg_conn deaf = *sql;
    struct err ignored = {0};
    struct buf text = {0};

    pg_cancel(replication);
    pg_conn_close(replication);
    if (r->temporary) return;
    deaf.stop_fd = 0;
    buf_puts(&text, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                    " WHERE active_pid IS NULL AND slot_name = ");
    pg_put_literal(&text, r->name);
    pg_exec(&deaf, "taking the slot back", buf_cstr(&text), &ignored);
    buf_release(&text);
}

static int check_free(struct pg_conn *sql, struct err *e) {
    PGresult *res = pg_query(sql, "counting slots",
                             "SELECT count(*) >= current_setting('max_replication_slots')::int"
                             " FROM pg_replication_slots",
                             0, NULL, e);
    bool full = res && pg_bool(res, 0, 0);

    PQclear(res);
    if (!res) return -1;
    if (!full) return 0;
    return err_set(
        e, ERR_CONFIG,
        "no replication slot is free: drop one that nobody needs (see pg_replication_slots), or raise "
        "max_replication_slots and restart the server");
}

int pg_slot_create(struct pg_conn *replication, struct pg_conn *sql, const struct pg_server *s,
                   const struct pg_slot_request *r, uint64_t *lsn, struct err *e) {
    static const char what[] = "creating it";
    struct buf text = {0};
    PGresult *res = NULL;
    int patience = FIRST_LOOK_MS, rc = -1, n;

    put_create(&text, s, r);
    if (buf_failed(&text)) {
        err_memory(e, "creating the slot");
        goto out;
    }
    if (check_free(sql, e) || pg_send(replication, what, buf_cstr(&text), 0, NULL, e)) goto out;
    while ((n = pg_wait(replication, what, patience, e)) == 0) {
        say_waiting(sql, s, r, replication->pq);
        patience = LOOK_MS;
    }
    if (n < 0 && e->code == ERR_STOPPED) take_back(replication, sql, r);
    if (n > 0) res = pg_result(replication, what, e);
    if (!res) goto out;
    *lsn = pg_lsn(res, 0, 1);
    rc = 0;
out:
    if (rc) err_prefix(e, "slot \"%s\"", r->name);
    PQclear(res);
    buf_release(&text);
    return rc;
}

/* ---- Changing, dropping ---- */

int pg_slot_set_failover(struct pg_conn *replication, const char *name, struct err *e) {
    struct buf text = {0};
    int rc;

    buf_puts(&text, "ALTER_REPLICATION_SLOT ");
    pg_put_ident(&text, name);
    buf_puts(&text, " (FAILOVER true)");
    rc = buf_failed(&text) ? err_memory(e, "changing the slot")
                           : pg_exec(replication, "turning failover on for the slot", buf_cstr(&text), e);
    buf_release(&text);
    return rc;
}

int pg_slot_drop(struct pg_conn *sql, const char *name, struct err *e) {
    const char *params[] = {name};
    PGresult *res = pg_query(sql, "dropping the slot", "SELECT pg_drop_replication_slot($1)", 1, params, e);

    PQclear(res);
    return res ? 0 : -1;
}
