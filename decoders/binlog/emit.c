#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "decoders/binlog/binlog.h"
#include "decoders/binlog/concern.h"
#include "decoders/binlog/rows.h"

/* How much of a statement stands in an error. */
#define STATEMENT_SHOWN 200

static int emit(struct feed *f, struct change *c) {
    struct binlog *d = f->d;
    c->tx = d->group.open ? &d->tx : NULL;
    if (f->fn(f->ctx, c, f->e) == 0) return 0;
    f->refused = true;
    return -1;
}

static struct text set_pos(struct binlog *d, uint64_t offset) {
    size_t len = strlen(d->here.file);
    memcpy(d->pos, d->here.file, len);
    d->pos[len++] = ':';
    char digits[20];
    size_t n = 0;
    do digits[n++] = (char)('0' + offset % 10);
    while (offset /= 10);
    while (n) d->pos[len++] = digits[--n];
    return (struct text){d->pos, len};
}

/* ---- Identity ---- */

static char *put_decimal(char *to, uint64_t n) {
    char digits[20];
    size_t len = 0;
    do digits[len++] = (char)('0' + n % 10);
    while (n /= 10);
    while (len) *to++ = digits[--len];
    return to;
}

/* FNV-1a. */
static uint64_t name_of(const char *text, size_t len) {
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < len; i++) h = (h ^ (uint8_t)text[i]) * UINT64_C(1099511628211);
    return h;
}

/* By file: its number, and the offset of the transaction's first event. */
static int file_rank(struct feed *f, uint64_t offset, uint64_t *out) {
    uint64_t number;
    if (!binlog_file_number(f->d->here.file, &number) || offset > UINT32_MAX)
        return err_set(f->e, ERR_DATA, "transactions at %s:%llu cannot be put in order", f->d->here.file,
                       (unsigned long long)offset);
    *out = number << 32 | offset;
    return 0;
}

int emit_identity(struct feed *f, int64_t commit_us) {
    struct binlog *d = f->d;
    const struct group *g = &d->group;
    struct text place = set_pos(d, g->start);
    struct text name = place;
    d->tx.commit_us = commit_us;
    if (g->has_gtid) {
        d->tx.xid = (struct text){d->tx_text, gtid_text(&g->gtid, d->tx_text)};
        if (d->by_gtid) name = d->tx.xid;
    } else {
        memcpy(d->tx_text, place.ptr, place.len);
        d->tx.xid = (struct text){d->tx_text, place.len};
    }
    d->at = (struct binlog_point){.name = name_of(name.ptr, name.len)};
    if (d->by_gtid)
        d->at.rank = gtid_set_rank_with(d->here.gtids, &g->gtid);
    else if (file_rank(f, g->start, &d->at.rank))
        return -1;
    if (d->by_gtid && d->at.rank <= gtid_set_rank(d->here.gtids))
        return err_set(f->e, ERR_DATA, "transaction %.*s: the numbers of all domains together exceed 64 bits",
                       (int)d->tx.xid.len, d->tx.xid.ptr);
    char *end = put_decimal(d->id, d->epoch);
    *end++ = ':';
    memcpy(end, name.ptr, name.len);
    end += name.len;
    *end++ = ':';
    d->prefix = (size_t)(end - d->id);
    return 0;
}

/* True when what `d->at` stands at was delivered before. */
static bool delivered(const struct binlog *d) {
    const struct binlog_point *at = &d->at, *skip = &d->skip;
    if (at->rank != skip->rank || at->name != skip->name) return false;
    return at->event < skip->event || (at->event == skip->event && at->row <= skip->row);
}

static int emit_identified(struct feed *f, struct change *c, uint64_t start) {
    struct binlog *d = f->d;
    char *end = put_decimal(d->id + d->prefix, d->at.event);
    *end++ = ':';
    end = put_decimal(end, d->at.row);
    c->id = (struct text){d->id, (size_t)(end - d->id)};
    binlog_point_store(&d->at, d->progress);
    c->position = (struct position){d->progress, BINLOG_PROGRESS_LEN};
    c->ord[0] = (uint8_t)(d->epoch >> 8);
    c->ord[1] = (uint8_t)d->epoch;
    memcpy(c->ord + 2, d->progress + 1, CHANGE_ORD_LEN - 2);
    c->pos = set_pos(d, start);
    d->group.rows = true;
    d->done = d->at;
    return emit(f, c);
}

/* ---- Transactions ---- */

int emit_begin(struct feed *f) {
    struct binlog *d = f->d;
    if (d->group.begun) return 0;
    d->group.begun = true;
    d->done = d->at;
    struct change c = {.op = CHANGE_BEGIN, .pos = set_pos(d, d->group.start)};
    return emit(f, &c);
}

int emit_position(struct feed *f, enum change_op op) {
    struct binlog *d = f->d;
    const struct binlog_place *before = prepared_before(&d->prepared);
    struct binlog_position p = {
        .flavour = d->flavour, .by_gtid = d->by_gtid, .from = before ? *before : d->here, .through = d->here};
    buf_clear(&d->resume, SIZE_MAX);
    binlog_position_write(&p, &d->resume);
    if (buf_failed(&d->resume)) return err_memory(f->e, "writing a position");
    memcpy(d->told.file, d->here.file, sizeof(d->told.file));
    d->told.offset = d->here.offset;
    struct change c = {
        .op = op, .pos = set_pos(d, d->here.offset), .position = {d->resume.data, d->resume.len}};
    return emit(f, &c);
}

int emit_hold(struct feed *f, struct hold *h, uint64_t start) {
    struct binlog_event ev;
    uint64_t offset;
    bool more;
    if (hold_rewind(h, f->e)) return -1;
    for (;;) {
        arena_clear(&f->d->arena);
        if (hold_next(h, &ev, &offset, &more, f->e)) return -1;
        if (!more) return 0;
        if (emit_event(f, &ev, start == UINT64_MAX ? offset : start)) return -1;
    }
}

/* ---- Rows ---- */

static int emit_table_map(struct feed *f, const struct binlog_event *ev) {
    struct binlog *d = f->d;
    struct table_map m;
    bool fresh = false;
    struct shape *replaced = NULL;
    if (table_map_peek(ev, &d->format, &m, f->e)) return -1;
    struct shape *s = shapes_known(d->shapes, &m);
    if (!s) {
        if (table_map_read(ev, &d->format, &d->arena, &m, f->e) || columns_need(f, &m)) return -1;
        s = shapes_take(d->shapes, &m, &fresh, &replaced, f->e);
        if (!s && columns_again(f, &m) == 0) s = shapes_take(d->shapes, &m, &fresh, &replaced, f->e);
        if (!s) return -1;
    }
    if (fresh) {
        struct change c = {
            .op = CHANGE_SCHEMA, .table = &s->table, .replaced = replaced ? &replaced->table : NULL};
        if (emit(f, &c)) return -1;
        shapes_sweep(d->shapes);
    }
    return shapes_bind(d->shapes, m.table_id, s, f->e);
}

static int emit_rows(struct feed *f, struct binlog_event *ev, uint64_t start) {
    struct binlog *d = f->d;
    uint64_t id;
    struct shape *s;
    struct rows r;
    d->at.event++;
    d->at.row = UINT32_MAX;
    if (delivered(d)) return 0;
    if (!binlog_table_id(ev, &d->format, &id) || !shapes_find(d->shapes, id, &s))
        return err_set(f->e, ERR_DATA, "%s event: no TABLE_MAP described its table",
                       binlog_type_name(ev->type));
    if (inflate_wanted(ev->type) && inflate_event(ev, &d->format, &d->arena, f->e)) return -1;
    if (rows_open(ev, &d->format, &r, f->e)) return -1;
    const struct cell_reader reader = {&d->row, d->charsets, &d->scratch};
    for (d->at.row = 0;; d->at.row++) {
        struct change c = {0};
        bool more;
        arena_clear(&d->row);
        if (rows_next(&r, &reader, s, &c, &more, f->e)) return -1;
        if (!more) return 0;
        c.statement = (struct text){(const char *)d->stated.text.data, d->stated.text.len};
        c.statement_length = d->stated.length;
        if (!delivered(d) && emit_identified(f, &c, start)) return -1;
    }
}

/* ---- Statements ---- */

/* A table whose columns are not known (yet): it was named by a statement before its first row came. */
struct bare_table {
    struct table table;
    UT_hash_handle hh;
    char names[]; /* "database\0table" */
};

void emit_release(struct binlog *d) {
    struct bare_table *b, *next;
    HASH_ITER(hh, d->bare, b, next) {
        HASH_DEL(d->bare, b);
        free(b);
    }
}

static struct table *bare_table(struct feed *f, const char *names, size_t len) {
    struct binlog *d = f->d;
    struct bare_table *b;
    HASH_FIND(hh, d->bare, names, len, b);
    if (b) return &b->table;
    b = calloc(1, sizeof(*b) + len + 1);
    if (!b) {
        err_memory(f->e, "describing a table");
        return NULL;
    }
    memcpy(b->names, names, len);
    b->table = (struct table){.database = b->names, .schema = "", .name = b->names + strlen(names) + 1};
    b->table.identity = IDENTITY_NOTHING;
    /* Shapes count from 1 upward. */
    b->table.serial = UINT64_MAX - HASH_COUNT(d->bare);
    HASH_ADD_KEYPTR(hh, d->bare, b->names, len, b);
    if (b->hh.tbl) return &b->table;
    free(b);
    err_memory(f->e, "describing a table");
    return NULL;
}

/* As it was described last, else without columns: what a statement is about does not depend on what came
 * before. */
static const struct table *named_table(struct feed *f, const struct statement_table *t) {
    struct shape *s = shapes_named(f->d->shapes, t->database, t->name);
    if (s) return &s->table;
    char *names = concern_names(t->database, t->name, &f->d->arena, f->e);
    return names ? bare_table(f, names, t->database.len + 1 + t->name.len) : NULL;
}

/* `row`: the table's place among those that the statement names. */
static int emit_named(struct feed *f, const struct statement *s, const struct statement_table *t,
                      uint32_t row, uint64_t start) {
    f->d->at.row = row;
    if (delivered(f->d)) return 0;
    struct change c = {.op = s->kind == STATEMENT_TRUNCATE && t ? CHANGE_TRUNCATE : CHANGE_DDL};
    if (t && !(c.table = named_table(f, t))) return -1;
    if (c.op == CHANGE_DDL) {
        c.message.content = s->text;
        c.message.transactional = true;
    }
    return emit_identified(f, &c, start);
}

/* To each table that it names and somebody wants; to none where it is about a whole database. */
static int emit_each(struct feed *f, const struct statement *s, const struct concern *c, uint64_t start) {
    bool any = false;
    for (size_t i = 0; c->tables && i < s->ntables; i++) {
        if (!c->tables[i]) continue;
        any = true;
        if (emit_named(f, s, &s->tables[i], (uint32_t)i, start)) return -1;
    }
    return any ? 0 : emit_named(f, s, NULL, 0, start);
}

/* Puts the id together of what stands at event `d->at`, and asks whether somebody says to pass it over. */
static bool passed_over(struct binlog *d) {
    char *end = put_decimal(d->id + d->prefix, d->at.event);
    memcpy(end, ":0", 3);
    return d->options.passed_over && d->options.passed_over(d->options.passed_over_ctx, d->id);
}

int emit_unknown(struct feed *f, struct text xid) {
    struct binlog *d = f->d;
    d->at.event = 1;
    if (passed_over(d)) return 0;
    return err_set(
        f->e, ERR_DATA,
        "the XA transaction %.*s is committed, but was prepared before the place from which the log "
        "is read: its rows are not known; read the tables anew, and pass it over with --skip %s",
        (int)xid.len, xid.ptr, d->id);
}

/* Rows that came as a statement cannot be known. */
static int refuse(struct feed *f, const struct query_event *q, const struct statement *s) {
    struct binlog *d = f->d;
    if (passed_over(d)) return 0;
    size_t shown = s->text.len < STATEMENT_SHOWN ? s->text.len : STATEMENT_SHOWN;
    return err_set(f->e, ERR_DATA,
                   "in database %.*s a statement that may write rows was logged as text, without its rows: "
                   "%.*s%s; let whoever runs it use binlog_format=ROW and read the tables anew; if it is "
                   "known to change none of them, pass it over with --skip %s",
                   (int)q->database.len, q->database.ptr, (int)shown, s->text.ptr,
                   shown < s->text.len ? " …" : "", d->id);
}

static int emit_statement(struct feed *f, const struct binlog_event *ev, uint64_t start) {
    struct binlog *d = f->d;
    struct query_event q;
    struct statement s;
    struct concern c;
    d->at.event++;
    d->at.row = 0;
    if (query_event_read(ev, &d->format, &q, f->e) || statement_read(&q, &d->arena, &s, f->e)) return -1;
    if (q.void_alter) return 0;
    if (columns_change(f, &q, &s)) return -1;
    if (concern_read(&q, &s, &d->tables, &d->options, &d->arena, &c, f->e)) return -1;
    if (!c.wanted) return 0;
    if (s.kind == STATEMENT_WRITE) return delivered(d) ? 0 : refuse(f, &q, &s);
    return emit_each(f, &s, &c, start);
}

int emit_event(struct feed *f, struct binlog_event *ev, uint64_t start) {
    switch (ev->type) {
    case HOLD_SKIPPED: f->d->at.event += ev->server_id; return 0;
    case HOLD_STATEMENT: return statement_text_take(&f->d->stated, ev, f->e);
    case BINLOG_TABLE_MAP: return emit_table_map(f, ev);
    case BINLOG_QUERY: return emit_statement(f, ev, start);
    default: return emit_rows(f, ev, start);
    }
}
