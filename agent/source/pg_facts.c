#include "agent/source/pg_facts.h"

#include <stdio.h>
#include <string.h>

static int read_publications(struct pg_conn *c, const char *name, struct pg_facts *out, struct err *e) {
    struct buf sql = {0};
    char insert[PG_NAME_MAX];
    PGresult *res = NULL;

    pg_publication_insert_name(name, insert);
    buf_puts(&sql, "SELECT oid, pubname FROM pg_publication WHERE pubname IN (");
    pg_put_literal(&sql, name);
    buf_puts(&sql, ", ");
    pg_put_literal(&sql, insert);
    buf_puts(&sql, ") ORDER BY pubname");
    if (buf_failed(&sql))
        err_memory(e, "reading the publications");
    else
        res = pg_query(c, "reading the publications", buf_cstr(&sql), 0, NULL, e);
    buf_release(&sql);
    if (!res) return -1;
    for (int i = 0; i < PQntuples(res) && i < PG_FACTS_PUBLICATIONS; i++) {
        struct pg_identity_publication *p = &out->publications[out->npublications++];
        p->oid = (uint32_t)pg_u64(res, i, 0);
        snprintf(p->name, sizeof p->name, "%s", pg_text(res, i, 1));
    }
    PQclear(res);
    return 0;
}

static int read_history(struct pg_conn *c, uint32_t timeline, struct pg_history *out, struct err *e) {
    char sql[48];
    PGresult *res;
    bool good;

    snprintf(sql, sizeof sql, "TIMELINE_HISTORY %u", timeline);
    res = pg_query(c, "reading the history of timelines", sql, 0, NULL, e);
    if (!res) return -1;
    good = pg_history_parse(pg_text(res, 0, 1), out);
    PQclear(res);
    return good ? 0 : err_set(e, ERR_DATA, "the server's history of timeline %u is not understood", timeline);
}

int pg_facts_read(struct pg_conn *replication, const char *slot, const char *publication,
                  const struct pg_identity *ours, struct pg_facts *out, struct err *e) {
    memset(out, 0, sizeof *out);
    if (pg_server_read(replication, &out->server, e) || pg_server_identify(replication, &out->server, e))
        return -1;
    if (pg_server_end(replication, &out->server, &out->server_end, e)) return -1;
    if (ours && ours->system_id == out->server.system_id && ours->timeline < out->server.timeline &&
        read_history(replication, out->server.timeline, &out->history, e))
        return -1;
    if (pg_slot_read(replication, &out->server, slot, &out->slot, e)) return -1;
    return read_publications(replication, publication, out, e);
}

void pg_facts_judge(const struct pg_facts *f, const struct pg_identity *ours, uint64_t position,
                    struct pg_gap *out) {
    struct pg_gap_facts facts = {
        .ours = ours,
        .position = position,
        .server = &f->server,
        .server_end = f->server_end,
        .history = &f->history,
        .slot = &f->slot,
        .publications = f->publications,
        .npublications = f->npublications,
    };

    pg_gap_find(&facts, out);
}

void pg_facts_identity(const struct pg_facts *f, struct pg_identity *out) {
    memset(out, 0, sizeof *out);
    out->system_id = f->server.system_id;
    out->timeline = f->server.timeline;
    out->database_oid = f->server.database_oid;
    memcpy(out->database, f->server.database, sizeof out->database);
    memcpy(out->slot, f->slot.name, sizeof out->slot);
    out->npublications = f->npublications;
    memcpy(out->publications, f->publications, f->npublications * sizeof f->publications[0]);
}

int pg_facts_refuse(const struct pg_gap *gap, struct err *e) {
    if (gap->wait) return err_set(e, ERR_IO, "%s", gap->what);
    return err_set(
        e, ERR_GAP,
        "the log no longer continues where we stopped: %s. Remedy: %s. To go on without what is missing, "
        "run once with --accept-gap: it publishes a gap event and begins a new epoch",
        gap->what, gap->remedy);
}
