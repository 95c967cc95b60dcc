/*
 * fixture: loading configurations in tests. Each test runs in a directory of its own, so that messages name
 * the file as "tailrace.yaml".
 */
#ifndef TAILRACE_TESTS_UNIT_AGENT_CONFIG_FIXTURE_H
#define TAILRACE_TESTS_UNIT_AGENT_CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/config/config.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FILE_NAME "tailrace.yaml"
#define WORDS_MAX 40

static char fixture_dir[] = "/tmp/tailrace-config-XXXXXX";

static int fixture_enter(void **state) {
    (void)state;
    return mkdtemp(fixture_dir) == NULL || chdir(fixture_dir) != 0 ? -1 : 0;
}

static int fixture_leave(void **state) {
    (void)state;
    unlink(FILE_NAME);
    return chdir("/") != 0 || rmdir(fixture_dir) != 0 ? -1 : 0;
}

static inline void fixture_write(const char *text, size_t len) {
    FILE *f = fopen(FILE_NAME, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

/* A command line: words with blanks between them, a blank in single quotes stays. Kept for looking at after
 * config_load() wiped it. */
struct command_line {
    char text[4096];
    char *argv[WORDS_MAX + 2];
    int argc;
};

static inline void fixture_words(struct command_line *c, const char *yaml, const char *flags) {
    static char run[] = "run";
    static char file[] = FILE_NAME;
    *c = (struct command_line){.argv = {run}, .argc = 1};
    if (yaml != NULL) {
        fixture_write(yaml, strlen(yaml));
        c->argv[c->argc++] = file;
    }
    snprintf(c->text, sizeof c->text, "%s", flags);
    char *to = c->text;
    for (char *p = c->text; *p != '\0';) {
        bool quoted = false;
        while (*p == ' ') p++;
        if (*p == '\0') break;
        assert_true(c->argc < WORDS_MAX);
        c->argv[c->argc++] = to;
        for (; *p != '\0' && (quoted || *p != ' '); p++) {
            if (*p == '\'')
                quoted = !quoted;
            else
                *to++ = *p;
        }
        if (*p != '\0') p++;
        *to++ = '\0';
    }
}

/* Loads, and fails the test when that fails. `yaml` NULL: no file. */
static inline struct config *fixture_load(const char *yaml, const char *flags) {
    struct command_line line;
    struct config *c;
    struct err e = {0};
    fixture_words(&line, yaml, flags);
    if (config_load(line.argc, line.argv, &c, &e) != 0) fail_msg("%s\n%s\n%s", e.text, yaml, flags);
    return c;
}

/* The error of a load that must fail with ERR_CONFIG. */
static inline const char *fixture_error(const char *yaml, const char *flags) {
    static struct err e;
    struct command_line line;
    struct config *c = NULL;
    e = (struct err){0};
    fixture_words(&line, yaml, flags);
    if (config_load(line.argc, line.argv, &c, &e) == 0) {
        config_free(c);
        return "(none)";
    }
    assert_int_equal(e.code, ERR_CONFIG);
    assert_null(c);
    return e.text;
}

#endif
