/*
 * Any bytes as a QUERY event, and its text as a statement. The first byte chooses server and sql_mode. What
 * is understood has tables and identifiers as its kind calls for.
 */
#include <stdint.h>
#include <stdlib.h>

#include "decoders/binlog/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok) {
    if (!ok) abort();
}

static void check(const struct statement *s) {
    bool xa = s->kind >= STATEMENT_XA_START && s->kind <= STATEMENT_XA_PREPARE;
    bool named = s->kind >= STATEMENT_TRUNCATE && s->kind <= STATEMENT_DATABASE;
    require(s->kind >= STATEMENT_HARMLESS && s->kind <= STATEMENT_WRITE);
    require(xa == (s->xid.len > 0));
    require(named == (s->ntables > 0));
    require(s->kind != STATEMENT_TRUNCATE || s->ntables == 1);
    for (size_t i = 0; i < s->ntables; i++)
        require(s->kind == STATEMENT_DATABASE ? s->tables[i].name.len == 0 : s->tables[i].name.ptr != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    const struct binlog_format f = {.mariadb = data[0] & 1};
    const struct binlog_event ev = {.type = BINLOG_QUERY, .body = cursor_of(data + 1, size - 1)};
    struct query_event q;
    struct statement s;
    struct arena a;
    if (query_event_read(&ev, &f, &q, NULL)) {
        q = (struct query_event){.text = {.ptr = (const char *)data + 1, .len = size - 1},
                                 .database = {"d", 1}};
        q.charset = data[0] & 2 ? 8 : 45;
    }
    if (data[0] & 4) q.sql_mode |= SQL_MODE_ANSI_QUOTES;
    if (data[0] & 8) q.sql_mode |= SQL_MODE_NO_BACKSLASH_ESCAPES;
    arena_init(&a, 0);
    require(statement_read(&q, &a, &s, NULL) == 0);
    check(&s);
    arena_release(&a);
    return 0;
}
