#include "agent/source/pg_pulse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS INT64_C(1000)
#define START (100000 * MS)

static void speaks_three_times_per_timeout(void **state) {
    static const struct {
        uint32_t timeout_ms;
        int64_t interval_us;
    } cases[] = {{2000, 666666}, {60000, 10000000}, {0, 10000000},
                 {900, 300000},  {1, 10000},        {UINT32_MAX, 10000000}};
    struct pg_pulse p;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pg_pulse_init(&p, cases[i].timeout_ms, 7, START);
        assert_true(pg_pulse_due_us(&p, 7) < 0); /* the first at once */
        pg_pulse_sent(&p, 7, 7, START);
        assert_int_equal(pg_pulse_due_us(&p, 7), START + cases[i].interval_us);
    }
}

static void says_soon_what_is_new(void **state) {
    struct pg_pulse p;

    (void)state;
    pg_pulse_init(&p, 60000, 10, START);
    pg_pulse_sent(&p, 10, 10, START);
    assert_int_equal(pg_pulse_due_us(&p, 11), START + 100 * MS);
    pg_pulse_sent(&p, 20, 11, START + 100 * MS);
    assert_int_equal(pg_pulse_due_us(&p, 11), START + 100 * MS + 10000 * MS);
}

static void never_goes_back(void **state) {
    struct pg_pulse p;

    (void)state;
    pg_pulse_init(&p, 0, 100, START);
    pg_pulse_sent(&p, 50, 40, START);
    assert_int_equal(p.flushed, 100);
    assert_int_equal(p.written, 100);
    pg_pulse_sent(&p, 150, 120, START);
    pg_pulse_sent(&p, 140, 0, START);
    assert_int_equal(p.flushed, 120);
    assert_int_equal(p.written, 150);
    pg_pulse_sent(&p, 0, 200, START); /* what is durable was received */
    assert_int_equal(p.written, 200);
}

static void answers_the_first_request_at_once(void **state) {
    struct pg_pulse p;

    (void)state;
    pg_pulse_init(&p, 60000, 10, START);
    pg_pulse_sent(&p, 10, 10, START);
    pg_pulse_asked(&p, 20, START + MS);
    assert_true(pg_pulse_due_us(&p, 10) <= START + MS);
    pg_pulse_sent(&p, 20, 10, START + MS);
    pg_pulse_asked(&p, 20, START + 2 * MS); /* and the next ten times a second */
    assert_int_equal(pg_pulse_due_us(&p, 10), START + 101 * MS);
    pg_pulse_asked(&p, 21, START + 3 * MS); /* another position is a new request */
    assert_true(pg_pulse_due_us(&p, 10) <= START + MS);
}

/* A server that shuts down: asks again whenever it was answered. */
static int64_t leaves_after(struct pg_pulse *p, int64_t round_trip_us) {
    int64_t now = START;

    while (now < START + 60000 * MS) {
        pg_pulse_asked(p, 20, now);
        if (pg_pulse_leave(p, now)) return now - START;
        if (pg_pulse_due_us(p, 10) > now) now = pg_pulse_due_us(p, 10);
        pg_pulse_sent(p, 20, 10, now);
        now += round_trip_us;
    }
    return -1;
}

static void leaves_a_server_that_shuts_down(void **state) {
    struct pg_pulse p;
    int64_t after;

    (void)state;
    pg_pulse_init(&p, 60000, 10, START);
    after = leaves_after(&p, 1 * MS);
    assert_in_range(after, 3000 * MS, 3200 * MS);
    pg_pulse_init(&p, 60000, 10, START);
    after = leaves_after(&p, 300 * MS);
    assert_in_range(after, 3000 * MS, 4000 * MS);
}

static void stays_for_a_few_requests(void **state) {
    struct pg_pulse p;
    int64_t now = START;

    (void)state;
    pg_pulse_init(&p, 60000, 10, START);
    for (int i = 0; i < 100; i++, now += 2000 * MS) {
        pg_pulse_asked(&p, 20, now);
        assert_false(pg_pulse_leave(&p, now));
        pg_pulse_sent(&p, 20, 10, now);
    }
    for (int i = 0; i < 50; i++, now += 100 * MS) { /* data in between: it goes on */
        pg_pulse_asked(&p, 20, now);
        assert_false(pg_pulse_leave(&p, now));
        pg_pulse_sent(&p, 20, 10, now);
        pg_pulse_moved(&p);
    }
    for (uint64_t i = 0; i < 50; i++, now += 100 * MS) { /* so does its position */
        pg_pulse_asked(&p, 20 + i, now);
        assert_false(pg_pulse_leave(&p, now));
        pg_pulse_sent(&p, 20, 10, now);
    }
}

/* An idle server says nothing by itself: it is asked, and only one that does not answer is given up. */
static void asks_a_silent_server(void **state) {
    struct pg_pulse p;
    int64_t now = START;

    (void)state;
    pg_pulse_init(&p, 60000, 10, START);
    assert_false(pg_pulse_ask(&p, now + 59000 * MS));
    assert_true(pg_pulse_ask(&p, now + 60000 * MS));
    assert_false(pg_pulse_silent(&p, now + 299000 * MS));
    assert_true(pg_pulse_silent(&p, now + 300000 * MS));
    for (int i = 0; i < 100; i++, now += 10000 * MS) {
        if (pg_pulse_ask(&p, now)) pg_pulse_heard(&p, now);
        assert_false(pg_pulse_silent(&p, now));
        pg_pulse_sent(&p, 10, 10, now);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speaks_three_times_per_timeout),
        cmocka_unit_test(says_soon_what_is_new),
        cmocka_unit_test(never_goes_back),
        cmocka_unit_test(answers_the_first_request_at_once),
        cmocka_unit_test(leaves_a_server_that_shuts_down),
        cmocka_unit_test(stays_for_a_few_requests),
        cmocka_unit_test(asks_a_silent_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
