/* The condition "behind this row", and the key as it is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "agent/source/pg_key.h"

#define PG "OPERATOR(pg_catalog."
#define INT                                                                                                  \
    { .name = "id", .type = "pg_catalog.int4", .gt = PG ">)", .ge = PG ">=)", .eq = PG "=)" }
#define TEXT(n)                                                                                              \
    {                                                                                                        \
        .name = n, .type = "pg_catalog.text", .collation = "pg_catalog.\"C\"", .gt = PG ">)",                \
        .ge = PG ">=)", .eq = PG "=)"                                                                        \
    }
#define CI                                                                                                   \
    {                                                                                                        \
        .name = "ci", .type = "public.citext", .gt = "OPERATOR(public.>)", .ge = "OPERATOR(public.>=)",      \
        .eq = "OPERATOR(public.=)"                                                                           \
    }

static struct pg_field value(const char *text) {
    return (struct pg_field){(char *)(uintptr_t)text, strlen(text)};
}

static void behind(const struct pg_key *k, const struct pg_field *values, const char *condition) {
    struct buf sql = {0};
    pg_key_put_behind(k, values, &sql);
    assert_string_equal(buf_cstr(&sql), condition);
    buf_release(&sql);
}

static void test_conditions(void **state) {
    const struct pg_key one = {.n = 1, .columns = {TEXT("a \"b\"")}};
    const struct pg_key two = {.n = 2, .columns = {INT, TEXT("t")}};
    const struct pg_key mixed = {.n = 3, .columns = {INT, CI, TEXT("t")}};
    const struct pg_field quote[] = {value("it's")}, slash[] = {value("a\\")};
    const struct pg_field values[] = {value("-1"), value("x"), value("")};
    struct buf order = {0};
    (void)state;
    behind(&one, quote, "(t.\"a \"\"b\"\"\" COLLATE pg_catalog.\"C\" " PG ">) 'it''s'::pg_catalog.text)");
    behind(&one, slash, "(t.\"a \"\"b\"\"\" COLLATE pg_catalog.\"C\" " PG ">) E'a\\\\'::pg_catalog.text)");
    behind(&two, values,
           "ROW(t.\"id\", t.\"t\" COLLATE pg_catalog.\"C\") " PG
           ">) ROW('-1'::pg_catalog.int4, 'x'::pg_catalog.text)");
    behind(&mixed, values,
           "(t.\"id\" " PG ">=) '-1'::pg_catalog.int4) AND ((t.\"id\" " PG ">) '-1'::pg_catalog.int4)"
           " OR (t.\"id\" " PG
           "=) '-1'::pg_catalog.int4) AND ((t.\"ci\" OPERATOR(public.>) 'x'::public.citext)"
           " OR (t.\"ci\" OPERATOR(public.=) 'x'::public.citext)"
           " AND (t.\"t\" COLLATE pg_catalog.\"C\" " PG ">) ''::pg_catalog.text)))");
    pg_key_put_order(&two, &order);
    assert_string_equal(buf_cstr(&order), "t.\"id\", t.\"t\" COLLATE pg_catalog.\"C\"");
    buf_release(&order);
}

static void test_kept(void **state) {
    const struct pg_key two = {.n = 2, .columns = {INT, TEXT("t")}};
    const struct pg_key other = {.n = 2, .columns = {INT, TEXT("u")}}, one = {.n = 1, .columns = {INT}};
    const struct pg_field values[] = {value("-1"), value("it's")};
    struct pg_field back[2];
    struct buf kept = {0}, bytes = {0};
    (void)state;
    pg_key_store(&two, values, &kept);
    struct position p = {kept.data, kept.len};
    assert_true(pg_key_load(&two, p, &bytes, back));
    assert_string_equal(back[0].text, "-1");
    assert_string_equal(back[1].text, "it's");
    assert_int_equal(back[1].len, 4);
    assert_false(pg_key_load(&other, p, &bytes, back));
    assert_false(pg_key_load(&one, p, &bytes, back));
    for (size_t len = 0; len < kept.len; len++)
        assert_false(pg_key_load(&two, (struct position){kept.data, len}, &bytes, back));
    buf_putc(&kept, 'x');
    assert_false(pg_key_load(&two, (struct position){kept.data, kept.len}, &bytes, back));
    buf_release(&kept);
    buf_release(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
