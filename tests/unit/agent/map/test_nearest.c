#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/map/nearest.h"

static const char *const names[] = {"customer_no", "full_name", "email", "KUNNR", "id", NULL};

static const char *known(const void *ctx, size_t i) {
    (void)ctx;
    return names[i];
}

static void test_nearest(void **state) {
    static const char *const all[][2] = {
        {"custmer_no", "customer_no"},
        {"cutsomer_no", "customer_no"},
        {"kunnr", "KUNNR"},
        {"fullname", "full_name"},
        {"emial", "email"},
        {"di", "id"},
        {"phone", NULL},
        {"", NULL},
        {"email_address", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const char *got = nearest(all[i][0], known, NULL);
        if (all[i][1])
            assert_string_equal(got, all[i][1]);
        else
            assert_null(got);
    }
}

static void test_hint(void **state) {
    char out[40] = "x";
    char huge[400];
    (void)state;
    assert_string_equal(nearest_hint("emial", known, NULL, out, sizeof(out)), ": did you mean email?");
    assert_string_equal(nearest_hint("phone", known, NULL, out, sizeof(out)), "");
    assert_string_equal(nearest_hint("emial", known, NULL, out, 8), ": did y");
    memset(huge, 'x', sizeof(huge));
    huge[399] = '\0';
    assert_null(nearest(huge, known, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nearest), cmocka_unit_test(test_hint)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
