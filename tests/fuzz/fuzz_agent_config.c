/*
 * Configurations: the input is a YAML file, or, when it begins with two dashes, a command line with one
 * argument on each line. Whatever stands there, it is loaded or refused with a text.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/config/config.h"
#include "decoders/buf.h"

#define ARGS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load(int argc, char **argv) {
    struct config *c;
    struct err e = {0};
    if (config_load(argc, argv, &c, &e) == 0) {
        if (c->nsources == 0 || c->sources[0].url == NULL || c->topics == NULL) abort();
        config_free(c);
    } else if (e.text[0] == '\0' || (e.code != ERR_CONFIG && e.code != ERR_MEMORY)) {
        abort();
    }
}

/* Flags and what may be the value of one; no files of the machine. */
static bool may_stay(const char *word, const char *before) {
    if (strncmp(word, "--", 2) == 0) return word[2] != '\0';
    return strncmp(before, "--", 2) == 0 && word[0] != '/';
}

static void load_arguments(const uint8_t *data, size_t size) {
    static char run[] = "run";
    char *argv[ARGS_MAX + 1] = {run};
    int argc = 1;
    char *text = malloc(size + 1);
    if (text == NULL) return;
    memcpy(text, data, size);
    text[size] = '\0';
    char *rest = text;
    while (argc < ARGS_MAX && rest != NULL) {
        char *word = strsep(&rest, "\n");
        if (may_stay(word, argv[argc - 1])) argv[argc++] = word;
    }
    load(argc, argv);
    free(text);
}

static void load_file(const uint8_t *data, size_t size) {
    static char run[] = "run";
    static char path[] = "/proc/self/fd/900";
    static int fd = -1;
    char *argv[] = {run, path, NULL};
    if (fd < 0) {
        int made = memfd_create("config", MFD_CLOEXEC);
        fd = dup2(made, 900);
        close(made);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size) return;
    load(2, argv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 2 && memcmp(data, "--", 2) == 0 && data[2] != '-')
        load_arguments(data, size);
    else
        load_file(data, size);
    return 0;
}
