#include "agent/source/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void doubles_up_to_ten_seconds(void **state) {
    struct backoff b;

    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        uint32_t longest = 100;
        backoff_init(&b, seed);
        for (int i = 0; i < 12; i++) {
            assert_in_range(backoff_next(&b), longest / 2, longest);
            longest = longest * 2 > 10000 ? 10000 : longest * 2;
        }
        backoff_reset(&b);
        assert_in_range(backoff_next(&b), 50, 100);
    }
}

static void spreads_clients(void **state) {
    unsigned lower = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        struct backoff b;
        backoff_init(&b, seed * UINT64_C(0x9E3779B97F4A7C15));
        b.ms = 10000;
        if (backoff_next(&b) < 7500) lower++;
    }
    assert_in_range(lower, 400, 600);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_up_to_ten_seconds),
        cmocka_unit_test(spreads_clients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
