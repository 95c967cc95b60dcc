/* Checkpoints written beside the stream: a disk that hangs holds nobody up, and what it refuses is told. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/ack/saver.h"

static char dir[64];
static struct checkpoint_store *store;
static struct saver *saver;

static const char *file(const char *name) {
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static int start(void **state) {
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/tailrace-saver-XXXXXX");
    if (!mkdtemp(dir) || checkpoint_store_open(dir, "shop", &store, NULL) < 0) return -1;
    saver = saver_new(store, &clock_system, NULL);
    return saver ? 0 : -1;
}

static int finish(void **state) {
    (void)state;
    saver_free(saver);
    checkpoint_store_close(store);
    unlink(file("shop.checkpoint"));
    unlink(file("shop.lock"));
    return rmdir(dir);
}

static void begin(uint64_t epoch) {
    struct checkpoint c = {0};

    assert_int_equal(checkpoint_set_u64(&c, CHECKPOINT_EPOCH, epoch, NULL), 0);
    assert_int_equal(saver_begin(saver, &c, NULL), 0);
    checkpoint_release(&c); /* it has its own */
}

static uint64_t saved_epoch(void) {
    struct checkpoint c = {0};
    bool found;

    assert_int_equal(checkpoint_peek(dir, "shop", &c, &found, NULL), 0);
    uint64_t epoch = found ? checkpoint_u64(&c, CHECKPOINT_EPOCH, 0) : 0;
    checkpoint_release(&c);
    return epoch;
}

static bool is_readable(int timeout_ms) {
    struct pollfd fd = {.fd = saver_fd(saver), .events = POLLIN};

    return poll(&fd, 1, timeout_ms) == 1;
}

static void saves_one_after_the_other(void **state) {
    (void)state;
    int64_t took_us = -1;

    assert_int_equal(saver_take(saver, true, &took_us, NULL), SAVER_NOTHING); /* nothing was begun */
    for (uint64_t epoch = 1; epoch <= 20; epoch++) {
        begin(epoch);
        assert_int_equal(saver_take(saver, true, &took_us, NULL), SAVER_SAVED);
        assert_int_equal(saved_epoch(), epoch);
        assert_int_equal(saver_take(saver, true, &took_us, NULL), SAVER_NOTHING); /* taken once */
    }
    assert_true(took_us >= 0);
}

static void wakes_whoever_sleeps_on_it(void **state) {
    (void)state;
    enum saver_result result = SAVER_NOTHING;
    int64_t took_us;

    begin(7);
    while (result == SAVER_NOTHING) { /* it may have been raised for an earlier one */
        assert_true(is_readable(20000));
        result = saver_take(saver, false, &took_us, NULL);
    }
    assert_int_equal(result, SAVER_SAVED);
}

/* A temporary file that nobody can open for writing before somebody reads it stands for a disk that hangs. */
static void a_disk_that_hangs_holds_nobody_up(void **state) {
    (void)state;
    struct err e = {0};
    int64_t took_us;

    begin(1);
    assert_int_equal(saver_take(saver, true, &took_us, NULL), SAVER_SAVED);
    assert_int_equal(mkfifo(file("shop.checkpoint.tmp"), 0600), 0);
    begin(2);
    assert_int_equal(saver_take(saver, false, &took_us, &e), SAVER_NOTHING);
    int reader = open(file("shop.checkpoint.tmp"), O_RDONLY);
    assert_int_equal(saver_take(saver, true, &took_us, &e), SAVER_FAILED); /* such a file cannot be synced */
    assert_int_equal(e.code, ERR_IO);
    assert_true(e.retriable);
    close(reader);
    assert_int_equal(saved_epoch(), 1);
    begin(3);
    assert_int_equal(saver_take(saver, true, &took_us, &e), SAVER_SAVED);
    assert_int_equal(saved_epoch(), 3);
}

static void closing_waits_for_what_was_begun(void **state) {
    (void)state;
    begin(9);
    saver_free(saver);
    assert_int_equal(saved_epoch(), 9);
    saver = saver_new(store, &clock_system, NULL);
    assert_non_null(saver);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(saves_one_after_the_other, start, finish),
        cmocka_unit_test_setup_teardown(wakes_whoever_sleeps_on_it, start, finish),
        cmocka_unit_test_setup_teardown(a_disk_that_hangs_holds_nobody_up, start, finish),
        cmocka_unit_test_setup_teardown(closing_waits_for_what_was_begun, start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
