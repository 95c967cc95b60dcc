/*
 * Memory: every allocation may fail, nothing is lost when one does, and a steady stream needs none.
 *
 * The binary's own malloc() stands in front of the C library's. Under a sanitizer that is the sanitizer's
 * place, so a sanitizer's build leaves this file out (see the Makefile).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "decoders/binlog/decoder.h"
#include "decoders/binlog/rows.h"
#include "tests/golden/events.h"
#include "tests/golden/frames.h"

static bool watching;
static long allocations; /* while watching */
static long live;        /* made and not freed since */
static long fail_at;     /* that allocation fails; 0: none does */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

static bool fails(void) {
    return watching && ++allocations == fail_at;
}

void *malloc(size_t size) {
    void *p = fails() ? NULL : __libc_malloc(size);
    if (p) live++;
    return p;
}

void *calloc(size_t count, size_t size) {
    void *p = fails() ? NULL : __libc_calloc(count, size);
    if (p) live++;
    return p;
}

void *realloc(void *old, size_t size) {
    void *p = fails() ? NULL : __libc_realloc(old, size);
    if (p && !old) live++;
    return p;
}

void free(void *p) {
    if (p) live--;
    __libc_free(p);
}

static int ignore(void *ctx, const struct change *c, struct err *e) {
    (void)ctx, (void)c, (void)e;
    return 0;
}

static void load(const char *name, struct buf *capture) {
    char path[128];
    snprintf(path, sizeof(path), "tests/golden/binlog/%s.events", name);
    buf_clear(capture, SIZE_MAX);
    assert_true(frames_load(path, capture));
}

static int feed(struct decoder *d, const uint8_t *event, size_t len, struct err *e) {
    const struct frame f = {.kind = FRAME_DATA, .data = event, .len = len};
    watching = true;
    int result = decoder_binlog.feed(d, &f, ignore, NULL, e);
    watching = false;
    return result;
}

static int feed_all(struct decoder *d, const struct buf *capture, const struct buf *rotate, struct err *e) {
    struct cursor c = cursor_of(capture->data, capture->len);
    const uint8_t *event;
    size_t len;
    if (feed(d, rotate->data, rotate->len, e)) return -1;
    while (events_next(&c, &event, &len))
        if (feed(d, event, len, e)) return -1;
    return 0;
}

/* Decodes a capture with the n-th allocation failing. True when it went through. */
static bool decode(const char *name, const struct buf *capture, long n) {
    const struct decoder_options options = {.epoch = 1};
    struct buf rotate = {0};
    struct err e = {0};
    long before = live;
    int result = 0;
    events_rotate(1, &rotate);
    allocations = 0;
    fail_at = n;
    watching = true;
    struct decoder *d = decoder_binlog.create(&options);
    watching = false;
    if (d) result = events_start(d, NULL, strstr(name, "mariadb") != NULL, true, &e);
    if (d && result == 0) result = feed_all(d, capture, &rotate, &e);
    if (d) decoder_binlog.destroy(d);
    buf_release(&rotate);
    if (result && e.code != ERR_MEMORY) fail_msg("%s, allocation %ld: %s", name, n, e.text);
    if (live != before) fail_msg("%s, allocation %ld: %ld left behind", name, n, live - before);
    return d && result == 0;
}

/*
 * An allocation that only makes a hash table larger may fail without harm. Texts that the C library converts
 * are left out: it keeps what it loads for that, and does not say when it fails for want of memory.
 */
static void test_every_allocation_fails(void **state) {
    (void)state;
    static const char *const names[] = {"columns-mysql-9.7",       "geometry-mysql-9.7",
                                        "json_partial-mysql-9.7",  "numeric-mariadb-10.11",
                                        "vector-mysql-9.7",        "mariadb_types-mariadb-11.4",
                                        "image_minimal-mysql-9.7", "temporal-mariadb-10.11"};
    struct buf capture = {0};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        load(names[i], &capture);
        assert_true(decode(names[i], &capture, 0));
        long all = allocations, failed = 0;
        assert_true(all > 5);
        for (long n = 1; n <= all; n++) failed += !decode(names[i], &capture, n);
        assert_true(failed * 2 > all);
    }
    buf_release(&capture);
}

struct stream {
    struct binlog_format format;
    struct shapes *shapes;
    struct arena arena;
    struct buf scratch;
    struct cell_reader reader;
    long rows;
    struct err e;
};

static int read_table_map(struct stream *s, const struct binlog_event *ev) {
    struct table_map m;
    struct shape *shape, *replaced;
    bool fresh;
    arena_clear(&s->arena);
    if (table_map_peek(ev, &s->format, &m, &s->e)) return -1;
    shape = shapes_known(s->shapes, &m);
    if (!shape && table_map_read(ev, &s->format, &s->arena, &m, &s->e) == 0)
        shape = shapes_take(s->shapes, &m, &fresh, &replaced, &s->e);
    return shape ? shapes_bind(s->shapes, m.table_id, shape, &s->e) : -1;
}

static int read_rows(struct stream *s, const struct binlog_event *ev) {
    struct rows r;
    struct shape *shape;
    struct change c;
    bool more = true;
    if (rows_open(ev, &s->format, &r, &s->e) || !shapes_find(s->shapes, r.table_id, &shape)) return -1;
    for (;;) {
        arena_clear(&s->arena);
        if (rows_next(&r, &s->reader, shape, &c, &more, &s->e)) return -1;
        if (!more) break;
        s->rows++;
    }
    if (r.flags & ROWS_STATEMENT_END) shapes_unbind(s->shapes);
    return 0;
}

static void read_all(struct stream *s, const struct buf *capture) {
    struct cursor c = cursor_of(capture->data, capture->len);
    const uint8_t *event;
    size_t len;
    while (events_next(&c, &event, &len)) {
        struct binlog_event ev;
        int rc = binlog_event_read(event, len, &s->format, false, &ev, &s->e);
        if (!rc && ev.type == BINLOG_FORMAT_DESCRIPTION) rc = binlog_format_read(&ev, &s->format, &s->e);
        if (!rc && ev.type == BINLOG_TABLE_MAP) rc = read_table_map(s, &ev);
        bool rows = (ev.type >= BINLOG_WRITE_ROWS_V1 && ev.type <= BINLOG_DELETE_ROWS_V1) ||
                    (ev.type >= BINLOG_WRITE_ROWS && ev.type <= BINLOG_DELETE_ROWS) ||
                    ev.type == BINLOG_PARTIAL_UPDATE_ROWS;
        if (!rc && rows) rc = read_rows(s, &ev);
        if (rc) fail_msg("%s", s->e.text);
    }
}

/* Once the tables are known, and the buffers as large as they must be, rows of every type need none. */
static void test_steady_state(void **state) {
    (void)state;
    static const char *const names[] = {"numeric-mysql-9.7", "decimal-mysql-9.7", "strings-mariadb-10.11",
                                        "labels-mysql-9.7",  "vector-mysql-9.7",  "json-mysql-9.7"};
    struct buf capture = {0};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct stream s = {.shapes = shapes_new()};
        arena_init(&s.arena, 1 << 20);
        s.reader = (struct cell_reader){&s.arena, charsets_new(), &s.scratch};
        load(names[i], &capture);
        for (int warm = 0; warm < 3; warm++) read_all(&s, &capture);
        allocations = fail_at = 0;
        s.rows = 0;
        watching = true;
        read_all(&s, &capture);
        watching = false;
        assert_true(s.rows > 0);
        if (allocations) fail_msg("%s: %ld allocations for %ld rows", names[i], allocations, s.rows);
        shapes_free(s.shapes);
        charsets_free(s.reader.charsets);
        arena_release(&s.arena);
        buf_release(&s.scratch);
    }
    buf_release(&capture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation_fails),
        cmocka_unit_test(test_steady_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
