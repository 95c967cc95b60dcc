#include "agent/base/control.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* A folder whose path is longer than the address of a socket may be. */
struct place {
    char top[64];
    char dir[300];
    struct control *control;
};

static int set_up(void **state) {
    struct place *p = calloc(1, sizeof *p);

    snprintf(p->top, sizeof p->top, "/tmp/control-XXXXXX");
    if (!mkdtemp(p->top)) return -1;
    snprintf(p->dir, sizeof p->dir, "%s/%0200d", p->top, 0);
    *state = p;
    return mkdir(p->dir, 0700) || control_open(p->dir, "shop", &p->control, NULL);
}

static int tear_down(void **state) {
    struct place *p = *state;

    control_close(p->control);
    if (rmdir(p->dir) || rmdir(p->top)) return -1; /* nothing was left behind */
    free(p);
    return 0;
}

/* Joins the words, in reverse. */
static int reverse(void *ctx, int n, char **words, struct buf *answer) {
    (void)ctx;
    while (n--) buf_printf(answer, "%s,", words[n]);
    return 7;
}

static void *serve_once(void *arg) {
    struct place *p = arg;

    control_serve(p->control, reverse, NULL);
    return NULL;
}

static void words_go_in_and_an_answer_comes_out(void **state) {
    struct place *p = *state;
    const char *const words[] = {"snapshot", "", "public.orders"};
    struct buf answer = {0};
    struct err e = {0};
    pthread_t t;

    assert_int_equal(pthread_create(&t, NULL, serve_once, p), 0);
    assert_int_equal(control_ask(p->dir, "shop", 3, words, &answer, &e), 7);
    pthread_join(t, NULL);
    assert_string_equal(buf_cstr(&answer), "public.orders,,snapshot,");
    buf_release(&answer);
}

static void only_the_owner_may_open_it(void **state) {
    struct place *p = *state;
    char path[400];
    struct stat st;

    snprintf(path, sizeof path, "%s/shop.control", p->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_second_listener_is_fenced(void **state) {
    struct place *p = *state;
    struct control *second = NULL;
    struct err e = {0};

    assert_int_equal(control_open(p->dir, "shop", &second, &e), -1);
    assert_int_equal(e.code, ERR_FENCED);
    assert_null(second);
}

/* As after kill -9: the file is there, and nobody behind it. */
static void a_dead_socket_is_replaced(void **state) {
    struct place *p = *state;
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct err e = {0};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    control_close(p->control);
    p->control = NULL;
    assert_int_equal(chdir(p->dir), 0);
    snprintf(a.sun_path, sizeof a.sun_path, "shop.control");
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    close(fd);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(control_open(p->dir, "shop", &p->control, &e), 0);
}

static void nobody_there_is_said(void **state) {
    struct place *p = *state;
    const char *const words[] = {"status"};
    struct buf answer = {0};
    struct err e = {0};

    assert_int_equal(control_ask(p->dir, "crm", 1, words, &answer, &e), -1);
    assert_int_equal(e.code, ERR_CONFIG);
    assert_non_null(strstr(e.text, "no agent of crm runs"));
    buf_release(&answer);
}

/* Sends bytes that are no request; nothing comes back and the listener goes on. */
static void garbage_is_not_answered(void **state) {
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {
        {"\0\0\0\0", 4}, {"\xff\xff\xff\xff", 4}, {"\0\0\0\3abc", 7}, {"\0", 1}, {"\0\0\0\5ab", 6}, {"", 0},
    };
    struct place *p = *state;
    char got;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        assert_int_equal(chdir(p->dir), 0);
        snprintf(a.sun_path, sizeof a.sun_path, "shop.control");
        assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
        assert_int_equal(write(fd, bad[i].bytes, bad[i].len), bad[i].len);
        shutdown(fd, SHUT_WR);
        control_serve(p->control, reverse, NULL);
        assert_int_equal(read(fd, &got, 1), 0);
        close(fd);
    }
    assert_int_equal(chdir("/"), 0);
    words_go_in_and_an_answer_comes_out(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(words_go_in_and_an_answer_comes_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_the_owner_may_open_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_listener_is_fenced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dead_socket_is_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_there_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(garbage_is_not_answered, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
