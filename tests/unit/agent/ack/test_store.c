/* Checkpoint files: durable replacement, the lock, and everything that can be wrong with a directory. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/ack/checkpoint.h"

static char base[64];
static char dir[80];

static int start(void **state) {
    (void)state;
    snprintf(base, sizeof base, "/tmp/tailrace-store-XXXXXX");
    if (!mkdtemp(base)) return -1;
    snprintf(dir, sizeof dir, "%s/state", base);
    return 0;
}

static void remove_file(const char *name) {
    char path[160];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    unlink(path);
}

/* Fails when anything else was left behind. */
static int finish(void **state) {
    (void)state;
    remove_file("shop.checkpoint");
    remove_file("shop.lock");
    remove_file("crm.lock");
    rmdir(dir);
    return rmdir(base);
}

static struct checkpoint_store *open_store(const char *source) {
    struct checkpoint_store *s = NULL;
    struct err e = {0};

    if (checkpoint_store_open(dir, source, &s, &e) < 0) fail_msg("%s", e.text);
    return s;
}

static void save_epoch(struct checkpoint_store *s, uint64_t epoch) {
    struct checkpoint c = {0};
    struct err e = {0};

    assert_int_equal(checkpoint_set_u64(&c, CHECKPOINT_EPOCH, epoch, NULL), 0);
    if (checkpoint_save(s, &c, &e) < 0) fail_msg("%s", e.text);
    checkpoint_release(&c);
}

/* 0: there is none. */
static uint64_t load_epoch(struct checkpoint_store *s) {
    struct checkpoint c = {0};
    struct err e = {0};
    bool found;

    if (checkpoint_load(s, &c, &found, &e) < 0) fail_msg("%s", e.text);
    uint64_t epoch = found ? checkpoint_u64(&c, CHECKPOINT_EPOCH, 0) : 0;
    checkpoint_release(&c);
    return epoch;
}

static void saves_and_loads(void **state) {
    (void)state;
    struct stat st;
    struct checkpoint_store *s = open_store("shop"); /* makes the directory */
    assert_int_equal(load_epoch(s), 0);
    save_epoch(s, 1);
    save_epoch(s, 2);
    assert_int_equal(load_epoch(s), 2);
    checkpoint_store_close(s);
    s = open_store("shop");
    assert_int_equal(load_epoch(s), 2);
    assert_int_equal(checkpoint_remove(s, NULL), 0);
    assert_int_equal(checkpoint_remove(s, NULL), 0);
    assert_int_equal(load_epoch(s), 0);
    checkpoint_store_close(s);
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void peeking_needs_no_lock(void **state) {
    (void)state;
    struct checkpoint c = {0};
    struct err e = {0};
    bool found;
    assert_int_equal(checkpoint_peek(dir, "shop", &c, &found, &e), -1); /* no directory */
    assert_int_equal(e.code, ERR_CONFIG);
    struct checkpoint_store *s = open_store("shop");
    assert_int_equal(checkpoint_peek(dir, "shop", &c, &found, &e), 0);
    assert_false(found);
    save_epoch(s, 5);
    assert_int_equal(checkpoint_peek(dir, "shop", &c, &found, &e), 0);
    assert_true(found);
    assert_int_equal(checkpoint_u64(&c, CHECKPOINT_EPOCH, 0), 5);
    checkpoint_release(&c);
    checkpoint_store_close(s);
}

static void a_damaged_file_is_refused_with_a_remedy(void **state) {
    (void)state;
    struct checkpoint c = {0};
    struct err e = {0};
    char path[160];
    bool found;
    struct checkpoint_store *s = open_store("shop");
    save_epoch(s, 5);
    snprintf(path, sizeof path, "%s/shop.checkpoint", dir);
    assert_int_equal(truncate(path, 20), 0);
    assert_int_equal(checkpoint_load(s, &c, &found, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_non_null(strstr(e.text, path));
    assert_non_null(strstr(e.text, "move it away"));
    assert_int_equal(truncate(path, 100 << 20), 0);
    assert_int_equal(checkpoint_load(s, &c, &found, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    save_epoch(s, 6);
    assert_int_equal(load_epoch(s), 6);
    checkpoint_store_close(s);
    checkpoint_release(&c);
}

static void one_agent_per_source(void **state) {
    (void)state;
    struct checkpoint_store *second = NULL;
    struct err e = {0};
    char pid[32];
    int ready[2];
    int done[2];
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(done), 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        if (checkpoint_store_open(dir, "shop", &second, &e) < 0) _exit(1);
        if (write(ready[1], "x", 1) != 1) _exit(1);
        _exit(read(done[0], &byte, 1) == 1 ? 0 : 1); /* the lock goes with the process */
    }
    char byte;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(checkpoint_store_open(dir, "shop", &second, &e), -1);
    assert_int_equal(e.code, ERR_FENCED);
    snprintf(pid, sizeof pid, "pid %ld on ", (long)child);
    assert_non_null(strstr(e.text, pid));
    struct checkpoint_store *other = open_store("crm");
    checkpoint_store_close(other);
    assert_int_equal(write(done[1], "x", 1), 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    checkpoint_store_close(open_store("shop"));
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(done[i]);
    }
}

static void the_lock_holds_within_a_process_too(void **state) {
    (void)state;
    struct checkpoint_store *second = NULL;
    struct err e = {0};
    struct checkpoint_store *s = open_store("shop");
    assert_int_equal(checkpoint_store_open(dir, "shop", &second, &e), -1);
    assert_int_equal(e.code, ERR_FENCED);
    checkpoint_store_close(s);
}

/* ---- Those who remove and those who come ---- */

#define VISITORS 4

static atomic_int inside;
static atomic_int visits;
static atomic_int crowds; /* times that two were inside */

/* Opens the store again and again, and removes it each time: others are just opening the lock file that goes.
 */
static void *visit(void *arg) {
    (void)arg;
    while (atomic_load(&visits) < 400) {
        struct checkpoint_store *s = NULL;
        struct err e = {0};
        if (checkpoint_store_open(dir, "shop", &s, &e) < 0) continue;
        if (atomic_fetch_add(&inside, 1) > 0) atomic_fetch_add(&crowds, 1);
        sched_yield();
        atomic_fetch_sub(&inside, 1);
        if (checkpoint_remove(s, &e) < 0) atomic_fetch_add(&crowds, 1);
        checkpoint_store_close(s);
        atomic_fetch_add(&visits, 1);
    }
    return NULL;
}

static void a_lock_that_was_removed_lets_nobody_in(void **state) {
    (void)state;
    pthread_t threads[VISITORS];
    atomic_store(&visits, 0);
    for (int i = 0; i < VISITORS; i++) assert_int_equal(pthread_create(&threads[i], NULL, visit, NULL), 0);
    for (int i = 0; i < VISITORS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&crowds), 0);
}

static void a_full_disk_leaves_the_old_one_whole(void **state) {
    (void)state;
    struct checkpoint c = {0};
    struct err e = {0};
    struct rlimit limit;
    char temporary[160];
    struct checkpoint_store *s = open_store("shop");
    snprintf(temporary, sizeof temporary, "%s/shop.checkpoint.tmp", dir);
    save_epoch(s, 7);
    assert_int_equal(checkpoint_set_u64(&c, CHECKPOINT_EPOCH, 8, NULL), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    for (rlim_t room = 0; room < 20; room += 5) {
        limit.rlim_cur = room;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        int rc = checkpoint_save(s, &c, &e);
        limit.rlim_cur = limit.rlim_max;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        assert_int_equal(rc, -1);
        assert_int_equal(e.code, ERR_IO);
        assert_true(e.retriable);
        assert_int_equal(load_epoch(s), 7);
        assert_int_equal(access(temporary, F_OK), -1);
    }
    save_epoch(s, 8);
    assert_int_equal(load_epoch(s), 8);
    checkpoint_store_close(s);
    checkpoint_release(&c);
}

/* As a crash in the middle of writing leaves it. */
static void an_old_temporary_file_does_no_harm(void **state) {
    (void)state;
    char temporary[160];
    struct checkpoint_store *s = open_store("shop");
    snprintf(temporary, sizeof temporary, "%s/shop.checkpoint.tmp", dir);
    close(open(temporary, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(truncate(temporary, 10000), 0);
    save_epoch(s, 4);
    assert_int_equal(load_epoch(s), 4);
    checkpoint_store_close(s);
}

static void assert_no_store(const char *directory, const char *source, enum err_code code, const char *text) {
    struct checkpoint_store *s = NULL;
    struct err e = {0};

    assert_int_equal(checkpoint_store_open(directory, source, &s, &e), -1);
    assert_int_equal(e.code, code);
    assert_non_null(strstr(e.text, text));
}

static void wrong_places_are_named(void **state) {
    (void)state;
    char path[160];
    snprintf(path, sizeof path, "%s/no/state", base);
    assert_no_store(path, "shop", ERR_CONFIG, "create it");
    snprintf(path, sizeof path, "%s/file", base);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_no_store(path, "shop", ERR_CONFIG, "not a directory");
    unlink(path);
    assert_no_store(dir, "../shop", ERR_CONFIG, "cannot be the name");
    assert_no_store(dir, "", ERR_CONFIG, "cannot be the name");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(saves_and_loads, start, finish),
        cmocka_unit_test_setup_teardown(peeking_needs_no_lock, start, finish),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_refused_with_a_remedy, start, finish),
        cmocka_unit_test_setup_teardown(one_agent_per_source, start, finish),
        cmocka_unit_test_setup_teardown(the_lock_holds_within_a_process_too, start, finish),
        cmocka_unit_test_setup_teardown(a_lock_that_was_removed_lets_nobody_in, start, finish),
        cmocka_unit_test_setup_teardown(a_full_disk_leaves_the_old_one_whole, start, finish),
        cmocka_unit_test_setup_teardown(an_old_temporary_file_does_no_harm, start, finish),
        cmocka_unit_test_setup_teardown(wrong_places_are_named, start, finish),
    };
    signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
