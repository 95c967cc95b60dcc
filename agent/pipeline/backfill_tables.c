#include "agent/pipeline/backfill_tables.h"

#include "agent/base/log.h"

struct look {
    struct backfill_state *state;
    const char *source;
    bool start;
    size_t added;
};

/* ---- At the start ---- */

static int choose_new(const struct backfill_choice *c, struct backfill_state **out, bool *reading,
                      struct err *e) {
    enum config_snapshot mode = c->source->snapshot;

    if (mode != SNAPSHOT_NEVER && !c->can_read) {
        if (mode == SNAPSHOT_ONLY)
            return err_set(e, ERR_CONFIG, "snapshot: only: this kind of source takes no snapshots yet");
        log_msg(LOG_WARN, c->source->name,
                "this kind of source takes no snapshots yet: rows from before are not read");
        mode = SNAPSHOT_NEVER;
    }
    *reading = mode != SNAPSHOT_NEVER;
    return backfill_state_new(mode, out, e);
}

static void say_never(const struct backfill_choice *c) {
    log_msg(LOG_INFO, c->source->name,
            "no snapshot was taken when this source was begun, and none is taken now: rows from before are "
            "not read; 'tailrace snapshot --state DIR %s.SCHEMA.TABLE' reads them",
            c->source->name);
}

int backfill_tables_choose(const struct backfill_choice *c, struct backfill_state **out, bool *reading,
                           struct err *e) {
    if (!c->has_checkpoint) return choose_new(c, out, reading, e);
    if (c->gap && c->source->snapshot == SNAPSHOT_WHEN_NEEDED) {
        log_msg(LOG_INFO, c->source->name, "all tables are read again, because of the gap");
        return choose_new(c, out, reading, e);
    }
    if (c->section->len == 0) {
        if (backfill_state_new(SNAPSHOT_NEVER, out, e)) return -1;
    } else if (backfill_state_load(c->section->data, c->section->len, out, e)) {
        return -1;
    }
    *reading =
        c->can_read && c->source->snapshot != SNAPSHOT_NEVER && backfill_state_mode(*out) != SNAPSHOT_NEVER;
    if (c->source->snapshot != SNAPSHOT_NEVER && !*reading) say_never(c);
    return 0;
}

/* ---- Which there are ---- */

static void say_passed_over(const struct look *l, const struct source_readable *t) {
    log_kv(LOG_WARN, l->source, "the rows of this table are not read, only what happens to it from now on",
           "schema", t->space, "table", t->name, "because", t->why_not ? t->why_not : "it has no key", NULL);
}

/* A source_readable_fn. */
static int take_table(void *ctx, const struct source_readable *r, struct err *e) {
    struct look *l = ctx;
    struct backfill_table *t = backfill_state_find(l->state, r->space, r->name);
    bool known = t != NULL;

    if (!t && !(t = backfill_state_add(l->state, r->space, r->name)))
        return err_memory(e, "listing the tables of a snapshot");
    t->estimate = r->rows;
    if (!r->keyed) {
        if (t->stage != BACKFILL_PENDING || t->busy) return 0;
        say_passed_over(l, r);
        backfill_state_set(l->state, t, BACKFILL_PASSED_OVER);
        return 0;
    }
    if (known && l->start && t->stage == BACKFILL_PASSED_OVER) {
        backfill_state_set(l->state, t, BACKFILL_PENDING);
        known = false;
    }
    if (!known) l->added++;
    return 0;
}

int backfill_tables_look(struct backfill_state *s, struct source *source, const char *name, bool start,
                         size_t *added, struct err *e) {
    struct look l = {.state = s, .source = name, .start = start};
    int rc = source->ops->readable(source, take_table, &l, e);

    *added = l.added;
    return rc;
}
