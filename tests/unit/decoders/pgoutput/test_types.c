#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "decoders/pgoutput/types.h"

static struct types types;
static struct arena arena;
static struct err e;

static int start(void **state) {
    (void)state;
    types_init(&types);
    arena_init(&arena, 0);
    return 0;
}

static int stop(void **state) {
    (void)state;
    types_release(&types);
    arena_release(&arena);
    return 0;
}

static void put(uint32_t oid, char typtype, uint32_t elem, uint32_t base, const char *schema,
                const char *name) {
    const struct pgoutput_type t = {oid, typtype, elem, base, -1, ',', schema, name};
    assert_int_equal(types_put(&types, &t, &e), 0);
}

static struct text_type resolve(uint32_t oid, int32_t type_mod, const char *name) {
    struct text_type t;
    const char *got;
    assert_int_equal(types_resolve(&types, oid, type_mod, &arena, &t, &got, &e), 0);
    assert_string_equal(got, name);
    return t;
}

static void test_builtin(void **state) {
    (void)state;
    struct text_type t = resolve(1700, 786438, "numeric(12,2)");
    assert_ptr_equal(t.parse, text_numeric);
    t = resolve(1231, 786438, "numeric(12,2)[]");
    assert_ptr_equal(t.parse, text_array);
    assert_int_equal(t.elem->kind, VALUE_DECIMAL);
    t = resolve(1020, -1, "box[]");
    assert_int_equal(t.delim, ';');
}

static void test_unknown(void **state) {
    (void)state;
    struct text_type t = resolve(50000, 7, "oid 50000");
    assert_ptr_equal(t.parse, text_plain);
    assert_int_equal(t.kind, VALUE_OTHER);
}

static void test_user_types(void **state) {
    (void)state;
    put(50000, 'e', 0, 0, "app", "mood");
    put(50001, 'b', 50000, 0, "app", "_mood");
    put(50002, 'd', 0, 50000, "public", "moody");
    put(50003, 'd', 0, 1231, "pg_catalog", "prices");
    put(50004, 'c', 0, 0, "public", "Odd \"pair\"");
    put(50005, 'b', 0, 0, "ext", "citext");
    put(50006, 'b', 50002, 0, "public", "_moody");
    put(50007, 'r', 0, 0, "public", "floatrange");
    assert_int_equal(resolve(50000, -1, "app.mood").kind, VALUE_ENUM);
    struct text_type t = resolve(50001, -1, "app.mood[]");
    assert_int_equal(t.kind, VALUE_ARRAY);
    assert_int_equal(t.elem->kind, VALUE_ENUM);
    assert_int_equal(resolve(50002, -1, "moody").kind, VALUE_ENUM);
    t = resolve(50003, -1, "prices"); /* a domain is not its elements */
    assert_int_equal(t.kind, VALUE_ARRAY);
    assert_int_equal(t.elem->kind, VALUE_DECIMAL);
    assert_int_equal(resolve(50004, -1, "\"Odd \"\"pair\"\"\"").kind, VALUE_OTHER);
    assert_int_equal(resolve(50005, -1, "ext.citext").kind, VALUE_TEXT);
    t = resolve(50006, -1, "moody[]");
    assert_int_equal(t.elem->kind, VALUE_ENUM);
    assert_int_equal(resolve(50007, -1, "floatrange").kind, VALUE_OTHER);
}

/* A Type message has only a name; what the catalogue said counts more. */
static void test_names_from_the_log(void **state) {
    (void)state;
    assert_int_equal(types_put_name(&types, 50000, "app", "thing", &e), 0);
    assert_int_equal(resolve(50000, -1, "app.thing").kind, VALUE_OTHER);
    assert_int_equal(types_put_name(&types, 50001, "", "int4", &e), 0); /* a domain over integer */
    assert_int_equal(resolve(50001, -1, "int4").kind, VALUE_INT);
    put(50000, 'e', 0, 0, "app", "mood");
    assert_int_equal(types_put_name(&types, 50000, "app", "thing", &e), 0);
    assert_int_equal(resolve(50000, -1, "app.mood").kind, VALUE_ENUM);
}

static void test_name_not_utf8(void **state) {
    (void)state;
    put(50000, 'e', 0, 0, "app", "caf\xe9");
    assert_int_equal(resolve(50000, -1, "oid 50000").kind, VALUE_ENUM);
}

static void test_replaced(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        put(50000, 'e', 0, 0, "app", i % 2 ? "one" : "two");
        resolve(50000, -1, i % 2 ? "app.one" : "app.two");
    }
}

/* Nonsense that goes round in circles ends somewhere. */
static void test_circles(void **state) {
    (void)state;
    put(50000, 'b', 50000, 0, "public", "_self");
    put(50001, 'd', 0, 50001, "public", "itself");
    put(50002, 'd', 0, 50003, "public", "ping");
    put(50003, 'b', 50002, 0, "public", "_pong");
    struct text_type t;
    const char *name;
    for (uint32_t oid = 50000; oid <= 50003; oid++)
        assert_int_equal(types_resolve(&types, oid, -1, &arena, &t, &name, &e), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_builtin),       TEST(test_unknown),  TEST(test_user_types), TEST(test_names_from_the_log),
        TEST(test_name_not_utf8), TEST(test_replaced), TEST(test_circles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
