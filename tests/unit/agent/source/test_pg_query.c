#include "agent/source/pg_query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void tells_failures_apart(void **state) {
    static const struct {
        const char *state;
        enum err_code code;
        bool retriable;
    } cases[] = {
        {NULL, ERR_IO, true},         {"", ERR_IO, true},           {"57P01", ERR_IO, true},
        {"57P03", ERR_IO, true},      {"53300", ERR_IO, true},      {"08006", ERR_IO, true},
        {"XX000", ERR_IO, true},      {"28P01", ERR_CONFIG, false}, {"28000", ERR_CONFIG, false},
        {"42501", ERR_CONFIG, false}, {"42704", ERR_CONFIG, false}, {"3D000", ERR_CONFIG, false},
        {"53400", ERR_CONFIG, false}, {"55000", ERR_CONFIG, false}, {"55006", ERR_FENCED, true},
        {"55P03", ERR_IO, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err e = {0};
        pg_classify(cases[i].state, &e);
        assert_int_equal(e.code, cases[i].code);
        assert_int_equal(e.retriable, cases[i].retriable);
    }
}

/* A result as libpq would hold it. */
static PGresult *result(const char *text) {
    PGresult *res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    PGresAttDesc column = {.name = (char *)(uintptr_t) "c"};
    char copy[64];

    assert_int_equal(PQsetResultAttrs(res, 1, &column), 1);
    if (!text) {
        assert_int_equal(PQsetvalue(res, 0, 0, NULL, -1), 1);
        return res;
    }
    size_t len = strlen(text);
    memcpy(copy, text, len + 1);
    assert_int_equal(PQsetvalue(res, 0, 0, copy, (int)len), 1);
    return res;
}

static void reads_fields(void **state) {
    PGresult *null = result(NULL), *number = result("42"), *yes = result("t"), *no = result("f"),
             *lsn = result("1/2");

    (void)state;
    assert_string_equal(pg_text(null, 0, 0), "");
    assert_int_equal(pg_u64(null, 0, 0), 0);
    assert_false(pg_bool(null, 0, 0));
    assert_int_equal(pg_lsn(null, 0, 0), 0);
    assert_int_equal(pg_u64(number, 0, 0), 42);
    assert_true(pg_bool(yes, 0, 0));
    assert_false(pg_bool(no, 0, 0));
    assert_true(pg_lsn(lsn, 0, 0) == UINT64_C(0x100000002));
    PQclear(null);
    PQclear(number);
    PQclear(yes);
    PQclear(no);
    PQclear(lsn);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_failures_apart),
        cmocka_unit_test(reads_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
