/* What real servers logged (tests/golden/capture_binlog.py), read and written again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/binlog/inflate.h"
#include "decoders/binlog/table_map_write.h"
#include "tests/golden/events.h"
#include "tests/golden/frames.h"

struct seen {
    size_t named, nameless;
    struct arena arena;
    struct buf written;
};

static void differ(const struct seen *s, const struct binlog_event *ev, const char *path) {
    print_error("%s\nlogged ", path);
    for (const uint8_t *p = ev->body.at; p < ev->body.end; p++) print_error("%02x", *p);
    print_error("\nwritten ");
    for (size_t i = 0; i < s->written.len; i++) print_error("%02x", s->written.data[i]);
    fail_msg("not the same");
}

static void check(struct seen *s, const struct binlog_event *ev, const struct binlog_format *f,
                  const char *path) {
    struct table_map m;
    struct err e = {0};
    buf_clear(&s->written, SIZE_MAX);
    arena_clear(&s->arena);
    if (table_map_read(ev, f, &s->arena, &m, &e)) fail_msg("%s: %s", path, e.text);
    if (!m.has_names && m.has_signs) return; /* MINIMAL: nobody writes that */
    table_map_write(&m, f->mariadb, &s->written);
    assert_false(buf_failed(&s->written));
    *(m.has_names ? &s->named : &s->nameless) += 1;
    size_t len = cursor_left(&ev->body);
    memcpy(s->written.data + 6, ev->body.at + 6, 2); /* flags: triggers, and what else does not matter here */
    if (s->written.len != len || memcmp(s->written.data, ev->body.at, len) != 0) differ(s, ev, path);
}

static void read_capture(struct seen *s, const char *path) {
    struct binlog_format format = {0};
    struct buf capture = {0};
    const uint8_t *event;
    struct err e = {0};
    size_t len;
    assert_true(frames_load(path, &capture));
    struct cursor c = cursor_of(capture.data, capture.len);
    while (events_next(&c, &event, &len)) {
        struct binlog_event ev;
        if (binlog_event_read(event, len, &format, false, &ev, &e)) fail_msg("%s: %s", path, e.text);
        if (ev.type == BINLOG_FORMAT_DESCRIPTION) assert_int_equal(binlog_format_read(&ev, &format, &e), 0);
        if (ev.type == BINLOG_TABLE_MAP) check(s, &ev, &format, path);
    }
    buf_release(&capture);
}

static void test_as_the_servers_write_it(void **state) {
    (void)state;
    struct seen s = {0};
    glob_t captures;
    arena_init(&s.arena, 0);
    assert_int_equal(glob("tests/golden/binlog/*.events", 0, NULL, &captures), 0);
    for (size_t i = 0; i < captures.gl_pathc; i++) read_capture(&s, captures.gl_pathv[i]);
    globfree(&captures);
    assert_true(s.named > 100);
    assert_true(s.nameless > 0);
    arena_release(&s.arena);
    buf_release(&s.written);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_the_servers_write_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
