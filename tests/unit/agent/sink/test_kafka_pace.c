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

static void the_first_is_sent_at_once(void **state) {
    struct kafka_turn t = {0};

    (void)state;
    assert_true(kafka_turn_sent(&t, START));
    assert_false(kafka_turn_done(&t, 1, START + 300));
    assert_true(kafka_turn_sent(&t, START + 1000));
}

/* What comes while an answer is awaited leaves together, with the answer. */
static void the_next_ones_wait_for_the_answer(void **state) {
    struct kafka_turn t = {0};

    (void)state;
    assert_true(kafka_turn_sent(&t, START));
    for (int i = 1; i <= 10; i++) assert_false(kafka_turn_sent(&t, START + 100 * i));
    assert_true(kafka_turn_done(&t, 1, START + 2000));
    assert_false(kafka_turn_sent(&t, START + 2100));
    assert_false(kafka_turn_done(&t, 4, START + 2200)); /* six of ten are still to come */
    assert_true(kafka_turn_done(&t, 6, START + 2300));
    assert_false(kafka_turn_done(&t, 1, START + 2400)); /* nothing is left */
    assert_int_equal(t.out, 0);
}

/* One partition's answer may take long; the others do not wait for it for ever. */
static void an_answer_is_not_awaited_for_ever(void **state) {
    struct kafka_turn t = {0};

    (void)state;
    assert_true(kafka_turn_sent(&t, START));
    assert_false(kafka_turn_sent(&t, START + KAFKA_PACE_TURN_US - 1));
    assert_true(kafka_turn_sent(&t, START + KAFKA_PACE_TURN_US));
    assert_false(kafka_turn_sent(&t, START + KAFKA_PACE_TURN_US + 1));
}

/* More results than the pulse was for: some of what came later went with it. */
static void more_answers_than_were_asked_for(void **state) {
    struct kafka_turn t = {0};

    (void)state;
    assert_true(kafka_turn_sent(&t, START));
    for (int i = 0; i < 5; i++) assert_false(kafka_turn_sent(&t, START));
    assert_true(kafka_turn_done(&t, 4, START + 100));
    assert_false(kafka_turn_done(&t, 2, START + 200));
    assert_true(kafka_turn_sent(&t, START + 300));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_stay_few),
        cmocka_unit_test(many_are_seen_at_once),
        cmocka_unit_test(the_end_of_many_is_seen),
        cmocka_unit_test(a_pause_ends_many),
        cmocka_unit_test(the_first_is_sent_at_once),
        cmocka_unit_test(the_next_ones_wait_for_the_answer),
        cmocka_unit_test(an_answer_is_not_awaited_for_ever),
        cmocka_unit_test(more_answers_than_were_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
