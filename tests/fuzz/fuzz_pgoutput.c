/*
 * Any sequence of frames (tests/golden/frames.h) through the pgoutput decoder, catalogue frames, keepalives
 * and restarts among them. Whatever comes: no row's ord is at or before the last one's, and positions only
 * advance.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/pgoutput/decoder.h"
#include "tests/golden/dump.h"
#include "tests/golden/frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    uint8_t ord[CHANGE_ORD_LEN];
    uint8_t resume[8];
    bool open; /* BEGIN without COMMIT */
    struct buf text;
};

static void require(bool ok) {
    if (!ok) abort();
}

static int look(void *ctx, const struct change *c, struct err *e) {
    struct seen *s = ctx;
    (void)e;
    buf_clear(&s->text, 1 << 16);
    dump_change(c, &s->text); /* reads every byte of it */
    if (c->op == CHANGE_BEGIN) require(!s->open);
    if (c->op == CHANGE_BEGIN || c->op == CHANGE_COMMIT) s->open = c->op == CHANGE_BEGIN;
    if (c->op == CHANGE_HEARTBEAT) require(!s->open);
    if (c->op == CHANGE_HEARTBEAT || c->op == CHANGE_COMMIT) {
        require(c->position.len == sizeof(s->resume));
        if (c->op == CHANGE_HEARTBEAT) require(memcmp(c->position.bytes, s->resume, sizeof(s->resume)) > 0);
        memcpy(s->resume, c->position.bytes, sizeof(s->resume));
    }
    if (c->id.len) {
        require(memcmp(c->ord, s->ord, sizeof(s->ord)) > 0);
        memcpy(s->ord, c->ord, sizeof(s->ord));
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct decoder_options options = {.epoch = 1};
    struct decoder *d = decoder_pgoutput.create(&options);
    struct seen seen = {0};
    struct cursor c = cursor_of(data, size);
    struct frame f;
    struct err e = {0};
    require(d != NULL);
    while (frames_next(&c, &f)) {
        if (decoder_pgoutput.feed(d, &f, look, &seen, &e) == 0) continue;
        require(e.code == ERR_DATA || e.code == ERR_MEMORY);
        require(e.text[0] != '\0');
        break;
    }
    decoder_pgoutput.destroy(d);
    buf_release(&seen.text);
    return 0;
}
