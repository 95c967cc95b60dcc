#include "agent/sink/kafka_pace.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define START INT64_C(5000000)

/* `n` records of 500 bytes, `apart_us` apart; the time behind them. */
static int64_t records(struct kafka_flow *f, int n, int64_t apart_us, int64_t now) {
    for (int i = 0; i < n; i++, now += apart_us) kafka_flow_count(f, 500, now);
    return now;
}

static void few_stay_few(void **state) {
    struct kafka_flow f = {0};
    int64_t now = START;

    (void)state;
    for (int i = 0; i < 5000; i++, now += 1000) { /* 1000 a second */
        kafka_flow_count(&f, 500, now);
        assert_false(f.many);
    }
    records(&f, 100, 5, now); /* a transaction of a hundred rows */
    assert_false(f.many);
}

static void many_are_seen_at_once(void **state) {
    struct kafka_flow f = {0};
    int64_t now = START;

    (void)state;
    now = records(&f, 300, 13, now);
    assert_true(f.many);
    for (int i = 0; i < 100000; i++, now += 13) { /* 75k a second */
        kafka_flow_count(&f, 500, now);
        assert_true(f.many);
    }
}

static void the_end_of_many_is_seen(void **state) {
    struct kafka_flow f = {0};
    int64_t now = START;

    (void)state;
    now = records(&f, 20000, 13, now);
    assert_true(f.many);
    records(&f, 300, 1000, now);
    assert_false(f.many);
}

/* What came before a pause says nothing. */
static void a_pause_ends_many(void **state) {
    struct kafka_flow f = {0};
    int64_t now = START;

    (void)state;
    now = records(&f, 20000, 13, now);
    kafka_flow_count(&f, 500, now + 10 * KAFKA_PACE_WINDOW_US);
    assert_false(f.many);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_stay_few),
        cmocka_unit_test(many_are_seen_at_once),
        cmocka_unit_test(the_end_of_many_is_seen),
        cmocka_unit_test(a_pause_ends_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
