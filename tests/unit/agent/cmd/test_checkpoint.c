/* `tailrace checkpoint show`: what people and programs read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/ack/checkpoint.h"
#include "agent/cmd/checkpoint.h"
#include "agent/cmd/exit.h"

static char state_dir[] = "/tmp/tailrace-show-XXXXXX";

static void save(const char *name, const char *position, size_t identity_len) {
    struct checkpoint_store *store;
    struct checkpoint c = {0};
    struct err e = {0};
    const uint8_t identity[40] = {0xde, 0xad, 0xbe, 0xef};
    assert_int_equal(checkpoint_store_open(state_dir, name, &store, &e), 0);
    checkpoint_set(&c, CHECKPOINT_SOURCE, "postgresql", 10, &e);
    checkpoint_set(&c, CHECKPOINT_POSITION_TEXT, position, strlen(position), &e);
    checkpoint_set(&c, CHECKPOINT_IDENTITY, identity, identity_len, &e);
    checkpoint_set_u64(&c, CHECKPOINT_EPOCH, 3, &e);
    checkpoint_set_u64(&c, CHECKPOINT_WRITTEN_US, 1795435200123456, &e);
    assert_int_equal(checkpoint_save(store, &c, &e), 0);
    checkpoint_release(&c);
    checkpoint_store_close(store);
}

static int make_state(void **state) {
    (void)state;
    if (mkdtemp(state_dir) == NULL) return -1;
    save("shop", "0/1A2B3C", 40);
    save("crm", "a\x1b[31m\"\\", 4);
    return 0;
}

static int remove_state(void **state) {
    (void)state;
    const char *const names[] = {"shop.checkpoint", "shop.lock", "crm.checkpoint", "crm.lock"};
    char path[100];
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", state_dir, names[i]);
        unlink(path);
    }
    return rmdir(state_dir);
}

/* Runs the command and gives its exit code and what it prints on stdout or stderr. */
static int run(int fd, char *out, size_t size, const char *a, const char *b, const char *c, const char *d) {
    char words[6][100];
    char *argv[7] = {NULL};
    const char *const given[] = {"checkpoint", a, b, c, d};
    int argc = 0;
    for (size_t i = 0; i < 5 && given[i] != NULL; i++) {
        snprintf(words[i], sizeof words[i], "%s", given[i]);
        argv[argc++] = words[i];
    }
    FILE *sink = tmpfile();
    assert_non_null(sink);
    fflush(NULL);
    int saved = dup(fd);
    dup2(fileno(sink), fd);
    int code = cmd_checkpoint(argc, argv);
    fflush(NULL);
    dup2(saved, fd);
    close(saved);
    rewind(sink);
    out[fread(out, 1, size - 1, sink)] = '\0';
    fclose(sink);
    return code;
}

static const char shop[] =
    "shop\n"
    "  source          postgresql\n"
    "  position        0/1A2B3C\n"
    "  written         2026-11-23T12:00:00.123456Z\n"
    "  epoch           3\n"
    "  identity        deadbeef0000000000000000000000000000000000000000... (40 bytes)\n";
static const char crm[] = "crm\n"
                          "  source          postgresql\n"
                          "  position        a\\x1b[31m\"\\\n"
                          "  written         2026-11-23T12:00:00.123456Z\n"
                          "  epoch           3\n"
                          "  identity        deadbeef\n";

static void test_for_people(void **state) {
    (void)state;
    char out[2000];
    char both[2000];
    assert_int_equal(run(1, out, sizeof out, "show", "--state", state_dir, "shop"), EXIT_DONE);
    assert_string_equal(out, shop);
    assert_int_equal(run(1, out, sizeof out, "show", "--state", state_dir, NULL), EXIT_DONE);
    snprintf(both, sizeof both, "%s%s", crm, shop);
    assert_string_equal(out, both);
}

static void test_for_programs(void **state) {
    (void)state;
    char out[2000];
    char flag[100];
    snprintf(flag, sizeof flag, "--state=%s", state_dir);
    assert_int_equal(run(1, out, sizeof out, "show", flag, "--json", "crm"), EXIT_DONE);
    assert_string_equal(
        out, "{\"name\":\"crm\",\"source\":\"postgresql\",\"position\":\"a\\u001b[31m\\\"\\\\\","
             "\"written\":\"2026-11-23T12:00:00.123456Z\",\"epoch\":3,\"identity\":\"deadbeef\"}\n");
}

static void assert_refused(const char *text, const char *a, const char *b, const char *c, const char *d) {
    char out[2000];
    assert_int_equal(run(2, out, sizeof out, a, b, c, d), EXIT_USAGE);
    if (strstr(out, text) == NULL) fail_msg("%s", out);
}

static void test_refusals(void **state) {
    (void)state;
    assert_refused("write `tailrace checkpoint show --state DIR`", NULL, NULL, NULL, NULL);
    assert_refused("write `tailrace checkpoint show --state DIR`", "list", NULL, NULL, NULL);
    assert_refused("which state directory? Write --state DIR", "show", "shop", NULL, NULL);
    assert_refused("unknown option --jsno", "show", "--state", state_dir, "--jsno");
    assert_refused("unknown option --state, or it lacks its value", "show", "--state", NULL, NULL);
    assert_refused("there is no checkpoint of erp in /tmp/tailrace-show-", "show", "--state", state_dir,
                   "erp");
    assert_refused("cannot read /nonexistent: No such file", "show", "--state", "/nonexistent", NULL);
}

static void test_help(void **state) {
    (void)state;
    char out[2000];
    assert_int_equal(run(1, out, sizeof out, "--help", NULL, NULL, NULL), EXIT_DONE);
    assert_non_null(strstr(out, "Usage: tailrace checkpoint show --state DIR"));
    assert_non_null(strstr(out, "--json"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_for_people),
        cmocka_unit_test(test_for_programs),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_help),
    };
    return cmocka_run_group_tests(tests, make_state, remove_state);
}
