#include "agent/source/pg_lowat.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define START INT64_C(5000000)

static void gathers_under_load(void **state) {
    struct pg_lowat l;
    int64_t now = START;
    int rows = 0;

    (void)state;
    pg_lowat_init(&l);
    while (!pg_lowat_read(&l, 200, now)) { /* 250k rows a second, each read on its own */
        now += 4;
        assert_true(++rows < 100);
    }
    assert_true(l.gather);
    for (int i = 0; i < 1000; i++) { /* then a mark's worth at a time */
        assert_false(pg_lowat_read(&l, PG_LOWAT_MARK, now));
        now += 300;
    }
}

static void reads_at_once_when_little_comes(void **state) {
    struct pg_lowat l;
    int64_t now = START;

    (void)state;
    pg_lowat_init(&l);
    for (int i = 0; i < 5000; i++, now += 333) /* 1000 transactions a second, three messages each */
        assert_false(pg_lowat_read(&l, 150, now));
    assert_false(l.gather);
}

/* The end of a burst must be noticed by the waits that bring nothing. */
static void stops_gathering_when_the_burst_ends(void **state) {
    struct pg_lowat l;
    int64_t now = START;
    int waits = 0;

    (void)state;
    pg_lowat_init(&l);
    for (int i = 0; i < 10; i++, now += 100) pg_lowat_read(&l, PG_LOWAT_MARK, now);
    assert_true(l.gather);
    while (l.gather) {
        now += PG_LOWAT_WAIT_US;
        pg_lowat_read(&l, 100, now);
        assert_true(++waits <= 2);
    }
}

static void one_large_row_is_no_load_for_long(void **state) {
    struct pg_lowat l;

    (void)state;
    pg_lowat_init(&l);
    assert_true(pg_lowat_read(&l, 1000000, START));
    pg_lowat_read(&l, 0, START + PG_LOWAT_WAIT_US);
    pg_lowat_read(&l, 0, START + 2 * PG_LOWAT_WAIT_US);
    assert_false(l.gather);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gathers_under_load),
        cmocka_unit_test(reads_at_once_when_little_comes),
        cmocka_unit_test(stops_gathering_when_the_burst_ends),
        cmocka_unit_test(one_large_row_is_no_load_for_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
