#include "agent/source/my_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_RENAMED 80200U /* SHOW MASTER STATUS became SHOW BINARY LOG STATUS */

void my_put_literal(struct buf *out, const char *text) {
    buf_putc(out, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') buf_putc(out, *text == '\\' ? '\\' : '\'');
        buf_putc(out, *text);
    }
    buf_putc(out, '\'');
}

/* Asks what was put together in `sql`, which is released. */
static struct my_result *ask(struct my_client *c, const char *what, struct buf *sql, struct err *e) {
    const char *text = buf_cstr(sql);
    struct my_result *r = NULL;

    if (buf_failed(sql))
        err_memory(e, what);
    else
        r = my_client_query(c, what, text, e);
    buf_release(sql);
    return r;
}

static int read_gtids(struct gtid_set *set, const char *text, struct err *e) {
    gtid_set_clear(set);
    return text ? gtid_set_parse(set, text, strlen(text), e) : 0;
}

/* ---- Files ---- */

static int add_file(struct my_log *l, const char *name, const char *size, struct err *e) {
    struct my_log_file *grown = realloc(l->files, (l->count + 1) * sizeof *grown);

    if (!grown) return err_memory(e, "listing the log's files");
    l->files = grown;
    snprintf(grown[l->count].name, sizeof grown->name, "%s", name ? name : "");
    grown[l->count++].size = size ? strtoull(size, NULL, 10) : 0;
    return 0;
}

static int read_files(struct my_client *c, struct my_log *l, struct err *e) {
    struct my_result *r = my_client_query(c, "listing the log's files", "SHOW BINARY LOGS", e);
    int rc = r ? 0 : -1;

    while (!rc && my_result_next(r)) rc = add_file(l, my_result_at(r, 0), my_result_at(r, 1), e);
    my_result_free(r);
    if (!rc && l->count == 0) rc = err_set(e, ERR_IO, "the server lists no files of its log");
    return rc;
}

const struct my_log_file *my_log_find(const struct my_log *l, const char *name) {
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->files[i].name, name) == 0) return &l->files[i];
    return NULL;
}

/* ---- GTIDs ---- */

int my_log_gtids_at(struct my_client *c, const char *file, uint64_t offset, struct gtid_set *out, bool *known,
                    struct err *e) {
    struct buf sql = {0};
    struct my_result *r;
    int rc = -1;

    buf_puts(&sql, "SELECT BINLOG_GTID_POS(");
    my_put_literal(&sql, file);
    buf_puts(&sql, ", ");
    buf_put_u64(&sql, offset);
    buf_puts(&sql, ")");
    r = ask(c, "asking for the GTIDs at a place in the log", &sql, e);
    if (r && my_result_next(r)) {
        *known = my_result_at(r, 0) != NULL;
        rc = read_gtids(out, my_result_at(r, 0), e);
    }
    my_result_free(r);
    return rc;
}

static int read_purged(struct my_client *c, const struct my_server *s, struct my_log *l, struct err *e) {
    struct my_result *r;
    bool known;
    int rc = -1;

    if (s->flavour == FLAVOUR_MARIADB) /* 4: behind the magic number, where the first event begins */
        return my_log_gtids_at(c, l->files[0].name, 4, l->purged, &known, e);
    r = my_client_query(c, "asking for gtid_purged", "SELECT @@GLOBAL.gtid_purged", e);
    if (r && my_result_next(r)) rc = read_gtids(l->purged, my_result_at(r, 0), e);
    my_result_free(r);
    return rc;
}

/* ---- The end ---- */

int my_log_end(struct my_client *c, const struct my_server *s, struct binlog_place *out, struct err *e) {
    bool renamed = s->flavour == FLAVOUR_MYSQL && s->version >= STATUS_RENAMED, known = true;
    struct my_result *r = my_client_query(c, "asking for the end of the log",
                                          renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS", e);
    int rc = -1;

    if (!r) return -1;
    if (!my_result_next(r)) {
        err_set(e, ERR_CONFIG, "the server writes no binary log: start it with --log-bin");
        goto out;
    }
    snprintf(out->file, sizeof out->file, "%s", my_result_at(r, 0) ? my_result_at(r, 0) : "");
    out->server = s->server_id;
    out->offset = my_result_at(r, 1) ? strtoull(my_result_at(r, 1), NULL, 10) : 0;
    if (s->flavour == FLAVOUR_MARIADB)
        rc = my_log_gtids_at(c, out->file, out->offset, out->gtids, &known, e);
    else
        rc = read_gtids(out->gtids, my_result_get(r, "Executed_Gtid_Set"), e);
    if (!rc && !known)
        rc = err_set(e, ERR_IO, "the server does not know the GTIDs at %s:%llu", out->file,
                     (unsigned long long)out->offset);
out:
    my_result_free(r);
    return rc;
}

int my_log_read(struct my_client *c, const struct my_server *s, struct my_log *out, struct err *e) {
    memset(out, 0, sizeof *out);
    if (binlog_position_init(&out->end, s->flavour, e)) return -1;
    out->end.by_gtid = s->gtids;
    out->purged = gtid_set_new(s->flavour);
    if (!out->purged) return err_memory(e, "looking at the log");
    return read_files(c, out, e) || read_purged(c, s, out, e) || my_log_end(c, s, &out->end.through, e) ? -1
                                                                                                        : 0;
}

void my_log_release(struct my_log *l) {
    free(l->files);
    gtid_set_free(l->purged);
    if (l->end.through.gtids) binlog_position_release(&l->end);
    memset(l, 0, sizeof *l);
}

/* ---- Does the log go on with GTIDs? ---- */

/* The first event that says: 1 with, 0 without, 2 none in this file; -1. */
static int look_into(struct my_client *c, const char *file, uint64_t offset, struct err *e) {
    struct buf sql = {0};
    struct my_result *r;
    int found = 2;

    buf_puts(&sql, "SHOW BINLOG EVENTS IN ");
    my_put_literal(&sql, file);
    buf_printf(&sql, " FROM %llu LIMIT 4", (unsigned long long)offset);
    r = ask(c, "looking at the log behind our position", &sql, e);
    if (!r) return -1;
    while (found == 2 && my_result_next(r)) {
        const char *type = my_result_get(r, "Event_type");
        if (type && strcmp(type, "Anonymous_Gtid") == 0) found = 0;
        if (type && (strcmp(type, "Gtid") == 0 || strcmp(type, "Gtid_tagged") == 0)) found = 1;
    }
    my_result_free(r);
    return found;
}

int my_log_has_gtids(struct my_client *c, const struct my_log *l, const struct binlog_place *at, bool *out,
                     struct err *e) {
    const struct my_log_file *f = my_log_find(l, at->file);
    uint64_t offset = at->offset;
    int found = 2;

    *out = true;
    for (; f && f < l->files + l->count && found == 2; f++, offset = 4) {
        if (offset >= f->size) continue;
        found = look_into(c, f->name, offset, e);
    }
    if (found < 0) return -1;
    *out = found != 0;
    return 0;
}
