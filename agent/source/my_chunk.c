#include "agent/source/my_chunk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/source/my_key.h"
#include "agent/source/my_rows.h"
#include "decoders/binlog/cell_write.h"
#include "decoders/binlog/table_map_write.h"

#define FULL_NAME 512              /* room for "database.table" */
#define BATCH ((size_t)64 * 1024)  /* bytes of rows in a frame */
#define KEEP ((size_t)256 * 1024)  /* … that the buffer for them keeps */
#define GENERATED_KEYS_MYSQL 80030 /* since then a server may make primary keys, and may hide them */
#define STATEMENT_TIME_MYSQL 50708

#define NO_SUCH_DATABASE 1049
#define NO_GRANT 1142
#define NO_GRANT_ON_COLUMN 1143
#define NO_SUCH_TABLE 1146
#define LOCK_TIMEOUT 1205
#define TABLE_CHANGED 1412

/* A chunk on its way. */
struct reading {
    const struct my_chunk_parts *p;
    struct my_chunk_end *out;
    struct my_table table;
    struct my_rows *rows;
    bool begun; /* frames were pushed */
    int64_t at_us;
    struct buf batch; /* rows that were not pushed yet, behind their head */
    size_t head;      /* its bytes */
    size_t waiting;   /* rows in it */
    struct buf place; /* of the last row */
    struct err *e;
};

int my_chunk_session(struct my_client *c, const struct my_server *s, struct err *e) {
    struct buf sql = {0};
    int rc;

    buf_puts(&sql, "SET SESSION sql_mode = 'ALLOW_INVALID_DATES', character_set_results = NULL,"
                   " sql_select_limit = DEFAULT, lock_wait_timeout = 1, net_write_timeout = 3600");
    if (s->flavour == FLAVOUR_MARIADB)
        buf_puts(&sql, ", max_statement_time = 0");
    else if (s->version >= STATEMENT_TIME_MYSQL)
        buf_puts(&sql, ", max_execution_time = 0");
    if (s->flavour == FLAVOUR_MYSQL && s->version >= GENERATED_KEYS_MYSQL)
        buf_puts(&sql, ", show_gipk_in_create_table_and_information_schema = ON");
    rc = buf_failed(&sql) ? err_memory(e, "setting up the session")
                          : my_client_exec(c, "setting up the session", buf_cstr(&sql), e);
    buf_release(&sql);
    if (rc) return rc;
    return my_client_exec(c, "setting up the session",
                          "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", e);
}

/* ---- Outcomes ---- */

static void put_table_name(const struct reading *r, struct buf *sql) {
    my_put_name(sql, r->p->ask->space);
    buf_putc(sql, '.');
    my_put_name(sql, r->p->ask->name);
}

/* What the server's refusal means for the chunk. -1. */
static int judge(struct reading *r) {
    const struct source_chunk *q = r->p->ask;

    switch (my_client_errno(r->p->sql)) {
    case NO_SUCH_DATABASE:
    case NO_SUCH_TABLE: r->out->outcome = CHUNK_GONE; break;
    case LOCK_TIMEOUT:
    case TABLE_CHANGED:
        if (r->out->rows == 0) r->out->outcome = CHUNK_LATER;
        break;
    case NO_GRANT:
    case NO_GRANT_ON_COLUMN:
        err_set(r->e, ERR_CONFIG, "our user may not read %s.%s: run \"GRANT SELECT ON `%s`.`%s` TO USER;\"",
                q->space, q->name, q->space, q->name);
        break;
    default: r->out->hang_up = r->e->code == ERR_IO; break;
    }
    return -1;
}

/* ---- Frames ---- */

static int push(struct reading *r, enum frame_kind kind, uint64_t start, const uint8_t *data, size_t len) {
    const struct frame f = {.kind = kind, .start = start, .sent_us = r->at_us, .data = data, .len = len};

    return r->p->push(r->p->ctx, &f, r->e);
}

/* In front of the first rows. */
static int push_beginning(struct reading *r) {
    const struct source_chunk *q = r->p->ask;
    struct buf map = {0};
    int rc = -1;

    r->begun = true;
    table_map_write(&r->table.map, r->p->server->flavour == FLAVOUR_MARIADB, &map);
    if (buf_failed(&map))
        err_memory(r->e, "reading rows");
    else if (push(r, FRAME_CHUNK, q->stamp, q->at.bytes, q->at.len) == 0 &&
             push(r, FRAME_CATALOG, 0, r->table.catalog.data, r->table.catalog.len) == 0)
        rc = push(r, FRAME_DATA, BINLOG_TABLE_MAP, map.data, map.len);
    buf_release(&map);
    return rc;
}

static void begin_batch(struct reading *r) {
    buf_clear(&r->batch, KEEP);
    rows_write_head(&r->table.map, &r->batch);
    r->head = r->batch.len;
    r->waiting = 0;
}

/* Pushes the rows that wait: then the place behind the last of them is good. */
static int push_rows(struct reading *r) {
    if (r->waiting == 0) return 0;
    if (!r->begun && push_beginning(r)) return -1;
    if (push(r, FRAME_DATA, BINLOG_WRITE_ROWS, r->batch.data, r->batch.len)) return -1;
    r->out->rows += r->waiting;
    buf_clear(&r->out->after, SIZE_MAX);
    buf_put(&r->out->after, r->place.data, r->place.len);
    begin_batch(r);
    return buf_failed(&r->out->after) || buf_failed(&r->batch) ? err_memory(r->e, "reading rows") : 0;
}

/* ---- Rows ---- */

/* NULL bitmap, then the cells. */
static int add_row(struct reading *r, const char *const *values, const unsigned long *lengths) {
    const struct table_map *m = &r->table.map;
    const size_t bitmap = r->batch.len;

    for (size_t i = 0; i < (m->ncolumns + 7) / 8; i++) buf_putc(&r->batch, '\0');
    if (buf_failed(&r->batch)) return err_memory(r->e, "reading rows");
    for (size_t i = 0; i < m->ncolumns; i++) {
        if (!values[i])
            r->batch.data[bitmap + i / 8] |= (uint8_t)(1u << i % 8);
        else if (cell_write(&m->fields[i], values[i], lengths[i], &r->batch, r->e))
            return err_prefix(r->e, "column %s", r->table.columns[i].name);
    }
    buf_clear(&r->place, SIZE_MAX);
    my_key_put_place(&r->table, values, lengths, &r->place);
    r->waiting++;
    return buf_failed(&r->batch) || buf_failed(&r->place) ? err_memory(r->e, "reading rows") : 0;
}

/* A row that is not understood is not half there. */
static int take_row(struct reading *r, const char *const *values, const unsigned long *lengths) {
    const size_t len = r->batch.len;

    if (add_row(r, values, lengths)) {
        if (!buf_failed(&r->batch)) r->batch.len = len;
        return -1;
    }
    return r->batch.len >= BATCH ? push_rows(r) : 0;
}

/* Up to the end, or to where it is cut: *all. */
static int take_rows(struct reading *r, bool *all) {
    const char *const *values;
    const unsigned long *lengths;
    int rc = 0;

    *all = false;
    while (!atomic_load(r->p->cut) || (r->out->rows == 0 && r->waiting == 0)) {
        rc = my_rows_next(r->rows, &values, &lengths, r->e);
        if (rc < 0) return judge(r);
        *all = rc == 0;
        if (*all) return 0;
        if (take_row(r, values, lengths)) return -1;
    }
    return 0;
}

/* ---- Asking ---- */

static int ask_rows(struct reading *r) {
    const struct source_chunk *q = r->p->ask;
    struct buf sql = {0};
    int rc = -1;

    buf_printf(&sql, "SELECT %s FROM ", buf_cstr(&r->table.select));
    put_table_name(r, &sql);
    buf_puts(&sql, " FORCE INDEX (");
    my_put_name(&sql, r->table.index);
    buf_putc(&sql, ')');
    if (q->after.len > 0) {
        const size_t len = sql.len;
        buf_puts(&sql, " WHERE ");
        /* Of another key: from the beginning. */
        if (!my_key_put_behind(&r->table, q->after, &sql) && !buf_failed(&sql)) sql.len = len;
    }
    buf_puts(&sql, " ORDER BY ");
    my_key_put_order(&r->table, &sql);
    buf_printf(&sql, " LIMIT %" PRIu32, q->rows);
    if (buf_failed(&sql)) {
        err_memory(r->e, "reading rows");
    } else {
        r->rows = my_rows_open(r->p->sql, "reading rows", buf_cstr(&sql), r->e);
        rc = r->rows ? 0 : judge(r);
    }
    buf_release(&sql);
    return rc;
}

/* The first SELECT keeps the table as it is until the transaction ends. */
static int hold_table(struct reading *r) {
    struct buf sql = {0};
    struct my_result *rows = NULL;

    buf_puts(&sql, "SELECT 1 FROM ");
    put_table_name(r, &sql);
    buf_puts(&sql, " LIMIT 0");
    if (buf_failed(&sql))
        err_memory(r->e, "reading rows");
    else if (!(rows = my_client_query(r->p->sql, "reading rows", buf_cstr(&sql), r->e)))
        judge(r);
    buf_release(&sql);
    my_result_free(rows);
    return rows ? 0 : -1;
}

static int read_table(struct reading *r) {
    const struct source_chunk *q = r->p->ask;
    int rc = my_table_read(r->p->sql, r->p->server, r->p->collations, q->space, q->name, &r->table, r->e);

    if (rc < 0) return judge(r);
    if (rc > 0) {
        r->out->outcome = CHUNK_GONE;
        return err_set(r->e, ERR_DATA, "information_schema does not list it");
    }
    if (r->table.index) return 0;
    return err_set(r->e, ERR_CONFIG, "it cannot be read in chunks: %s", r->table.why_not);
}

static int read_in_transaction(struct reading *r) {
    bool all;
    int rc;

    if (hold_table(r) || read_table(r)) return -1;
    begin_batch(r);
    if (ask_rows(r)) return -1;
    rc = take_rows(r, &all);
    if (r->e->code == ERR_STOPPED) return -1;
    if (rc == 0) {
        uint64_t rows = r->out->rows + r->waiting;
        r->out->outcome = all && rows < r->p->ask->rows ? CHUNK_LAST : CHUNK_MORE;
        r->out->hang_up = !all;
        return push_rows(r);
    }
    /* What came before is good; the first error is the one that is told. */
    if (r->waiting > 0) {
        struct err first = *r->e;
        push_rows(r);
        *r->e = first;
    }
    return -1;
}

static int begin(struct reading *r) {
    const struct my_chunk_parts *p = r->p;
    struct binlog_position at;
    int rc;

    if (binlog_position_init(&at, p->server->flavour, r->e)) return -1;
    rc = binlog_position_read(p->ask->at, &at, r->e);
    if (rc == 0 && at.flavour != p->server->flavour)
        rc = err_set(r->e, ERR_IO, "the server that answers is not of the kind whose log is read");
    if (rc == 0) rc = my_visible_begin(p->visible, p->sql, p->server, &at, p->ask->space, p->ask->name, r->e);
    binlog_position_release(&at);
    if (rc > 0) r->out->outcome = CHUNK_LATER;
    return rc ? -1 : 0;
}

static bool is_streamed(const struct my_chunk_parts *p) {
    char full[FULL_NAME];

    snprintf(full, sizeof full, "%s.%s", p->ask->space, p->ask->name);
    return pattern_list_match(p->config->table_patterns, full, NULL);
}

/* Nothing more comes on this connection, or the transaction ends. */
static void end(struct reading *r) {
    if (r->out->hang_up) my_client_abort(r->p->sql);
    my_rows_free(r->rows);
    if (!r->out->hang_up && my_client_exec(r->p->sql, "reading rows", "COMMIT", NULL)) r->out->hang_up = true;
    my_table_release(&r->table);
    buf_release(&r->batch);
    buf_release(&r->place);
}

void my_chunk_read(const struct my_chunk_parts *p, struct my_chunk_end *out, struct err *e) {
    struct reading r = {.p = p, .out = out, .e = e, .at_us = clock_wall_us(p->clock)};

    out->outcome = CHUNK_FAILED;
    if (!is_streamed(p)) {
        out->outcome = CHUNK_GONE;
        err_set(e, ERR_CONFIG, "the tables of this source do not take it in");
        return;
    }
    if (begin(&r)) {
        out->hang_up = out->outcome == CHUNK_FAILED;
    } else if (read_in_transaction(&r) && e->code == ERR_NONE) {
        err_set(e, ERR_IO, "reading rows failed");
    }
    if (out->outcome == CHUNK_MORE || out->outcome == CHUNK_LAST) err_clear(e);
    end(&r);
}
