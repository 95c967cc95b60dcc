/* What the log does not say of tables: asked for, kept, given up. See tellings.h. */
#include <string.h>

#include "decoders/binlog/binlog.h"
#include "decoders/binlog/concern.h"

/* The end of the event being read, in both ways of counting. */
static struct telling_mark mark_here(const struct binlog *d) {
    struct telling_mark m = {.offset = d->here.offset};
    if (!binlog_file_number(d->here.file, &m.file)) m.file = 0;
    m.rank = d->group.has_gtid ? gtid_set_rank_with(d->here.gtids, &d->group.gtid) : 0;
    return m;
}

static struct telling_mark mark_of(const struct binlog_place *p) {
    struct telling_mark m = {.offset = p->offset, .rank = gtid_set_rank(p->gtids)};
    if (!binlog_file_number(p->file, &m.file)) m.file = 0;
    return m;
}

/* ---- Asking ---- */

/* Asks what a table is now, and learns it. */
static int ask(struct feed *f, const char *database, const char *table) {
    struct binlog *d = f->d;
    struct binlog_position at = {
        .flavour = d->flavour, .by_gtid = d->by_gtid, .from = d->here, .through = d->here};
    struct buf place = {0}, answer = {0};
    int rc = -1;
    binlog_position_write(&at, &place);
    if (buf_failed(&place))
        err_memory(f->e, "asking for a table's columns");
    else
        rc = d->options.columns(d->options.columns_ctx, database, table,
                                (struct position){place.data, place.len}, &answer, f->e);
    if (rc == 0 && buf_failed(&answer)) rc = err_memory(f->e, "asking for a table's columns");
    if (rc == 0) rc = shapes_catalog(d->shapes, answer.data, answer.len, f->e);
    buf_release(&place);
    buf_release(&answer);
    return rc;
}

static int ask_for(struct feed *f, const struct table_map *m) {
    const char *database = concern_names(m->database, m->table, &f->d->arena, f->e);
    if (!database) return -1;
    f->d->asked = true;
    if (ask(f, database, database + strlen(database) + 1) == 0) return 0;
    return err_prefix(f->e, "table %.*s.%.*s", (int)m->database.len, m->database.ptr, (int)m->table.len,
                      m->table.ptr);
}

int columns_need(struct feed *f, const struct table_map *m) {
    struct binlog *d = f->d;
    const struct told *told = tellings_find(shapes_tellings(d->shapes), m->database, m->table);
    d->asked = false;
    if (m->has_names || !d->options.columns || (told && told->table)) return 0;
    return ask_for(f, m);
}

int columns_again(struct feed *f, const struct table_map *m) {
    struct binlog *d = f->d;
    if (m->has_names || !d->options.columns || d->asked || f->e->code != ERR_DATA) return -1;
    err_clear(f->e);
    return ask_for(f, m);
}

/* ---- Statements ---- */

/*
 * On a server that never writes names they are asked for at once, not with the next row: who is stopped
 * meanwhile shall know them. What cannot be known now is asked for again when it is needed.
 */
static int ask_early(struct feed *f, const struct statement_table *t) {
    struct binlog *d = f->d;
    struct err unused = {0}, *e = f->e;
    if (!shapes_nameless(d->shapes) || !d->options.columns || !t->name.len) return 0;
    const char *database = concern_names(t->database, t->name, &d->arena, f->e);
    if (!database) return -1;
    const char *table = database + strlen(database) + 1;
    if (d->options.wanted && !d->options.wanted(d->options.wanted_ctx, database, table)) return 0;
    f->e = &unused;
    ask(f, database, table);
    f->e = e;
    return 0;
}

int columns_change(struct feed *f, const struct query_event *q, const struct statement *s) {
    struct binlog *d = f->d;
    struct tellings *t = shapes_tellings(d->shapes);
    const struct text none = {"", 0};
    if (!statement_reshapes(q, s)) return 0;
    const struct telling_mark here = mark_here(d);
    if (s->ntables == 0) return tellings_change(t, none, none, &here, d->by_gtid, f->e);
    for (size_t i = 0; i < s->ntables; i++)
        if (tellings_change(t, s->tables[i].database, s->tables[i].name, &here, d->by_gtid, f->e)) return -1;
    for (size_t i = 0; i < s->ntables; i++)
        if (ask_early(f, &s->tables[i])) return -1;
    return 0;
}

/* ---- Over restarts ---- */

void columns_remember(struct decoder *base, struct position from, struct buf *out) {
    struct binlog *d = (struct binlog *)base;
    struct tellings *t = shapes_tellings(d->shapes);
    struct binlog_position p;
    if (tellings_empty(t) || binlog_position_init(&p, FLAVOUR_MYSQL, NULL)) return;
    if (binlog_position_read(from, &p, NULL) == 0) {
        const struct telling_mark mark = mark_of(&p.through);
        tellings_save(t, &mark, p.by_gtid, out);
    }
    binlog_position_release(&p);
}

int columns_recall(struct decoder *base, struct position from, const void *data, size_t len, struct err *e) {
    struct binlog *d = (struct binlog *)base;
    struct binlog_position p;
    if (binlog_position_init(&p, FLAVOUR_MYSQL, e)) return -1;
    int rc = binlog_position_read(from, &p, e);
    if (rc == 0) {
        const struct telling_mark mark = mark_of(&p.through);
        rc = tellings_load(shapes_tellings(d->shapes), &mark, p.by_gtid, data, len, e);
    }
    binlog_position_release(&p);
    return rc;
}

static bool is_known(struct tellings *t, const struct catalog_table *c) {
    const struct text database = {c->database, strlen(c->database)}, table = {c->table, strlen(c->table)};
    const struct told *told = tellings_find(t, database, table);
    return told && told->table;
}

int columns_learn(struct decoder *base, const void *payload, size_t len, struct err *e) {
    struct tellings *t = shapes_tellings(((struct binlog *)base)->shapes);
    struct cursor c = cursor_of(payload, len);
    struct catalog_table table;
    enum row_image image;
    struct arena a;
    int tag, rc = 0;
    arena_init(&a, 0);
    while (rc == 0 && (tag = catalog_next(&c, &a, &table, &image, e)) != 0) {
        rc = tag < 0 ? -1 : 0;
        if (tag == 't' && !table.hints && !is_known(t, &table)) rc = tellings_learn(t, &table, e);
        arena_clear(&a);
    }
    arena_release(&a);
    return rc;
}
