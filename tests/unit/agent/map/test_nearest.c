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
        {"custmer_no", ": did you mean customer_no?"},
        {"cutsomer_no", ": did you mean customer_no?"},
        {"kunnr", ": did you mean KUNNR?"},
        {"fullname", ": did you mean full_name?"},
        {"emial", ": did you mean email?"},
        {"di", ": did you mean id?"},
        {"phone", ""},
        {"", ""},
        {"email_address", ""},
    };
    char out[40];
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        assert_string_equal(nearest_hint(all[i][0], known, NULL, out, sizeof(out)), all[i][1]);
}

static void test_room(void **state) {
    char out[8] = "x";
    (void)state;
    assert_string_equal(nearest_hint("emial", known, NULL, out, sizeof(out)), ": did y");
    assert_string_equal(nearest_hint("phone", known, NULL, out, 1), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nearest), cmocka_unit_test(test_room)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
