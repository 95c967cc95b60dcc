#include "agent/source/pg_drop.h"

#include <string.h>

#include "agent/base/log.h"
#include "agent/source/pg_publication.h"
#include "agent/source/pg_slot.h"
#include "agent/source/pg_temporary.h"

static int drop_slot(struct pg_conn *sql, const struct pg_server *s, struct err *e) {
    const struct config_source *c = sql->config;
    struct pg_slot slot;

    if (pg_slot_read(sql, s, c->slot, &slot, e)) return -1;
    if (!slot.exists) {
        log_msg(LOG_INFO, c->name, "there is no slot \"%s\"", c->slot);
        return 0;
    }
    if (strcmp(slot.plugin, "pgoutput") != 0 || strcmp(slot.database, s->database) != 0) {
        log_msg(LOG_WARN, c->name, "the slot \"%s\" stays: it is not one of pgoutput in this database",
                c->slot);
        return 0;
    }
    if (slot.active_pid != 0)
        return err_set(e, ERR_FENCED, "the slot \"%s\" is in use by process %u: stop that agent first",
                       c->slot, slot.active_pid);
    if (pg_slot_drop(sql, c->slot, e)) return -1;
    log_msg(LOG_INFO, c->name, "dropped the slot \"%s\"", c->slot);
    return 0;
}

/* What stays because of missing rights is collected in `owner`. */
static int drop_publication(struct pg_conn *sql, const struct pg_server *s, const char *name,
                            struct buf *owner, struct err *e) {
    const char *source = sql->config->name;
    struct pg_publication p;
    int rc = pg_publication_read(sql, s, name, &p, e);

    if (rc || !p.exists) goto out;
    if (!p.mark.ours) {
        log_msg(LOG_INFO, source, "the publication \"%s\" stays: Tailrace did not make it", name);
    } else if (s->in_recovery || !p.may_alter) {
        buf_puts(owner, "DROP PUBLICATION ");
        pg_put_ident(owner, name);
        buf_puts(owner, "; ");
    } else if (!(rc = pg_publication_drop(sql, name, e))) {
        log_msg(LOG_INFO, source, "dropped the publication \"%s\"", name);
    }
out:
    pg_publication_release(&p);
    return rc;
}

int pg_drop(const struct config_source *c, struct err *e) {
    struct pg_conn sql = {0};
    struct pg_server server;
    struct buf owner = {0};
    char insert[PG_NAME_MAX];
    int rc = -1;

    pg_publication_insert_name(c->publication, insert);
    if (pg_conn_open(&sql, c, PG_CONN_SQL, 0, e) || pg_server_read(&sql, &server, e)) goto out;
    if (drop_slot(&sql, &server, e)) goto out;
    if (drop_publication(&sql, &server, c->publication, &owner, e)) goto out;
    if (drop_publication(&sql, &server, insert, &owner, e)) goto out;
    if (!server.in_recovery) pg_temporary_sweep(&sql);
    rc = owner.len == 0 ? 0
                        : err_set(e, ERR_CONFIG, "publications are left that only their owner can drop%s: %s",
                                  server.in_recovery ? ", on the primary" : "", buf_cstr(&owner));
out:
    buf_release(&owner);
    pg_conn_close(&sql);
    return rc;
}
