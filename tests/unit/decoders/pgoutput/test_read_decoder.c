/* Rows that were read: the same values as rows of the log, with the identity of their chunk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "decoders/pgoutput/catalog.h"
#include "decoders/pgoutput/decoder.h"
#include "decoders/pgoutput/read_decoder.h"
#include "tests/golden/dump.h"
#include "tests/unit/decoders/pgoutput/messages.h"

#define STAMP UINT64_C(1700000000000000)

static const struct test_column columns[] = {{1, "id", 23, -1}, {0, "note", 25, -1}};

struct seen {
    struct buf text;
    uint8_t ord[CHANGE_ORD_LEN];
    uint64_t serial;
    int64_t time;
    bool refuse;
};

static int take(void *ctx, const struct change *c, struct err *e) {
    struct seen *s = ctx;
    if (s->refuse) return err_set(e, ERR_IO, "refused by the test");
    dump_change(c, &s->text);
    memcpy(s->ord, c->ord, sizeof(s->ord));
    s->serial = c->table->serial;
    s->time = c->tx->commit_us;
    assert_int_equal(c->tx->xid.len, 0);
    assert_int_equal(c->position.len, 0);
    return 0;
}

static int feed(struct decoder *d, enum frame_kind kind, uint64_t start, struct buf *data, struct seen *s,
                struct err *e) {
    struct frame f = {
        .kind = kind, .start = start, .sent_us = 86400000000, .data = data->data, .len = data->len};
    int rc = d->ops->feed(d, &f, take, s, e);
    buf_clear(data, SIZE_MAX);
    return rc;
}

static int chunk(struct decoder *d, uint64_t at, uint64_t stamp, struct seen *s, struct err *e) {
    struct buf data = {0};
    buf_put_be64(&data, at);
    int rc = feed(d, FRAME_CHUNK, stamp, &data, s, e);
    buf_release(&data);
    return rc;
}

static int describe(struct decoder *d, struct seen *s, struct err *e) {
    struct buf data = {0};
    put_relation(&data, 7, "public", "t", 'd', columns, 2);
    int rc = feed(d, FRAME_DATA, 0, &data, s, e);
    buf_release(&data);
    return rc;
}

static int row(struct decoder *d, const char *id, const char *note, struct seen *s, struct err *e) {
    const char *const values[] = {id, note};
    struct buf data = {0};
    put_row(&data, 'I', 7);
    put_tuple(&data, 'N', values, 2);
    int rc = feed(d, FRAME_DATA, 0, &data, s, e);
    buf_release(&data);
    return rc;
}

static struct decoder *create(uint64_t serials) {
    const struct decoder_options o = {.epoch = 3, .serials = serials};
    struct decoder *d = decoder_pgoutput_read.create(&o);
    assert_non_null(d);
    return d;
}

static void test_rows(void **state) {
    (void)state;
    struct decoder *d = create(UINT64_C(1) << 40);
    struct seen s = {0};
    struct err e = {0};
    assert_int_equal(chunk(d, 0x100000200, STAMP, &s, &e), 0);
    assert_int_equal(describe(d, &s, &e), 0);
    assert_int_equal(s.serial, (UINT64_C(1) << 40) + 1);
    assert_int_equal(row(d, "1", "one", &s, &e), 0);
    assert_int_equal(row(d, "2", NULL, &s, &e), 0);
    assert_string_equal(buf_cstr(&s.text), "schema public.t oid 7 identity d key (id)\n"
                                           "  id integer: int, identity\n"
                                           "  note text: text\n"
                                           "read public.t 3:r:1700000000000000:0 at 1/200\n"
                                           "  after id int 1\n"
                                           "  after note text \"one\"\n"
                                           "read public.t 3:r:1700000000000000:1 at 1/200\n"
                                           "  after id int 2\n"
                                           "  after note null\n");
    assert_int_equal(s.time, 86400000000);
    decoder_pgoutput_read.destroy(d);
    buf_release(&s.text);
}

/* The same description again says nothing new; a chunk without one is refused. */
static void test_chunks(void **state) {
    (void)state;
    struct decoder *d = create(0);
    struct seen s = {0};
    struct err e = {0};
    assert_int_equal(row(d, "1", "one", &s, &e), -1);
    assert_non_null(strstr(e.text, "outside of a chunk"));
    decoder_pgoutput_read.destroy(d);
    d = create(0);
    assert_int_equal(chunk(d, 0x200, STAMP, &s, &e) || describe(d, &s, &e), 0);
    buf_clear(&s.text, SIZE_MAX);
    assert_int_equal(chunk(d, 0x300, STAMP + 1, &s, &e) || describe(d, &s, &e), 0);
    assert_int_equal(s.text.len, 0);
    assert_int_equal(chunk(d, 0x300, STAMP + 2, &s, &e), 0);
    assert_int_equal(row(d, "1", "one", &s, &e), -1);
    assert_string_equal(e.text, "rows read at 0/300: table 7: its rows come without its description");
    assert_int_equal(e.code, ERR_DATA);
    assert_true(e.fatal);
    decoder_pgoutput_read.destroy(d);
    buf_release(&s.text);
}

static int keep_ord(void *ctx, const struct change *c, struct err *e) {
    (void)e;
    if (c->id.len) memcpy(ctx, c->ord, CHANGE_ORD_LEN);
    return 0;
}

/* One row in the transaction whose commit record is at `lsn`. */
static void logged(struct decoder *d, uint64_t lsn, uint8_t *ord) {
    const char *const values[] = {"1", "x"};
    struct buf m = {0};
    struct err e = {0};
    for (int i = 0; i < 4; i++) {
        if (i == 0) put_begin(&m, lsn, 1);
        if (i == 1) put_relation(&m, 7, "public", "t", 'd', columns, 2);
        if (i == 2) put_row(&m, 'I', 7);
        if (i == 2) put_tuple(&m, 'N', values, 2);
        if (i == 3) put_commit(&m, lsn, lsn + 0x30);
        struct frame f = {.kind = FRAME_DATA, .start = lsn - 8, .data = m.data, .len = m.len};
        assert_int_equal(d->ops->feed(d, &f, keep_ord, ord, &e), 0);
        buf_clear(&m, SIZE_MAX);
    }
    buf_release(&m);
}

/* Behind everything published before P, before everything behind it; a later chunk at P behind an earlier. */
static void test_order(void **state) {
    (void)state;
    const struct decoder_options o = {.epoch = 3};
    struct decoder *d = create(0), *stream = decoder_pgoutput.create(&o);
    struct seen s = {0};
    struct err e = {0};
    uint8_t before[CHANGE_ORD_LEN], first[CHANGE_ORD_LEN], after[CHANGE_ORD_LEN];
    logged(stream, 0x1000, before);
    logged(stream, 0x1030, after); /* begins where the one before ends */
    assert_int_equal(chunk(d, 0x1030, STAMP, &s, &e) || describe(d, &s, &e) || row(d, "1", "", &s, &e), 0);
    memcpy(first, s.ord, sizeof(first));
    assert_true(memcmp(before, first, sizeof(first)) < 0);
    assert_true(memcmp(first, after, sizeof(first)) < 0);
    assert_int_equal(chunk(d, 0x1030, STAMP + 1, &s, &e) || describe(d, &s, &e) || row(d, "1", "", &s, &e),
                     0);
    assert_true(memcmp(first, s.ord, sizeof(first)) < 0);
    assert_true(memcmp(s.ord, after, sizeof(after)) < 0);
    decoder_pgoutput.destroy(stream);
    decoder_pgoutput_read.destroy(d);
    buf_release(&s.text);
}

static void test_refused(void **state) {
    (void)state;
    struct buf data = {0};
    struct err e = {0};
    struct seen s = {0};
    struct decoder *d = create(0);
    put_begin(&data, 0x200, 1);
    assert_int_equal(chunk(d, 0x200, STAMP, &s, &e), 0);
    assert_int_equal(feed(d, FRAME_DATA, 0, &data, &s, &e), -1);
    assert_string_equal(e.text, "rows read at 0/200: unknown message 0x42 at offset 0");
    assert_int_equal(chunk(d, 0x200, STAMP, &s, &e), -1);
    assert_string_equal(e.text, "the decoder stopped at an earlier message");
    decoder_pgoutput_read.destroy(d);

    d = create(0);
    buf_puts(&data, "short");
    assert_int_equal(feed(d, FRAME_CHUNK, STAMP, &data, &s, &e), -1);
    assert_non_null(strstr(e.text, "does not say at which position"));
    decoder_pgoutput_read.destroy(d);

    d = create(0);
    assert_int_equal(chunk(d, 0x200, STAMP, &s, &e) || describe(d, &s, &e), 0);
    assert_int_equal(row(d, "one", "", &s, &e), -1);
    assert_non_null(strstr(e.text, "table public.t, column id"));
    decoder_pgoutput_read.destroy(d);

    d = create(0);
    s.refuse = true;
    assert_int_equal(chunk(d, 0x200, STAMP, &s, &e), 0);
    assert_int_equal(describe(d, &s, &e), -1);
    assert_string_equal(e.text, "refused by the test");
    decoder_pgoutput_read.destroy(d);
    buf_release(&data);
    buf_release(&s.text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
