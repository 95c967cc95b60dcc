#include "agent/pipeline/backfill_request.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A table of the request, found. */
struct chosen {
    struct backfill_state *state;
    const struct backfill_request *q;
    struct backfill_table **tables; /* one for each of the request's, or all; NULL: not found yet */
    size_t count;
    struct err *e;
};

static bool is_named(const char *space, const char *name, const char *text) {
    size_t len = strlen(space);

    if (len == 0) return strcmp(name, text) == 0;
    return strncmp(space, text, len) == 0 && text[len] == '.' && strcmp(name, text + len + 1) == 0;
}

/* ---- Which tables ---- */

static int choose_known(struct chosen *c) {
    const struct backfill_request *q = c->q;

    for (size_t i = 0; i < backfill_state_count(c->state); i++) {
        struct backfill_table *t = backfill_state_at(c->state, i);
        if (q->ntables == 0) c->tables[i] = t;
        for (size_t k = 0; k < q->ntables; k++)
            if (is_named(t->space, t->name, q->tables[k])) c->tables[k] = t;
    }
    for (size_t k = 0; k < q->ntables; k++)
        if (!c->tables[k])
            return err_set(c->e, ERR_CONFIG, "table %s is none of those that are read: see --list",
                           q->tables[k]);
    return 0;
}

/* A source_readable_fn: what is there now. */
static int take_readable(void *ctx, const struct source_readable *r, struct err *e) {
    struct chosen *c = ctx;

    for (size_t k = 0; k < c->q->ntables; k++) {
        if (!is_named(r->space, r->name, c->q->tables[k])) continue;
        if (!r->keyed)
            return err_set(e, ERR_CONFIG, "table %s cannot be read: %s", c->q->tables[k],
                           r->why_not ? r->why_not : "it has no key");
        if (!(c->tables[k] = backfill_state_find(c->state, r->space, r->name)) &&
            !(c->tables[k] = backfill_state_add_idle(c->state, r->space, r->name)))
            return err_memory(e, "listing the tables of a snapshot");
        c->tables[k]->estimate = r->rows;
    }
    return 0;
}

static int choose_readable(struct chosen *c, struct source *source) {
    if (c->q->ntables == 0) return err_set(c->e, ERR_CONFIG, "which tables?");
    if (source->ops->readable(source, take_readable, c, c->e)) return -1;
    for (size_t k = 0; k < c->q->ntables; k++) {
        const struct backfill_table *t = c->tables[k];
        if (!t)
            return err_set(
                c->e, ERR_CONFIG,
                "table %s is not streamed, so it cannot be read: it is not there, or no pattern of "
                "the source's tables selects it",
                c->q->tables[k]);
        if (t->stage == BACKFILL_PENDING)
            return err_set(c->e, ERR_CONFIG, "table %s is being read already: --cancel that first",
                           c->q->tables[k]);
    }
    return 0;
}

/* ---- What becomes of them ---- */

static const char *stage_of(const struct backfill_table *t) {
    if (t->stage == BACKFILL_DONE) return "read";
    if (t->stage != BACKFILL_PENDING) return "not read";
    if (t->cancelled) return "ending";
    if (t->paused) return "paused";
    if (t->left) return "failed, see the log";
    return t->busy ? "being read" : "waiting";
}

static void list(const struct backfill_table *t, struct buf *out) {
    char name[256];

    backfill_table_name(t, name, sizeof name);
    buf_printf(out, "%s\t%s\t%" PRIu64, name, stage_of(t), t->rows);
    if (t->stage == BACKFILL_PENDING && t->estimate != UINT64_MAX && t->estimate > t->rows)
        buf_printf(out, " of some %" PRIu64, t->estimate);
    buf_puts(out, " rows\n");
}

static int read_again(struct chosen *c, struct backfill_table *t, uint64_t seq) {
    t->rows = t->durable_rows = 0;
    t->left = t->paused = t->cancelled = false;
    t->failures = 0;
    t->not_before_us = 0;
    return backfill_state_sent(c->state, t, seq, BACKFILL_PENDING, (struct position){0}, 0, c->e);
}

/* One that a worker has ends with its chunk. */
static int cancel(struct chosen *c, struct backfill_table *t, uint64_t seq) {
    if (t->stage != BACKFILL_PENDING) return 0;
    t->cancelled = t->busy;
    t->paused = false;
    if (t->busy) return 0;
    return backfill_state_sent(c->state, t, seq, BACKFILL_CANCELLED, (struct position){0}, 0, c->e);
}

static int act(struct chosen *c, struct backfill_table *t, uint64_t seq) {
    switch (c->q->verb) {
    case BACKFILL_READ: return read_again(c, t, seq);
    case BACKFILL_LIST: list(t, c->q->answer); return 0;
    case BACKFILL_PAUSE: t->paused = true; return 0;
    case BACKFILL_RESUME:
        t->paused = t->left = false;
        t->failures = 0;
        return 0;
    case BACKFILL_CANCEL: return cancel(c, t, seq);
    }
    return 0;
}

int backfill_request(struct backfill_state *s, struct source *source, uint64_t seq,
                     const struct backfill_request *q, struct err *e) {
    struct chosen c = {.state = s, .q = q, .e = e};
    int rc;

    c.count = q->ntables ? q->ntables : backfill_state_count(s);
    c.tables = calloc(c.count + 1, sizeof(*c.tables));
    if (!c.tables) return err_memory(e, "looking at a request");
    rc = q->verb == BACKFILL_READ ? choose_readable(&c, source) : choose_known(&c);
    for (size_t i = 0; i < c.count && !rc; i++) rc = act(&c, c.tables[i], seq);
    if (!rc && q->verb != BACKFILL_LIST) buf_printf(q->answer, "%zu table(s)\n", c.count);
    free(c.tables);
    return rc;
}
