#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/config/secret.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char path[] = "/tmp/tailrace-secret-XXXXXX";

static int make_file(void **state) {
    (void)state;
    int fd = mkstemp(path);
    if (fd >= 0) close(fd);
    return fd < 0 ? -1 : 0;
}

static int remove_file(void **state) {
    (void)state;
    return unlink(path);
}

static void write_file(const char *text, size_t len, mode_t mode) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void assert_secret(const struct config_secret *s, const char *expected) {
    struct buf b = {0};
    struct err e = {0};
    if (secret_read(s, &b, &e) != 0) fail_msg("%s", e.text);
    assert_string_equal(buf_cstr(&b), expected);
    secret_wipe(&b);
    assert_null(b.data);
}

static void assert_refused(const struct config_secret *s, const char *text) {
    struct buf b = {0};
    struct err e = {0};
    char expected[300];
    snprintf(expected, sizeof expected, text, path);
    assert_int_equal(secret_read(s, &b, &e), -1);
    assert_int_equal(e.code, ERR_CONFIG);
    assert_string_equal(e.text, expected);
    secret_wipe(&b);
}

static void test_file(void **state) {
    (void)state;
    struct config_secret s = {.file = path};
    write_file("geheim\nsecond line\n", 19, 0600);
    assert_secret(&s, "geheim");
    write_file("with space \r\n", 13, 0600);
    assert_secret(&s, "with space ");
    write_file("no newline", 10, 0600);
    assert_secret(&s, "no newline");
}

static void test_bad_file(void **state) {
    (void)state;
    struct config_secret s = {.file = path};
    write_file("\nx\n", 3, 0600);
    assert_refused(&s, "the first line of the password file %s is empty");
    write_file("", 0, 0600);
    assert_refused(&s, "the first line of the password file %s is empty");
    write_file("a\0b\n", 4, 0600);
    assert_refused(&s, "the password file %s holds a NUL byte");
    static char large[6000];
    memset(large, 'a', sizeof large);
    write_file(large, sizeof large, 0600);
    assert_refused(&s, "the first line of the password file %s is longer than 4096 bytes");
    assert_refused(&(struct config_secret){.file = "/nonexistent/p"},
                   "cannot open the password file /nonexistent/p: No such file or directory");
    assert_refused(&(struct config_secret){.file = "/tmp"},
                   "cannot read the password file /tmp: Is a directory");
}

/* Reads what secret_read() logs on stderr while it reads the file. */
static void logged(const struct config_secret *s, char *text, size_t size) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    struct buf b = {0};
    struct err e = {0};
    int rc = secret_read(s, &b, &e);
    secret_wipe(&b);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    ssize_t n = read(ends[0], text, size - 1);
    close(ends[0]);
    text[n > 0 ? n : 0] = '\0';
    assert_int_equal(rc, 0);
}

static void test_open_file_is_warned_about(void **state) {
    (void)state;
    struct config_secret s = {.file = path};
    char text[500];
    write_file("geheim\n", 7, 0604);
    logged(&s, text, sizeof text);
    assert_non_null(strstr(text, "everybody on this machine may read the password file"));
    assert_null(strstr(text, "geheim"));
    write_file("geheim\n", 7, 0640);
    logged(&s, text, sizeof text);
    assert_string_equal(text, "");
}

static void test_environment(void **state) {
    (void)state;
    struct config_secret s = {.env = "TAILRACE_TEST_PASSWORD"};
    unsetenv(s.env);
    assert_refused(
        &s, "the environment variable TAILRACE_TEST_PASSWORD, which shall hold a password, is not set");
    setenv(s.env, "", 1);
    assert_refused(&s,
                   "the environment variable TAILRACE_TEST_PASSWORD, which shall hold a password, is empty");
    setenv(s.env, "geheim", 1);
    assert_secret(&s, "geheim");
}

static void test_others(void **state) {
    (void)state;
    assert_secret(&(struct config_secret){0}, "");
    assert_secret(&(struct config_secret){.from_url = "from url"}, "from url");
    assert_secret(&(struct config_secret){.passfile = "/x"}, "");
}

static const char *const urls[][2] = {
    {"postgresql://cdc@127.0.0.1:5432/shop", "postgresql://cdc@127.0.0.1:5432/shop"},
    {"postgresql://cdc:geheim@127.0.0.1:5432/shop", "postgresql://cdc:xxxxxx@127.0.0.1:5432/shop"},
    {"postgresql://cdc:@h/shop", "postgresql://cdc:@h/shop"},
    {"postgresql://cdc:p@ss@h/shop", "postgresql://cdc:xxxx@h/shop"},
    {"postgresql://cdc:p/ss@h/shop", "postgresql://cdc:xxxx@h/shop"},
    {"postgresql://cdc:p?ss@h/shop", "postgresql://cdc:xxxx@h/shop"},
    {"postgresql://cdc:geheim@h/shop?a=b@c", "postgresql://cdc:xxxxxx@h/shop?a=b@c"},
    {"postgresql://h:5432/shop", "postgresql://h:5432/shop"},
    {"postgresql://[::1]/shop", "postgresql://[::1]/shop"},
    {"postgresql:///shop?user=a&password=geheim&x=y", "postgresql:///shop?user=a&password=xxxxxx&x=y"},
    {"postgresql:///shop?sslpassword=a", "postgresql:///shop?sslpassword=x"},
    {"--source=postgresql://cdc:geheim@h/shop", "--source=postgresql://cdc:xxxxxx@h/shop"},
    {"no url", "no url"},
    {"", ""},
};

static void test_wipe_url(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(urls); i++) {
        char text[100];
        snprintf(text, sizeof text, "%s", urls[i][0]);
        secret_wipe_url(text);
        assert_string_equal(text, urls[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_bad_file),
        cmocka_unit_test(test_open_file_is_warned_about),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_wipe_url),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
