#include "agent/pipeline/backfill_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/cursor.h"

#define NEVER "never"
#define LAYOUT 0x01

/* A chunk that was sent on and whose rows are not all delivered yet. */
struct sent {
    struct sent *next;
    struct backfill_table *table;
    uint64_t seq;
    enum backfill_stage stage;
    uint64_t rows;
    struct buf after;
};

struct backfill_state {
    enum config_snapshot mode;
    struct backfill_table **tables;
    size_t count, cap;
    struct sent *first, *last; /* in the order of seq */
    uint64_t stamp;
    bool unsaved;
};

static int out_of_memory(struct err *e) {
    return err_memory(e, "keeping the state of a snapshot");
}

int backfill_state_new(enum config_snapshot mode, struct backfill_state **out, struct err *e) {
    struct backfill_state *s = calloc(1, sizeof *s);

    if (!s) return out_of_memory(e);
    s->mode = mode;
    s->unsaved = true;
    *out = s;
    return 0;
}

static void free_sent(struct sent *x) {
    buf_release(&x->after);
    free(x);
}

static void forget_sent(struct backfill_state *s) {
    struct sent *x;

    while ((x = s->first)) {
        s->first = x->next;
        free_sent(x);
    }
    s->last = NULL;
}

void backfill_state_free(struct backfill_state *s) {
    if (!s) return;
    forget_sent(s);
    for (size_t i = 0; i < s->count; i++) {
        struct backfill_table *t = s->tables[i];
        free(t->space);
        free(t->name);
        buf_release(&t->after);
        buf_release(&t->durable_after);
        free(t);
    }
    free(s->tables);
    free(s);
}

/* ---- Tables ---- */

void backfill_table_name(const struct backfill_table *t, char *out, size_t len) {
    snprintf(out, len, "%s%s%s", t->space, t->space[0] ? "." : "", t->name);
}

struct backfill_table *backfill_state_find(const struct backfill_state *s, const char *space,
                                           const char *name) {
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->tables[i]->name, name) == 0 && strcmp(s->tables[i]->space, space) == 0)
            return s->tables[i];
    return NULL;
}

static bool make_room(struct backfill_state *s) {
    size_t cap = s->cap ? s->cap * 2 : 16;
    struct backfill_table **tables;

    if (s->count < s->cap) return true;
    tables = realloc(s->tables, cap * sizeof(*tables));
    if (!tables) return false;
    s->tables = tables;
    s->cap = cap;
    return true;
}

static struct backfill_table *append(struct backfill_state *s, const char *space, size_t space_len,
                                     const char *name, size_t name_len) {
    struct backfill_table *t = make_room(s) ? calloc(1, sizeof *t) : NULL;

    if (!t) return NULL;
    t->space = strndup(space, space_len);
    t->name = strndup(name, name_len);
    if (!t->space || !t->name) {
        free(t->space);
        free(t->name);
        free(t);
        return NULL;
    }
    t->stage = t->durable_stage = BACKFILL_PENDING;
    t->estimate = UINT64_MAX;
    s->tables[s->count++] = t;
    return t;
}

struct backfill_table *backfill_state_add(struct backfill_state *s, const char *space, const char *name) {
    struct backfill_table *t = backfill_state_find(s, space, name);

    if (t) return t;
    s->unsaved = true;
    return append(s, space, strlen(space), name, strlen(name));
}

struct backfill_table *backfill_state_add_idle(struct backfill_state *s, const char *space,
                                               const char *name) {
    struct backfill_table *t = backfill_state_add(s, space, name);

    if (t) t->stage = t->durable_stage = BACKFILL_CANCELLED;
    return t;
}

size_t backfill_state_count(const struct backfill_state *s) {
    return s->count;
}

struct backfill_table *backfill_state_at(struct backfill_state *s, size_t i) {
    return s->tables[i];
}

enum config_snapshot backfill_state_mode(const struct backfill_state *s) {
    return s->mode;
}

void backfill_state_set(struct backfill_state *s, struct backfill_table *t, enum backfill_stage stage) {
    t->stage = t->durable_stage = stage;
    t->after.len = t->durable_after.len = 0;
    s->unsaved = true;
}

/* ---- What was sent, and what is durable ---- */

static bool copy(struct buf *to, const struct buf *from) {
    buf_clear(to, SIZE_MAX);
    buf_put(to, from->data, from->len);
    return !buf_failed(to);
}

int backfill_state_sent(struct backfill_state *s, struct backfill_table *t, uint64_t seq,
                        enum backfill_stage stage, struct position after, uint64_t rows, struct err *e) {
    struct sent *x = calloc(1, sizeof *x);

    if (!x) return out_of_memory(e);
    *x = (struct sent){.table = t, .seq = seq, .stage = stage, .rows = rows};
    buf_put(&x->after, after.bytes, after.len);
    if (buf_failed(&x->after) || !copy(&t->after, &x->after)) {
        free_sent(x);
        return out_of_memory(e);
    }
    t->stage = stage;
    t->rows += rows;
    if (s->last)
        s->last->next = x;
    else
        s->first = x;
    s->last = x;
    return 0;
}

/* The key changes hands, so that nothing can fail. */
static void make_durable(struct sent *x) {
    struct backfill_table *t = x->table;
    struct buf old = t->durable_after;

    t->durable_after = x->after;
    x->after = old;
    t->durable_stage = x->stage;
    t->durable_rows += x->rows;
}

void backfill_state_reached(struct backfill_state *s, uint64_t watermark) {
    struct sent *x;

    while ((x = s->first) && x->seq <= watermark) {
        s->first = x->next;
        if (!s->first) s->last = NULL;
        make_durable(x);
        free_sent(x);
        s->unsaved = true;
    }
}

void backfill_state_restart(struct backfill_state *s) {
    forget_sent(s);
    for (size_t i = 0; i < s->count; i++) {
        struct backfill_table *t = s->tables[i];
        t->stage = t->durable_stage;
        t->rows = t->durable_rows;
        /* Memory for it is there: what was sent before was at least as much, or nothing was kept. */
        if (!copy(&t->after, &t->durable_after)) buf_clear(&t->after, 0);
        t->busy = false;
        t->not_before_us = 0;
    }
}

bool backfill_state_unsaved(const struct backfill_state *s, uint64_t watermark) {
    return s->unsaved || (s->first && s->first->seq <= watermark);
}

void backfill_state_saved(struct backfill_state *s, bool saved) {
    s->unsaved = !saved;
}

uint64_t backfill_state_stamp(struct backfill_state *s, int64_t now_us) {
    uint64_t now = now_us > 0 ? (uint64_t)now_us : 0;

    s->stamp = now > s->stamp ? now : s->stamp + 1;
    return s->stamp;
}

bool backfill_table_is_left(const struct backfill_table *t) {
    return t->stage == BACKFILL_PENDING && !t->left && !t->paused;
}

bool backfill_state_done(const struct backfill_state *s, size_t *given_up, size_t *paused) {
    size_t lost = 0, waiting = 0;
    bool done = true;

    for (size_t i = 0; i < s->count; i++) {
        const struct backfill_table *t = s->tables[i];
        if (backfill_table_is_left(t)) done = false;
        if (t->left)
            lost++;
        else if (t->stage == BACKFILL_PENDING && t->paused)
            waiting++;
    }
    if (given_up) *given_up = lost;
    if (paused) *paused = waiting;
    return done;
}

void backfill_state_pause(struct backfill_state *s) {
    for (size_t i = 0; i < s->count; i++) s->tables[i]->paused = s->tables[i]->stage == BACKFILL_PENDING;
}

bool backfill_state_complete(const struct backfill_state *s) {
    for (size_t i = 0; i < s->count; i++)
        if (s->tables[i]->durable_stage == BACKFILL_PENDING) return false;
    return true;
}

/* Of a table that is being read: as many as were estimated, and never fewer than were seen. */
static uint64_t rows_of(const struct backfill_table *t) {
    return t->stage != BACKFILL_PENDING || t->estimate < t->rows ? t->rows : t->estimate;
}

void backfill_state_figures(const struct backfill_state *s, struct backfill_figures *out) {
    *out = (struct backfill_figures){0};
    for (size_t i = 0; i < s->count; i++) {
        const struct backfill_table *t = s->tables[i];
        uint64_t rows = rows_of(t);
        if (t->stage > BACKFILL_DONE) continue;
        out->rows += t->rows;
        out->tables++;
        if (t->stage == BACKFILL_DONE) out->done++;
        out->total = rows > UINT64_MAX - out->total ? UINT64_MAX : out->total + rows;
    }
}

/* ---- In the checkpoint ---- */

static void put_counted(struct buf *out, const char *text) {
    size_t len = strlen(text);

    buf_put_be16(out, (uint16_t)len);
    buf_put(out, text, len);
}

void backfill_state_store(const struct backfill_state *s, struct buf *out) {
    if (s->mode == SNAPSHOT_NEVER && s->count == 0) {
        buf_puts(out, NEVER);
        return;
    }
    buf_putc(out, LAYOUT);
    buf_putc(out, (char)s->mode);
    buf_put_be32(out, (uint32_t)s->count);
    for (size_t i = 0; i < s->count; i++) {
        const struct backfill_table *t = s->tables[i];
        put_counted(out, t->space);
        put_counted(out, t->name);
        buf_putc(out, (char)t->durable_stage);
        buf_put_be64(out, t->durable_rows);
        buf_put_be32(out, (uint32_t)t->durable_after.len);
        buf_put(out, t->durable_after.data, t->durable_after.len);
    }
}

static int bad(struct err *e, const char *what) {
    return err_set(e, ERR_DATA,
                   "what the checkpoint says about the snapshot cannot be read (%s): it was written by a "
                   "newer version, or damaged",
                   what);
}

static bool read_name(struct cursor *c, const char **text, size_t *len) {
    const uint8_t *bytes;
    uint16_t n;

    if (!cursor_u16(c, &n) || !cursor_bytes(c, n, &bytes) || (n && memchr(bytes, 0, n))) return false;
    *text = n ? (const char *)bytes : "";
    *len = n;
    return true;
}

static int read_table(struct backfill_state *s, struct cursor *c, struct err *e) {
    const char *space, *name;
    size_t space_len, name_len;
    struct backfill_table *t;
    const uint8_t *after;
    uint32_t after_len;
    uint64_t rows;
    uint8_t stage;

    if (!read_name(c, &space, &space_len) || !read_name(c, &name, &name_len) || !cursor_u8(c, &stage) ||
        !cursor_u64(c, &rows) || !cursor_u32(c, &after_len) || !cursor_bytes(c, after_len, &after))
        return bad(e, "it ends early");
    if (stage < BACKFILL_PENDING || stage > BACKFILL_CANCELLED || name_len == 0) return bad(e, "a table");
    if (!(t = append(s, space, space_len, name, name_len))) return out_of_memory(e);
    t->stage = t->durable_stage = (enum backfill_stage)stage;
    t->rows = t->durable_rows = rows;
    buf_put(&t->after, after, after_len);
    return copy(&t->durable_after, &t->after) ? 0 : out_of_memory(e);
}

static int read_tables(struct backfill_state *s, struct cursor *c, struct err *e) {
    uint8_t layout, mode;
    uint32_t count;

    if (!cursor_u8(c, &layout) || layout != LAYOUT) return bad(e, "another layout");
    if (!cursor_u8(c, &mode) || mode > SNAPSHOT_WHEN_NEEDED) return bad(e, "another mode");
    if (!cursor_u32(c, &count)) return bad(e, "it ends early");
    s->mode = (enum config_snapshot)mode;
    for (uint32_t i = 0; i < count; i++)
        if (read_table(s, c, e)) return -1;
    return cursor_left(c) > 0 ? bad(e, "there is more behind its end") : 0;
}

int backfill_state_load(const void *data, size_t len, struct backfill_state **out, struct err *e) {
    struct cursor c = cursor_of(data, len);
    struct backfill_state *s = NULL;

    if (backfill_state_new(SNAPSHOT_NEVER, &s, e)) return -1;
    s->unsaved = false;
    if ((len == strlen(NEVER) && memcmp(data, NEVER, len) == 0) || !read_tables(s, &c, e)) {
        *out = s;
        return 0;
    }
    backfill_state_free(s);
    return -1;
}

/* ---- For people ---- */

/* "1,234,567" */
static void put_grouped(struct buf *out, uint64_t n) {
    if (n >= 1000) {
        put_grouped(out, n / 1000);
        buf_printf(out, ",%03u", (unsigned)(n % 1000));
    } else {
        buf_put_u64(out, n);
    }
}

static void put_table(struct buf *out, const char *lead, const struct backfill_table *t) {
    buf_puts(out, lead);
    if (t->space[0]) buf_printf(out, "%s.", t->space);
    buf_puts(out, t->name);
}

static void put_tables(struct buf *out, const struct backfill_state *s) {
    const char *lead = "; being read: ", *passed = "; passed over: ";

    for (size_t i = 0; i < s->count; i++) {
        const struct backfill_table *t = s->tables[i];
        if (t->durable_stage != BACKFILL_PENDING || t->durable_after.len == 0) continue;
        put_table(out, lead, t);
        buf_puts(out, " (");
        put_grouped(out, t->durable_rows);
        buf_puts(out, " rows)");
        lead = ", ";
    }
    for (size_t i = 0; i < s->count; i++) {
        if (s->tables[i]->durable_stage != BACKFILL_PASSED_OVER) continue;
        put_table(out, passed, s->tables[i]);
        passed = ", ";
    }
}

void backfill_state_text(const struct backfill_state *s, struct buf *out) {
    static const char *const modes[] = {
        [SNAPSHOT_NEVER] = NEVER,
        [SNAPSHOT_INITIAL] = "initial",
        [SNAPSHOT_ONLY] = "only",
        [SNAPSHOT_WHEN_NEEDED] = "when-needed",
    };
    size_t tables = 0, done = 0;
    uint64_t rows = 0;

    buf_puts(out, modes[s->mode]);
    if (s->mode == SNAPSHOT_NEVER && s->count == 0) return;
    for (size_t i = 0; i < s->count; i++) {
        tables += s->tables[i]->durable_stage <= BACKFILL_DONE;
        done += s->tables[i]->durable_stage == BACKFILL_DONE;
        rows += s->tables[i]->durable_rows;
    }
    buf_printf(out, ": %zu of %zu tables read, ", done, tables);
    put_grouped(out, rows);
    buf_puts(out, " rows");
    put_tables(out, s);
}
