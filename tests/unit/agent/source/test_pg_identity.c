#include "agent/source/pg_identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct pg_identity sample(void) {
    return (struct pg_identity){
        .system_id = UINT64_C(0x0123456789ABCDEF),
        .timeline = 3,
        .database_oid = 16384,
        .database = "shop",
        .slot = "tailrace_shop",
        .npublications = 2,
        .publications = {{.oid = 7, .name = "tailrace_shop"},
                         {.oid = 8, .name = "tailrace_shop_insert", .since = UINT64_C(0x1A2B3C)}},
    };
}

static void survives_the_blob(void **state) {
    struct pg_identity in = sample(), out;
    struct buf b = {0};
    struct err e = {0};

    (void)state;
    pg_identity_encode(&in, &b);
    assert_int_equal(pg_identity_decode((struct position){b.data, b.len}, &out, &e), 0);
    assert_memory_equal(&in, &out, sizeof in);
    buf_release(&b);
}

/* The layout is on disk in checkpoints: it must not move. */
static void keeps_its_layout(void **state) {
    static const uint8_t expected[] = {
        0, 1, 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0, 0, 0, 3, 0, 0, 0x40, 0, 0, 1,   'd',
        0, 1, 's',  0,    1,    0,    0,    0,    7,    0,    0, 0, 0, 0, 0, 0, 9,    0, 1, 'p',
    };
    struct pg_identity in = sample();
    struct buf b = {0};

    (void)state;
    memcpy(in.database, "d", 2);
    memcpy(in.slot, "s", 2);
    memcpy(in.publications[0].name, "p", 2);
    in.publications[0].since = 9;
    in.npublications = 1;
    pg_identity_encode(&in, &b);
    assert_int_equal(b.len, sizeof expected);
    assert_memory_equal(b.data, expected, sizeof expected);
    buf_release(&b);
}

static void refuses_every_truncation(void **state) {
    struct pg_identity in = sample(), out;
    struct buf b = {0};

    (void)state;
    pg_identity_encode(&in, &b);
    for (size_t n = 0; n < b.len; n++) {
        struct err e = {0};
        assert_int_equal(pg_identity_decode((struct position){b.data, n}, &out, &e), -1);
        assert_int_equal(e.code, ERR_DATA);
    }
    buf_putc(&b, 'x');
    assert_int_equal(pg_identity_decode((struct position){b.data, b.len}, &out, NULL), -1);
    buf_release(&b);
}

static void refuses_other_versions_and_lengths(void **state) {
    struct pg_identity in = sample(), out;
    struct buf b = {0};

    (void)state;
    pg_identity_encode(&in, &b);
    b.data[1] = 2;
    assert_int_equal(pg_identity_decode((struct position){b.data, b.len}, &out, NULL), -1);
    b.data[1] = 1;
    b.data[18] = 0xff; /* length of the database's name */
    assert_int_equal(pg_identity_decode((struct position){b.data, b.len}, &out, NULL), -1);
    buf_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_the_blob),
        cmocka_unit_test(keeps_its_layout),
        cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(refuses_other_versions_and_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
