#include "agent/source/pg_from.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void begins_where_it_is_told(void **state) {
    static const struct {
        const char *from;
        bool exists;
        int rc;
        uint64_t position; /* 1: left alone */
    } cases[] = {
        {NULL, false, 0, 1},       {NULL, true, 0, 1},         {"now", false, 0, 1},
        {"now", true, 0, 0x300},   {"0/200", false, -1, 1},    {"0/FF", true, -1, 1},
        {"0/100", true, 0, 0x100}, {"0/200", true, 0, 0x200},  {"0/300", true, 0, 0x300},
        {"0/301", true, -1, 1},    {"yesterday", true, -1, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pg_slot slot = {
            .exists = cases[i].exists, .name = "s", .confirmed = cases[i].exists ? 0x100 : 0};
        struct err e = {0};
        uint64_t position = 1;
        assert_int_equal(pg_from(cases[i].from, &slot, 0x300, &position, &e), cases[i].rc);
        assert_true(position == cases[i].position);
        if (cases[i].rc) assert_int_equal(e.code, ERR_CONFIG);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_where_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
