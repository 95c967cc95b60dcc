#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "decoders/change.h"

static struct value integer(int64_t i) {
    return (struct value){.state = VALUE_PRESENT, .kind = VALUE_INT, .v.i = i};
}

static void test_value(void **state) {
    (void)state;
    struct value before[2] = {integer(1), integer(2)}, after[2] = {integer(3), integer(4)};
    struct change c = {.op = CHANGE_UPDATE, .before = before, .after = after};
    assert_ptr_equal(change_value(&c, 1), &after[1]);
    c.after = NULL;
    assert_ptr_equal(change_value(&c, 1), &before[1]);
    c.before = NULL;
    assert_null(change_value(&c, 1));
}

static void test_key_changed(void **state) {
    (void)state;
    struct value before[3] = {integer(1), {.state = VALUE_ABSENT}, integer(2)};
    struct value after[3] = {integer(1), integer(9), integer(3)};
    struct change c = {.op = CHANGE_UPDATE, .before = before, .after = after};
    assert_false(change_key_changed(&c, (uint16_t[]){0}, 1));
    assert_true(change_key_changed(&c, (uint16_t[]){2}, 1));
    assert_true(change_key_changed(&c, (uint16_t[]){0, 2}, 2));
    assert_false(change_key_changed(&c, (uint16_t[]){0, 2}, 0));
    assert_false(change_key_changed(&c, (uint16_t[]){1}, 1)); /* the log does not tell */

    after[2].state = VALUE_UNCHANGED;
    assert_false(change_key_changed(&c, (uint16_t[]){2}, 1));
    after[2] = (struct value){.state = VALUE_NULL};
    assert_true(change_key_changed(&c, (uint16_t[]){2}, 1));

    after[2] = integer(3);
    c.op = CHANGE_DELETE;
    assert_false(change_key_changed(&c, (uint16_t[]){2}, 1));
    c.op = CHANGE_UPDATE;
    c.before = NULL;
    assert_false(change_key_changed(&c, (uint16_t[]){2}, 1));
}

static void test_letters(void **state) {
    (void)state;
    assert_int_equal(change_op_letter(CHANGE_INSERT), 'c');
    assert_int_equal(change_op_letter(CHANGE_UPDATE), 'u');
    assert_int_equal(change_op_letter(CHANGE_DELETE), 'd');
    assert_int_equal(change_op_letter(CHANGE_TRUNCATE), 't');
    assert_int_equal(change_op_letter(CHANGE_MESSAGE), 'm');
    assert_int_equal(change_op_letter(CHANGE_SCHEMA), 's');
    assert_int_equal(change_op_letter(CHANGE_GAP), 'g');
    assert_int_equal(change_op_letter(CHANGE_BEGIN), '-');
    assert_int_equal(change_op_letter(CHANGE_COMMIT), '-');
    assert_int_equal(change_op_letter(CHANGE_HEARTBEAT), '-');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value),
        cmocka_unit_test(test_key_changed),
        cmocka_unit_test(test_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
