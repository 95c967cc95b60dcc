#include "decoders/binlog/hold.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How much is put into the spill at a time. */
#define CHUNK ((size_t)256 * 1024)

/* One event in memory or in the spill; the body follows. Never leaves the process. */
struct record {
    uint64_t offset;
    uint64_t len; /* of the body */
    uint32_t timestamp;
    uint32_t count; /* of HOLD_SKIPPED */
    uint16_t flags;
    uint8_t type;
};

/* A savepoint before event `from`; or, with `to`, events from `from` to in front of `to` that were undone. */
struct hold_mark {
    uint64_t from, to;
    char *name;
};

void hold_init(struct hold *h) {
    *h = (struct hold){.last_skip = SIZE_MAX};
}

static void drop_marks(struct hold *h) {
    while (h->nmarks) free(h->marks[--h->nmarks].name);
}

void hold_clear(struct hold *h) {
    drop_marks(h);
    if (h->spill) h->spill->ops->free(h->spill);
    h->spill = NULL;
    buf_clear(&h->chunk, HOLD_MEMORY);
    h->count = h->read = 0;
    h->last_skip = SIZE_MAX;
}

void hold_release(struct hold *h) {
    hold_clear(h);
    buf_release(&h->chunk);
    free(h->marks);
    hold_init(h);
}

/* ---- In ---- */

bool hold_full(const struct hold *h) {
    return !h->spill && h->chunk.len > HOLD_MEMORY;
}

void hold_spill(struct hold *h, struct spill *s) {
    h->spill = s;
}

static int put(struct hold *h, const struct record *r, const void *body, struct err *e) {
    if (h->spill && h->chunk.len && h->chunk.len + r->len > CHUNK) {
        if (h->spill->ops->put(h->spill, h->chunk.data, h->chunk.len, e)) return -1;
        buf_clear(&h->chunk, HOLD_MEMORY);
    }
    h->last_skip = r->type == HOLD_SKIPPED ? h->chunk.len : SIZE_MAX;
    buf_put(&h->chunk, r, sizeof(*r));
    buf_put(&h->chunk, body, (size_t)r->len);
    h->count++;
    return buf_failed(&h->chunk) ? err_memory(e, "holding a transaction") : 0;
}

int hold_put(struct hold *h, const struct binlog_event *ev, uint64_t offset, struct err *e) {
    const struct record r = {
        .offset = offset,
        .len = cursor_left(&ev->body),
        .timestamp = ev->timestamp,
        .flags = ev->flags,
        .type = ev->type,
    };
    return put(h, &r, ev->body.at, e);
}

int hold_skip(struct hold *h, struct err *e) {
    struct record r = {.count = 1, .type = HOLD_SKIPPED};
    /* A savepoint ends a count: what follows it may be undone alone. */
    bool marked = h->nmarks && h->marks[h->nmarks - 1].from == h->count;
    if (h->last_skip == SIZE_MAX || marked) return put(h, &r, NULL, e);
    memcpy(&r, h->chunk.data + h->last_skip, sizeof(r));
    if (r.count == UINT32_MAX) return put(h, &(struct record){.count = 1}, NULL, e);
    r.count++;
    memcpy(h->chunk.data + h->last_skip, &r, sizeof(r));
    return 0;
}

/* ---- Savepoints ---- */

int hold_savepoint(struct hold *h, struct text name, struct err *e) {
    if (h->nmarks == h->room) {
        size_t room = h->room ? 2 * h->room : 8;
        struct hold_mark *p = reallocarray(h->marks, room, sizeof(*p));
        if (!p) return err_memory(e, "keeping a savepoint");
        h->marks = p;
        h->room = room;
    }
    char *copy = strndup(name.ptr, name.len);
    if (!copy) return err_memory(e, "keeping a savepoint");
    h->marks[h->nmarks++] = (struct hold_mark){.from = h->count, .name = copy};
    return 0;
}

/*
 * What was put since the savepoint is undone; so are savepoints made since. Marks stay in order of what they
 * begin at, and those that say what was undone do not overlap: one within another is swallowed.
 */
int hold_undo(struct hold *h, struct text name, struct err *e) {
    size_t at = h->nmarks;
    while (at-- > 0) {
        const char *is = h->marks[at].name;
        if (is && strlen(is) == name.len && strncasecmp(is, name.ptr, name.len) == 0) break;
    }
    if (at == SIZE_MAX)
        return err_set(e, ERR_DATA, "a transaction is rolled back to a savepoint that it did not set");
    while (h->nmarks > at + 1) free(h->marks[--h->nmarks].name);
    if (h->marks[at].from == h->count) return 0;
    struct hold_mark gone = {.from = h->marks[at].from, .to = h->count};
    char *again = h->marks[at].name;
    h->marks[at] = gone;
    h->last_skip = SIZE_MAX;
    int result = hold_savepoint(h, (struct text){again, strlen(again)}, e);
    free(again);
    return result;
}

/* ---- Out ---- */

/* Savepoints have done their duty; what was undone stays, in order. */
static void keep_undone(struct hold *h) {
    size_t n = 0;
    for (size_t i = 0; i < h->nmarks; i++) {
        free(h->marks[i].name);
        if (h->marks[i].to) h->marks[n++] = (struct hold_mark){h->marks[i].from, h->marks[i].to, NULL};
    }
    h->nmarks = n;
}

static bool undone(struct hold *h, uint64_t event) {
    while (h->next_mark < h->nmarks && h->marks[h->next_mark].to <= event) h->next_mark++;
    return h->next_mark < h->nmarks && h->marks[h->next_mark].from <= event;
}

int hold_rewind(struct hold *h, struct err *e) {
    keep_undone(h);
    h->read = h->next_mark = 0;
    h->in_chunk = !h->spill;
    h->at = cursor_of(h->chunk.data, h->in_chunk ? h->chunk.len : 0);
    return h->spill ? h->spill->ops->rewind(h->spill, e) : 0;
}

/* More bytes: from the spill, and behind it what is in memory. */
static int refill(struct hold *h, bool *more, struct err *e) {
    const void *data;
    size_t len = 0;
    *more = !h->in_chunk;
    if (h->in_chunk) return 0;
    if (h->spill->ops->next(h->spill, &data, &len, e)) return -1;
    h->in_chunk = len == 0;
    h->at = h->in_chunk ? cursor_of(h->chunk.data, h->chunk.len) : cursor_of(data, len);
    return 0;
}

int hold_next(struct hold *h, struct binlog_event *ev, uint64_t *offset, bool *more, struct err *e) {
    struct record r;
    const uint8_t *head, *body;
    do {
        for (*more = true; cursor_left(&h->at) == 0;)
            if (refill(h, more, e) || !*more) return *more ? -1 : 0;
        if (!cursor_bytes(&h->at, sizeof(r), &head)) break;
        memcpy(&r, head, sizeof(r));
        if (!cursor_bytes(&h->at, (size_t)r.len, &body)) break;
        if (undone(h, h->read++)) continue;
        *offset = r.offset;
        *ev = (struct binlog_event){
            .timestamp = r.timestamp, .type = r.type, .server_id = r.count, .flags = r.flags};
        ev->body = cursor_of(body, (size_t)r.len);
        return 0;
    } while (true);
    return err_set(e, ERR_IO, "what was put away of a transaction came back damaged");
}
