#include <stdlib.h>
#include <string.h>

#include "decoders/binlog/binlog.h"

/*
 * How a group looks in the log:
 *
 *   MySQL    [GTID] QUERY BEGIN … XID, QUERY COMMIT or QUERY ROLLBACK
 *            [GTID] QUERY (a statement alone)
 *            [GTID] QUERY XA START … QUERY XA END, XA_PREPARE;  [GTID] QUERY XA COMMIT or XA ROLLBACK
 *            any of these but the last two in one TRANSACTION_PAYLOAD behind its GTID
 *   MariaDB  GTID … XID, QUERY COMMIT or QUERY ROLLBACK;  GTID (standalone) QUERY
 *            GTID (prepares) … QUERY XA END, XA_PREPARE;  GTID (completes) QUERY XA COMMIT or XA ROLLBACK
 *
 * Changes of a group that ends in ROLLBACK never happened: those of tables without transactions are logged in
 * groups of their own. The same goes for what ROLLBACK TO undoes.
 */

/* Rows events that only end a statement have this table id, and no rows. */
#define DUMMY_TABLE 0xffffff

static int misplaced(struct feed *f, const struct binlog_event *ev, const char *what) {
    return err_set(f->e, ERR_DATA, "%s event %s", binlog_type_name(ev->type), what);
}

/* ---- Open ---- */

/* Whether a group was emitted before. */
static int is_silent(struct feed *f, const struct group *g, bool *out) {
    struct binlog *d = f->d;
    if (!d->by_gtid) {
        struct binlog_place start = d->here;
        start.offset = g->start;
        *out = binlog_place_compare(&start, &d->whole) < 0;
        return 0;
    }
    *out = gtid_set_has(d->here.gtids, &g->gtid);
    if (!*out || d->seen || d->flavour == FLAVOUR_MYSQL) return 0;
    char text[GTID_TEXT];
    gtid_text(&g->gtid, text);
    return err_set(
        f->e, ERR_DATA,
        "transaction %s does not have a higher number than the one before it in its domain, which "
        "MariaDB allows while gtid_strict_mode is OFF: such a log cannot be put in order. Run \"SET "
        "GLOBAL gtid_strict_mode = ON;\" on every server that writes, or give each its own "
        "gtid_domain_id; then read the tables anew and begin behind it, with --from and a state of "
        "its own",
        text);
}

/* What was cut off must come again before anything new. */
static int take_up(struct feed *f) {
    struct binlog *d = f->d;
    if (d->cut && d->at.name != d->done.name)
        return err_set(f->e, ERR_IO,
                       "transaction %.*s came where another one, of which a part was delivered, should have "
                       "been sent again: starting anew from the last checkpoint",
                       (int)d->tx.xid.len, d->tx.xid.ptr);
    d->group.begun = d->cut;
    d->cut = false;
    return 0;
}

static int open_group(struct feed *f, const struct gtid_event *m, uint64_t start) {
    struct binlog *d = f->d;
    d->group = (struct group){.open = true, .start = start, .has_gtid = !m->anonymous, .gtid = m->gtid};
    if (d->by_gtid && m->anonymous)
        return err_set(f->e, ERR_IO,
                       "a transaction without a GTID came: gtid_mode was changed; starting anew by file and "
                       "offset");
    statement_text_clear(&d->coming);
    statement_text_clear(&d->stated);
    if (is_silent(f, &d->group, &d->group.silent)) return -1;
    d->group.standalone = d->flavour == FLAVOUR_MYSQL || m->standalone || m->xa_complete;
    d->group.xa = m->xa_prepare;
    if (d->group.silent) return 0;
    if (emit_identity(f, m->commit_us)) return -1;
    return take_up(f);
}

static int feed_gtid(struct feed *f, const struct binlog_event *ev, uint64_t start) {
    struct gtid_event m;
    if (f->d->group.open) return misplaced(f, ev, "comes inside a transaction");
    if (gtid_event_read(ev, &f->d->format, &m, f->e)) return -1;
    if (!m.anonymous && m.gtid.flavour != f->d->flavour)
        return misplaced(f, ev, "is not of the kind of server that this source is configured for");
    return open_group(f, &m, start);
}

/* ---- Close ---- */

static int catch_up(struct feed *f, const struct group *g) {
    struct binlog *d = f->d;
    if (!d->seen) return 0;
    if (gtid_set_add(d->seen, &g->gtid, f->e)) return -1;
    if (!gtid_set_within(d->here.gtids, d->seen)) return 0;
    gtid_set_free(d->seen);
    d->seen = NULL;
    return 0;
}

/* `h`: what is to be emitted, NULL nothing; of a prepared transaction all of it belongs here. */
static int close_group(struct feed *f, struct hold *h, uint64_t start) {
    struct binlog *d = f->d;
    struct group g = d->group;
    if (!g.silent) {
        if (emit_begin(f)) return -1;
        if (h && emit_hold(f, h, start)) return -1;
    }
    hold_clear(&d->hold);
    if (g.has_gtid && gtid_set_add(d->here.gtids, &g.gtid, f->e)) return -1;
    if (!g.silent) {
        memcpy(d->whole.file, d->here.file, sizeof(d->whole.file));
        d->whole.offset = d->here.offset;
        if (emit_position(f, CHANGE_COMMIT)) return -1;
    }
    d->group = (struct group){0};
    return g.has_gtid ? catch_up(f, &g) : 0;
}

static int close_rolled_back(struct feed *f, const struct binlog_event *ev) {
    if (f->d->group.rows)
        return misplaced(f, ev,
                         "rolls back a transaction so large that its rows were delivered before its end");
    return close_group(f, NULL, 0);
}

int group_abandon(struct feed *f) {
    struct binlog *d = f->d;
    if (!d->group.open) return 0;
    if (d->group.begun)
        return err_set(f->e, ERR_DATA, "the log ends inside a transaction of which a part was delivered");
    hold_clear(&d->hold);
    d->group = (struct group){0};
    return 0;
}

void group_cut(struct binlog *d) {
    if (d->group.open && d->group.begun && !d->group.silent) d->cut = true;
    hold_clear(&d->hold);
    d->group = (struct group){0};
    prepared_release(&d->prepared);
}

/* ---- XA ---- */

static int prepare(struct feed *f, struct text xid) {
    struct binlog *d = f->d;
    struct binlog_place before = d->here;
    before.offset = d->group.start;
    if (d->seen) before.gtids = d->seen; /* read again: what lies before it is not all that was delivered */
    if (prepared_put(&d->prepared, xid, &d->hold, &before, f->e)) return -1;
    return close_group(f, NULL, 0);
}

/* One phase 1, format 4, lengths of both parts 4 and 4, the parts. */
static int feed_xa_prepare(struct feed *f, const struct binlog_event *ev) {
    struct cursor c = ev->body;
    uint8_t one_phase;
    uint32_t format, gtrid_len, bqual_len;
    const uint8_t *gtrid, *bqual;
    struct text xid;
    if (!f->d->group.open || !f->d->group.xa) return misplaced(f, ev, "comes outside of an XA transaction");
    if (!cursor_u8(&c, &one_phase) || !cursor_u32le(&c, &format) || !cursor_u32le(&c, &gtrid_len) ||
        !cursor_u32le(&c, &bqual_len) || !cursor_bytes(&c, gtrid_len, &gtrid) ||
        !cursor_bytes(&c, bqual_len, &bqual) || gtrid_len > 64 || bqual_len > 64)
        return misplaced(f, ev, "is malformed");
    if (one_phase) return close_group(f, &f->d->hold, UINT64_MAX);
    if (statement_xid((struct text){(const char *)gtrid, gtrid_len},
                      (struct text){(const char *)bqual, bqual_len}, format, &f->d->arena, &xid, f->e))
        return -1;
    return prepare(f, xid);
}

static int decide(struct feed *f, struct text xid, bool commit, uint64_t start) {
    struct binlog *d = f->d;
    struct prepared_xa *xa = prepared_find(&d->prepared, xid);
    if (!xa && commit && !d->group.silent && emit_unknown(f, xid)) return -1;
    struct hold *h = xa ? prepared_hold(xa) : NULL;
    /* Decided it holds nothing back any more, so the position behind it may say so. */
    struct hold rows;
    hold_init(&rows);
    if (h && commit && !d->group.silent) {
        rows = *h;
        hold_init(h);
    }
    if (xa) prepared_drop(&d->prepared, xa);
    int result = close_group(f, &rows, start);
    hold_release(&rows);
    return result;
}

/* ---- Inside ---- */

/* The changes go out from now on, as they are read. */
static int stream(struct feed *f) {
    struct binlog *d = f->d;
    d->group.streaming = true;
    if (emit_begin(f) || emit_hold(f, &d->hold, UINT64_MAX)) return -1;
    hold_clear(&d->hold);
    return 0;
}

/* The server has committed whatever large group it sends. */
static bool is_sure(const struct binlog *d) {
    return !d->format.mariadb && strtol(d->format.server_version, NULL, 10) >= 8 && !d->group.xa;
}

/* Memory is full. Where the server may yet roll back it goes to disk, else the changes go out. */
static int overflow(struct feed *f) {
    struct binlog *d = f->d;
    if (d->options.spill && !is_sure(d)) {
        struct spill *s = d->options.spill(d->options.spill_ctx, f->e);
        if (!s) return -1;
        hold_spill(&d->hold, s);
        return 0;
    }
    if (d->group.xa) return err_set(f->e, ERR_DATA, "an XA transaction is too large to be kept in memory");
    return stream(f);
}

/* Nothing is kept of what was emitted before, but for XA transactions. */
static bool is_kept(const struct group *g) {
    return !g->silent || g->xa;
}

static int keep(struct feed *f, struct binlog_event *ev, uint64_t start) {
    struct binlog *d = f->d;
    /* Rows that would fill memory at once are not copied into it. */
    bool huge = binlog_is_rows(ev->type) && cursor_left(&ev->body) > HOLD_MEMORY;
    if (!is_kept(&d->group)) return 0;
    if (huge && !d->group.streaming && is_sure(d) && stream(f)) return -1;
    if (d->group.streaming) return emit_event(f, ev, start);
    if (ev->type == HOLD_SKIPPED ? hold_skip(&d->hold, f->e) : hold_put(&d->hold, ev, start, f->e)) return -1;
    return hold_full(&d->hold) ? overflow(f) : 0;
}

/* Kept once rows are wanted of the statement. */
static int feed_statement_text(struct feed *f, const struct binlog_event *ev) {
    struct binlog *d = f->d;
    if (!d->options.statements || !d->group.open || !is_kept(&d->group)) return 0;
    return statement_text_read(&d->coming, ev, f->e);
}

static int keep_statement_text(struct feed *f) {
    struct binlog *d = f->d;
    struct binlog_event text = statement_text_held(&d->coming);
    if (!d->coming.length) return 0;
    d->group.stated = true;
    int result = keep(f, &text, 0);
    statement_text_clear(&d->coming);
    return result;
}

/* What follows the rows that end a statement has a text of its own, or none. */
static int end_statement_text(struct feed *f, const struct binlog_event *rows) {
    struct binlog *d = f->d;
    if (!d->options.statements || !statement_text_ends(rows, &d->format)) return 0;
    statement_text_clear(&d->coming);
    struct binlog_event none = statement_text_held(&d->coming);
    bool stated = d->group.stated;
    d->group.stated = false;
    return stated ? keep(f, &none, 0) : 0;
}

static int feed_table_map(struct feed *f, struct binlog_event *ev, uint64_t start) {
    struct binlog *d = f->d;
    struct table_map m;
    bool wanted;
    if (!d->group.open) return misplaced(f, ev, "comes outside of a transaction");
    if (table_map_peek(ev, &d->format, &m, f->e)) return -1;
    if (tables_see(&d->tables, &m, &d->options, &wanted, f->e)) return -1;
    if (!wanted) return 0;
    return keep_statement_text(f) || keep(f, ev, start) ? -1 : 0;
}

static int feed_rows(struct feed *f, struct binlog_event *ev, uint64_t start) {
    struct binlog *d = f->d;
    uint64_t id;
    if (!d->group.open) return misplaced(f, ev, "comes outside of a transaction");
    if (!binlog_table_id(ev, &d->format, &id)) return misplaced(f, ev, "is malformed");
    if (id == DUMMY_TABLE) return end_statement_text(f, ev);
    struct binlog_event skipped = {.type = HOLD_SKIPPED, .server_id = 1};
    if (keep(f, tables_unwanted(&d->tables, id) ? &skipped : ev, start)) return -1;
    return end_statement_text(f, ev);
}

/* A statement that is about no transaction's borders. */
static int feed_statement(struct feed *f, struct binlog_event *ev, const struct statement *s,
                          uint64_t start) {
    struct group *g = &f->d->group;
    if (s->begins) g->standalone = false;
    if (s->kind != STATEMENT_HARMLESS && !s->temporary && keep(f, ev, start)) return -1;
    return g->standalone ? close_group(f, &f->d->hold, UINT64_MAX) : 0;
}

static struct text savepoint_name(struct text text) {
    const char *at = memchr(text.ptr, '`', text.len);
    return at ? (struct text){at, text.len - (size_t)(at - text.ptr)} : text;
}

static int set_savepoint(struct feed *f, struct text name) {
    struct binlog *d = f->d;
    if (!is_kept(&d->group) || d->group.streaming) return 0;
    return hold_savepoint(&d->hold, name, f->e);
}

static int undo(struct feed *f, const struct binlog_event *ev, struct text name) {
    struct binlog *d = f->d;
    if (!is_kept(&d->group)) return 0;
    if (d->group.streaming)
        return misplaced(f, ev, "rolls back a part of a transaction so large that it was delivered already");
    return hold_undo(&d->hold, name, f->e);
}

static int feed_control(struct feed *f, struct binlog_event *ev, const struct statement *s, uint64_t start) {
    struct binlog *d = f->d;
    switch (s->kind) {
    case STATEMENT_BEGIN: d->group.standalone = false; return 0;
    case STATEMENT_COMMIT: return close_group(f, &d->hold, UINT64_MAX);
    case STATEMENT_ROLLBACK: return close_rolled_back(f, ev);
    case STATEMENT_SAVEPOINT: return set_savepoint(f, savepoint_name(s->text));
    case STATEMENT_ROLLBACK_TO: return undo(f, ev, savepoint_name(s->text));
    case STATEMENT_XA_START:
        d->group.standalone = false;
        d->group.xa = true;
        return 0;
    case STATEMENT_XA_END: return 0;
    case STATEMENT_XA_PREPARE: return prepare(f, s->xid);
    case STATEMENT_XA_COMMIT: return decide(f, s->xid, true, start);
    case STATEMENT_XA_ROLLBACK: return decide(f, s->xid, false, start);
    default: return feed_statement(f, ev, s, start);
    }
}

/* LOAD DATA as a statement: 13 bytes more behind the head of a QUERY: a file, and where its name stands. */
static int load_as_query(struct feed *f, struct binlog_event *ev) {
    size_t len = cursor_left(&ev->body);
    if (len < 26) return misplaced(f, ev, "is malformed");
    uint8_t *body = arena_alloc(&f->d->arena, len);
    if (!body) return err_memory(f->e, "reading a statement");
    memcpy(body, ev->body.at, 13);
    memcpy(body + 13, ev->body.at + 26, len - 26);
    ev->body = cursor_of(body, len - 13);
    ev->type = BINLOG_QUERY;
    return 0;
}

static int feed_query(struct feed *f, struct binlog_event *ev, uint64_t start) {
    struct binlog *d = f->d;
    struct query_event q;
    struct statement s;
    if (ev->type == MARIADB_QUERY_COMPRESSED && inflate_event(ev, &d->format, &d->arena, f->e)) return -1;
    if (ev->type == BINLOG_EXECUTE_LOAD_QUERY && load_as_query(f, ev)) return -1;
    if (query_event_read(ev, &d->format, &q, f->e) || statement_read(&q, &d->arena, &s, f->e)) return -1;
    if (!d->group.open) {
        struct gtid_event none = {.anonymous = true, .commit_us = (int64_t)ev->timestamp * 1000000};
        if (s.kind == STATEMENT_ROLLBACK || s.kind == STATEMENT_COMMIT) return 0;
        if (open_group(f, &none, start)) return -1;
        d->group.standalone = true;
    }
    return feed_control(f, ev, &s, start);
}

static int feed_payload(struct feed *f, const struct binlog_event *ev, uint64_t start) {
    struct binlog *d = f->d;
    if (!d->group.open) return misplaced(f, ev, "comes outside of a transaction");
    if (!d->payload && !(d->payload = payload_new())) return err_memory(f->e, "inflating a transaction");
    if (payload_open(d->payload, ev, f->e)) return -1;
    for (;;) {
        const void *data;
        size_t len;
        struct binlog_event inner;
        if (payload_next(d->payload, &data, &len, f->e)) return -1;
        if (!len) return 0;
        if (binlog_event_read(data, len, &d->format, true, &inner, f->e)) return -1;
        arena_clear(&d->arena);
        if (group_event(f, &inner, start, true)) return -1;
    }
}

int group_event(struct feed *f, struct binlog_event *ev, uint64_t start, bool nested) {
    switch (ev->type) {
    case BINLOG_GTID:
    case BINLOG_ANONYMOUS_GTID:
    case BINLOG_GTID_TAGGED:
    case MARIADB_GTID:
        if (nested) break;
        return feed_gtid(f, ev, start);
    case BINLOG_TRANSACTION_PAYLOAD:
        if (nested) break;
        return feed_payload(f, ev, start);
    case BINLOG_QUERY:
    case MARIADB_QUERY_COMPRESSED:
    case BINLOG_EXECUTE_LOAD_QUERY: return feed_query(f, ev, start);
    case BINLOG_TABLE_MAP: return feed_table_map(f, ev, start);
    case BINLOG_XID:
        if (!f->d->group.open) return misplaced(f, ev, "comes outside of a transaction");
        return close_group(f, &f->d->hold, UINT64_MAX);
    case BINLOG_XA_PREPARE: return feed_xa_prepare(f, ev);
    case BINLOG_ROWS_QUERY:
    case MARIADB_ANNOTATE_ROWS: return feed_statement_text(f, ev);
    /* They belong to a statement as text, which decides. */
    case BINLOG_INTVAR:
    case BINLOG_RAND:
    case BINLOG_USER_VAR:
    case BINLOG_BEGIN_LOAD_QUERY:
    case BINLOG_APPEND_BLOCK:
    case BINLOG_DELETE_FILE:
    /* Certification and views of group replication. */
    case BINLOG_TRANSACTION_CONTEXT:
    case BINLOG_VIEW_CHANGE:
    case BINLOG_IGNORABLE: return 0;
    default: break;
    }
    if (binlog_is_rows(ev->type)) return feed_rows(f, ev, start);
    if (ev->flags & BINLOG_FLAG_IGNORABLE) return 0;
    if (nested) return misplaced(f, ev, "comes inside a compressed transaction");
    return err_set(f->e, ERR_DATA,
                   "an event of type %u is not known, and the server does not say that it may be passed over",
                   ev->type);
}
