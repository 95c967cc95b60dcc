#include "agent/source/pg_visible.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Handled transactions kept between two looks; beyond it a new limit takes their place. */
#define HANDLED_MAX ((size_t)1 << 18)

/* A table that came later. */
struct joined {
    uint32_t table;
    uint64_t limit;
};

struct pg_visible {
    pthread_mutex_t lock;
    uint64_t limit;    /* of all tables; 0: to be taken at the next judgement */
    uint32_t *handled; /* since the limit was taken; only those that may be invisible still */
    size_t nhandled, cap;
    uint32_t *covered; /* ascending */
    size_t ncovered;
    bool covers;
    struct joined *joined;
    size_t njoined;
    size_t looks; /* snapshots that are being taken */
};

/* ---- Snapshots ---- */

/* A number and the separator behind it (or the end). */
static bool take_number(const char **at, char separator, uint64_t *out) {
    char *end;

    if (**at < '0' || **at > '9') return false;
    *out = strtoull(*at, &end, 10);
    if (*end != separator && *end != '\0') return false;
    if (*end == '\0' && separator == ':') return false;
    *at = end + (*end != '\0');
    return true;
}

int pg_snapshot_parse(const char *text, struct pg_snapshot *out, struct err *e) {
    const char *at = text;
    size_t n = 1;

    memset(out, 0, sizeof *out);
    if (!take_number(&at, ':', &out->xmin) || !take_number(&at, ':', &out->xmax)) goto bad;
    for (const char *c = at; *c; c++) n += *c == ',';
    out->xip = calloc(n, sizeof *out->xip);
    if (!out->xip) return err_memory(e, "reading a snapshot");
    while (*at) {
        if (out->nxip == n || !take_number(&at, ',', &out->xip[out->nxip])) goto bad;
        out->nxip++;
    }
    for (size_t i = 1; i < out->nxip; i++)
        if (out->xip[i] <= out->xip[i - 1]) goto bad;
    return 0;
bad:
    return err_set(e, ERR_DATA, "the server's snapshot \"%.100s\" is not understood", text);
}

void pg_snapshot_release(struct pg_snapshot *s) {
    free(s->xip);
    memset(s, 0, sizeof *s);
}

static int compare_xids(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

bool pg_snapshot_sees(const struct pg_snapshot *s, uint64_t xid) {
    if (xid < s->xmin) return true;
    if (xid >= s->xmax) return false;
    return s->nxip == 0 || !bsearch(&xid, s->xip, s->nxip, sizeof xid, compare_xids);
}

uint64_t pg_xid_widen(uint32_t xid, uint64_t near) {
    int32_t distance = (int32_t)(xid - (uint32_t)near);

    if (distance < 0 && near < (uint64_t) - (int64_t)distance) return xid;
    return near + (uint64_t)(int64_t)distance;
}

/* ---- Life ---- */

struct pg_visible *pg_visible_new(struct err *e) {
    struct pg_visible *v = calloc(1, sizeof *v);

    if (v)
        pthread_mutex_init(&v->lock, NULL);
    else
        err_memory(e, "reading rows");
    return v;
}

void pg_visible_free(struct pg_visible *v) {
    if (!v) return;
    pthread_mutex_destroy(&v->lock);
    free(v->handled);
    free(v->covered);
    free(v->joined);
    free(v);
}

int pg_visible_cover(struct pg_visible *v, const uint32_t *tables, size_t n, struct err *e) {
    int rc = 0;

    pthread_mutex_lock(&v->lock);
    if (!v->covers) {
        v->covered = calloc(n + 1, sizeof *v->covered);
        if (!v->covered)
            rc = err_memory(e, "noting the tables");
        else if (n > 0)
            memcpy(v->covered, tables, n * sizeof *tables);
        v->ncovered = v->covered ? n : 0;
        v->covers = v->covered != NULL;
    }
    pthread_mutex_unlock(&v->lock);
    return rc;
}

/* ---- What was handled ---- */

/* Too many, or no memory for more: a new limit will do for all of them. */
static void overflow(struct pg_visible *v) {
    free(v->handled);
    v->handled = NULL;
    v->nhandled = v->cap = 0;
    v->limit = 0;
}

static bool grow(struct pg_visible *v) {
    size_t cap = v->cap ? v->cap * 2 : 256;
    uint32_t *more = cap <= HANDLED_MAX ? realloc(v->handled, cap * sizeof *more) : NULL;

    if (!more) return false;
    v->handled = more;
    v->cap = cap;
    return true;
}

/* Before there is a limit, the limit will be behind it. */
void pg_visible_handled(struct pg_visible *v, uint32_t xid) {
    pthread_mutex_lock(&v->lock);
    if (v->limit != 0) {
        if (v->nhandled < v->cap || grow(v))
            v->handled[v->nhandled++] = xid;
        else
            overflow(v);
    }
    pthread_mutex_unlock(&v->lock);
}

void pg_visible_look(struct pg_visible *v) {
    pthread_mutex_lock(&v->lock);
    v->looks++;
    pthread_mutex_unlock(&v->lock);
}

void pg_visible_leave(struct pg_visible *v) {
    pthread_mutex_lock(&v->lock);
    v->looks--;
    pthread_mutex_unlock(&v->lock);
}

/* ---- Judging ---- */

static int compare_oids(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* The limit of a table alone: 0 for one that was there from the beginning. */
static int own_limit(struct pg_visible *v, uint32_t table, uint64_t next, uint64_t *limit, struct err *e) {
    struct joined *more;

    *limit = 0;
    if (v->ncovered > 0 && bsearch(&table, v->covered, v->ncovered, sizeof table, compare_oids)) return 0;
    for (size_t i = 0; i < v->njoined; i++)
        if (v->joined[i].table == table) {
            *limit = v->joined[i].limit;
            return 0;
        }
    more = realloc(v->joined, (v->njoined + 1) * sizeof *more);
    if (!more) return err_memory(e, "noting a table");
    v->joined = more;
    v->joined[v->njoined++] = (struct joined){table, next};
    *limit = next;
    return 0;
}

/* The oldest handled one that `s` does not show, 0 none; forgets those that it shows, when it may. */
static uint64_t unseen(struct pg_visible *v, const struct pg_snapshot *s, bool alone) {
    uint64_t oldest = 0;
    size_t kept = 0;

    for (size_t i = 0; i < v->nhandled; i++) {
        uint64_t xid = pg_xid_widen(v->handled[i], s->xmax);
        bool seen = s->in_recovery || pg_snapshot_sees(s, xid);
        if (!seen && (oldest == 0 || xid < oldest)) oldest = xid;
        if (!seen || !alone) v->handled[kept++] = v->handled[i];
    }
    v->nhandled = kept;
    return oldest;
}

int pg_visible_judge(struct pg_visible *v, uint32_t table, const struct pg_snapshot *s,
                     struct pg_verdict *out, struct err *e) {
    uint64_t own;
    int rc;

    memset(out, 0, sizeof *out);
    pthread_mutex_lock(&v->lock);
    v->looks--;
    if (v->limit == 0) v->limit = s->next;
    rc = own_limit(v, table, s->next, &own, e);
    out->limit = own > v->limit ? own : v->limit;
    out->xid = unseen(v, s, v->looks == 0);
    out->sight = out->xid != 0 ? PG_SIGHT_COMMIT : s->xmin < out->limit ? PG_SIGHT_WRITERS : PG_SIGHT_GOOD;
    pthread_mutex_unlock(&v->lock);
    return rc;
}
