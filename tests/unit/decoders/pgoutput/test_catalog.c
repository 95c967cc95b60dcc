#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decoders/pgoutput/catalog.h"

static const struct pgoutput_type mood = {16390, 'e', 0, 0, -1, ',', "app", "mood"};
static const struct pgoutput_type price = {16391, 'd', 0, 1700, 655366, ';', "public", "price"};
static const struct pgoutput_keys keys = {.relid = 16385, .nkeys = 2, .keys = {"b", "a"}};

static void test_round_trip(void **state) {
    (void)state;
    struct buf b = {0};
    pgoutput_catalog_put_type(&b, &mood);
    pgoutput_catalog_put_keys(&b, &keys);
    pgoutput_catalog_put_type(&b, &price);

    struct cursor c = cursor_of(b.data, b.len);
    struct pgoutput_type t;
    struct pgoutput_keys k;
    struct err e;
    assert_int_equal(pgoutput_catalog_next(&c, &t, &k, &e), 't');
    assert_int_equal(t.oid, 16390);
    assert_int_equal(t.typtype, 'e');
    assert_int_equal(t.base_mod, -1);
    assert_string_equal(t.schema, "app");
    assert_string_equal(t.name, "mood");
    assert_int_equal(pgoutput_catalog_next(&c, &t, &k, &e), 'r');
    assert_int_equal(k.relid, 16385);
    assert_int_equal(k.nkeys, 2);
    assert_string_equal(k.keys[0], "b");
    assert_string_equal(k.keys[1], "a");
    assert_int_equal(pgoutput_catalog_next(&c, &t, &k, &e), 't');
    assert_int_equal(t.base, 1700);
    assert_int_equal(t.base_mod, 655366);
    assert_int_equal(t.delim, ';');
    assert_int_equal(pgoutput_catalog_next(&c, &t, &k, &e), 0);
    buf_release(&b);
}

/* Reads everything; the last result. */
static int read_all(const void *data, size_t len, struct err *e) {
    struct cursor c = cursor_of(data, len);
    struct pgoutput_type t;
    struct pgoutput_keys k;
    int tag;
    do tag = pgoutput_catalog_next(&c, &t, &k, e);
    while (tag > 0);
    return tag;
}

static void test_damaged(void **state) {
    (void)state;
    struct buf b = {0};
    struct err e;
    pgoutput_catalog_put_type(&b, &mood);
    size_t first = b.len;
    pgoutput_catalog_put_keys(&b, &keys);
    for (size_t len = 1; len < b.len; len++) {
        int result = read_all(b.data, len, &e);
        assert_int_equal(result, len == first ? 0 : -1);
    }
    assert_int_equal(read_all("x", 1, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_string_equal(e.text, "catalogue frame: malformed record 0x78 at offset 0");
    b.data[first + 5] = 0xff; /* more keys than an index can have */
    assert_int_equal(read_all(b.data, b.len, &e), -1);
    buf_release(&b);
}

static void test_builtin(void **state) {
    (void)state;
    assert_true(pgoutput_builtin_type(23));
    assert_true(pgoutput_builtin_type(1007)); /* integer[] */
    assert_true(pgoutput_builtin_type(6157)); /* int8multirange[] */
    assert_false(pgoutput_builtin_type(0));
    assert_false(pgoutput_builtin_type(83)); /* pg_class as a row type */
    assert_false(pgoutput_builtin_type(16390));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_builtin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
