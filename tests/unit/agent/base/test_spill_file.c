#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/base/spill_file.h"

static void test_order(void **state) {
    (void)state;
    enum { N = 300 };
    static char big[100000];
    struct err e = {0};
    struct spill *s = spill_file_new(NULL, &e);
    assert_non_null(s);
    const void *data;
    size_t len = 1;
    assert_int_equal(s->ops->next(s, &data, &len, &e), 0);
    assert_int_equal(len, 0);
    for (size_t i = 1; i <= N; i++) {
        memset(big, (int)i, i * 300);
        assert_int_equal(s->ops->put(s, big, i * 300, &e), 0);
    }
    for (int round = 0; round < 2; round++) {
        assert_int_equal(s->ops->rewind(s, &e), 0);
        for (size_t i = 1; i <= N; i++) {
            assert_int_equal(s->ops->next(s, &data, &len, &e), 0);
            assert_int_equal(len, i * 300);
            memset(big, (int)i, len);
            assert_memory_equal(data, big, len);
        }
        assert_int_equal(s->ops->next(s, &data, &len, &e), 0);
        assert_int_equal(len, 0);
    }
    s->ops->free(s);
}

/* The directory stays empty, while the file is open too. */
static void test_nameless(void **state) {
    (void)state;
    char dir[] = "/tmp/tailrace-spill.XXXXXX";
    struct err e = {0};
    assert_non_null(mkdtemp(dir));
    struct spill *s = spill_file_new(dir, &e);
    assert_non_null(s);
    assert_int_equal(s->ops->put(s, "x", 1, &e), 0);
    DIR *d = opendir(dir);
    int entries = 0;
    for (struct dirent *entry; (entry = readdir(d));) entries += entry->d_name[0] != '.';
    closedir(d);
    assert_int_equal(entries, 0);
    s->ops->free(s);
    assert_int_equal(rmdir(dir), 0);
}

static void test_no_directory(void **state) {
    (void)state;
    struct err e = {0};
    assert_null(spill_file_new("/nowhere/at/all", &e));
    assert_int_equal(e.code, ERR_IO);
    assert_non_null(strstr(e.text, "/nowhere/at/all"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_nameless),
        cmocka_unit_test(test_no_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
