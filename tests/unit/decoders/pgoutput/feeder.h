/*
 * feeder: a decoder on one side, what it emits as text on the other.
 */
#ifndef TAILRACE_TESTS_UNIT_DECODERS_PGOUTPUT_FEEDER_H
#define TAILRACE_TESTS_UNIT_DECODERS_PGOUTPUT_FEEDER_H

#include "decoders/pgoutput/decoder.h"
#include "tests/golden/dump.h"
#include "tests/unit/decoders/pgoutput/messages.h"

struct feeder {
    struct decoder *decoder;
    struct buf message;  /* built with messages.h, taken by feed() */
    struct buf text;     /* everything emitted since last looked at */
    struct buf progress; /* of the row emitted last */
    struct err err;
    int refuse; /* the callback refuses from this change on; 0: never */
};

static inline void feeder_open(struct feeder *f, uint32_t epoch) {
    const struct decoder_options options = {.epoch = epoch};
    *f = (struct feeder){.decoder = decoder_pgoutput.create(&options)};
    assert_non_null(f->decoder);
}

static inline void feeder_close(struct feeder *f) {
    decoder_pgoutput.destroy(f->decoder);
    buf_release(&f->message);
    buf_release(&f->text);
    buf_release(&f->progress);
}

static inline int feeder_take(void *ctx, const struct change *c, struct err *e) {
    struct feeder *f = ctx;
    if (f->refuse && --f->refuse == 0) return err_set(e, ERR_IO, "refused by the test");
    dump_change(c, &f->text);
    if (c->position.len == 20) {
        buf_clear(&f->progress, SIZE_MAX);
        buf_put(&f->progress, c->position.bytes, c->position.len);
    }
    return 0;
}

static inline int feed_frame(struct feeder *f, enum frame_kind kind, uint64_t lsn) {
    const struct frame frame = {.kind = kind, .start = lsn, .data = f->message.data, .len = f->message.len};
    int result = decoder_pgoutput.feed(f->decoder, &frame, feeder_take, f, &f->err);
    buf_clear(&f->message, SIZE_MAX);
    return result;
}

/* Feeds the message that was built. */
static inline int feed(struct feeder *f, uint64_t lsn) {
    return feed_frame(f, FRAME_DATA, lsn);
}

static inline void fed(struct feeder *f, uint64_t lsn) {
    if (feed(f, lsn)) fail_msg("%s", f->err.text);
}

/* Whole messages, one line each in the tests. */
static inline void begin(struct feeder *f, uint64_t commit) {
    put_begin(&f->message, commit, (uint32_t)commit);
    fed(f, commit);
}

static inline void commit(struct feeder *f, uint64_t lsn) {
    put_commit(&f->message, lsn, lsn + 8);
    fed(f, lsn);
}

static inline int try_insert(struct feeder *f, uint64_t lsn, uint32_t relid, const char *id,
                             const char *note) {
    const char *const row[] = {id, note};
    put_row(&f->message, 'I', relid);
    put_tuple(&f->message, 'N', row, 2);
    return feed(f, lsn);
}

static inline void insert(struct feeder *f, uint64_t lsn, uint32_t relid, const char *id, const char *note) {
    if (try_insert(f, lsn, relid, id, note)) fail_msg("%s", f->err.text);
}

/* Table t (id int, the key; note text). */
static inline void describe(struct feeder *f, uint32_t relid, char identity) {
    const struct test_column columns[] = {{1, "id", 23, -1}, {identity == 'f', "note", 25, -1}};
    put_relation(&f->message, relid, "public", "t", identity, columns, 2);
    fed(f, 0);
}

static inline void restart(struct feeder *f) {
    if (feed_frame(f, FRAME_RESTART, 0)) fail_msg("%s", f->err.text);
}

static inline void emitted(struct feeder *f, const char *want) {
    assert_string_equal(buf_cstr(&f->text), want);
    buf_clear(&f->text, SIZE_MAX);
}

/* Forgets what was emitted so far. */
static inline void ignore_emitted(struct feeder *f) {
    buf_clear(&f->text, SIZE_MAX);
}

static inline void failed(struct feeder *f, int result, const char *text) {
    assert_int_equal(result, -1);
    assert_int_equal(f->err.code, ERR_DATA);
    assert_true(f->err.fatal);
    assert_string_equal(f->err.text, text);
}

#endif
