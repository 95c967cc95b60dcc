#include "agent/source/pg_prepare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/log.h"
#include "agent/source/pg_describe.h"
#include "agent/source/pg_facts.h"
#include "agent/source/pg_from.h"
#include "agent/source/pg_published.h"
#include "agent/source/pg_temporary.h"

struct pg_prepare {
    const struct config_source *config;
    const struct clock *clock;
    const struct decoder_ops *decoder;
    struct pg_conn sql;         /* ordinary, kept for questions */
    struct pg_conn replication; /* from run until it is taken */
    struct pg_server server;
    struct pg_published published;
    struct pg_identity identity; /* what was found; verify compares with it */
    bool durable;
    bool made_publications; /* temporary ones, to be dropped at the end */
    char slot[PG_NAME_MAX];
    char publication[PG_NAME_MAX];
    struct buf names; /* of publications, for START_REPLICATION */
    struct pg_streamed streamed;
};

/* What a run works with: filled step by step. */
struct run {
    struct pg_prepare *p;
    const struct source_resume *resume;
    struct source_start *out;
    struct pg_facts facts;
    struct pg_identity ours; /* of the checkpoint */
    uint64_t position;       /* where streaming begins */
    uint64_t lost_from;      /* of an accepted gap */
    uint64_t published_at;   /* behind all that was done to publications */
    bool new_slot;
    struct pg_gap gap; /* accepted; kind NONE: there is none */
};

/* ---- Life ---- */

int pg_prepare_open(const struct config_source *c, const struct clock *clock,
                    const struct decoder_ops *decoder, struct pg_prepare **out, struct err *e) {
    struct pg_prepare *p = calloc(1, sizeof *p);

    if (!p) return err_memory(e, "preparing the source");
    p->config = c;
    p->clock = clock;
    p->decoder = decoder;
    if (pg_conn_open(&p->sql, c, PG_CONN_SQL, 0, e) || pg_server_read(&p->sql, &p->server, e)) {
        pg_prepare_free(p);
        return -1;
    }
    *out = p;
    return 0;
}

void pg_prepare_free(struct pg_prepare *p) {
    if (!p) return;
    pg_conn_close(&p->replication);
    pg_prepare_clean_up(p);
    pg_conn_close(&p->sql);
    pg_published_release(&p->published);
    buf_release(&p->names);
    free(p);
}

const struct pg_server *pg_prepare_server(const struct pg_prepare *p) {
    return &p->server;
}

bool pg_prepare_durable(const struct pg_prepare *p) {
    return p->durable;
}

const char *pg_prepare_slot(const struct pg_prepare *p) {
    return p->slot;
}

struct pg_watch_parts pg_prepare_watch(const struct pg_prepare *p) {
    return (struct pg_watch_parts){
        .config = p->config,
        .identity = &p->identity,
        .publication = p->publication,
        .read_only = !p->durable && !p->made_publications,
        .known = &p->published.tables,
    };
}

void pg_prepare_streamed(const struct pg_prepare *p, struct pg_streamed *out) {
    *out = p->streamed;
}

const char *pg_prepare_publications(const struct pg_prepare *p) {
    return (const char *)p->names.data;
}

void pg_prepare_take_connection(struct pg_prepare *p, struct pg_conn *out, int stop_fd) {
    *out = p->replication;
    out->stop_fd = stop_fd;
    memset(&p->replication, 0, sizeof p->replication);
}

/* ---- Positions ---- */

static int position_of(const struct pg_prepare *p, uint64_t lsn, struct buf *out, struct err *e) {
    char text[PG_LSN_TEXT];

    return p->decoder->position_parse(pg_lsn_format(lsn, text), out, e);
}

static int lsn_of(const struct pg_prepare *p, struct position blob, uint64_t *lsn, struct err *e) {
    struct buf text = {0};
    bool good;

    p->decoder->position_text(blob, &text);
    good = pg_lsn_parse(buf_cstr(&text), lsn);
    buf_release(&text);
    return good ? 0 : err_set(e, ERR_DATA, "the checkpoint's position is not one of PostgreSQL");
}

/* ---- Is there a gap? ---- */

/* A slot without a checkpoint of ours goes on from what it was told last, if its publication is still there.
 */
static void judge_first_run(struct run *r, struct pg_gap *gap) {
    r->position = r->facts.slot.confirmed;
    pg_facts_judge(&r->facts, NULL, r->position, gap);
    if (gap->kind != PG_GAP_NONE || r->p->published.main.exists) return;
    gap->kind = PG_GAP_PUBLICATION_MISSING;
    snprintf(gap->what, sizeof gap->what,
             "there is no checkpoint, the slot \"%s\" is there, but its publication \"%s\" is not",
             r->p->slot, r->p->publication);
    gap->remedy = "drop the slot if it is of no use (tailrace drop)";
}

static int judge(struct run *r, struct err *e) {
    const struct source_resume *resume = r->resume;
    struct pg_gap gap = {0};

    if (resume->first_run && !r->facts.slot.exists) {
        r->new_slot = true;
        return 0;
    }
    if (resume->first_run)
        judge_first_run(r, &gap);
    else
        pg_facts_judge(&r->facts, &r->ours, r->position, &gap);
    if (gap.kind == PG_GAP_NONE && !gap.wait) return 0;
    if (gap.wait || !resume->accept_gap) return pg_facts_refuse(&gap, e);
    r->gap = gap;
    r->lost_from = r->position;
    r->position = r->facts.slot.confirmed;
    /* A slot that has seen changes without our publication cannot decode them: it would fail for ever. */
    r->new_slot = !gap.keep_slot || !r->p->published.main.exists;
    return 0;
}

/* ---- Publications ---- */

/* On a first run all that is wanted has to be there; later, what came in since is said and waits. */
static int settle_publications(struct run *r, struct err *e) {
    struct pg_prepare *p = r->p;
    struct pg_update u = {.mark = {.ours = true}};
    bool existed = p->published.main.exists;
    int rc;

    rc = pg_published_update(&p->published, &p->sql, &p->server, &u, e);
    if (!rc && u.owner.len > 0 && (!existed || r->resume->first_run))
        rc = pg_published_refuse(p->config, &p->server, &u.owner, e);
    else if (!rc && u.owner.len > 0)
        pg_published_hand_over(p->config, &p->server, &u.owner);
    buf_release(&u.owner);
    if (rc) return -1;
    pg_published_warn(&p->published, p->config);
    if (pg_server_insert_end(&p->sql, &p->server, &r->published_at, e)) return -1;
    return pg_publication_explain(&p->sql, &p->server, &p->published.main, e);
}

/*
 * Since when a publication can be named: a new slot knows all of them; what the checkpoint knew keeps its
 * position; one that turned up in between could have come after our position, so it counts from now.
 */
static uint64_t named_since(const struct run *r, const struct pg_publication *pub) {
    for (size_t i = 0; i < r->ours.npublications; i++)
        if (r->ours.publications[i].oid == pub->oid) return r->ours.publications[i].since;
    for (size_t i = 0; r->resume->first_run && i < r->facts.npublications; i++)
        if (r->facts.publications[i].oid == pub->oid) return 0;
    return r->published_at;
}

static void remember_publication(struct run *r, const struct pg_publication *pub) {
    struct pg_prepare *p = r->p;
    struct pg_identity_publication *known;

    if (!pub->exists) return;
    known = &p->identity.publications[p->identity.npublications++];
    known->oid = pub->oid;
    known->since = r->new_slot ? 0 : named_since(r, pub);
    memcpy(known->name, pub->name, sizeof known->name);
    if (known->since > r->position) {
        log_msg(LOG_WARN, p->config->name,
                "the publication \"%s\" was made after our position, so this stream cannot name it: its "
                "tables are "
                "streamed from the next start on",
                pub->name);
        return;
    }
    if (p->names.len > 0) buf_putc(&p->names, ',');
    pg_put_ident(&p->names, pub->name);
    memcpy(p->streamed.names[p->streamed.count++], pub->name, sizeof p->streamed.names[0]);
}

/* ---- The slot ---- */

static int make_slot(struct run *r, bool temporary, struct err *e) {
    struct pg_prepare *p = r->p;
    struct pg_slot_request request = {
        .name = p->slot,
        .temporary = temporary,
        .failover = p->config->failover,
    };
    char lsn[PG_LSN_TEXT];

    if (pg_slot_create(&p->replication, &p->sql, &p->server, &request, &r->position, e)) return -1;
    log_kv(LOG_INFO, p->config->name, temporary ? "temporary slot created" : "slot created", "slot", p->slot,
           "lsn", pg_lsn_format(r->position, lsn), NULL);
    return 0;
}

static int refuse_create(const struct pg_prepare *p, struct err *e) {
    return err_set(e, ERR_CONFIG,
                   "there is no slot \"%s\" and the option create is off: run \"SELECT "
                   "pg_create_logical_replication_slot('%s', 'pgoutput');\" in database \"%s\"",
                   p->slot, p->slot, p->server.database);
}

static int settle_slot(struct run *r, struct err *e) {
    struct pg_prepare *p = r->p;
    const struct pg_slot *slot = &r->facts.slot;

    if (!r->new_slot) {
        if (!p->config->failover || slot->failover) return 0;
        log_msg(LOG_INFO, p->config->name, "turning failover on for the slot \"%s\"", p->slot);
        return pg_slot_set_failover(&p->replication, p->slot, e);
    }
    if (!p->config->create) return refuse_create(p, e);
    if (slot->exists) {
        log_msg(LOG_WARN, p->config->name, "dropping the slot \"%s\" and creating it anew", p->slot);
        if (pg_slot_drop(&p->sql, p->slot, e)) return -1;
    }
    return make_slot(r, false, e);
}

static void say_start(const struct run *r) {
    const struct pg_prepare *p = r->p;
    char lsn[PG_LSN_TEXT];

    pg_lsn_format(r->position, lsn);
    if (r->resume->first_run && !r->new_slot && r->gap.kind == PG_GAP_NONE)
        log_msg(LOG_WARN, p->config->name,
                "there is no checkpoint, but the slot \"%s\" is there: going on from %s, %s", p->slot, lsn,
                r->resume->from ? "as told" : "the position it was told last");
    if (strcmp(r->facts.slot.wal_status, "unreserved") == 0)
        log_msg(LOG_WARN, p->config->name,
                "the server is about to remove log that the slot \"%s\" still needs: raise "
                "max_slot_wal_keep_size",
                p->slot);
}

/* ---- A run with a checkpoint ---- */

static int connect_replication(struct run *r, struct err *e) {
    struct pg_prepare *p = r->p;

    if (p->config->failover && p->server.version < 170000)
        return err_set(e, ERR_CONFIG,
                       "the option failover needs PostgreSQL 17 or later, the server is %s: leave it out",
                       p->server.version_text);
    if (pg_conn_open(&p->replication, p->config, PG_CONN_REPLICATION, r->resume->stop_fd, e)) {
        if (e->code == ERR_CONFIG)
            err_prefix(e, "streaming needs a role with REPLICATION (ALTER ROLE \"%s\" REPLICATION)",
                       p->server.role);
        return -1;
    }
    return 0;
}

static int read_resume(struct run *r, struct err *e) {
    if (r->resume->first_run) return 0;
    if (pg_identity_decode(r->resume->identity, &r->ours, e)) return -1;
    return lsn_of(r->p, r->resume->position, &r->position, e);
}

static int run_durable(struct run *r, struct err *e) {
    struct pg_prepare *p = r->p;
    const struct config_source *c = p->config;

    snprintf(p->slot, sizeof p->slot, "%s", c->slot);
    snprintf(p->publication, sizeof p->publication, "%s", c->publication);
    if (read_resume(r, e)) return -1;
    if (pg_facts_read(&p->replication, p->slot, p->publication, r->resume->first_run ? NULL : &r->ours,
                      &r->facts, e))
        return -1;
    p->server = r->facts.server;
    if (r->facts.slot.exists && pg_slot_check(&r->facts.slot, &p->server, e)) return -1;
    if (pg_published_load(&p->published, &p->sql, &p->server, p->publication, e)) return -1;
    pg_discover_warn(c, &p->published.tables);
    if (pg_slot_wait_idle(&p->replication, &p->server, p->clock, &r->facts.slot, e) || judge(r, e)) return -1;
    if (r->resume->first_run &&
        pg_from(r->resume->from, &r->facts.slot, r->facts.server_end, &r->position, e))
        return -1;
    if (settle_publications(r, e) || settle_slot(r, e)) return -1;
    say_start(r);
    return 0;
}

/* ---- A run without: it leaves nothing behind ---- */

static int run_temporary(struct run *r, struct err *e) {
    struct pg_prepare *p = r->p;
    uint32_t pid = (uint32_t)PQbackendPID(p->replication.pq);

    if (pg_facts_read(&p->replication, "", p->config->publication, NULL, &r->facts, e)) return -1;
    p->server = r->facts.server;
    pg_temporary_name(p->config->slot, pid, p->slot);
    r->new_slot = true;
    if (pg_from(r->resume->from, &r->facts.slot, r->facts.server_end, &r->position, e)) return -1;
    if (pg_temporary_publish(&p->published, &p->sql, &p->server, pid, &p->made_publications, e)) return -1;
    snprintf(p->publication, sizeof p->publication, "%s", p->published.main.name);
    pg_published_warn(&p->published, p->config);
    return make_slot(r, true, e);
}

void pg_prepare_clean_up(struct pg_prepare *p) {
    if (!p->made_publications) return;
    p->made_publications = false;
    pg_temporary_drop(&p->published, &p->sql, p->config);
}

/* ---- All together ---- */

static int fill_out(struct run *r, struct err *e) {
    struct pg_prepare *p = r->p;
    char from[PG_LSN_TEXT], to[PG_LSN_TEXT];

    pg_facts_identity(&r->facts, &p->identity);
    p->identity.npublications = 0;
    memcpy(p->identity.slot, p->slot, sizeof p->identity.slot);
    buf_clear(&p->names, SIZE_MAX);
    memset(&p->streamed, 0, sizeof p->streamed);
    memcpy(p->streamed.publication, p->publication, sizeof p->streamed.publication);
    remember_publication(r, &p->published.main);
    remember_publication(r, &p->published.insert);
    buf_cstr(&p->names);
    pg_identity_encode(&p->identity, &r->out->identity);
    r->out->epoch = r->resume->epoch;
    if (r->gap.kind != PG_GAP_NONE) {
        r->out->gap = true;
        r->out->epoch++;
        buf_printf(&r->out->gap_text, "from %s to %s: %s", pg_lsn_format(r->lost_from, from),
                   pg_lsn_format(r->position, to), r->gap.what);
    }
    if (buf_failed(&p->names) || buf_failed(&r->out->identity) || buf_failed(&r->out->gap_text))
        return err_memory(e, "preparing the source");
    return position_of(p, r->position, &r->out->position, e);
}

int pg_prepare_run(struct pg_prepare *p, const struct source_resume *resume, struct source_start *out,
                   struct err *e) {
    struct run r = {.p = p, .resume = resume, .out = out};

    p->durable = resume->durable;
    p->sql.stop_fd = resume->stop_fd;
    if (connect_replication(&r, e)) return -1;
    if (p->durable ? run_durable(&r, e) : run_temporary(&r, e)) return -1;
    return fill_out(&r, e);
}

int pg_prepare_describe(struct pg_prepare *p, source_table_fn fn, void *ctx, struct err *e) {
    struct pg_describe d = {
        .server = &p->server,
        .tables = &p->published.tables,
        .publication = &p->published.main,
        .decoder = p->decoder,
    };

    if (!p->published.tables.items &&
        pg_published_load(&p->published, &p->sql, &p->server, p->config->publication, e))
        return -1;
    return pg_describe(&p->sql, &d, fn, ctx, e);
}

int pg_prepare_end_position(struct pg_prepare *p, struct buf *out, struct err *e) {
    uint64_t lsn;

    if (pg_server_end(&p->sql, &p->server, &lsn, e)) return -1;
    return position_of(p, lsn, out, e);
}

/* ---- While streaming ---- */

int pg_prepare_verify(struct pg_prepare *p, struct pg_conn *c, uint64_t position, struct buf *identity,
                      struct err *e) {
    struct pg_facts facts;
    struct pg_gap gap;

    buf_clear(identity, SIZE_MAX);
    if (!p->durable)
        return err_set(
            e, ERR_GAP,
            "the connection was lost, and with it the temporary slot: what was not delivered yet is gone; "
            "with --state a slot and a checkpoint outlast this");
    if (pg_facts_read(c, p->slot, p->publication, &p->identity, &facts, e)) return -1;
    p->server = facts.server;
    pg_facts_judge(&facts, &p->identity, position, &gap);
    if (gap.kind != PG_GAP_NONE || gap.wait) return pg_facts_refuse(&gap, e);
    if (pg_slot_check(&facts.slot, &facts.server, e)) return -1;
    if (facts.slot.active_pid != 0) {
        err_set(e, ERR_FENCED, "the slot \"%s\" is still in use by process %u", p->slot,
                facts.slot.active_pid);
        e->retriable = true;
        return -1;
    }
    if (facts.server.timeline == p->identity.timeline) return 0;
    log_msg(LOG_WARN, p->config->name,
            "the server was promoted: timeline %u goes on from timeline %u after our position, nothing is "
            "missing",
            facts.server.timeline, p->identity.timeline);
    p->identity.timeline = facts.server.timeline;
    pg_identity_encode(&p->identity, identity);
    return buf_failed(identity) ? err_memory(e, "checking the server") : 0;
}

static int reopen(struct pg_prepare *p, int stop_fd, struct err *e) {
    p->sql.stop_fd = stop_fd;
    if (p->sql.pq && PQstatus(p->sql.pq) == CONNECTION_OK) return 0;
    pg_conn_close(&p->sql);
    return pg_conn_open(&p->sql, p->config, PG_CONN_SQL, stop_fd, e);
}

static int ask_slot(struct pg_prepare *p, struct pg_slot *slot, int stop_fd, struct err *e) {
    struct err ignored = {0};

    if (reopen(p, stop_fd, e)) return -1;
    if (!pg_slot_read(&p->sql, &p->server, p->slot, slot, &ignored)) return 0;
    pg_conn_close(&p->sql); /* it may have died unnoticed: once more over a new one */
    if (reopen(p, stop_fd, e)) return -1;
    return pg_slot_read(&p->sql, &p->server, p->slot, slot, e);
}

int pg_prepare_started(struct pg_prepare *p, uint64_t position, int stop_fd, struct err *e) {
    struct pg_slot slot;
    struct pg_gap gap;

    if (ask_slot(p, &slot, stop_fd, e)) return -1;
    if (!slot.exists || slot.active_pid == 0)
        return err_set(
            e, ERR_IO,
            "the slot \"%s\" is not in use where a second connection led: the URL reaches several servers",
            p->slot);
    pg_facts_judge(&(struct pg_facts){.slot = slot}, NULL, position, &gap);
    if (gap.kind != PG_GAP_NONE) return pg_facts_refuse(&gap, e);
    if (!p->made_publications) pg_conn_close(&p->sql); /* an idle one would only hold up a smart shutdown */
    return 0;
}
