/* cells: one cell at a time, for the tests of its readers. */
#ifndef TAILRACE_TESTS_BINLOG_CELLS_H
#define TAILRACE_TESTS_BINLOG_CELLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decoders/binlog/cell_part.h"
#include "tests/unit/decoders/binlog/bytes.h"

struct cells {
    struct arena arena;
    struct buf scratch, text, written;
    struct cell_reader reader;
    struct bytes bytes;
    struct value v;
    struct err e;
};

static inline int cells_setup(void **state) {
    struct cells *t = calloc(1, sizeof(*t));
    arena_init(&t->arena, 4096);
    t->reader = (struct cell_reader){&t->arena, charsets_new(), &t->scratch};
    *state = t;
    return 0;
}

static inline int cells_teardown(void **state) {
    struct cells *t = *state;
    arena_release(&t->arena);
    buf_release(&t->scratch);
    buf_release(&t->text);
    buf_release(&t->written);
    charsets_free(t->reader.charsets);
    free(t->bytes.data);
    free(t);
    return 0;
}

/* Reads `hex`, all of it, by `read`; and every shorter cell must be an error. */
static inline void cells_read(struct cells *t,
                              int (*read)(const struct cell_reader *, struct cursor *, const struct field *,
                                          struct value *, struct err *),
                              const struct field *f, const char *hex) {
    free(t->bytes.data);
    t->bytes = bytes_of(hex);
    for (size_t len = 0; len < t->bytes.len; len++) {
        uint8_t *part = malloc(len + !len);
        memcpy(part, t->bytes.data, len);
        struct cursor c = cursor_of(part, len);
        if (read(&t->reader, &c, f, &t->v, &t->e) != -1 || t->e.code != ERR_DATA)
            fail_msg("%s: %zu bytes of it are taken", hex, len);
        free(part);
    }
    struct cursor c = cursor_of(t->bytes.data, t->bytes.len);
    if (read(&t->reader, &c, f, &t->v, &t->e)) fail_msg("%s: %s", hex, t->e.text);
    assert_int_equal(cursor_left(&c), 0);
}

/* "kind text" of a present value, "invalid text" */
static inline void cells_assert(struct cells *t, const char *want) {
    buf_clear(&t->text, 4096);
    if (t->v.state == VALUE_PRESENT) {
        buf_printf(&t->text, "%s ", value_kind_name((enum value_kind)t->v.kind));
        value_format(&t->v, &t->text);
    } else {
        buf_printf(&t->text, "%s ", value_state_name((enum value_state)t->v.state));
        assert_true(t->v.is_text && t->v.kind == 0);
        buf_put(&t->text, t->v.text, t->v.len);
    }
    assert_string_equal(buf_cstr(&t->text), want);
}

#define CELL_TEST(test) cmocka_unit_test_setup_teardown(test, cells_setup, cells_teardown)

#endif
