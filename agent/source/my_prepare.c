#include "agent/source/my_prepare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/log.h"
#include "agent/source/my_begun.h"
#include "agent/source/my_conn.h"
#include "agent/source/my_describe.h"
#include "agent/source/my_from.h"
#include "agent/source/my_gap.h"
#include "agent/source/my_stream.h"
#include "agent/source/my_xa.h"
#include "decoders/binlog/event.h"

struct my_prepare {
    const struct config_source *config;
    struct my_client *sql; /* for questions; NULL: closed */
    struct my_server server;
    struct my_identity identity; /* what was found; verify compares with it */
};

/* What a run works with: filled step by step. */
struct run {
    struct my_prepare *p;
    const struct source_resume *resume;
    struct my_log log;
    struct my_identity ours;         /* of the checkpoint */
    struct binlog_position position; /* where streaming begins */
    struct my_gap gap;               /* accepted; kind NONE: there is none */
    struct buf gap_from;
    bool switched; /* positions are told apart another way from now on */
};

/* ---- Life ---- */

int my_prepare_open(const struct config_source *c, struct my_prepare **out, struct err *e) {
    struct my_prepare *p = calloc(1, sizeof *p);

    if (!p) return err_memory(e, "preparing the source");
    p->config = c;
    if (my_conn_open(c, MY_CONN_SQL_S, &p->sql, e) || my_server_read(p->sql, c, &p->server, e)) {
        my_prepare_free(p);
        return -1;
    }
    *out = p;
    return 0;
}

void my_prepare_free(struct my_prepare *p) {
    if (!p) return;
    my_client_close(p->sql);
    free(p);
}

void my_prepare_hang_up(struct my_prepare *p) {
    my_client_close(p->sql);
    p->sql = NULL;
}

const struct my_server *my_prepare_server(const struct my_prepare *p) {
    return &p->server;
}

/* ---- Is there a gap? ---- */

/* MariaDB can say which GTIDs lie before a place in its log; so a log that was reset does not pass for ours.
 */
static int ask_at_position(struct my_client *c, const struct my_gap_facts *f, struct gtid_set *out,
                           bool *known, struct err *e) {
    const struct binlog_place *place = my_gap_place(f);

    *known = false;
    if (f->server->flavour != FLAVOUR_MARIADB || !place) return 0;
    return my_log_gtids_at(c, place->file, place->offset, out, known, e);
}

/* When the file of our position was begun: it has to be the one that we have read. */
static int ask_begun(const struct config_source *config, struct my_gap_facts *f, struct err *e) {
    const struct binlog_place *place = my_gap_place(f);

    return place && place->begun ? my_begun(config, f->server, place->file, &f->begun, e) : 0;
}

static int judge(const struct config_source *config, struct my_client *c, struct my_gap_facts f,
                 struct my_gap *gap, struct err *e) {
    struct gtid_set *there = gtid_set_new(f.server->flavour);
    bool known;
    int rc = -1;

    if (!there)
        err_memory(e, "looking at the log");
    else if (!ask_begun(config, &f, e) && !ask_at_position(c, &f, there, &known, e)) {
        if (known) f.at_position = there;
        rc = my_gap_find(&f, gap, e);
    }
    gtid_set_free(there);
    return rc;
}

static int refuse(const struct my_gap *gap, struct err *e) {
    if (gap->wait) return err_set(e, ERR_IO, "this read-only server has not caught up: %s", gap->what);
    return err_set(
        e, ERR_GAP,
        "%s: %s. Or go on without what is missing: --accept-gap publishes a gap event and begins a "
        "new epoch",
        gap->what, gap->remedy);
}

/* ---- Where to begin ---- */

static int begin_at_end(struct run *r, struct err *e) {
    r->position.by_gtid = r->p->server.gtids;
    return binlog_place_copy(&r->position.from, &r->log.end.through, e) ||
                   binlog_place_copy(&r->position.through, &r->log.end.through, e)
               ? -1
               : 0;
}

/* What is prepared by then, and not decided yet, is known when it commits. */
static int look_for_prepared(struct run *r, struct err *e) {
    return my_xa_begin(r->p->sql, &r->p->server, &r->log, r->p->config->name, &r->position.from, e);
}

static int begin_now(struct run *r, struct err *e) {
    return begin_at_end(r, e) || look_for_prepared(r, e) ? -1 : 0;
}

static int add_purged(struct run *r, struct gtid_set *set, struct err *e) {
    struct buf text = {0};
    int rc;

    gtid_set_format(r->log.purged, &text);
    rc = buf_failed(&text) ? err_memory(e, "preparing the source")
                           : gtid_set_parse(set, buf_cstr(&text), text.len, e);
    buf_release(&text);
    return rc;
}

/* All that is still there and was not delivered; of a log that was reset nothing was. */
static int begin_at_oldest(struct run *r, struct err *e) {
    struct binlog_position *p = &r->position;

    p->by_gtid = p->by_gtid && r->p->server.gtids;
    p->through.begun = 0;
    if (r->gap.kind == MY_GAP_RESET) gtid_set_clear(p->through.gtids);
    if (p->by_gtid) {
        if (add_purged(r, p->through.gtids, e)) return -1;
        p->through.file[0] = '\0';
        return binlog_place_copy(&p->from, &p->through, e);
    }
    memcpy(p->through.file, r->log.files[0].name, sizeof p->through.file);
    p->through.offset = 4;
    return binlog_place_copy(&p->from, &p->through, e);
}

static void print_position(const struct binlog_position *p, struct buf *out) {
    struct buf blob = {0};

    binlog_position_write(p, &blob);
    binlog_position_text((struct position){blob.data, blob.len}, out);
    buf_release(&blob);
}

static int settle_gap(struct run *r, struct err *e) {
    if (r->gap.wait || !r->resume->accept_gap) return refuse(&r->gap, e);
    print_position(&r->position, &r->gap_from);
    return r->gap.from_oldest ? begin_at_oldest(r, e) : begin_now(r, e);
}

/*
 * gtid_mode was switched since: the checkpoint has both kinds of position, so nothing is lost; but rows are
 * told apart and sorted another way, which is a new epoch. To GTIDs only once all that follows has one.
 */
static int settle_mode(struct run *r, struct err *e) {
    struct my_prepare *p = r->p;
    bool all = true;

    if (r->position.by_gtid == p->server.gtids || r->gap.kind != MY_GAP_NONE) return 0;
    if (p->server.gtids) {
        if (r->ours.complete && my_log_has_gtids(p->sql, &r->log, &r->position.from, &all, e)) return -1;
        if (!r->ours.complete || !all) {
            log_msg(LOG_WARN, p->config->name,
                    "gtid_mode is ON, but transactions without GTID are still to be read: going on by file "
                    "and offset until the next start");
            return 0;
        }
    }
    r->position.by_gtid = p->server.gtids;
    r->switched = true;
    log_msg(LOG_WARN, p->config->name, "gtid_mode was switched: going on by %s, epoch %u begins",
            p->server.gtids ? "GTID" : "file and offset", r->resume->epoch + 1);
    return 0;
}

static void say_failover(const struct run *r) {
    const struct my_server *s = &r->p->server;

    if (my_identity_same(&r->ours, s) || r->gap.kind != MY_GAP_NONE) return;
    log_msg(LOG_WARN, r->p->config->name,
            "this is another server (server_id %u, the checkpoint's is %u): going on by GTID", s->server_id,
            r->ours.server_id);
}

static bool is_begin(const uint8_t *event, size_t len) {
    return len > 4 && (event[4] == BINLOG_GTID || event[4] == BINLOG_ANONYMOUS_GTID ||
                       event[4] == BINLOG_GTID_TAGGED || event[4] == MARIADB_GTID);
}

/*
 * The server's own refusal to go on at our position, which shows only when it is asked. It goes on when a
 * whole transaction comes, or nothing more.
 */
static int read_on(struct run *r, struct my_client *c, struct err *e) {
    struct binlog_position at = r->position;
    const uint8_t *event;
    size_t len;
    int rc = 1;

    if (at.by_gtid) at.from.file[0] = '\0';
    if (my_stream_look(c, &r->p->server, &at, e)) return my_stream_explain(c, r->p->config, e);
    for (int begun = 0; rc == 1 && begun < 2; begun += rc == 1 && is_begin(event, len))
        rc = my_client_fetch(c, &event, &len, e);
    return rc < 0 ? my_stream_explain(c, r->p->config, e) : 0;
}

static int try_position(struct run *r, struct err *e) {
    struct my_client *c;
    int rc;

    if (my_conn_open(r->p->config, MY_SEARCH_S, &c, e)) return -1;
    rc = read_on(r, c, e);
    my_client_close(c);
    if (!rc || e->code != ERR_GAP) return rc;
    r->gap.kind = MY_GAP_UNREADABLE;
    snprintf(r->gap.what, sizeof r->gap.what, "%.*s", (int)sizeof r->gap.what - 1, e->text);
    err_clear(e);
    return 0;
}

static int resume(struct run *r, struct err *e) {
    struct my_prepare *p = r->p;
    struct my_gap_facts facts;

    if (my_identity_decode(r->resume->identity, &r->ours, e) ||
        binlog_position_read(r->resume->position, &r->position, e))
        return -1;
    facts = (struct my_gap_facts){
        .ours = &r->ours, .position = &r->position, .server = &p->server, .log = &r->log};
    if (judge(p->config, p->sql, facts, &r->gap, e)) return -1;
    if (r->gap.kind == MY_GAP_NONE && r->resume->accept_gap && try_position(r, e)) return -1;
    if (r->gap.kind != MY_GAP_NONE && settle_gap(r, e)) return -1;
    if (settle_mode(r, e)) return -1;
    say_failover(r);
    return 0;
}

static int first_run(struct run *r, struct err *e) {
    struct my_from_parts parts = {.sql = r->p->sql, .server = &r->p->server, .log = &r->log};

    r->ours.complete = true;
    if (!r->resume->from || strcmp(r->resume->from, "now") == 0) return begin_now(r, e);
    if (begin_at_end(r, e)) return -1;
    if (my_from(&parts, r->resume->from, &r->position, &r->ours.complete, e)) return -1;
    return look_for_prepared(r, e);
}

/* Files of the checkpoint may be another server's. */
static int note_begun(struct run *r, struct err *e) {
    const struct my_prepare *p = r->p;

    if (!r->resume->first_run && !my_identity_same(&r->ours, &p->server)) return 0;
    return my_begun_note(p->config, &p->server, &r->position, e);
}

/* Not in the way of anything: rows come without them. */
static void say_statements(const struct my_prepare *p) {
    if (!p->config->statements || p->server.statements) return;
    log_msg(
        LOG_WARN, p->config->name,
        "statements are to be published, but the server does not log them: run \"SET GLOBAL %s = ON;\" and "
        "let the applications connect anew",
        p->server.flavour == FLAVOUR_MARIADB ? "binlog_annotate_row_events" : "binlog_rows_query_log_events");
}

/* ---- All together ---- */

static int fill_out(struct run *r, struct source_start *out, struct err *e) {
    struct my_prepare *p = r->p;

    p->identity = (struct my_identity){
        .flavour = p->server.flavour,
        .by_gtid = r->position.by_gtid,
        .complete = r->ours.complete || r->position.by_gtid,
        .server_id = p->server.server_id,
    };
    memcpy(p->identity.uuid, p->server.uuid, sizeof p->identity.uuid);
    my_identity_encode(&p->identity, &out->identity);
    binlog_position_write(&r->position, &out->position);
    out->epoch = r->resume->epoch + (r->gap.kind != MY_GAP_NONE || r->switched ? 1 : 0);
    out->gap = r->gap.kind != MY_GAP_NONE;
    if (out->gap) {
        struct buf to = {0};
        print_position(&r->position, &to);
        buf_printf(&out->gap_text, "from %s to %s: %s", buf_cstr(&r->gap_from), buf_cstr(&to), r->gap.what);
        buf_release(&to);
    }
    if (buf_failed(&out->identity) || buf_failed(&out->position) || buf_failed(&out->gap_text))
        return err_memory(e, "preparing the source");
    return 0;
}

int my_prepare_run(struct my_prepare *p, const struct source_resume *rs, struct source_start *out,
                   struct err *e) {
    struct run r = {.p = p, .resume = rs};
    int rc = -1;

    if (binlog_position_init(&r.position, p->server.flavour, e)) return -1;
    if (my_log_read(p->sql, &p->server, &r.log, e)) goto out;
    if (rs->first_run ? first_run(&r, e) : resume(&r, e)) goto out;
    if (note_begun(&r, e)) goto out;
    say_statements(p);
    rc = fill_out(&r, out, e);
out:
    buf_release(&r.gap_from);
    my_log_release(&r.log);
    binlog_position_release(&r.position);
    return rc;
}

/* ---- Later ---- */

static int check_mode(const struct my_prepare *p, const struct my_server *now, struct err *e) {
    if (!p->identity.by_gtid || now->gtids) return 0;
    err_set(e, ERR_IO, "gtid_mode was switched off");
    e->retriable = false;
    e->fatal = true;
    return -1;
}

static void note_failover(struct my_prepare *p, const struct my_server *now, struct buf *identity) {
    bool same = my_identity_same(&p->identity, now);

    p->server = *now;
    if (same) return;
    log_msg(LOG_WARN, p->config->name, "this is another server (server_id %u, before %u): going on by GTID",
            now->server_id, p->identity.server_id);
    p->identity.server_id = now->server_id;
    memcpy(p->identity.uuid, now->uuid, sizeof p->identity.uuid);
    my_identity_encode(&p->identity, identity);
}

int my_prepare_verify(struct my_prepare *p, struct my_client *c, struct position position,
                      struct buf *identity, struct err *e) {
    struct my_server now;
    struct my_log log = {0};
    struct binlog_position at;
    struct my_gap_facts facts;
    struct my_gap gap;
    int rc = -1;

    buf_clear(identity, SIZE_MAX);
    if (my_server_read(c, p->config, &now, e) || check_mode(p, &now, e)) return -1;
    if (binlog_position_init(&at, now.flavour, e)) return -1;
    if (binlog_position_read(position, &at, e) || my_log_read(c, &now, &log, e)) goto out;
    facts = (struct my_gap_facts){.ours = &p->identity, .position = &at, .server = &now, .log = &log};
    if (judge(p->config, c, facts, &gap, e)) goto out;
    if (gap.kind != MY_GAP_NONE) {
        refuse(&gap, e);
        goto out;
    }
    note_failover(p, &now, identity);
    rc = buf_failed(identity) ? err_memory(e, "looking at the log") : 0;
out:
    my_log_release(&log);
    binlog_position_release(&at);
    return rc;
}

/* The connection may have been lost while nobody asked. */
static int reopen(struct my_prepare *p, struct err *e) {
    if (p->sql && my_client_exec(p->sql, "asking the server", "DO 1", NULL) == 0) return 0;
    my_client_close(p->sql);
    p->sql = NULL;
    return my_conn_open(p->config, MY_CONN_SQL_S, &p->sql, e);
}

int my_prepare_describe(struct my_prepare *p, source_table_fn fn, void *ctx, struct err *e) {
    if (reopen(p, e)) return -1;
    return my_describe(p->sql, p->config, &p->server, fn, ctx, e);
}

int my_prepare_end_position(struct my_prepare *p, struct buf *out, struct err *e) {
    struct binlog_position end;
    int rc = -1;

    if (reopen(p, e) || binlog_position_init(&end, p->server.flavour, e)) return -1;
    end.by_gtid = p->identity.by_gtid;
    if (!my_log_end(p->sql, &p->server, &end.through, e) && !binlog_place_copy(&end.from, &end.through, e)) {
        binlog_position_write(&end, out);
        rc = buf_failed(out) ? err_memory(e, "asking for the end of the log") : 0;
    }
    binlog_position_release(&end);
    return rc;
}
