#include "agent/ack/ledger.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256u
#define INLINE_POSITION 32u

/* An owned position: short ones live in place, so that a steady stream allocates nothing. */
struct mark {
    size_t len;
    union {
        uint8_t near[INLINE_POSITION];
        uint8_t *far;
    } at;
};

#define FAILED (UINT32_C(1) << 31) /* in `pending`: it never becomes 0 again */

struct entry {
    uint32_t pending; /* records still out, and one more while the entry is open */
    bool open;
    bool boundary;
    struct mark mark;
};

/*
 * Entries lie in a ring, at their sequence number modulo its capacity (a power of two). Those from `first` to
 * `next` (exclusive) are not done; those from `tail` to `first` are, and of them only the two marks that
 * count still hold a position. When the ring is full these two move out, and `tail` catches up with `first`.
 */
struct ledger {
    struct entry *entries;
    size_t capacity;
    size_t max_entries;
    uint64_t tail;
    uint64_t first;
    uint64_t next;
    uint64_t boundary_seq; /* the last boundary passed, 0: it is in `boundary` */
    uint64_t progress_seq; /* the last progress after it, 0: it is in `progress` */
    struct mark boundary;
    struct mark progress;
};

/* memcpy() of at most INLINE_POSITION bytes without the call: 16 or more are two halves that may overlap. */
static inline void copy_near(uint8_t *to, const uint8_t *from, size_t len) {
    if (len >= 16) {
        memcpy(to, from, 16);
        memcpy(to + len - 16, from + len - 16, 16);
        return;
    }
    for (size_t i = 0; i < len; i++) to[i] = from[i];
}

static inline bool mark_set(struct mark *m, struct position p) {
    m->len = p.len;
    if (p.len <= INLINE_POSITION) {
        copy_near(m->at.near, p.bytes, p.len);
        return true;
    }
    m->at.far = malloc(p.len);
    if (!m->at.far) {
        m->len = 0;
        return false;
    }
    memcpy(m->at.far, p.bytes, p.len);
    return true;
}

static void mark_release(struct mark *m) {
    if (m->len > INLINE_POSITION) free(m->at.far);
    m->len = 0;
}

/* Moves ownership; what `to` held is freed. */
static void mark_move(struct mark *to, struct mark *from) {
    mark_release(to);
    *to = *from;
    from->len = 0;
}

static struct position mark_position(const struct mark *m) {
    return (struct position){.bytes = m->len > INLINE_POSITION ? m->at.far : m->at.near, .len = m->len};
}

static inline struct entry *entry_at(const struct ledger *l, uint64_t seq) {
    return &l->entries[seq & (l->capacity - 1)];
}

/* The entry of a sequence number that is not done yet, else NULL. */
static inline struct entry *entry_find(const struct ledger *l, uint64_t seq) {
    return seq >= l->first && seq < l->next ? entry_at(l, seq) : NULL;
}

struct ledger *ledger_new(size_t max_entries, struct err *e) {
    struct ledger *l = calloc(1, sizeof *l);

    if (l) l->entries = calloc(FIRST_CAPACITY, sizeof *l->entries);
    if (!l || !l->entries) {
        free(l);
        err_memory(e, "making the ledger");
        return NULL;
    }
    l->capacity = FIRST_CAPACITY;
    l->max_entries = max_entries;
    l->tail = 1;
    l->first = 1;
    l->next = 1;
    return l;
}

void ledger_free(struct ledger *l) {
    if (!l) return;
    for (uint64_t seq = l->tail; seq < l->next; seq++) mark_release(&entry_at(l, seq)->mark);
    mark_release(&l->boundary);
    mark_release(&l->progress);
    free(l->entries);
    free(l);
}

/* Doubles the ring, in which every entry is undone; each entry moves to its place modulo the new capacity. */
static int grow(struct ledger *l, struct err *e) {
    size_t capacity = l->capacity * 2;
    struct entry *entries = calloc(capacity, sizeof *entries);

    if (!entries) return err_memory(e, "growing the ledger");
    for (uint64_t seq = l->first; seq < l->next; seq++) entries[seq & (capacity - 1)] = *entry_at(l, seq);
    free(l->entries);
    l->entries = entries;
    l->capacity = capacity;
    return 0;
}

/* The ring is full: takes the slots of done entries back, or grows. */
static int make_room(struct ledger *l, struct err *e) {
    if (l->boundary_seq) mark_move(&l->boundary, &entry_at(l, l->boundary_seq)->mark);
    if (l->progress_seq) mark_move(&l->progress, &entry_at(l, l->progress_seq)->mark);
    l->boundary_seq = 0;
    l->progress_seq = 0;
    l->tail = l->first;
    return ledger_in_flight(l) < l->capacity ? 0 : grow(l, e);
}

uint64_t ledger_open(struct ledger *l, enum ledger_mark mark, struct position p, struct err *e) {
    size_t in_flight = ledger_in_flight(l);

    if (in_flight >= l->max_entries) {
        err_set(e, ERR_MEMORY, "%zu changes are waiting for delivery: no room for another", in_flight);
        if (e) e->retriable = true;
        return 0;
    }
    if (l->next - l->tail == l->capacity && make_room(l, e) < 0) return 0;
    struct entry *entry = entry_at(l, l->next);
    if (!mark_set(&entry->mark, p)) {
        err_memory(e, "keeping a position");
        return 0;
    }
    entry->pending = 1;
    entry->open = true;
    entry->boundary = mark == LEDGER_BOUNDARY;
    return l->next++;
}

/* The watermark passes an entry: its mark takes the place of the one before. */
static inline void pass(struct ledger *l, struct entry *entry) {
    if (entry->mark.len == 0) return;
    if (l->progress_seq) mark_release(&entry_at(l, l->progress_seq)->mark);
    l->progress_seq = l->first;
    if (!entry->boundary) return;
    if (l->boundary_seq) mark_release(&entry_at(l, l->boundary_seq)->mark);
    l->boundary_seq = l->first;
    l->progress_seq = 0;
    mark_release(&l->progress);
}

static void advance(struct ledger *l) {
    for (; l->first < l->next; l->first++) {
        struct entry *entry = entry_at(l, l->first);
        if (entry->pending > 0) return;
        pass(l, entry);
    }
}

static inline void settle(struct ledger *l, struct entry *entry, uint64_t seq) {
    if (entry->pending == 0) return; /* one result too many */
    if (--entry->pending == 0 && seq == l->first) advance(l);
}

void ledger_add(struct ledger *l, uint64_t seq) {
    struct entry *entry = entry_find(l, seq);

    if (entry) entry->pending++;
}

void ledger_close(struct ledger *l, uint64_t seq) {
    struct entry *entry = entry_find(l, seq);

    if (!entry || !entry->open) return;
    entry->open = false;
    settle(l, entry, seq);
}

void ledger_done(struct ledger *l, uint64_t seq) {
    struct entry *entry = entry_find(l, seq);

    if (entry) settle(l, entry, seq);
}

void ledger_fail(struct ledger *l, uint64_t seq) {
    struct entry *entry = entry_find(l, seq);

    if (entry) entry->pending |= FAILED;
}

uint64_t ledger_watermark(const struct ledger *l) {
    return l->first - 1;
}

size_t ledger_in_flight(const struct ledger *l) {
    return (size_t)(l->next - l->first);
}

uint64_t ledger_last(const struct ledger *l) {
    return l->next - 1;
}

struct position ledger_boundary(const struct ledger *l) {
    return mark_position(l->boundary_seq ? &entry_at(l, l->boundary_seq)->mark : &l->boundary);
}

struct position ledger_progress(const struct ledger *l) {
    return mark_position(l->progress_seq ? &entry_at(l, l->progress_seq)->mark : &l->progress);
}
