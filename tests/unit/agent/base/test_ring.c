#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "agent/base/ring.h"

#define RECORDS 200000

static void wait_for(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLIN};

    assert_int_equal(poll(&p, 1, 10000), 1);
}

static void put(struct ring *r, const void *data, size_t len) {
    bool full;
    void *at;

    while (!(at = ring_reserve(r, len, &full))) {
        assert_true(full);
        ring_flush(r);
        wait_for(ring_space_fd(r));
        ring_space_clear(r);
    }
    memcpy(at, data, len);
    ring_commit(r);
}

static size_t length_of(uint64_t i) {
    return sizeof i + (size_t)(i * 7919 % 300);
}

static void *produce(void *arg) {
    struct ring *r = arg;
    unsigned char record[400] = {0};

    for (uint64_t i = 0; i < RECORDS; i++) {
        memcpy(record, &i, sizeof i);
        put(r, record, length_of(i));
        if (i % 1000 == 0) ring_flush(r);
    }
    ring_flush(r);
    return NULL;
}

static const void *next_record(struct ring *r, size_t *len) {
    const void *at;

    while (!(at = ring_next(r, len))) {
        ring_data_clear(r);
        if ((at = ring_next(r, len))) break;
        wait_for(ring_data_fd(r));
    }
    return at;
}

static void records_arrive_whole_and_in_order(void **state) {
    struct err e;
    struct ring *r = ring_new(512 * 1024, &e);
    pthread_t thread;
    size_t len;

    (void)state;
    assert_non_null(r);
    assert_int_equal(pthread_create(&thread, NULL, produce, r), 0);
    for (uint64_t i = 0; i < RECORDS; i++) {
        uint64_t got;
        const void *at = next_record(r, &len);
        memcpy(&got, at, sizeof got);
        assert_int_equal(got, i);
        assert_int_equal(len, length_of(i));
    }
    pthread_join(thread, NULL);
    assert_null(ring_next(r, &len));
    assert_int_equal(ring_held(r), 0);
    assert_true(ring_peak(r) <= 512 * 1024);
    ring_free(r);
}

static void a_full_ring_refuses_and_recovers(void **state) {
    struct err e;
    struct ring *r = ring_new(0, &e); /* the smallest there is */
    static unsigned char record[10000];
    size_t taken = 0, len;
    bool full = false;

    (void)state;
    while (ring_reserve(r, sizeof record, &full)) {
        ring_commit(r);
        taken++;
    }
    assert_true(full);
    assert_true(taken > 10 && taken < 100);
    ring_flush(r);
    for (size_t i = 0; i < taken; i++) assert_non_null(ring_next(r, &len));
    assert_null(ring_next(r, &len));
    wait_for(ring_space_fd(r));
    assert_non_null(ring_reserve(r, sizeof record, &full));
    ring_free(r);
}

static void a_record_larger_than_the_budget_passes_alone(void **state) {
    struct err e;
    struct ring *r = ring_new(0, &e);
    size_t len, huge = 10u << 20;
    bool full;

    (void)state;
    put(r, "x", 1);
    ring_flush(r);
    assert_null(ring_reserve(r, huge, &full));
    assert_true(full);
    assert_non_null(ring_next(r, &len));
    assert_null(ring_next(r, &len));
    assert_non_null(ring_reserve(r, huge, &full));
    ring_commit(r);
    ring_flush(r);
    assert_non_null(ring_next(r, &len));
    assert_int_equal(len, huge);
    assert_null(ring_next(r, &len));
    assert_int_equal(ring_held(r), 0);
    ring_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_arrive_whole_and_in_order),
        cmocka_unit_test(a_full_ring_refuses_and_recovers),
        cmocka_unit_test(a_record_larger_than_the_budget_passes_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
