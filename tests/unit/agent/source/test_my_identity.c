#include "agent/source/my_identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct my_identity sample(void) {
    return (struct my_identity){
        .flavour = FLAVOUR_MYSQL,
        .by_gtid = true,
        .complete = true,
        .server_id = 0x01020304,
        .uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562",
    };
}

static void survives_the_blob(void **state) {
    struct my_identity in = sample(), out;
    struct buf b = {0};
    struct err e = {0};

    (void)state;
    my_identity_encode(&in, &b);
    assert_int_equal(my_identity_decode((struct position){b.data, b.len}, &out, &e), 0);
    assert_int_equal(in.flavour, out.flavour);
    assert_int_equal(in.by_gtid, out.by_gtid);
    assert_int_equal(in.complete, out.complete);
    assert_int_equal(in.server_id, out.server_id);
    assert_string_equal(in.uuid, out.uuid);
    for (size_t len = 0; len < b.len; len++)
        assert_int_equal(my_identity_decode((struct position){b.data, len}, &out, &e), -1);
    buf_putc(&b, 0);
    assert_int_equal(my_identity_decode((struct position){b.data, b.len}, &out, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    buf_release(&b);
}

/* The layout is on disk in checkpoints: it must not move. */
static void keeps_its_layout(void **state) {
    static const uint8_t expected[] = {0, 1, 2, 2, 1, 2, 3, 4, 0};
    struct my_identity in = sample();
    struct buf b = {0};

    (void)state;
    in.flavour = FLAVOUR_MARIADB;
    in.by_gtid = false;
    in.uuid[0] = '\0';
    my_identity_encode(&in, &b);
    assert_int_equal(b.len, sizeof expected);
    assert_memory_equal(b.data, expected, sizeof expected);
    buf_release(&b);
}

static void knows_its_server(void **state) {
    struct my_identity id = sample();
    struct my_server s = {.flavour = FLAVOUR_MYSQL, .uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562"};

    (void)state;
    assert_true(my_identity_same(&id, &s)); /* whatever its server_id is now */
    s.uuid[0] = '4';
    assert_false(my_identity_same(&id, &s));
    s.flavour = id.flavour = FLAVOUR_MARIADB;
    assert_false(my_identity_same(&id, &s));
    s.server_id = id.server_id;
    assert_true(my_identity_same(&id, &s));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_the_blob),
        cmocka_unit_test(keeps_its_layout),
        cmocka_unit_test(knows_its_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
