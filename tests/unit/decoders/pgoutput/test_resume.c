/* What was delivered is not emitted again: after a process came back, and after a connection did. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "decoders/pgoutput/position.h"
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

/* Transaction `commit` with `n` rows of two records each, from row `from` on. */
static void rows(uint64_t first, int from, int n) {
    for (int i = from; i < n; i++) {
        char id[12];
        snprintf(id, sizeof(id), "%d", i);
        insert(&f, first + (uint64_t)(i / 2) * 8, 7, id, "");
    }
}

static void transaction(uint64_t lsn, int n) {
    begin(&f, lsn);
    describe(&f, 7, 'd');
    rows(lsn - 0x80, 0, n);
    commit(&f, lsn);
}

static int count(const char *what) {
    int n = 0;
    for (const char *p = buf_cstr(&f.text); (p = strstr(p, what)); p++) n++;
    return n;
}

static void resume_at(uint64_t commit_lsn, uint64_t record, uint32_t index) {
    const struct point p = {commit_lsn, record, index};
    uint8_t bytes[PROGRESS_LEN];
    point_store(&p, bytes);
    assert_int_equal(decoder_pgoutput.resume(f.decoder, (struct position){bytes, sizeof(bytes)}, &f.err), 0);
}

static void test_resume(void **state) {
    (void)state;
    resume_at(0x200, 0x188, 0); /* rows 0, 1 and 2 */
    transaction(0x200, 6);
    assert_int_equal(count("insert"), 3);
    assert_int_equal(count("begin"), 1);
    assert_int_equal(count("commit"), 1);
    assert_non_null(strstr(buf_cstr(&f.text), "insert public.t 1:200:188:1"));
    assert_null(strstr(buf_cstr(&f.text), "1:200:188:0"));
    ignore_emitted(&f);
    transaction(0x400, 6); /* another transaction is not concerned */
    assert_int_equal(count("insert"), 6);
}

/* Whatever row it stopped at, exactly the rows behind it come, with the ids they would have had. */
static void test_resume_everywhere(void **state) {
    (void)state;
    for (int stopped = 0; stopped < 6; stopped++) {
        struct feeder saved = f;
        feeder_open(&f, 1);
        resume_at(0x200, 0x180 + (uint64_t)(stopped / 2) * 8, (uint32_t)stopped % 2);
        transaction(0x200, 6);
        assert_int_equal(count("insert"), 5 - stopped);
        feeder_close(&f);
        f = saved;
    }
}

static void test_resume_of_a_message(void **state) {
    (void)state;
    resume_at(0x7f, 0x7f, 0);
    put_message(&f.message, 0, 0x80, "p", "x");
    fed(&f, 0x80);
    emitted(&f, "");
    put_message(&f.message, 0, 0x90, "p", "x");
    fed(&f, 0x90);
    assert_int_equal(count("message"), 1);
}

static void test_resume_blobs(void **state) {
    (void)state;
    const uint8_t eight[8] = {0};
    assert_int_equal(decoder_pgoutput.resume(f.decoder, (struct position){NULL, 0}, &f.err), 0);
    assert_int_equal(decoder_pgoutput.resume(f.decoder, (struct position){eight, 8}, &f.err), -1);
    assert_int_equal(f.err.code, ERR_DATA);
}

/* ---- A connection that was made anew ---- */

static void test_restart_between(void **state) {
    (void)state;
    transaction(0x200, 4);
    transaction(0x400, 4);
    restart(&f);
    ignore_emitted(&f);
    transaction(0x200, 4); /* from an acknowledged position before both */
    transaction(0x400, 4);
    emitted(&f, "");
    transaction(0x600, 4);
    assert_int_equal(count("insert"), 4);
}

static void test_restart_inside(void **state) {
    (void)state;
    transaction(0x200, 2);
    begin(&f, 0x400);
    describe(&f, 7, 'd');
    rows(0x380, 0, 3);
    assert_int_equal(count("insert"), 5);
    restart(&f);
    ignore_emitted(&f);
    transaction(0x200, 2);
    assert_int_equal(feed_frame(&f, FRAME_KEEPALIVE, 0x300), 0); /* not while one is open */
    emitted(&f, "");
    transaction(0x400, 6);
    emitted(&f, "insert public.t 1:400:388:1 at 0/388\n"
                "  after id int 3\n"
                "  after note text \"\"\n"
                "insert public.t 1:400:390:0 at 0/390\n"
                "  after id int 4\n"
                "  after note text \"\"\n"
                "insert public.t 1:400:390:1 at 0/390\n"
                "  after id int 5\n"
                "  after note text \"\"\n"
                "commit to 0/408\n");
}

/* Cut off again and again, at every row: each row comes once. */
static void test_restart_everywhere(void **state) {
    (void)state;
    for (int cut = 0; cut <= 6; cut++) {
        begin(&f, 0x400);
        describe(&f, 7, 'd');
        rows(0x380, 0, cut);
        restart(&f);
        if (cut % 2) restart(&f);
    }
    transaction(0x400, 6);
    assert_int_equal(count("insert"), 6);
    assert_int_equal(count("begin"), 1);
    assert_int_equal(count("commit"), 1);
}

static void test_restart_while_replaying(void **state) {
    (void)state;
    transaction(0x200, 4);
    begin(&f, 0x400);
    describe(&f, 7, 'd');
    rows(0x380, 0, 2);
    restart(&f);
    begin(&f, 0x200);
    describe(&f, 7, 'd');
    rows(0x180, 0, 2);
    restart(&f); /* inside a transaction that was emitted already */
    ignore_emitted(&f);
    transaction(0x200, 4);
    transaction(0x400, 3);
    assert_int_equal(count("insert"), 1);
    assert_int_equal(count("commit"), 1);
}

/* A process that came back and loses its connection before it reached where it was. */
static void test_restart_while_resuming(void **state) {
    (void)state;
    resume_at(0x400, 0x390, 0); /* rows 0 to 4 */
    begin(&f, 0x400);
    describe(&f, 7, 'd');
    rows(0x380, 0, 2);
    restart(&f);
    transaction(0x400, 6);
    assert_int_equal(count("insert"), 1);
    assert_int_equal(count("begin"), 1);
}

static void test_restart_other_transaction(void **state) {
    (void)state;
    begin(&f, 0x400);
    describe(&f, 7, 'd');
    rows(0x380, 0, 2);
    restart(&f);
    put_begin(&f.message, 0x600, 1);
    failed(&f, feed(&f, 0x600),
           "pgoutput at 0/600: the transaction committed at 0/400 was cut off by a lost connection and did "
           "not come "
           "again; the one at 0/600 came instead");
}

static void test_restart_needs_descriptions(void **state) {
    (void)state;
    transaction(0x200, 2);
    restart(&f);
    begin(&f, 0x400);
    assert_int_equal(try_insert(&f, 0x380, 7, "1", NULL), -1);
    assert_non_null(strstr(f.err.text, "no Relation message described"));
}

static void test_restart_messages(void **state) {
    (void)state;
    put_message(&f.message, 0, 0x80, "p", "x");
    fed(&f, 0x80);
    transaction(0x200, 1);
    put_message(&f.message, 0, 0x300, "p", "y");
    fed(&f, 0x300);
    restart(&f);
    ignore_emitted(&f);
    put_message(&f.message, 0, 0x80, "p", "x");
    fed(&f, 0x80);
    transaction(0x200, 1);
    put_message(&f.message, 0, 0x300, "p", "y");
    fed(&f, 0x300);
    emitted(&f, "");
    put_message(&f.message, 0, 0x308, "p", "z");
    fed(&f, 0x308);
    assert_int_equal(count("message outside"), 1);
}

/* The shape may have changed back and forth between what is sent again and what was emitted. */
static void test_restart_older_shape(void **state) {
    (void)state;
    transaction(0x200, 1);
    begin(&f, 0x400);
    describe(&f, 7, 'f');
    insert(&f, 0x380, 7, "1", "");
    restart(&f);
    ignore_emitted(&f);
    transaction(0x200, 1);
    assert_int_equal(count("schema"), 1);
    begin(&f, 0x400);
    describe(&f, 7, 'f');
    insert(&f, 0x380, 7, "1", "");
    assert_int_equal(count("schema"), 2);
    assert_int_equal(count("insert"), 0);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, start, stop)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_resume),
        TEST(test_resume_everywhere),
        TEST(test_resume_of_a_message),
        TEST(test_resume_blobs),
        TEST(test_restart_between),
        TEST(test_restart_inside),
        TEST(test_restart_everywhere),
        TEST(test_restart_while_replaying),
        TEST(test_restart_while_resuming),
        TEST(test_restart_other_transaction),
        TEST(test_restart_needs_descriptions),
        TEST(test_restart_messages),
        TEST(test_restart_older_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
