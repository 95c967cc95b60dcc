/*
 * Any catalogue frame, and a TABLE_MAP without metadata that it may explain. Two bytes say how long the
 * TABLE_MAP is. What is taken has names in UTF-8 and keys that are columns. The same bytes as what a
 * checkpoint knows of tables: what is taken is written again as it was read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/binlog/shape.h"
#include "decoders/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok) {
    if (!ok) abort();
}

static void check_table(const struct table *t) {
    require(t->nkeys <= t->ncolumns);
    for (size_t i = 0; i < t->nkeys; i++) require(t->keys[i] < t->ncolumns);
    for (size_t i = 0; i < t->ncolumns; i++) {
        require(utf8_valid(t->columns[i].name, strlen(t->columns[i].name)));
        require(t->columns[i].kind != 0 && t->columns[i].type[0]);
    }
}

static void check_kept(const uint8_t *data, size_t size) {
    const struct telling_mark start = {0};
    struct tellings *t = tellings_new(), *again = tellings_new();
    struct buf first = {0}, second = {0};
    struct err e = {0};
    bool by_gtid = size > 1 && data[1];
    require(t && again);
    if (tellings_load(t, &start, by_gtid, data, size, &e)) {
        require(e.code == ERR_DATA);
    } else {
        tellings_save(t, &start, by_gtid, &first);
        require(tellings_load(again, &start, by_gtid, first.data, first.len, &e) == 0);
        tellings_save(again, &start, by_gtid, &second);
        if (second.len) require(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
    }
    tellings_free(t);
    tellings_free(again);
    buf_release(&first);
    buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    check_kept(data, size);
    if (size < 2) return 0;
    size_t len = (size_t)data[0] << 8 | data[1];
    if (len > size - 2) return 0;
    struct binlog_format f = {.known = true, .mariadb = true, .post_header = {[BINLOG_TABLE_MAP] = 8}};
    struct binlog_event map = {.type = BINLOG_TABLE_MAP, .body = cursor_of(data + 2, len)};
    struct arena arena;
    struct table_map m;
    struct shape *replaced;
    bool fresh;
    struct err e = {0};
    arena_init(&arena, 4096);
    struct shapes *shapes = shapes_new();
    if (shapes_catalog(shapes, data + 2 + len, size - 2 - len, &e)) require(e.code == ERR_DATA);
    if (table_map_read(&map, &f, &arena, &m, &e) == 0) {
        struct shape *s = shapes_take(shapes, &m, &fresh, &replaced, &e);
        require(s || e.code == ERR_DATA);
        if (s) check_table(&s->table);
    }
    shapes_free(shapes);
    arena_release(&arena);
    return 0;
}
