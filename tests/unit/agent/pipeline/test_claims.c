/* Tables of several sources that want the same topic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "agent/pipeline/claims.h"

static struct claims *claims;

static int start(void **state) {
    struct err e = {0};

    (void)state;
    claims = claims_new(&e);
    return claims ? 0 : -1;
}

static int finish(void **state) {
    (void)state;
    claims_free(claims);
    return 0;
}

static void takes(const char *topic, const char *owner, bool by_name) {
    struct err e = {0};

    if (claims_take(claims, topic, owner, by_name, &e)) fail_msg("%s", e.text);
}

static void refused(const char *topic, const char *owner, bool by_name, const char *expected) {
    struct err e = {0};

    assert_int_equal(claims_take(claims, topic, owner, by_name, &e), -1);
    assert_int_equal(e.code, ERR_CONFIG);
    if (!strstr(e.text, expected)) fail_msg("%s", e.text);
}

static void a_topic_has_one_owner(void **state) {
    (void)state;
    takes("orders", "table a.public.orders", false);
    takes("orders", "table a.public.orders", false); /* once more, after trouble */
    takes("people", "table b.public.people", false);
    refused("orders", "table b.public.orders", false,
            "table a.public.orders and table b.public.orders would both go to topic orders");
    takes("x.y", "table a.x.y", false);
    refused("x_y", "table b.x_y", false, "table a.x.y would go to topic x.y and table b.x_y to topic x_y");
}

static void sharing_must_be_meant_by_all(void **state) {
    (void)state;
    takes("orders", "table a.public.orders", true);
    takes("orders", "table b.public.orders", true);
    takes("orders", "table a.public.orders", true);
    refused("orders", "table c.public.orders", false, "table a.public.orders and table c.public.orders");
    takes("orders", "table c.public.orders", true);
}

static void the_first_may_not_have_meant_it(void **state) {
    (void)state;
    takes("orders", "table a.public.orders", false);
    refused("orders", "table b.public.orders", true, "table a.public.orders and table b.public.orders");
    takes("a.b", "table a.a.b", true);
    refused("a_b", "table b.a.b", true, "differ in '.' and '_' only");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_topic_has_one_owner, start, finish),
        cmocka_unit_test_setup_teardown(sharing_must_be_meant_by_all, start, finish),
        cmocka_unit_test_setup_teardown(the_first_may_not_have_meant_it, start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
