/*
 * Any sequence of frames (tests/golden/frames.h) through the decoder of rows that were read: chunks,
 * descriptions, rows, and what does not belong there. Whatever comes is decoded or refused with a reason.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/pgoutput/read_decoder.h"
#include "tests/golden/dump.h"
#include "tests/golden/frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok) {
    if (!ok) abort();
}

static int look(void *ctx, const struct change *c, struct err *e) {
    struct buf *text = ctx;
    (void)e;
    buf_clear(text, 1 << 16);
    dump_change(c, text); /* reads every byte of it */
    require(c->op == CHANGE_SCHEMA || c->op == CHANGE_READ);
    require(c->tx != NULL && c->tx->xid.len == 0 && c->position.len == 0);
    if (c->op == CHANGE_READ) require(c->id.len > 0 && c->after_image == IMAGE_FULL && !c->before);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct decoder_options options = {.epoch = 1};
    struct decoder *d = decoder_pgoutput_read.create(&options);
    struct buf text = {0};
    struct cursor c = cursor_of(data, size);
    struct frame f;
    struct err e = {0};
    require(d != NULL);
    while (frames_next(&c, &f)) {
        if (decoder_pgoutput_read.feed(d, &f, look, &text, &e) == 0) continue;
        require(e.code == ERR_DATA || e.code == ERR_MEMORY);
        require(e.text[0] != '\0');
        break;
    }
    decoder_pgoutput_read.destroy(d);
    buf_release(&text);
    return 0;
}
