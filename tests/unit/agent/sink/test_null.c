/* The null sink reports everything it accepted, from poll(), once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "agent/sink/results.h"

static uint64_t given;

static void on_result(void *ctx, uint64_t seq, const struct err *e) {
    (void)ctx;
    assert_null(e);
    assert_int_equal(seq, given + 1);
    given = seq;
}

static void reports_what_it_accepted(void **state) {
    (void)state;
    struct config_sink c = {.type = SINK_NULL};
    struct sink *s = NULL;
    uint64_t seq = 0;
    assert_int_equal(sink_null.open(&c, "shop", on_result, NULL, &s, NULL), 0);
    for (int round = 0; round < 3; round++) {
        for (;;) {
            struct sink_record r = {.seq = seq + 1, .value = {"x", 1}};
            if (sink_null.send(s, &r, NULL) == SINK_FULL) break;
            assert_true(++seq <= 3 * RESULTS_MAX);
        }
        assert_true(given < seq);
        assert_int_equal(sink_null.poll(s, 0, NULL), 0);
        assert_int_equal(given, seq);
    }
    assert_int_equal(sink_null.flush(s, 0, NULL), 0);
    sink_null.close(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reports_what_it_accepted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
