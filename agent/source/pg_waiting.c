#include "agent/source/pg_waiting.h"

#include "agent/source/pg_query.h"
#include "decoders/buf.h"

#define NAMED_MAX 5

/* Every running transaction holds a lock on its own xid, prepared ones too; subtransactions have one each. */
static const char running_sql[] =
    "SELECT l.transactionid, l.pid, a.usename, a.state, p.gid, a.wait_event FROM pg_locks l"
    " LEFT JOIN pg_stat_activity a ON a.pid = l.pid"
    " LEFT JOIN pg_prepared_xacts p ON l.pid IS NULL AND p.transaction = l.transactionid"
    " WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted"
    " ORDER BY age(l.transactionid) DESC";

static void put_one(const PGresult *res, int row, struct buf *out) {
    buf_printf(out, "%s%s", out->len > 0 ? ", " : "", pg_text(res, row, 0));
    if (!PQgetisnull(res, row, 4)) {
        buf_printf(out, " (prepared as '%s')", pg_text(res, row, 4));
        return;
    }
    if (PQgetisnull(res, row, 1)) return;
    buf_printf(out, " (process %s", pg_text(res, row, 1));
    if (*pg_text(res, row, 2)) buf_printf(out, " of \"%s\"", pg_text(res, row, 2));
    if (*pg_text(res, row, 3)) buf_printf(out, ", %s", pg_text(res, row, 3));
    if (*pg_text(res, row, 5)) buf_printf(out, ", waits for %s", pg_text(res, row, 5));
    buf_putc(out, ')');
}

static bool is_meant(const struct pg_verdict *v, uint32_t xid) {
    if (v->sight == PG_SIGHT_COMMIT) return xid == (uint32_t)v->xid;
    return pg_xid_widen(xid, v->limit) < v->limit;
}

static void put_running(struct pg_conn *c, const struct pg_verdict *v, struct buf *out) {
    PGresult *res = pg_query(c, "reading pg_locks", running_sql, 0, NULL, NULL);
    size_t n = 0;

    for (int i = 0; res && i < PQntuples(res); i++)
        if (is_meant(v, (uint32_t)pg_u64(res, i, 0)) && ++n <= NAMED_MAX) put_one(res, i, out);
    if (n > NAMED_MAX) buf_printf(out, " and %zu more", n - NAMED_MAX);
    PQclear(res);
}

void pg_waiting_say(struct pg_conn *c, const struct pg_verdict *v, struct err *e) {
    struct buf who = {0};

    put_running(c, v, &who);
    if (v->sight == PG_SIGHT_COMMIT) {
        if (who.len == 0) buf_put_u64(&who, v->xid);
        err_set(
            e, ERR_IO,
            "waiting until a commit that was streamed is visible, which a synchronous standby may hold up: "
            "transaction %s",
            buf_cstr(&who));
    } else {
        if (who.len == 0) buf_printf(&who, "before %llu", (unsigned long long)v->limit);
        err_set(e, ERR_IO, "waiting for the transactions that were open when the reading began: %s",
                buf_cstr(&who));
    }
    e->retriable = true;
    buf_release(&who);
}
