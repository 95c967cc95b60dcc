/*
 * How long pgoutput's decoder takes for a row of ten columns (tests/golden/pgoutput/bulk-15.bin), and its
 * parts.
 *
 *     make build/bench/decode && build/bench/decode [ROUNDS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "decoders/pgoutput/decoder.h"
#include "decoders/pgoutput/text.h"
#include "tests/golden/frames.h"

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int count(void *ctx, const struct change *c, struct err *e) {
    (void)e;
    if (c->op == CHANGE_INSERT) ++*(size_t *)ctx;
    return 0;
}

/* Everything up to the first Insert, then that Insert over and over, each at an LSN of its own. */
static int bench_rows(const struct buf *capture, int rounds) {
    const struct decoder_options options = {.epoch = 1};
    struct decoder *d = decoder_pgoutput.create(&options);
    struct cursor c = cursor_of(capture->data, capture->len);
    struct frame f;
    struct err e;
    size_t rows = 0;
    while (frames_next(&c, &f) && !rows)
        if (decoder_pgoutput.feed(d, &f, count, &rows, &e)) return fprintf(stderr, "%s\n", e.text);
    double start = now_ns();
    for (int i = 0; i < rounds; i++) {
        f.start += 8;
        if (decoder_pgoutput.feed(d, &f, count, &rows, &e)) return fprintf(stderr, "%s\n", e.text);
    }
    printf("%zu byte row: %.0f ns\n", f.len, (now_ns() - start) / rounds);
    decoder_pgoutput.destroy(d);
    return 0;
}

static void bench_text(const char *name, text_fn parse, const char *text, int rounds) {
    const struct text_type type = {.parse = parse, .kind = VALUE_TEXT};
    struct arena a;
    arena_init(&a, 4096);
    double start = now_ns();
    for (int i = 0; i < rounds; i++) {
        struct value v = {.state = VALUE_PRESENT, .text = text, .len = strlen(text)};
        if (parse(&type, &v, &a) != TEXT_OK) printf("%s: malformed\n", name);
        __asm__ volatile("" : : "r"(&v) : "memory");
        arena_clear(&a);
    }
    printf("  %-12s %5.1f ns\n", name, (now_ns() - start) / rounds);
    arena_release(&a);
}

int main(int argc, char **argv) {
    struct buf capture = {0};
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 2000000;
    if (!frames_load("tests/golden/pgoutput/bulk-15.bin", &capture)) return 1;
    for (int i = 0; i < 3; i++)
        if (bench_rows(&capture, rounds)) return 1;
    bench_text("int8", text_int8, "1234567", rounds);
    bench_text("numeric", text_numeric, "123456.78", rounds);
    bench_text("float8", text_float8, "7.4", rounds);
    bench_text("float8 long", text_float8, "1.1099999999999999", rounds);
    bench_text("timestamptz", text_timestamptz, "2024-01-01 00:00:00.123+00", rounds);
    bench_text("uuid", text_uuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", rounds);
    bench_text("text 50", text_plain, "note text for row 12345 with a little padding......", rounds);
    bench_text("bytea 16", text_bytea, "\\x000102030405060708090a0b0c0d0e0f", rounds);
    buf_release(&capture);
    return 0;
}
