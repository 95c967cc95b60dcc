#include "decoders/binlog/gtid.h"

#include <stdlib.h>
#include <string.h>

#include "decoders/binlog/gtid_set.h"

/* ---- Lanes ---- */

/* Orders a lane by what it holds: MySQL prints the sets in this order too. */
static int compare(const struct gtid_set *s, const struct gtid_lane *l, const struct gtid *g) {
    if (s->flavour == FLAVOUR_MARIADB) return (l->domain > g->domain) - (l->domain < g->domain);
    int order = memcmp(l->uuid, g->uuid, sizeof(l->uuid));
    return order ? order : strcmp(l->tag, g->tag);
}

/* The lane of `g`, or where it would be put (*found false). */
static size_t search(const struct gtid_set *s, const struct gtid *g, bool *found) {
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = compare(s, &s->lanes[mid], g);
        if (order == 0) {
            *found = true;
            return mid;
        }
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *found = false;
    return low;
}

static struct gtid origin(const struct gtid_set *s, const struct gtid_lane *l) {
    struct gtid g = {.flavour = s->flavour, .domain = l->domain, .server = l->server};
    memcpy(g.uuid, l->uuid, sizeof(g.uuid));
    memcpy(g.tag, l->tag, sizeof(g.tag));
    return g;
}

static const struct gtid_lane *find(const struct gtid_set *s, const struct gtid *g) {
    bool found;
    size_t at = search(s, g, &found);
    return found ? &s->lanes[at] : NULL;
}

/* Makes room for one element more; the new ones are zero. */
static int grow(void **items, size_t *room, size_t count, size_t size, struct err *e) {
    if (count < *room) return 0;
    size_t more = *room ? *room * 2 : 4;
    void *p = reallocarray(*items, more, size);
    if (!p) return err_memory(e, "keeping a set of GTIDs");
    memset((char *)p + *room * size, 0, (more - *room) * size);
    *items = p;
    *room = more;
    return 0;
}

static struct gtid_lane *take_lane(struct gtid_set *s, const struct gtid *g, struct err *e) {
    bool found;
    size_t at = search(s, g, &found);
    if (found) return &s->lanes[at];
    if (grow((void **)&s->lanes, &s->room, s->count, sizeof(*s->lanes), e)) return NULL;
    struct gtid_lane spare = s->lanes[s->count];
    memmove(s->lanes + at + 1, s->lanes + at, (s->count - at) * sizeof(*s->lanes));
    s->count++;
    struct gtid_lane *l = &s->lanes[at];
    *l = (struct gtid_lane){.domain = g->domain, .intervals = spare.intervals, .room = spare.room};
    memcpy(l->uuid, g->uuid, sizeof(l->uuid));
    memcpy(l->tag, g->tag, sizeof(l->tag));
    return l;
}

/* An empty lane goes; its memory stays for the next. */
static void drop_lane(struct gtid_set *s, size_t at) {
    struct gtid_lane gone = s->lanes[at];
    s->count--;
    memmove(s->lanes + at, s->lanes + at + 1, (s->count - at) * sizeof(*s->lanes));
    s->lanes[s->count] = gone;
}

/* ---- Intervals ---- */

/* The first interval that ends at or behind `number`. */
static size_t interval_at(const struct gtid_lane *l, uint64_t number) {
    size_t low = 0, high = l->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (l->intervals[mid].last < number)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool lane_has(const struct gtid_lane *l, uint64_t first, uint64_t last) {
    size_t at = interval_at(l, first);
    return at < l->count && l->intervals[at].first <= first && last <= l->intervals[at].last;
}

static int put_interval(struct gtid_lane *l, size_t at, struct gtid_interval i, struct err *e) {
    if (grow((void **)&l->intervals, &l->room, l->count, sizeof(*l->intervals), e)) return -1;
    memmove(l->intervals + at + 1, l->intervals + at, (l->count - at) * sizeof(*l->intervals));
    l->intervals[at] = i;
    l->count++;
    return 0;
}

static void drop_intervals(struct gtid_lane *l, size_t at, size_t n) {
    memmove(l->intervals + at, l->intervals + at + n, (l->count - at - n) * sizeof(*l->intervals));
    l->count -= n;
}

/* Joins what touches first to last into one interval. */
static int add_interval(struct gtid_set *s, struct gtid_lane *l, uint64_t first, uint64_t last,
                        struct err *e) {
    size_t at = interval_at(l, first - 1), n = 0;
    struct gtid_interval all = {first, last};
    for (; at + n < l->count && l->intervals[at + n].first <= last + 1; n++) {
        const struct gtid_interval *i = &l->intervals[at + n];
        if (i->first < all.first) all.first = i->first;
        if (i->last > all.last) all.last = i->last;
        s->rank -= i->last - i->first + 1;
    }
    if (n == 0 && put_interval(l, at, all, e)) return -1;
    if (n > 1) drop_intervals(l, at + 1, n - 1);
    l->intervals[at] = all;
    s->rank += all.last - all.first + 1;
    return 0;
}

static int remove_interval(struct gtid_set *s, struct gtid_lane *l, struct gtid_interval gone,
                           struct err *e) {
    for (size_t at = interval_at(l, gone.first); at < l->count && l->intervals[at].first <= gone.last;) {
        struct gtid_interval *i = &l->intervals[at], was = *i;
        uint64_t first = was.first > gone.first ? was.first : gone.first;
        uint64_t last = was.last < gone.last ? was.last : gone.last;
        if (was.first < first && last < was.last) {
            if (put_interval(l, at + 1, (struct gtid_interval){last + 1, was.last}, e)) return -1;
            l->intervals[at].last = first - 1;
            at += 2;
        } else if (was.first < first) {
            i->last = first - 1;
            at++;
        } else if (last < was.last) {
            i->first = last + 1;
            at++;
        } else {
            drop_intervals(l, at, 1);
        }
        s->rank -= last - first + 1;
    }
    return 0;
}

/* ---- Sets ---- */

struct gtid_set *gtid_set_new(enum binlog_flavour flavour) {
    struct gtid_set *s = calloc(1, sizeof(*s));
    if (s) s->flavour = flavour;
    return s;
}

void gtid_set_free(struct gtid_set *s) {
    if (!s) return;
    for (size_t i = 0; i < s->room; i++) free(s->lanes[i].intervals);
    free(s->lanes);
    free(s);
}

void gtid_set_clear(struct gtid_set *s) {
    for (size_t i = 0; i < s->count; i++) s->lanes[i].count = 0;
    s->count = 0;
    s->rank = 0;
}

int gtid_set_add_all(struct gtid_set *to, const struct gtid_set *from, struct err *e) {
    for (size_t i = 0; i < from->count; i++) {
        const struct gtid_lane *l = &from->lanes[i];
        struct gtid g = origin(from, l);
        if (to->flavour == FLAVOUR_MARIADB && gtid_set_add_range(to, &g, l->number, l->number, e)) return -1;
        for (size_t k = 0; k < l->count; k++)
            if (gtid_set_add_range(to, &g, l->intervals[k].first, l->intervals[k].last, e)) return -1;
    }
    return 0;
}

int gtid_set_copy(struct gtid_set *to, const struct gtid_set *from) {
    if (to == from) return 0;
    gtid_set_clear(to);
    to->flavour = from->flavour;
    return gtid_set_add_all(to, from, NULL);
}

static void replace_last(struct gtid_set *s, struct gtid_lane *l, const struct gtid *g, uint64_t number) {
    if (number <= l->number) return;
    s->rank += number - l->number;
    l->number = number;
    l->server = g->server;
}

int gtid_set_add_range(struct gtid_set *s, const struct gtid *g, uint64_t first, uint64_t last,
                       struct err *e) {
    if (g->flavour != s->flavour)
        return err_set(e, ERR_DATA, "a GTID of MySQL and one of MariaDB do not belong together");
    if (first == 0 || last < first || (s->flavour == FLAVOUR_MYSQL && last >= GTID_MAX))
        return err_set(e, ERR_DATA, "GTIDs from %llu to %llu: no such interval", (unsigned long long)first,
                       (unsigned long long)last);
    struct gtid_lane *l = take_lane(s, g, e);
    if (!l) return -1;
    if (s->flavour == FLAVOUR_MYSQL) return add_interval(s, l, first, last, e);
    replace_last(s, l, g, last);
    return 0;
}

int gtid_set_add(struct gtid_set *s, const struct gtid *g, struct err *e) {
    return gtid_set_add_range(s, g, g->number, g->number, e);
}

bool gtid_set_has(const struct gtid_set *s, const struct gtid *g) {
    const struct gtid_lane *l = g->flavour == s->flavour ? find(s, g) : NULL;
    if (!l) return false;
    if (s->flavour == FLAVOUR_MARIADB) return g->number <= l->number;
    return lane_has(l, g->number, g->number);
}

bool gtid_set_empty(const struct gtid_set *s) {
    return s->count == 0;
}

bool gtid_set_within(const struct gtid_set *a, const struct gtid_set *b) {
    if (a->count == 0) return true;
    if (a->flavour != b->flavour) return false;
    for (size_t i = 0; i < a->count; i++) {
        struct gtid g = origin(a, &a->lanes[i]);
        const struct gtid_lane *other = find(b, &g);
        if (!other || a->lanes[i].number > other->number) return false;
        for (size_t k = 0; k < a->lanes[i].count; k++)
            if (!lane_has(other, a->lanes[i].intervals[k].first, a->lanes[i].intervals[k].last)) return false;
    }
    return true;
}

int gtid_set_subtract(struct gtid_set *a, const struct gtid_set *b, struct err *e) {
    if (a->flavour != FLAVOUR_MYSQL || b->flavour != FLAVOUR_MYSQL)
        return err_set(e, ERR_DATA, "only MySQL's sets of GTIDs can be subtracted");
    for (size_t i = 0; i < a->count;) {
        struct gtid g = origin(a, &a->lanes[i]);
        const struct gtid_lane *other = a == b ? &a->lanes[i] : find(b, &g);
        for (size_t k = other ? other->count : 0; k-- > 0;)
            if (remove_interval(a, &a->lanes[i], other->intervals[k], e)) return -1;
        if (a->lanes[i].count)
            i++;
        else
            drop_lane(a, i);
    }
    return 0;
}

uint64_t gtid_set_rank(const struct gtid_set *s) {
    return s->rank;
}

uint64_t gtid_set_rank_with(const struct gtid_set *s, const struct gtid *g) {
    if (gtid_set_has(s, g)) return s->rank;
    if (s->flavour == FLAVOUR_MYSQL) return s->rank + 1;
    const struct gtid_lane *l = find(s, g);
    return s->rank + g->number - (l ? l->number : 0);
}
