#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decoders/pgoutput/position.h"

static struct position blob(const uint8_t *bytes, size_t len) {
    return (struct position){bytes, len};
}

static void test_point(void **state) {
    (void)state;
    const struct point p = {0x1122334455667788, 0x99, 0xaabbccdd};
    struct point q;
    uint8_t bytes[PROGRESS_LEN];
    point_store(&p, bytes);
    assert_true(point_load(blob(bytes, sizeof(bytes)), &q));
    assert_int_equal(q.commit, p.commit);
    assert_int_equal(q.record, p.record);
    assert_int_equal(q.index, p.index);
    assert_false(point_load(blob(bytes, 8), &q));
    assert_false(point_load(blob(bytes, 0), &q));
    const uint8_t zeros[PROGRESS_LEN] = {0};
    assert_false(point_load(blob(zeros, sizeof(zeros)), &q));
}

static void test_reached(void **state) {
    (void)state;
    const struct point end = {100, 50, 2};
    const struct {
        struct point p;
        bool reached;
    } cases[] = {
        {{100, 50, 2}, true},  {{100, 50, 1}, true}, {{100, 49, 9}, true}, {{100, 50, 3}, false},
        {{100, 51, 0}, false}, {{99, 50, 2}, false}, {{101, 1, 0}, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(point_reached(&cases[i].p, &end), cases[i].reached);
}

static void test_text(void **state) {
    (void)state;
    struct buf resume = {0}, text = {0};
    struct err e;
    assert_int_equal(position_from_text("1/1A2B3C", &resume, &e), 0);
    assert_int_equal(resume.len, RESUME_LEN);
    position_to_text(blob(resume.data, resume.len), &text);
    assert_string_equal(buf_cstr(&text), "1/1A2B3C");
    buf_clear(&text, SIZE_MAX);

    const struct point p = {0x200, 0x100, 7};
    uint8_t progress[PROGRESS_LEN];
    point_store(&p, progress);
    position_to_text(blob(progress, sizeof(progress)), &text);
    assert_string_equal(buf_cstr(&text), "0/100+7 of the transaction committed at 0/200");
    buf_clear(&text, SIZE_MAX);
    position_to_text(blob(NULL, 0), &text);
    assert_string_equal(buf_cstr(&text), "");

    assert_int_equal(position_from_text("binlog.000001:4", &resume, &e), -1);
    assert_int_equal(e.code, ERR_CONFIG);
    buf_release(&resume);
    buf_release(&text);
}

static void test_order(void **state) {
    (void)state;
    const uint8_t low[8] = {0, 0, 0, 0, 0xff}, high[8] = {0, 0, 0, 1};
    assert_true(position_order(blob(low, 8), blob(high, 8)) < 0);
    assert_true(position_order(blob(high, 8), blob(low, 8)) > 0);
    assert_int_equal(position_order(blob(low, 8), blob(low, 8)), 0);
    assert_true(position_order(blob(NULL, 0), blob(low, 8)) < 0);
    assert_int_equal(position_order(blob(NULL, 0), blob(NULL, 0)), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_point),
        cmocka_unit_test(test_reached),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
