/*
 * How long each encoder takes for the row of ten columns that decode.c decodes.
 *
 *     make build/bench/encode && build/bench/encode [ROUNDS [change|json]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agent/encode/encoder.h"
#include "decoders/pgoutput/decoder.h"
#include "tests/golden/frames.h"

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* A change_fn: encodes the first insert over and over, and refuses it in the end, so that decoding ends. */
static int encode(void *ctx, const struct change *c, struct err *e) {
    const struct encoder_ops *ops = ((const struct encoder_ops *const *)ctx)[0];
    const int rounds = *((const int *const *)ctx)[1];
    uint8_t use[16] = {COLUMN_SHOWN};
    struct selection selection = {.table = c->table,
                                  .serial = 1,
                                  .source = "shop",
                                  .database = "shop",
                                  .topic = "shop.public.bulk",
                                  .use = use};
    struct event ev = {.kind = EVENT_ROW, .op = 'c', .change = c, .selection = &selection, .source = "shop"};
    struct buf key = {0}, value = {0};
    bool has_key;
    if (c->op != CHANGE_INSERT) return 0;
    selection.keys = c->table->keys;
    selection.nkeys = c->table->nkeys;
    struct encoder *en = ops->create();
    double start = now_ns();
    for (int i = 0; i < rounds; i++) {
        buf_clear(&key, SIZE_MAX);
        buf_clear(&value, SIZE_MAX);
        if (en->ops->encode(en, &ev, &key, &has_key, &value, e)) return -1;
    }
    printf("%-8s %zu columns, key %zu and value %zu bytes: %.0f ns\n", ops->name, c->table->ncolumns, key.len,
           value.len, (now_ns() - start) / rounds);
    en->ops->destroy(en);
    buf_release(&key);
    buf_release(&value);
    return err_set(e, ERR_STOPPED, "that was all");
}

static bool bench(const struct buf *capture, const struct encoder_ops *ops, int rounds) {
    const struct decoder_options options = {.epoch = 1};
    const void *ctx[] = {ops, &rounds};
    struct decoder *d = decoder_pgoutput.create(&options);
    struct cursor c = cursor_of(capture->data, capture->len);
    struct frame f;
    struct err e = {0};
    while (frames_next(&c, &f) && decoder_pgoutput.feed(d, &f, encode, ctx, &e) == 0) {
    }
    decoder_pgoutput.destroy(d);
    if (e.code != ERR_STOPPED) fprintf(stderr, "%s\n", e.text);
    return e.code == ERR_STOPPED;
}

int main(int argc, char **argv) {
    struct buf capture = {0};
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 2000000;
    if (!frames_load("tests/golden/pgoutput/bulk-15.bin", &capture)) return 1;
    const struct encoder_ops *const all[] = {&encoder_change, &encoder_json};
    bool ok = true;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (argc < 3 || strcmp(argv[2], all[i]->name) == 0) ok &= bench(&capture, all[i], rounds);
    buf_release(&capture);
    return !ok;
}
