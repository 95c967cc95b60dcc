#include "agent/source/pg_rows.h"

#include <poll.h>
#include <string.h>

#include "agent/base/clock.h"
#include "agent/base/thread.h"
#include "agent/source/pg_query.h"
#include "agent/source/source.h"

#define DRAIN_US INT64_C(2000000) /* for a cancelled statement to end */

/* A row's fields: tables may have 1,600 columns, and the key's and the filter's come on top. */
#define FIELDS_MAX (PGOUTPUT_MAX_COLUMNS + PGOUTPUT_MAX_KEYS + 1)

struct reading {
    const struct pg_reading *r;
    struct pg_conn *c;
    struct pg_rows *rows;
    struct pg_field fields[FIELDS_MAX];
};

/* ---- Waiting ---- */

bool pg_rows_wait(const struct pg_reading *r, int fd, int timeout_ms) {
    struct pollfd fds[3] = {
        {.fd = r->stop_fd, .events = POLLIN},
        {.fd = r->wake_fd, .events = POLLIN},
        {.fd = fd, .events = POLLIN},
    };

    poll(fds, 3, timeout_ms);
    if (fds[1].revents) event_clear(r->wake_fd);
    return fds[0].revents == 0;
}

static bool is_cut(const struct pg_reading *r) {
    return atomic_load(r->cut);
}

static int stopped(struct err *e) {
    return err_set(e, ERR_STOPPED, "reading rows: stopped");
}

/* ---- Into the ring ---- */

int pg_rows_push(const struct pg_reading *r, const struct frame *f, struct err *e) {
    int rc;

    while ((rc = source_push(r->ring, f, e)) == 1) {
        ring_flush(r->ring);
        if (!pg_rows_wait(r, ring_space_fd(r->ring), -1)) return stopped(e);
        ring_space_clear(r->ring);
    }
    return rc;
}

/* Room for a record of `len` bytes behind its head. NULL: a cut (`rows->cut`), or an error. */
static struct source_record *reserve(struct reading *x, size_t len, struct err *e) {
    struct source_record *record;
    bool full;

    while (!(record = ring_reserve(x->r->ring, sizeof *record + len, &full))) {
        if (!full) {
            err_memory(e, "queueing a row");
            return NULL;
        }
        ring_flush(x->r->ring);
        x->rows->cut = is_cut(x->r);
        if (x->rows->cut) return NULL;
        if (!pg_rows_wait(x->r, ring_space_fd(x->r->ring), -1)) {
            stopped(e);
            return NULL;
        }
        ring_space_clear(x->r->ring);
    }
    return record;
}

/* What goes before the first row. */
static int push_head(struct reading *x, struct err *e) {
    const struct pg_rows *rows = x->rows;
    struct frame catalog = {.kind = FRAME_CATALOG, .data = rows->catalog->data, .len = rows->catalog->len};
    struct frame relation = {
        .kind = FRAME_DATA, .data = rows->shape->relation.data, .len = rows->shape->relation.len};

    if (pg_rows_push(x->r, &rows->chunk, e)) return -1;
    if (catalog.len > 0 && pg_rows_push(x->r, &catalog, e)) return -1;
    return pg_rows_push(x->r, &relation, e);
}

static uint32_t table_of(const struct pg_rows *rows) {
    uint8_t oid[4];

    memcpy(oid, rows->shape->relation.data + 1, sizeof oid);
    return (uint32_t)oid[0] << 24 | (uint32_t)oid[1] << 16 | (uint32_t)oid[2] << 8 | oid[3];
}

static int push_row(struct reading *x, struct err *e) {
    size_t n = x->rows->shape->ncolumns, size = pg_copy_insert_size(x->fields, n);
    struct source_record *record;

    if (x->rows->pushed == 0 && push_head(x, e)) return -1;
    if (size > UINT32_MAX - sizeof *record)
        return err_set(e, ERR_MEMORY, "a row of %zu bytes is more than the ring can carry", size);
    record = reserve(x, size, e);
    if (!record) return x->rows->cut ? 0 : -1;
    *record = (struct source_record){.kind = FRAME_DATA, .len = (uint32_t)size};
    pg_copy_insert(table_of(x->rows), x->fields, n, (uint8_t *)(record + 1));
    ring_commit(x->r->ring);
    x->rows->pushed++;
    return 0;
}

/* ---- Rows ---- */

/* The key up to which everything was read. */
static int note_key(struct reading *x, struct err *e) {
    const struct pg_shape *s = x->rows->shape;
    struct pg_field values[PGOUTPUT_MAX_KEYS];

    for (size_t i = 0; i < s->key.n; i++) {
        values[i] = x->fields[s->key_field[i]];
        if (!values[i].text) return err_set(e, ERR_DATA, "a row's key has a null");
    }
    buf_clear(&x->rows->after, SIZE_MAX);
    pg_key_store(&s->key, values, &x->rows->after);
    return buf_failed(&x->rows->after) ? err_memory(e, "reading rows") : 0;
}

static int take_row(struct reading *x, char *line, size_t len, struct err *e) {
    const struct pg_shape *s = x->rows->shape;

    if (pg_copy_split(line, len, x->fields, s->nfields, e)) return -1;
    if (!s->filtered || strcmp(x->fields[s->nfields - 1].text, "t") == 0) {
        if (push_row(x, e)) return -1;
        if (x->rows->cut) return 0; /* this one not */
    }
    x->rows->scanned++;
    return note_key(x, e);
}

/* Until the end of the rows, or the cut. */
static int take_rows(struct reading *x, struct err *e) {
    for (;;) {
        char *line = NULL;
        int len = PQgetCopyData(x->c->pq, &line, 1), rc = 0;
        if (len < 0) return 0;
        if (len > 0) rc = take_row(x, line, (size_t)len, e);
        PQfreemem(line);
        if (rc || x->rows->cut) return rc;
        x->rows->cut = x->rows->scanned > 0 && is_cut(x->r);
        if (x->rows->cut) return 0;
        if (len > 0) continue;
        ring_flush(x->r->ring);
        if (!pg_rows_wait(x->r, PQsocket(x->c->pq), -1)) return stopped(e);
        if (!PQconsumeInput(x->c->pq)) return 0; /* the result says why */
    }
}

/* ---- The end ---- */

/* Throws away what still comes of a cancelled statement. False: it does not end. */
static bool drain(struct reading *x) {
    int64_t until = clock_monotonic_us(&clock_system) + DRAIN_US;
    PGresult *res;

    for (;;) {
        char *line = NULL;
        int len = PQgetCopyData(x->c->pq, &line, 1);
        int64_t left = until - clock_monotonic_us(&clock_system);
        struct pollfd fd = {.fd = PQsocket(x->c->pq), .events = POLLIN};

        PQfreemem(line);
        if (left <= 0) return false;
        if (len < 0) break;
        if (len > 0) continue;
        poll(&fd, 1, (int)(left / 1000) + 1);
        if (!PQconsumeInput(x->c->pq)) return false;
    }
    while (pg_wait(x->c, "cancelling", (int)(DRAIN_US / 1000), NULL) == 1) {
        res = PQgetResult(x->c->pq);
        if (!res) return true;
        PQclear(res);
    }
    return false;
}

static void cancel(struct reading *x) {
    PGcancel *cancel = PQgetCancel(x->c->pq);
    char complaint[256];
    bool sent = cancel && PQcancel(cancel, complaint, sizeof complaint);

    PQfreeCancel(cancel);
    if (!sent || !drain(x)) pg_conn_close(x->c);
}

int pg_rows_read(const struct pg_reading *r, struct pg_conn *c, struct pg_rows *rows, struct err *e) {
    static _Thread_local struct reading x;
    PGresult *res;

    x = (struct reading){.r = r, .c = c, .rows = rows};
    if (rows->shape->nfields > FIELDS_MAX) return err_set(e, ERR_DATA, "a table of too many columns");
    if (pg_send(c, "reading rows", rows->sql, 0, NULL, e)) return -1;
    if (!(res = pg_result(c, "reading rows", e))) return -1;
    PQclear(res);
    if (take_rows(&x, e)) {
        cancel(&x);
        return -1;
    }
    if (rows->cut) {
        cancel(&x);
        return 0;
    }
    if (!(res = pg_result(c, "reading rows", e))) return -1;
    PQclear(res);
    return 0;
}
