/*
 * Any TABLE_MAP and any rows event behind it. The first byte chooses the server, the second the type of the
 * event, two more say how long the TABLE_MAP is; then come the two bodies. What is taken is of the kind that
 * its column says, and text is UTF-8.
 */
#include <stdint.h>
#include <stdlib.h>

#include "decoders/binlog/rows.h"
#include "decoders/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t types[8] = {
    BINLOG_WRITE_ROWS_V1, BINLOG_UPDATE_ROWS_V1, BINLOG_DELETE_ROWS_V1,      BINLOG_WRITE_ROWS,
    BINLOG_UPDATE_ROWS,   BINLOG_DELETE_ROWS,    BINLOG_PARTIAL_UPDATE_ROWS, BINLOG_QUERY,
};

static void require(bool ok) {
    if (!ok) abort();
}

static void check_value(const struct value *v, const struct column *c) {
    if (v->state == VALUE_INVALID || v->state != VALUE_PRESENT) {
        require(v->kind == 0);
        return;
    }
    require(v->kind == c->kind);
    if (v->kind == VALUE_TEXT || v->kind == VALUE_JSON || v->kind == VALUE_ENUM || v->kind == VALUE_SET ||
        v->kind == VALUE_DECIMAL)
        require(utf8_valid(v->text, v->len));
    struct buf text = {0};
    value_format(v, &text);
    require(!buf_failed(&text));
    buf_release(&text);
}

static void check_image(const struct table *t, enum image image, const struct value *values) {
    require(!values == (image == IMAGE_NONE));
    for (size_t i = 0; values && i < t->ncolumns; i++) {
        check_value(&values[i], &t->columns[i]);
        if (image == IMAGE_FULL) continue;
        require(values[i].state != VALUE_UNCHANGED);
    }
}

static void read_rows(const struct binlog_event *ev, const struct binlog_format *f, struct shape *s) {
    struct arena arena;
    struct buf scratch = {0};
    struct rows r;
    struct change c = {0};
    struct err e = {0};
    bool more;
    arena_init(&arena, 4096);
    struct cell_reader reader = {&arena, charsets_new(), &scratch};
    if (rows_open(ev, f, &r, &e) == 0) {
        for (;;) {
            arena_clear(&arena);
            if (rows_next(&r, &reader, s, &c, &more, &e) || !more) break;
            check_image(&s->table, c.before_image, c.before);
            check_image(&s->table, c.after_image, c.after);
        }
    }
    charsets_free(reader.charsets);
    buf_release(&scratch);
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 4) return 0;
    size_t len = (size_t)data[2] << 8 | data[3];
    if (len > size - 4) return 0;
    struct binlog_format f = {.known = true, .mariadb = data[0] & 1};
    f.post_header[BINLOG_TABLE_MAP] = data[0] & 2 ? 6 : 8;
    struct binlog_event map = {.type = BINLOG_TABLE_MAP, .body = cursor_of(data + 4, len)};
    struct binlog_event rows = {.type = types[data[1] % 8],
                                .body = cursor_of(data + 4 + len, size - 4 - len)};
    struct arena arena;
    struct table_map m;
    struct shape *replaced;
    bool fresh;
    struct err e = {0};
    arena_init(&arena, 4096);
    struct shapes *shapes = shapes_new();
    if (table_map_read(&map, &f, &arena, &m, &e) == 0) {
        struct shape *s = shapes_take(shapes, &m, &fresh, &replaced, &e);
        require(s ? fresh && shapes_known(shapes, &m) == s : e.code == ERR_DATA);
        if (s) read_rows(&rows, &f, s);
    } else {
        require(e.code == ERR_DATA);
    }
    shapes_free(shapes);
    arena_release(&arena);
    return 0;
}
