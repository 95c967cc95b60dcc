/*
 * Runs a fuzz harness without a fuzzing engine: every file of its corpus as it is, then changed copies of
 * them, the same ones for the same seed. Quick and deterministic; `make fuzz` is the thorough one.
 *
 *     fuzz_x [-runs=N] [-seed=N] [-artifact=FILE] FILE|DIRECTORY...
 *
 * When a sanitizer ends the process, the input at fault is in the artifact file, which may be given back as
 * FILE.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_MAX (64 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void __sanitizer_set_death_callback(void (*callback)(void));

struct input {
    uint8_t *data;
    size_t size;
};

static struct input *corpus;
static size_t corpus_count;
static const char *artifact = "fuzz-artifact";
static const uint8_t *running;
static size_t running_size;
static uint64_t random_state = 1;

/* xorshift64*: the same sequence everywhere. */
static uint64_t random_next(void) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 2685821657736338717u;
}

static size_t random_below(size_t limit) {
    return limit ? (size_t)(random_next() % limit) : 0;
}

static void die(const char *what, const char *name) {
    fprintf(stderr, "%s: %s\n", name, what);
    exit(2);
}

/* Called by the sanitizer before it ends the process. */
static void keep_input(void) {
    int fd = open(artifact, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || write(fd, running, running_size) != (ssize_t)running_size) return;
    fprintf(stderr, "the input at fault (%zu bytes) is in %s\n", running_size, artifact);
}

/* Each run sees a block of exactly its size, so that a read past the end is seen. */
static void run_one(const uint8_t *data, size_t size) {
    uint8_t *exact = malloc(size ? size : 1);
    if (!exact) die("out of memory", "fuzz");
    memcpy(exact, data, size);
    running = exact;
    running_size = size;
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static void add_file(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) die("cannot be read", path);
    struct input in = {malloc(INPUT_MAX), 0};
    struct input *more = realloc(corpus, (corpus_count + 1) * sizeof *corpus);
    if (!in.data || !more) die("out of memory", path);
    in.size = fread(in.data, 1, INPUT_MAX, f);
    fclose(f);
    corpus = more;
    corpus[corpus_count++] = in;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_path(const char *path) {
    struct stat st;
    if (stat(path, &st) != 0) die("not there", path);
    if (!S_ISDIR(st.st_mode)) {
        add_file(path);
        return;
    }
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, by_name);
    if (n < 0) die("cannot be read", path);
    for (int i = 0; i < n; i++) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') add_file(name);
        free(entries[i]);
    }
    free(entries);
}

/* Puts a number that programs get wrong at a random place, big-endian, 1 to 8 bytes wide. */
static void put_odd_number(uint8_t *data, size_t size) {
    static const uint64_t odd[] = {0,      1,          0x7f,       0x80,       0xff, 0x7fff,
                                   0xffff, 0x7fffffff, 0x80000000, 0xffffffff, ~0ull};
    size_t width = (size_t)1 << random_below(4);
    if (size < width) return;
    uint64_t v = odd[random_below(sizeof odd / sizeof *odd)];
    uint8_t *at = data + random_below(size - width + 1);
    for (size_t i = 0; i < width; i++) at[i] = (uint8_t)(v >> (8 * (width - 1 - i)));
}

/* Overwrites a stretch with bytes of another input, from any place of it. */
static void mix_in(uint8_t *data, size_t size) {
    const struct input *other = &corpus[random_below(corpus_count)];
    if (!size || !other->size) return;
    size_t to = random_below(size), from = random_below(other->size);
    size_t len = size - to < other->size - from ? size - to : other->size - from;
    memcpy(data + to, other->data + from, random_below(len) + 1);
}

/* Changes `size` bytes of a buffer of INPUT_MAX in one way and returns the new size. */
static size_t mutate_once(uint8_t *data, size_t size) {
    size_t at = random_below(size), len = random_below(size - at);
    switch (random_below(7)) {
    case 0: /* flip a bit */
        if (size) data[at] ^= (uint8_t)(1u << random_below(8));
        return size;
    case 1: /* another byte */
        if (size) data[at] = (uint8_t)random_next();
        return size;
    case 2: put_odd_number(data, size); return size;
    case 3: return at; /* cut the end off */
    case 4: /* take a stretch out */ memmove(data + at, data + at + len, size - at - len); return size - len;
    case 5: /* double a stretch */
        if (len > INPUT_MAX - size) return size;
        memmove(data + at + len, data + at, size - at);
        return size + len;
    default: mix_in(data, size); return size;
    }
}

static void run_mutated(unsigned long runs) {
    static uint8_t data[INPUT_MAX];
    for (unsigned long i = 0; i < runs; i++) {
        const struct input *seed = &corpus[random_below(corpus_count)];
        size_t size = seed->size;
        memcpy(data, seed->data, size);
        for (size_t n = random_below(4) + 1; n > 0; n--) size = mutate_once(data, size);
        run_one(data, size);
    }
}

int main(int argc, char **argv) {
    unsigned long runs = 20000;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "-runs=", 6) == 0)
            runs = strtoul(argv[i] + 6, NULL, 10);
        else if (strncmp(argv[i], "-seed=", 6) == 0)
            random_state = strtoull(argv[i] + 6, NULL, 10) * 2 + 1;
        else if (strncmp(argv[i], "-artifact=", 10) == 0)
            artifact = argv[i] + 10;
        else
            add_path(argv[i]);
    }
    __sanitizer_set_death_callback(keep_input);
    run_one((const uint8_t *)"", 0);
    for (size_t i = 0; i < corpus_count; i++) run_one(corpus[i].data, corpus[i].size);
    if (corpus_count) run_mutated(runs);
    printf("%zu inputs, %lu changed copies\n", corpus_count, corpus_count ? runs : 0);
    for (size_t i = 0; i < corpus_count; i++) free(corpus[i].data);
    free(corpus);
    return 0;
}
