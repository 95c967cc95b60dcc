#include "agent/source/pg_catalog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TEXT 25u /* builtin: explains itself */

static uint32_t type_at(const struct pg_question *q, size_t i) {
    uint32_t oid;

    memcpy(&oid, q->types.data + i * sizeof oid, sizeof oid);
    return oid;
}

static void asks_once_for_what_is_not_builtin(void **state) {
    static struct pgoutput_peek peek = {
        .relid = 16390, .ncolumns = 6, .types = {TEXT, 16400, TEXT, 16400, 16399, 1}};
    struct pg_question q = {0};

    (void)state;
    peek.types[5] = TEXT;
    assert_int_equal(pg_question_set(&q, &peek, NULL), 0);
    assert_int_equal(q.relid, 16390);
    assert_int_equal(q.types.len, 2 * sizeof(uint32_t));
    assert_int_equal(type_at(&q, 0), 16400);
    assert_int_equal(type_at(&q, 1), 16399);
    peek.ncolumns = 1; /* the next question knows nothing of the last one */
    assert_int_equal(pg_question_set(&q, &peek, NULL), 0);
    assert_int_equal(q.types.len, 0);
    pg_question_release(&q);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(asks_once_for_what_is_not_builtin)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
