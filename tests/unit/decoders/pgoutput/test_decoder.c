#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include <string.h>

#include "tests/unit/decoders/pgoutput/feeder.h"

static struct feeder f;

static int start(void **state) {
    (void)state;
    feeder_open(&f, 1);
    return 0;
}

static int stop(void **state) {
    (void)state;
    feeder_close(&f);
    return 0;
}

#define SCHEMA                                                                                               \
    "schema public.t oid 7 identity d key (id)\n"                                                            \
    "  id integer: int, identity\n"                                                                          \
    "  note text: text\n"

static void test_transaction(void **state) {
    (void)state;
    begin(&f, 0x200);
    describe(&f, 7, 'd');
    insert(&f, 0x100, 7, "1", "one");
    insert(&f, 0x100, 7, "2", NULL);
    insert(&f, 0x180, 7, "3", "");
    commit(&f, 0x200);
    emitted(&f,
            "begin 512 at 0/200 time 2000-01-01T00:00:00Z\n" SCHEMA "insert public.t 1:200:100:0 at 0/100\n"
            "  after id int 1\n"
            "  after note text \"one\"\n"
            "insert public.t 1:200:100:1 at 0/100\n"
            "  after id int 2\n"
            "  after note null\n"
            "insert public.t 1:200:180:0 at 0/180\n"
            "  after id int 3\n"
            "  after note text \"\"\n"
            "commit to 0/208\n");
}

static void test_description_once(void **state) {
    (void)state;
    begin(&f, 0x200);
    describe(&f, 7, 'd');
    ignore_emitted(&f);
    describe(&f, 7, 'd');
    emitted(&f, "");
    describe(&f, 7, 'f');
    emitted(&f, "schema public.t oid 7 identity f key () replaces public.t\n"
                "  id integer: int, identity\n"
                "  note text: text, identity\n");
}

/* ---- Identity ---- */

static int check_ord(void *ctx, const struct change *c, struct err *e) {
    (void)e;
    if (c->op != CHANGE_INSERT) return 0;
    const uint8_t want[CHANGE_ORD_LEN] = {0xff, 0xff, 0, 0, 0, 1, 0, 0, 2, 0, 0,
                                          0,    0,    1, 0, 0, 1, 0, 0, 0, 0, 1};
    if (++*(int *)ctx < 2) return 0;
    assert_memory_equal(c->ord, want, sizeof(want));
    assert_int_equal(c->position.len, 20);
    assert_memory_equal(c->position.bytes, want + 2, 20);
    assert_int_equal(c->id.len, strlen("65535:100000200:100000100:1"));
    assert_memory_equal(c->id.ptr, "65535:100000200:100000100:1", c->id.len);
    assert_memory_equal(c->pos.ptr, "1/100", c->pos.len);
    return 0;
}

static void test_ord(void **state) {
    (void)state;
    struct feeder g;
    feeder_open(&g, 65535);
    begin(&g, 0x100000200);
    describe(&g, 7, 'd');
    int rows = 0;
    const char *const row[] = {"1", "x"};
    put_row(&g.message, 'I', 7);
    put_tuple(&g.message, 'N', row, 2);
    const struct frame frame = {
        .kind = FRAME_DATA, .start = 0x100000100, .data = g.message.data, .len = g.message.len};
    for (int i = 0; i < 2; i++)
        assert_int_equal(decoder_pgoutput.feed(g.decoder, &frame, check_ord, &rows, &g.err), 0);
    assert_int_equal(rows, 2);
    feeder_close(&g);
}

/* ---- Images ---- */

static void test_update_without_old(void **state) {
    (void)state;
    const char *const after[] = {"1", "\x01"};
    begin(&f, 0x200);
    describe(&f, 7, 'd');
    ignore_emitted(&f);
    put_row(&f.message, 'U', 7);
    put_tuple(&f.message, 'N', after, 2);
    fed(&f, 0x100);
    emitted(&f, "update public.t 1:200:100:0 at 0/100\n"
                "  after id int 1\n"
                "  after note unchanged\n");
}

/* In a key image only the identity columns mean anything. */
static void test_update_with_key(void **state) {
    (void)state;
    const char *const before[] = {"1", NULL}, *const after[] = {"2", "\x01"};
    begin(&f, 0x200);
    describe(&f, 7, 'd');
    ignore_emitted(&f);
    put_row(&f.message, 'U', 7);
    put_tuple(&f.message, 'K', before, 2);
    put_tuple(&f.message, 'N', after, 2);
    fed(&f, 0x100);
    emitted(&f, "update with old key public.t 1:200:100:0 at 0/100\n"
                "  before id int 1\n"
                "  after id int 2\n"
                "  after note unchanged\n");
}

/* What the new image leaves out is filled from the old one, which has it. */
static void test_update_completed(void **state) {
    (void)state;
    const char *const before[] = {"1", "large"}, *const after[] = {"1", "\x01"};
    begin(&f, 0x200);
    describe(&f, 7, 'f');
    ignore_emitted(&f);
    put_row(&f.message, 'U', 7);
    put_tuple(&f.message, 'O', before, 2);
    put_tuple(&f.message, 'N', after, 2);
    fed(&f, 0x100);
    emitted(&f, "update public.t 1:200:100:0 at 0/100\n"
                "  before id int 1\n"
                "  before note text \"large\"\n"
                "  after id int 1\n"
                "  after note text \"large\"\n");
}

static void test_delete(void **state) {
    (void)state;
    const char *const before[] = {"1", NULL};
    begin(&f, 0x200);
    describe(&f, 7, 'd');
    ignore_emitted(&f);
    put_row(&f.message, 'D', 7);
    put_tuple(&f.message, 'K', before, 2);
    fed(&f, 0x100);
    emitted(&f, "delete by key public.t 1:200:100:0 at 0/100\n"
                "  before id int 1\n");
}

static void test_truncate(void **state) {
    (void)state;
    const uint32_t relids[] = {7, 8};
    begin(&f, 0x200);
    describe(&f, 7, 'd');
    describe(&f, 8, 'd');
    ignore_emitted(&f);
    put_truncate(&f.message, 1, relids, 2);
    fed(&f, 0x100);
    emitted(&f, "truncate public.t 1:200:100:0 at 0/100\n"
                "truncate public.t 1:200:100:1 at 0/100\n");
}

/* ---- Heartbeats ---- */

static void keepalive(uint64_t lsn) {
    assert_int_equal(feed_frame(&f, FRAME_KEEPALIVE, lsn), 0);
}

static void test_heartbeats(void **state) {
    (void)state;
    keepalive(0x100);
    emitted(&f, "heartbeat 0/100\n");
    keepalive(0x100);
    keepalive(0x80);
    emitted(&f, "");
    begin(&f, 0x200);
    ignore_emitted(&f);
    keepalive(0x150); /* inside a transaction nobody may resume */
    emitted(&f, "");
    commit(&f, 0x200);
    ignore_emitted(&f);
    keepalive(0x208);
    emitted(&f, "");
    keepalive(0x209);
    emitted(&f, "heartbeat 0/209\n");
}

/* ---- Messages ---- */

static void test_messages(void **state) {
    (void)state;
    put_message(&f.message, 0, 0x80, "now", "x");
    fed(&f, 0x80);
    emitted(&f, "message outside 1:7F:7F:0 at 0/80\n"
                "  \"now\" \"x\"\n");
    begin(&f, 0x200);
    describe(&f, 7, 'd');
    ignore_emitted(&f);
    put_message(&f.message, 1, 0x108, "outbox", "y");
    fed(&f, 0x108);
    insert(&f, 0x108, 7, "1", NULL); /* the record behind the message's */
    emitted(&f, "message 1:200:107:0 at 0/108\n"
                "  \"outbox\" \"y\"\n"
                "insert public.t 1:200:108:0 at 0/108\n"
                "  after id int 1\n"
                "  after note null\n");
}

static void test_message_in_the_wrong_place(void **state) {
    (void)state;
    put_message(&f.message, 1, 0x80, "p", "x");
    failed(&f, feed(&f, 0x80),
           "pgoutput at 0/80: message Message: comes outside of its transaction at offset 17");
}

static void test_message_inside_without_transaction(void **state) {
    (void)state;
    begin(&f, 0x200);
    put_message(&f.message, 0, 0x80, "p", "x");
    failed(&f, feed(&f, 0x80),
           "pgoutput at 0/80: message Message: without a transaction comes inside one at offset 17");
}

static void test_message_twice(void **state) {
    (void)state;
    put_message(&f.message, 0, 0x80, "p", "x");
    fed(&f, 0x80);
    put_message(&f.message, 0, 0x80, "p", "x");
    failed(&f, feed(&f, 0x80), "pgoutput at 0/80: message Message: was there already at offset 17");
}

/* ---- Others that change nothing ---- */

static void test_origin_type_abort(void **state) {
    (void)state;
    begin(&f, 0x200);
    ignore_emitted(&f);
    buf_putc(&f.message, 'O');
    buf_put_be64(&f.message, 5);
    put_str(&f.message, "elsewhere");
    fed(&f, 0x100);
    buf_putc(&f.message, 'Y');
    buf_put_be32(&f.message, 50000);
    put_str(&f.message, "app");
    put_str(&f.message, "thing");
    fed(&f, 0);
    buf_putc(&f.message, 'A');
    buf_put_be64(&f.message, 5);
    fed(&f, 0x100);
    emitted(&f, "");
    const struct test_column columns[] = {{0, "x", 50000, -1}};
    put_relation(&f.message, 7, "public", "t", 'd', columns, 1);
    fed(&f, 0);
    emitted(&f, "schema public.t oid 7 identity d key ()\n"
                "  x app.thing: other\n");
}

/* ---- Fail closed ---- */

static void test_unknown_message(void **state) {
    (void)state;
    buf_putc(&f.message, 'S'); /* Stream Start: was not asked for */
    failed(&f, feed(&f, 0x100), "pgoutput at 0/100: unknown message 0x53 at offset 0");
    put_begin(&f.message, 0x200, 1);
    assert_int_equal(feed(&f, 0x200), -1); /* unusable from then on */
    assert_string_equal(f.err.text, "the decoder stopped at an earlier message");
}

static void test_empty_message(void **state) {
    (void)state;
    failed(&f, feed(&f, 0x100), "pgoutput at 0/100: empty message");
}

static void test_undescribed_table(void **state) {
    (void)state;
    begin(&f, 0x200);
    failed(&f, try_insert(&f, 0x100, 9, "1", NULL),
           "pgoutput at 0/100: table 9: message Insert: names a table that no Relation message described at "
           "offset 5");
}

static void test_row_outside(void **state) {
    (void)state;
    describe(&f, 7, 'd');
    failed(&f, try_insert(&f, 0x100, 7, "1", NULL),
           "pgoutput at 0/100: message Insert: comes outside of a transaction at offset 5");
}

static void test_row_without_lsn(void **state) {
    (void)state;
    begin(&f, 0x200);
    describe(&f, 7, 'd');
    failed(&f, try_insert(&f, 0, 7, "1", NULL),
           "pgoutput at 0/200: a record of the transaction comes before the one before it");
}

static void test_records_go_back(void **state) {
    (void)state;
    begin(&f, 0x200);
    describe(&f, 7, 'd');
    insert(&f, 0x100, 7, "1", NULL);
    failed(&f, try_insert(&f, 0xf8, 7, "2", NULL),
           "pgoutput at 0/F8: a record of the transaction comes before the one before it");
}

static void test_begin_inside(void **state) {
    (void)state;
    begin(&f, 0x200);
    put_begin(&f.message, 0x300, 1);
    failed(&f, feed(&f, 0x300), "pgoutput at 0/300: message Begin: comes inside a transaction at offset 21");
}

static void test_commit_goes_back(void **state) {
    (void)state;
    begin(&f, 0x200);
    commit(&f, 0x200);
    put_begin(&f.message, 0x200, 1);
    failed(&f, feed(&f, 0x200), "pgoutput at 0/200: message Begin: was there already at offset 21");
}

static void test_another_commit(void **state) {
    (void)state;
    begin(&f, 0x200);
    put_commit(&f.message, 0x201, 0x300);
    failed(&f, feed(&f, 0x200),
           "pgoutput at 0/200: message Commit: is not the commit that Begin announced at offset 26");
}

static void test_commit_outside(void **state) {
    (void)state;
    put_commit(&f.message, 0x200, 0x208);
    failed(&f, feed(&f, 0x200),
           "pgoutput at 0/200: message Commit: comes outside of a transaction at offset 26");
}

/* Names the place, shows no data. */
static void test_bad_value(void **state) {
    (void)state;
    begin(&f, 0x200);
    describe(&f, 7, 'd');
    failed(
        &f, try_insert(&f, 0x100, 7, "secret", NULL),
        "pgoutput at 0/100: table public.t, column id: the server sent a text that is no integer; check that "
        "nothing overrides DateStyle, IntervalStyle or bytea_output of the replication connection");
}

static void test_frame_end_is_not_for_us(void **state) {
    (void)state;
    char text[64];
    snprintf(text, sizeof(text), "pgoutput at 0/0: unknown kind of frame: %d", FRAME_END);
    failed(&f, feed_frame(&f, FRAME_END, 0), text);
}

/* The callback's error comes back as it is, whichever change it refuses. */
static void test_refused(void **state) {
    (void)state;
    for (int n = 1; n <= 5; n++) {
        struct feeder g;
        feeder_open(&g, 1);
        g.refuse = n;
        int result = 0;
        put_begin(&g.message, 0x200, 1);
        result |= feed(&g, 0x200);
        const struct test_column columns[] = {{1, "id", 23, -1}, {0, "note", 25, -1}};
        for (int i = 0; i < 2 && !result; i++) { /* a new shape, then one that replaces it */
            put_relation(&g.message, 7, "public", i ? "u" : "t", 'd', columns, 2);
            result |= feed(&g, 0);
        }
        if (!result) result |= try_insert(&g, 0x100, 7, "1", NULL);
        put_commit(&g.message, 0x200, 0x208);
        if (!result) result |= feed(&g, 0x200);
        assert_int_equal(result, -1);
        assert_int_equal(g.err.code, ERR_IO);
        assert_string_equal(g.err.text, "refused by the test");
        feeder_close(&g);
    }
}

static void test_column_limit(void **state) {
    (void)state;
    const struct decoder_options options = {.epoch = 1, .max_columns = 1};
    struct decoder *d = decoder_pgoutput.create(&options);
    const struct test_column columns[] = {{1, "id", 23, -1}, {0, "note", 25, -1}};
    put_relation(&f.message, 7, "public", "t", 'd', columns, 2);
    const struct frame frame = {.kind = FRAME_DATA, .data = f.message.data, .len = f.message.len};
    assert_int_equal(decoder_pgoutput.feed(d, &frame, feeder_take, &f, NULL), -1);
    decoder_pgoutput.destroy(d);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, start, stop)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_transaction),
        TEST(test_description_once),
        TEST(test_ord),
        TEST(test_update_without_old),
        TEST(test_update_with_key),
        TEST(test_update_completed),
        TEST(test_delete),
        TEST(test_truncate),
        TEST(test_heartbeats),
        TEST(test_messages),
        TEST(test_message_in_the_wrong_place),
        TEST(test_message_inside_without_transaction),
        TEST(test_message_twice),
        TEST(test_origin_type_abort),
        TEST(test_unknown_message),
        TEST(test_empty_message),
        TEST(test_undescribed_table),
        TEST(test_row_outside),
        TEST(test_row_without_lsn),
        TEST(test_records_go_back),
        TEST(test_begin_inside),
        TEST(test_commit_goes_back),
        TEST(test_another_commit),
        TEST(test_commit_outside),
        TEST(test_bad_value),
        TEST(test_frame_end_is_not_for_us),
        TEST(test_refused),
        TEST(test_column_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
