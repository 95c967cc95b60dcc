#include "agent/source/my_xa.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/log.h"
#include "decoders/binlog/statement.h"

#define LOGGED_MYSQL 50707U    /* XA PREPARE is logged; before, the rows came with the commit */
#define LOGGED_MARIADB 100500U /* likewise */
#define PAGE 10000             /* events asked for at once */
#define NOT_ALLOWED 1227       /* ER_SPECIFIC_ACCESS_DENIED_ERROR */
#define NOT_ALLOWED_XA 1401    /* ER_XAER_RMERR, which says that a privilege is missing */

struct xid {
    const char *text; /* as statement_xid() makes it, in the arena */
    bool found;
};

struct search {
    struct my_client *c;
    struct arena arena; /* holds the xids */
    struct arena row;   /* of the event at hand */
    struct xid *xids;
    size_t count, left, room;
    size_t in_front; /* found in files that begin in front of where the source does */
};

/* ---- What is prepared ---- */

/* The identifier in an XA statement; *out NULL: it has none. */
static int read_xid(const char *text, struct arena *a, const char **out, struct err *e) {
    const struct query_event q = {.text = {text, strlen(text)}};
    struct statement s;

    *out = NULL;
    if (statement_read(&q, a, &s, e)) return -1;
    if (s.xid.len > 0 && !(*out = arena_strndup(a, s.xid.ptr, s.xid.len)))
        return err_memory(e, "looking at prepared transactions");
    return 0;
}

static int add(struct search *s, const char *statement, struct err *e) {
    const char *text;

    if (read_xid(statement, &s->arena, &text, e) || !text) return text ? -1 : 0;
    if (s->count == s->room) {
        size_t room = s->room ? s->room * 2 : 16;
        struct xid *grown = realloc(s->xids, room * sizeof *grown);
        if (!grown) return err_memory(e, "looking at prepared transactions");
        s->xids = grown;
        s->room = room;
    }
    s->xids[s->count++] = (struct xid){.text = text};
    s->left++;
    return 0;
}

/* MySQL: format, lengths of both parts, the parts in hexadecimal. MariaDB: format, lengths, what SQL takes.
 */
static int add_row(struct search *s, const struct my_result *r, bool mariadb, struct err *e) {
    const char *format = my_result_at(r, 0), *len = my_result_at(r, 1), *data = my_result_at(r, 3);
    struct buf sql = {0};
    int rc;

    if (!format || !len || !data) return 0;
    if (mariadb) {
        buf_printf(&sql, "XA COMMIT %s", data);
    } else {
        size_t gtrid = 2 * strtoul(len, NULL, 10);
        if (strlen(data) < 2 + gtrid) return 0;
        buf_printf(&sql, "XA COMMIT X'%.*s',X'%s',%s", (int)gtrid, data + 2, data + 2 + gtrid, format);
    }
    rc = buf_failed(&sql) ? err_memory(e, "looking at prepared transactions") : add(s, buf_cstr(&sql), e);
    buf_release(&sql);
    return rc;
}

/* 0 read, 1 the server does not let us, -1. */
static int read_prepared(struct search *s, bool mariadb, struct err *e) {
    struct my_result *r = my_client_query(s->c, "asking for prepared transactions",
                                          mariadb ? "XA RECOVER FORMAT='SQL'" : "XA RECOVER CONVERT XID", e);
    int rc = 0;

    if (!r) {
        unsigned number = my_client_errno(s->c);
        if (number != NOT_ALLOWED && number != NOT_ALLOWED_XA) return -1;
        err_clear(e);
        return 1;
    }
    while (!rc && my_result_next(r)) rc = add_row(s, r, mariadb, e);
    my_result_free(r);
    return rc;
}

/* ---- Where ---- */

static int note(struct search *s, const char *prepare, struct err *e) {
    const char *text;

    arena_clear(&s->row);
    if (read_xid(prepare, &s->row, &text, e)) return -1;
    for (size_t i = 0; text && i < s->count; i++) {
        if (s->xids[i].found || strcmp(s->xids[i].text, text) != 0) continue;
        s->xids[i].found = true;
        s->left--;
    }
    return 0;
}

/* A page of a file. *offset: where the next one begins; 0: there is none. */
static int search_page(struct search *s, const char *file, uint64_t *offset, struct err *e) {
    struct buf sql = {0};
    struct my_result *r = NULL;
    unsigned rows = 0;
    int rc = 0;

    buf_puts(&sql, "SHOW BINLOG EVENTS IN ");
    my_put_literal(&sql, file);
    buf_printf(&sql, " FROM %" PRIu64 " LIMIT %d", *offset, PAGE);
    if (buf_failed(&sql))
        err_memory(e, "looking for prepared transactions");
    else
        r = my_client_query(s->c, "looking for prepared transactions", buf_cstr(&sql), e);
    buf_release(&sql);
    if (!r) return -1;
    for (; !rc && my_result_next(r); rows++) {
        const char *type = my_result_get(r, "Event_type"), *end = my_result_get(r, "End_log_pos");
        const char *info = my_result_get(r, "Info");
        if (end) *offset = strtoull(end, NULL, 10);
        if (type && info && strcmp(type, "XA_prepare") == 0) rc = note(s, info, e);
    }
    my_result_free(r);
    if (rows < PAGE) *offset = 0;
    return rc;
}

static int search_file(struct search *s, const char *file, struct err *e) {
    uint64_t offset = 4;

    do {
        if (search_page(s, file, &offset, e)) return -1;
    } while (offset > 0 && s->left > 0);
    return 0;
}

/* What lies before a file, which its first events say. */
static int gtids_before(struct search *s, const struct my_server *server, const char *file,
                        struct gtid_set *out, struct err *e) {
    struct buf sql = {0};
    struct my_result *r = NULL;
    bool known;
    int rc = 0;

    if (server->flavour == FLAVOUR_MARIADB) return my_log_gtids_at(s->c, file, 4, out, &known, e);
    buf_puts(&sql, "SHOW BINLOG EVENTS IN ");
    my_put_literal(&sql, file);
    buf_puts(&sql, " LIMIT 2");
    if (buf_failed(&sql))
        err_memory(e, "looking for prepared transactions");
    else
        r = my_client_query(s->c, "looking for prepared transactions", buf_cstr(&sql), e);
    buf_release(&sql);
    gtid_set_clear(out);
    while (r && !rc && my_result_next(r)) {
        const char *type = my_result_get(r, "Event_type"), *info = my_result_get(r, "Info");
        if (type && info && strcmp(type, "Previous_gtids") == 0)
            rc = gtid_set_parse(out, info, strlen(info), e);
    }
    my_result_free(r);
    return r ? rc : -1;
}

/* Whether a file begins in front of a place; `before` gets what lies before it. */
static int begins_before(struct search *s, const struct my_server *server, const char *file,
                         const struct binlog_place *place, struct gtid_set *before, bool *out,
                         struct err *e) {
    struct binlog_place start = {.offset = 4};

    snprintf(start.file, sizeof start.file, "%s", file);
    if (gtids_before(s, server, file, before, e)) return -1;
    *out = gtid_set_empty(place->gtids) ? binlog_place_compare(&start, place) < 0
                                        : gtid_set_within(before, place->gtids);
    return 0;
}

/* Goes back as far as a file whose prepared transactions were found. What it holds behind `from` comes
 * anyway. */
static int go_back(struct search *s, const struct my_server *server, const char *file, size_t found,
                   struct binlog_place *from, struct err *e) {
    struct gtid_set *before = gtid_set_new(server->flavour);
    bool in_front;
    int rc = -1;

    if (!before) return err_memory(e, "looking for prepared transactions");
    if (begins_before(s, server, file, from, before, &in_front, e)) goto out;
    rc = 0;
    if (!in_front) goto out;
    s->in_front += found;
    snprintf(from->file, sizeof from->file, "%s", file);
    from->offset = 4;
    from->begun = 0;
    rc = gtid_set_copy(from->gtids, before) ? err_memory(e, "looking for prepared transactions") : 0;
out:
    gtid_set_free(before);
    return rc;
}

static int begin_before(struct search *s, const struct my_server *server, const struct my_log *log,
                        const char *source, struct binlog_place *from, struct err *e) {
    size_t before, i = log->count;

    while (i > 0 && s->left > 0) {
        before = s->left;
        if (search_file(s, log->files[--i].name, e)) return -1;
        if (s->left == before) continue;
        if (go_back(s, server, log->files[i].name, before - s->left, from, e)) return -1;
    }
    if (s->in_front > 0)
        log_msg(
            LOG_INFO, source,
            "%zu transactions are prepared and not decided (XA RECOVER): their rows are read from %s on, and "
            "published when they commit",
            s->in_front, from->file);
    for (i = 0; i < s->count; i++)
        if (!s->xids[i].found)
            log_msg(
                LOG_WARN, source,
                "transaction %s is prepared (XA RECOVER), but not in the log (any more): if it has changed "
                "captured tables, its commit will stop this source; decide it before, and start anew",
                s->xids[i].text);
    return 0;
}

int my_xa_begin(struct my_client *c, const struct my_server *s, const struct my_log *log, const char *source,
                struct binlog_place *from, struct err *e) {
    struct search search = {.c = c};
    bool mariadb = s->flavour == FLAVOUR_MARIADB;
    int rc;

    if (s->version < (mariadb ? LOGGED_MARIADB : LOGGED_MYSQL)) return 0;
    arena_init(&search.arena, 0);
    arena_init(&search.row, 0);
    rc = read_prepared(&search, mariadb, e);
    if (rc == 1)
        log_msg(LOG_INFO, source,
                "our user may not ask for prepared transactions (XA RECOVER): where XA is used, GRANT "
                "XA_RECOVER_ADMIN ON *.* TO it before the first start");
    else if (rc == 0 && search.count > 0)
        rc = begin_before(&search, s, log, source, from, e);
    arena_release(&search.arena);
    arena_release(&search.row);
    free(search.xids);
    return rc < 0 ? -1 : 0;
}
