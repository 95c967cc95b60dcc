#include "agent/base/desk.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Adds the server's number to the caller's. */
static int add(void *ctx, void *arg, struct err *e) {
    *(int *)arg += *(int *)ctx;
    return *(int *)arg == 0 ? err_set(e, ERR_DATA, "nothing") : 0;
}

struct asking {
    struct desk *desk;
    int number;
    int rc;
    struct err err;
};

static void *ask(void *arg) {
    struct asking *a = arg;

    a->rc = desk_ask(a->desk, add, &a->number, 10000, &a->err);
    return NULL;
}

static void serve_one(struct desk *d, int number) {
    struct pollfd fd = {.fd = desk_fd(d), .events = POLLIN};

    assert_int_equal(poll(&fd, 1, 10000), 1);
    desk_serve(d, &number);
    assert_int_equal(poll(&fd, 1, 0), 0);
}

static void what_is_asked_for_is_done_by_the_other_thread(void **state) {
    struct asking a = {.desk = desk_new(NULL)};
    pthread_t t;

    (void)state;
    for (int i = 1; i <= 3; i++) {
        a.number = i;
        assert_int_equal(pthread_create(&t, NULL, ask, &a), 0);
        serve_one(a.desk, 40);
        pthread_join(t, NULL);
        assert_int_equal(a.rc, 0);
        assert_int_equal(a.number, 40 + i);
    }
    a.number = -40;
    assert_int_equal(pthread_create(&t, NULL, ask, &a), 0);
    serve_one(a.desk, 40);
    pthread_join(t, NULL);
    assert_int_equal(a.rc, -1);
    assert_string_equal(a.err.text, "nothing");
    desk_free(a.desk);
}

static void nobody_serves_and_nothing_is_done_later(void **state) {
    struct desk *d = desk_new(NULL);
    struct err e = {0};
    int number = 1, server = 1;

    (void)state;
    assert_int_equal(desk_ask(d, add, &number, 20, &e), -1);
    assert_int_equal(e.code, ERR_IO);
    desk_serve(d, &server);
    assert_int_equal(number, 1);
    desk_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_for_is_done_by_the_other_thread),
        cmocka_unit_test(nobody_serves_and_nothing_is_done_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
