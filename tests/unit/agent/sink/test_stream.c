/* A stream on pipes: framing, back-pressure, results after the bytes, a reader that goes away, a shared
 * output. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/sink/stream.h"

#define SEQS 200000u

/* ---- A stream with its reader ---- */

struct fixture {
    struct stream stream;
    int reader;
    int writer;
    uint64_t given; /* results so far; they must come in order */
    bool in_order;
};

static void on_result(void *ctx, uint64_t seq, const struct err *e) {
    struct fixture *f = ctx;

    f->in_order = f->in_order && !e && seq == f->given + 1;
    f->given = seq;
}

static void setup(struct fixture *f, bool delimited) {
    struct config_sink c = {.delimited = delimited};
    struct err e = {0};
    int fds[2];

    *f = (struct fixture){.in_order = true};
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    f->reader = fds[0];
    f->writer = fds[1];
    assert_int_equal(stream_init(&f->stream, &sink_stdout, f->writer, "test", &c, "shop", on_result, f, &e),
                     0);
}

static void teardown(struct fixture *f) {
    stream_release(&f->stream);
    if (f->reader >= 0) close(f->reader);
    close(f->writer);
}

static enum sink_send send_bytes(struct fixture *f, uint64_t seq, const void *value, size_t len) {
    struct sink_record r = {.partition = SINK_PARTITION_BY_KEY, .seq = seq, .value = {value, len}};
    struct err e = {0};

    return stream_send(&f->stream.sink, &r, &e);
}

static enum sink_send send_text(struct fixture *f, uint64_t seq, const char *value) {
    return send_bytes(f, seq, value, value ? strlen(value) : 0);
}

static size_t read_some(struct fixture *f, void *to, size_t len) {
    struct pollfd p = {.fd = f->reader, .events = POLLIN};

    if (poll(&p, 1, 0) != 1) return 0;
    ssize_t n = read(f->reader, to, len);
    return n > 0 ? (size_t)n : 0;
}

static void assert_reads(struct fixture *f, const void *expected, size_t len) {
    char got[4096];

    assert_int_equal(read_some(f, got, sizeof got), len);
    assert_memory_equal(got, expected, len);
}

static bool readable(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

/* ---- Framing ---- */

static void lines_end_in_a_newline(void **state) {
    (void)state;
    struct fixture f;
    setup(&f, false);
    assert_int_equal(send_text(&f, 1, "{\"a\":1}"), SINK_SENT);
    assert_int_equal(send_text(&f, 2, ""), SINK_SENT);
    assert_int_equal(f.given, 0); /* only poll() and flush() give results */
    assert_int_equal(stream_poll(&f.stream.sink, 0, NULL), 0);
    assert_int_equal(f.given, 2);
    assert_reads(&f, "{\"a\":1}\n\n", 9);
    teardown(&f);
}

static void delimited_records_follow_their_length(void **state) {
    (void)state;
    struct fixture f;
    char value[300];
    char expected[303] = {(char)0xac, 0x02};
    setup(&f, true);
    memset(value, 'x', sizeof value);
    memcpy(expected + 2, value, sizeof value);
    assert_int_equal(send_bytes(&f, 1, value, sizeof value), SINK_SENT);
    assert_int_equal(send_text(&f, 2, ""), SINK_SENT);
    assert_int_equal(stream_flush(&f.stream.sink, 1000, NULL), 0);
    assert_reads(&f, expected, sizeof expected);
    assert_int_equal(f.given, 2);
    teardown(&f);
}

static void tombstones_take_no_bytes_and_keep_their_place(void **state) {
    (void)state;
    struct fixture f;
    setup(&f, false);
    assert_int_equal(send_text(&f, 1, "a"), SINK_SENT);
    assert_int_equal(send_text(&f, 2, NULL), SINK_SENT);
    assert_int_equal(send_text(&f, 3, "b"), SINK_SENT);
    assert_int_equal(stream_flush(&f.stream.sink, 1000, NULL), 0);
    assert_reads(&f, "a\nb\n", 4);
    assert_int_equal(f.given, 3);
    assert_true(f.in_order);
    teardown(&f);
}

/* ---- Back-pressure ---- */

static void a_full_pipe_is_said_and_waited_for(void **state) {
    (void)state;
    struct fixture f;
    char line[1000];
    char got[65536];
    uint64_t seq = 0;
    setup(&f, false);
    memset(line, 'x', sizeof line);
    while (send_bytes(&f, seq + 1, line, sizeof line) == SINK_SENT) assert_true(++seq < SEQS);
    assert_int_equal(stream_poll(&f.stream.sink, 0, NULL), 0);
    uint64_t before = f.given;
    assert_true(before > 0 && before < seq);
    assert_false(readable(stream_fd(&f.stream.sink)));
    assert_int_equal(stream_flush(&f.stream.sink, 20, NULL), 1);

    size_t read_bytes = read_some(&f, got, sizeof got);
    assert_true(readable(stream_fd(&f.stream.sink)));
    assert_int_equal(stream_poll(&f.stream.sink, 0, NULL), 0);
    assert_true(f.given > before);
    while (f.given < seq) {
        read_bytes += read_some(&f, got, sizeof got);
        assert_int_equal(stream_poll(&f.stream.sink, 0, NULL), 0);
    }
    for (size_t n; (n = read_some(&f, got, sizeof got)) > 0;) read_bytes += n;
    assert_int_equal(read_bytes, seq * (sizeof line + 1));
    assert_true(f.in_order);
    teardown(&f);
}

static void a_result_waits_for_the_last_byte(void **state) {
    (void)state;
    struct fixture f;
    char *big = calloc(1, 1 << 20);
    char got[65536];
    setup(&f, false);
    assert_non_null(big);
    assert_int_equal(send_bytes(&f, 1, big, 1 << 20), SINK_SENT); /* larger than the buffer: alone */
    assert_int_equal(send_text(&f, 2, "x"), SINK_FULL);
    size_t total = 0;
    while (total <= 1 << 20) {
        assert_int_equal(f.given, 0);
        total += read_some(&f, got, sizeof got);
        assert_int_equal(stream_poll(&f.stream.sink, 0, NULL), 0);
        if (f.given) total += read_some(&f, got, sizeof got);
    }
    assert_int_equal(total, (1 << 20) + 1);
    assert_int_equal(f.given, 1);
    assert_true(f.stream.out.cap <= 256 << 10); /* the memory is given back */
    free(big);
    teardown(&f);
}

static void many_records_do_not_overrun_the_results(void **state) {
    (void)state;
    struct fixture f;
    uint64_t seq = 0;
    setup(&f, false);
    while (send_text(&f, seq + 1, NULL) == SINK_SENT) assert_true(++seq <= RESULTS_MAX);
    assert_int_equal(seq, RESULTS_MAX);
    assert_int_equal(stream_poll(&f.stream.sink, 0, NULL), 0);
    assert_int_equal(f.given, seq);
    assert_true(f.in_order);
    teardown(&f);
}

/* ---- The end ---- */

static void a_closed_pipe_is_closed(void **state) {
    (void)state;
    struct fixture f;
    struct err e = {0};
    setup(&f, false);
    close(f.reader);
    f.reader = -1;
    assert_int_equal(send_text(&f, 1, "x"), SINK_SENT);
    assert_int_equal(stream_poll(&f.stream.sink, 0, &e), -1);
    assert_int_equal(e.code, ERR_CLOSED);
    assert_true(e.fatal);
    assert_int_equal(f.given, 0);
    teardown(&f);
}

static void a_closed_pipe_is_noticed_when_idle(void **state) {
    (void)state;
    struct fixture f;
    struct err e = {0};
    setup(&f, false);
    assert_int_equal(stream_poll(&f.stream.sink, 0, &e), 0);
    assert_false(readable(stream_fd(&f.stream.sink)));
    close(f.reader);
    f.reader = -1;
    assert_true(readable(stream_fd(&f.stream.sink)));
    assert_int_equal(stream_poll(&f.stream.sink, 0, &e), -1);
    assert_int_equal(e.code, ERR_CLOSED);
    teardown(&f);
}

static void a_full_disk_is_waited_for(void **state) {
    (void)state;
    struct config_sink c = {0};
    struct fixture f = {.in_order = true, .reader = -1};
    struct err e = {0};
    f.writer = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_int_equal(stream_init(&f.stream, &sink_stdout, f.writer, "test", &c, "shop", on_result, &f, &e),
                     0);
    assert_int_equal(send_text(&f, 1, "x"), SINK_SENT);
    assert_int_equal(stream_poll(&f.stream.sink, 0, &e), 0);
    assert_int_equal(stream_flush(&f.stream.sink, 600, &e), 1);
    assert_int_equal(f.given, 0);
    int room = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_true(dup2(room, f.writer) >= 0);
    close(room);
    assert_int_equal(stream_flush(&f.stream.sink, 2000, &e), 0);
    assert_int_equal(f.given, 1);
    teardown(&f);
}

/* ---- Two sources, one output ---- */

static void shared_output_has_whole_records_only(void **state) {
    (void)state;
    struct config_sink c = {0};
    struct turn turn = {.torn = false};
    struct fixture f;
    struct fixture g = {.in_order = true, .reader = -1};
    char a[10000];
    char b[10000];
    char got[1 << 20];
    size_t len = 0;
    setup(&f, false);
    g.writer = dup(f.writer);
    assert_int_equal(stream_init(&g.stream, &sink_stdout, g.writer, "test", &c, "crm", on_result, &g, NULL),
                     0);
    f.stream.turn = g.stream.turn = &turn;
    memset(a, 'a', sizeof a);
    memset(b, 'b', sizeof b);
    for (uint64_t seq = 1; seq <= 20; seq++) {
        assert_int_equal(send_bytes(&f, seq, a, sizeof a), SINK_SENT);
        assert_int_equal(send_bytes(&g, seq, b, sizeof b), SINK_SENT);
    }
    while (f.given < 20 || g.given < 20) {
        assert_int_equal(stream_poll(&f.stream.sink, 0, NULL), 0);
        assert_int_equal(stream_poll(&g.stream.sink, 0, NULL), 0);
        len += read_some(&f, got + len, 5000);
    }
    for (size_t n; (n = read_some(&f, got + len, sizeof got - len)) > 0;) len += n;
    assert_int_equal(len, 40 * (sizeof a + 1));
    for (size_t at = 0; at < len; at += sizeof a + 1) {
        assert_memory_equal(got + at, got[at] == 'a' ? a : b, sizeof a);
        assert_int_equal(got[at + sizeof a], '\n');
    }
    teardown(&g);
    teardown(&f);
}

static void a_torn_line_of_another_source_is_ended(void **state) {
    (void)state;
    struct config_sink c = {0};
    struct turn turn = {.torn = false};
    struct fixture f;
    struct fixture g = {.in_order = true, .reader = -1};
    char *big = malloc(200000);
    char *got = malloc(300000);
    size_t len = 0;
    setup(&f, false);
    g.writer = dup(f.writer);
    assert_int_equal(stream_init(&g.stream, &sink_stdout, g.writer, "test", &c, "crm", on_result, &g, NULL),
                     0);
    f.stream.turn = g.stream.turn = &turn;
    memset(big, 'a', 200000);
    assert_int_equal(send_bytes(&f, 1, big, 200000), SINK_SENT);
    assert_int_equal(stream_poll(&f.stream.sink, 0, NULL), 0);
    assert_int_equal(send_text(&g, 1, "whole"), SINK_SENT);
    assert_int_equal(stream_poll(&g.stream.sink, 0, NULL), 0);
    assert_int_equal(g.given, 0); /* not in the middle of the other's record */
    stream_release(&f.stream);
    for (size_t n; (n = read_some(&f, got + len, 300000 - len)) > 0;) {
        len += n;
        assert_int_equal(stream_poll(&g.stream.sink, 0, NULL), 0);
    }
    assert_int_equal(g.given, 1);
    assert_true(len > 7);
    assert_memory_equal(got + len - 7, "\nwhole\n", 7);
    free(big);
    free(got);
    teardown(&g);
    close(f.reader);
    close(f.writer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_in_a_newline),
        cmocka_unit_test(delimited_records_follow_their_length),
        cmocka_unit_test(tombstones_take_no_bytes_and_keep_their_place),
        cmocka_unit_test(a_full_pipe_is_said_and_waited_for),
        cmocka_unit_test(a_result_waits_for_the_last_byte),
        cmocka_unit_test(many_records_do_not_overrun_the_results),
        cmocka_unit_test(a_closed_pipe_is_closed),
        cmocka_unit_test(a_closed_pipe_is_noticed_when_idle),
        cmocka_unit_test(a_full_disk_is_waited_for),
        cmocka_unit_test(shared_output_has_whole_records_only),
        cmocka_unit_test(a_torn_line_of_another_source_is_ended),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
