#include "agent/source/pg_publication.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "agent/source/pg_temporary.h"

static void marks_survive(void **state) {
    static const struct pg_mark marks[] = {
        {.ours = true},
        {.ours = true, .temporary = true, .pid = 4711},
    };

    (void)state;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        struct buf b = {0};
        struct pg_mark out;
        pg_mark_put(&marks[i], "shop", &b);
        pg_mark_parse(buf_cstr(&b), "shop", &out);
        assert_memory_equal(&out, &marks[i], sizeof out);
        pg_mark_parse(buf_cstr(&b), "sho", &out);
        assert_false(out.ours);
        pg_mark_parse(buf_cstr(&b), "shop2", &out);
        assert_false(out.ours);
        buf_release(&b);
    }
}

static void foreign_comments_are_not_ours(void **state) {
    static const char *const comments[] = {
        NULL, "", "made by hand", "tailrace", "tailrace ", "tailraceshop", "tailrace-shop"};
    struct pg_mark out;

    (void)state;
    for (size_t i = 0; i < sizeof comments / sizeof comments[0]; i++) {
        pg_mark_parse(comments[i], "shop", &out);
        assert_false(out.ours);
    }
    pg_mark_parse("tailrace shop temporary nonsense", "shop", &out);
    assert_true(out.ours);
    assert_false(out.temporary);
}

static void names_fit(void **state) {
    char name[PG_NAME_MAX], longest[PG_NAME_MAX];

    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    pg_publication_insert_name("tailrace_shop", name);
    assert_string_equal(name, "tailrace_shop_insert");
    pg_publication_insert_name(longest, name);
    assert_int_equal(strlen(name), PG_NAME_MAX - 1);
    assert_string_equal(name + PG_NAME_MAX - 1 - 7, "_insert");
    pg_temporary_name("tailrace_shop", 4711, name);
    assert_string_equal(name, "tailrace_shop_4711");
    pg_temporary_name(longest, 4294967295u, name);
    assert_int_equal(strlen(name), PG_NAME_MAX - 1);
    assert_string_equal(name + PG_NAME_MAX - 1 - 11, "_4294967295");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_survive),
        cmocka_unit_test(foreign_comments_are_not_ours),
        cmocka_unit_test(names_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
