#include "agent/source/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const void *next(struct ring *r, size_t *len) {
    ring_flush(r);
    return ring_next(r, len);
}

static void frames_survive_the_ring(void **state) {
    static const struct frame frames[] = {
        {.kind = FRAME_DATA, .start = 1, .sent_us = -5, .data = (const uint8_t *)"Bcd", .len = 3},
        {.kind = FRAME_KEEPALIVE, .start = UINT64_MAX, .sent_us = INT64_MAX},
        {.kind = FRAME_CATALOG, .data = (const uint8_t *)"", .len = 1},
        {.kind = FRAME_RESTART},
    };
    struct ring *r = ring_new(1 << 20, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++)
        assert_int_equal(source_push(r, &frames[i], NULL), 0);
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct frame f;
        size_t len;
        const void *record = next(r, &len);
        assert_non_null(record);
        assert_int_equal(source_frame(record, len, &f, NULL), 0);
        assert_int_equal(f.kind, frames[i].kind);
        assert_true(f.start == frames[i].start && f.sent_us == frames[i].sent_us);
        assert_int_equal(f.len, frames[i].len);
        assert_memory_equal(f.data, frames[i].len > 0 ? frames[i].data : f.data, f.len);
    }
    ring_free(r);
}

static void a_full_ring_refuses_and_has_room_again(void **state) {
    struct ring *r = ring_new(1 << 20, NULL);
    uint8_t *row = calloc(1, 100000);
    struct frame f = {.kind = FRAME_DATA, .data = row, .len = 100000};
    struct err e = {0};
    int pushed = 0, rc;

    (void)state;
    assert_non_null(row);
    while ((rc = source_push(r, &f, &e)) == 0) assert_true(++pushed < 100);
    assert_int_equal(rc, 1);
    assert_int_equal(e.code, ERR_NONE);
    for (int i = 0; i < pushed; i++) {
        size_t len;
        assert_non_null(next(r, &len));
    }
    assert_null(next(r, &(size_t){0}));
    assert_int_equal(source_push(r, &f, &e), 0);
    free(row);
    ring_free(r);
}

static void damaged_records_are_refused(void **state) {
    _Alignas(8) uint8_t bytes[sizeof(struct source_record) + 8] = {0};
    struct source_record *r = (struct source_record *)(void *)bytes;
    struct frame f;
    struct err e = {0};

    (void)state;
    r->kind = FRAME_DATA;
    r->len = 8;
    assert_int_equal(source_frame(bytes, sizeof bytes, &f, &e), 0);
    for (size_t len = 0; len < sizeof bytes; len++) assert_int_equal(source_frame(bytes, len, &f, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    r->len = 9;
    assert_int_equal(source_frame(bytes, sizeof bytes, &f, &e), -1);
    r->len = 8;
    r->kind = 0;
    assert_int_equal(source_frame(bytes, sizeof bytes, &f, &e), -1);
    r->kind = FRAME_END + 1;
    assert_int_equal(source_frame(bytes, sizeof bytes, &f, &e), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_survive_the_ring),
        cmocka_unit_test(a_full_ring_refuses_and_has_room_again),
        cmocka_unit_test(damaged_records_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
