/* docs/reference.md says what the option table says. `test_reference --write FILE` writes it: make docs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/config/config.h"
#include "agent/config/kafka_properties.h"
#include "agent/config/option.h"
#include "decoders/buf.h"

#define FILE_NAME "docs/reference.md"

static void read_file(struct buf *out) {
    char chunk[4096];
    size_t n;
    FILE *f = fopen(FILE_NAME, "r");
    if (f == NULL) fail_msg("cannot open %s; unit tests run in the top folder", FILE_NAME);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) buf_put(out, chunk, n);
    fclose(f);
}

static void test_page_is_fresh(void **state) {
    (void)state;
    struct buf written = {0};
    struct buf wanted = {0};
    read_file(&written);
    config_reference(&wanted);
    if (strcmp(buf_cstr(&written), buf_cstr(&wanted)) != 0)
        fail_msg("%s is not what the option table says; run `make docs`", FILE_NAME);
    buf_release(&written);
    buf_release(&wanted);
}

/* Not by the code that writes the page: every name and every help text can be found in it. */
static void test_page_is_complete(void **state) {
    (void)state;
    struct buf page = {0};
    char name[100];
    const struct kafka_rule *r;
    read_file(&page);
    for (size_t i = 0; i < option_count; i++) {
        const struct option *o = &option_table[i];
        const char *key = o->scope == SCOPE_COMMAND ? "" : o->key;
        snprintf(name, sizeof name, "| `%s", key);
        if (strstr(buf_cstr(&page), name) == NULL || strstr(buf_cstr(&page), o->help) == NULL)
            fail_msg("%s%s is missing", option_prefix(o->scope), o->key);
    }
    for (size_t i = 0; (r = kafka_rule_at(i)) != NULL; i++) assert_non_null(strstr(buf_cstr(&page), r->name));
    buf_release(&page);
}

/* What stands there as an example can be used. */
static void test_example_loads(void **state) {
    (void)state;
    char path[] = "/tmp/tailrace-reference-XXXXXX";
    char run[] = "run";
    char *argv[] = {run, path, NULL};
    struct buf page = {0};
    struct config *c;
    struct err e = {0};
    read_file(&page);
    char *start = strstr(buf_cstr(&page), "```yaml\n");
    assert_non_null(start);
    start += strlen("```yaml\n");
    FILE *f = fdopen(mkstemp(path), "w");
    assert_non_null(f);
    fwrite(start, 1, (size_t)(strstr(start, "```") - start), f);
    assert_int_equal(fclose(f), 0);
    int rc = config_load(2, argv, &c, &e);
    remove(path);
    if (rc != 0) fail_msg("%s", e.text);
    assert_int_equal(c->warnings.count, 0);
    assert_int_equal(c->nsources, 2);
    config_free(c);
    buf_release(&page);
}

static int write_page(const char *path) {
    struct buf page = {0};
    config_reference(&page);
    FILE *f = fopen(path, "w");
    if (f == NULL || buf_failed(&page) || fwrite(page.data, 1, page.len, f) != page.len || fclose(f) != 0) {
        perror(path);
        return EXIT_FAILURE;
    }
    buf_release(&page);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_is_fresh),
        cmocka_unit_test(test_page_is_complete),
        cmocka_unit_test(test_example_loads),
    };
    if (argc == 3 && strcmp(argv[1], "--write") == 0) return write_page(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
