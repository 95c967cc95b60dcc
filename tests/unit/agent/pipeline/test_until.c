/* When a run that was told to end has come to its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/base/clock.h"
#include "agent/pipeline/until.h"
#include "tests/unit/agent/pipeline/script.c"

static struct source_ops ops;
static struct source source = {.ops = &ops};

static int setup(void **unused) {
    (void)unused;
    ops = script_source;
    memset(&script, 0, sizeof script);
    script.end = 5;
    return 0;
}

/* Told to end at `text`, beginning at `from`. */
static struct until begun(const char *text, uint64_t from) {
    struct until u;
    struct err e;

    assert_int_equal(until_init(&u, text, &source, position_of(&from), &clock_system, &e), 0);
    return u;
}

static bool reached_at_once(const char *text, uint64_t from) {
    struct until u = begun(text, from);
    bool reached = until_reached(&u);

    until_release(&u);
    return reached;
}

static void note(struct until *u, enum change_op op, uint64_t at) {
    struct change c = {.op = op, .position = position_of(&at)};

    until_note(u, &c);
}

static void the_end_is_a_commit_or_a_keepalive(void **unused) {
    struct until u = begun("end", 3);

    (void)unused;
    note(&u, CHANGE_INSERT, 9);
    note(&u, CHANGE_COMMIT, 4);
    assert_false(until_reached(&u));
    note(&u, CHANGE_COMMIT, 5);
    assert_true(until_reached(&u));
    until_restart(&u);
    assert_false(until_reached(&u));
    note(&u, CHANGE_HEARTBEAT, 6);
    assert_true(until_reached(&u));
    until_release(&u);
}

static void a_log_that_says_nothing_at_its_end_is_not_waited_for(void **unused) {
    (void)unused;
    assert_false(reached_at_once("end", 5));
    ops.silent_end = true;
    assert_false(reached_at_once("end", 4));
    assert_true(reached_at_once("end", 5));
    assert_true(reached_at_once("end", 6));
    assert_false(reached_at_once("5", 5)); /* a position is for who knows what it means */
    assert_false(reached_at_once("idle:5s", 5));
    assert_false(reached_at_once(NULL, 5));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_end_is_a_commit_or_a_keepalive, setup),
        cmocka_unit_test_setup(a_log_that_says_nothing_at_its_end_is_not_waited_for, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
