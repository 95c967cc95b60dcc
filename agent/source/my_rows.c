#include "agent/source/my_rows.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "agent/source/my_client_inside.h"

struct my_rows {
    const struct my_client *client;
    const char *what;
    MYSQL_RES *res;
};

struct my_rows *my_rows_open(struct my_client *c, const char *what, const char *sql, struct err *e) {
    struct my_rows *r;

    if (my_client_exec(c, what, sql, e)) return NULL;
    r = calloc(1, sizeof *r);
    if (!r) {
        err_memory(e, what);
        return NULL;
    }
    r->client = c;
    r->what = what;
    r->res = mysql_use_result(c->my);
    if (r->res) return r;
    my_client_fail(c, what, e);
    free(r);
    return NULL;
}

int my_rows_next(struct my_rows *r, const char *const **values, const unsigned long **lengths,
                 struct err *e) {
    MYSQL_ROW row = mysql_fetch_row(r->res);

    if (!row) return mysql_errno(r->client->my) ? my_client_fail(r->client, r->what, e) : 0;
    *values = (const char *const *)row;
    *lengths = mysql_fetch_lengths(r->res);
    return 1;
}

void my_rows_free(struct my_rows *r) {
    if (!r) return;
    mysql_free_result(r->res);
    free(r);
}

int my_client_send(struct my_client *c, const char *what, const char *sql, struct err *e) {
    return mysql_send_query(c->my, sql, (unsigned long)strlen(sql)) ? my_client_fail(c, what, e) : 0;
}

bool my_client_answered(const struct my_client *c, int timeout_ms) {
    struct pollfd fd = {.fd = c->fd, .events = POLLIN};

    return poll(&fd, 1, timeout_ms) > 0;
}

int my_client_answer(struct my_client *c, const char *what, struct err *e) {
    return mysql_read_query_result(c->my) ? my_client_fail(c, what, e) : 0;
}
