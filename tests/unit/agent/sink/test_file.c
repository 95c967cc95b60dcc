/* The file sink: repair at open, the lock, a full disk in the middle of a record, sync. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/sink/sink.h"

static char directory[] = "/tmp/tailrace-file-XXXXXX";
static char path[256];
static uint64_t given;

static void on_result(void *ctx, uint64_t seq, const struct err *e) {
    (void)ctx;
    assert_null(e);
    assert_int_equal(seq, given + 1);
    given = seq;
}

static struct sink *open_file(bool delimited, struct err *e) {
    struct config_sink c = {.type = SINK_FILE, .path = path, .delimited = delimited};
    struct sink *s = NULL;

    given = 0;
    return sink_file.open(&c, "shop", on_result, NULL, &s, e) == 0 ? s : NULL;
}

static void send_text(struct sink *s, uint64_t seq, const char *value) {
    struct sink_record r = {.seq = seq, .value = {value, strlen(value)}};

    assert_int_equal(sink_file.send(s, &r, NULL), SINK_SENT);
}

static void write_file(const void *bytes, size_t len) {
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static void assert_content(const void *bytes, size_t len) {
    char got[70000];
    FILE *f = fopen(path, "rb");

    assert_non_null(f);
    assert_int_equal(fread(got, 1, sizeof got, f), len);
    assert_memory_equal(got, bytes, len);
    fclose(f);
}

static int start(void **state) {
    (void)state;
    snprintf(path, sizeof path, "%s/out", directory);
    return 0;
}

static int finish(void **state) {
    (void)state;
    unlink(path);
    return 0;
}

static void appends_and_reports(void **state) {
    (void)state;
    struct err e = {0};
    struct stat st;
    struct sink *s = open_file(false, &e);
    assert_non_null(s);
    send_text(s, 1, "one");
    send_text(s, 2, "two");
    assert_int_equal(sink_file.poll(s, 0, &e), 0);
    assert_int_equal(given, 2);
    assert_int_equal(sink_file.sync(s, &e), 0);
    sink_file.close(s);
    s = open_file(false, &e);
    send_text(s, 1, "three");
    assert_int_equal(sink_file.flush(s, 1000, &e), 0);
    sink_file.close(s);
    assert_content("one\ntwo\nthree\n", 14);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07, 0); /* row data is not for everybody */
}

static void closing_without_flush_reports_nothing(void **state) {
    (void)state;
    struct sink *s = open_file(false, NULL);
    assert_non_null(s);
    send_text(s, 1, "lost");
    sink_file.close(s);
    assert_int_equal(given, 0);
    assert_content("", 0);
}

static void check_repair(bool delimited, const char *before, size_t len, size_t whole) {
    struct err e = {0};
    write_file(before, len);
    struct sink *s = open_file(delimited, &e);
    assert_non_null(s);
    sink_file.close(s);
    assert_content(before, whole);
}

static void a_torn_line_is_removed(void **state) {
    (void)state;
    char big[60000];
    check_repair(false, "one\ntwo\n", 8, 8);
    check_repair(false, "one\ntw", 6, 4);
    check_repair(false, "tw", 2, 0);
    memset(big, 'x', sizeof big); /* torn over several blocks of reading */
    big[10] = '\n';
    check_repair(false, big, sizeof big, 11);
    big[sizeof big - 1] = '\n';
    check_repair(false, big, sizeof big, sizeof big);
}

/* Cut at every length, a file of records must come back to a record's end. */
static void a_torn_delimited_record_is_removed(void **state) {
    (void)state;
    static char file[50000];
    size_t ends[64];
    size_t nends = 0;
    size_t len = 0;
    const size_t sizes[] = {0, 1, 127, 128, 300, 16383, 16384, 5, 0, 9000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ends[nends++] = len;
        for (size_t v = sizes[i]; len == ends[nends - 1] || v > 0; v >>= 7)
            file[len++] = (char)(v >= 0x80 ? v | 0x80 : v);
        memset(file + len, (int)(0x80 | i), sizes[i]); /* looks like a length that goes on */
        len += sizes[i];
    }
    ends[nends++] = len;
    for (size_t cut = 0; cut <= len; cut++) {
        size_t whole = 0;
        bool near = cut % 97 == 0; /* each repair waits for the disk, so not every length within a record */
        for (size_t i = 0; i < nends; i++) {
            if (ends[i] <= cut) whole = ends[i];
            if (cut + 5 > ends[i] && cut < ends[i] + 5) near = true; /* a length takes up to three bytes */
        }
        if (near) check_repair(true, file, cut, whole);
    }
}

static void a_foreign_file_is_refused(void **state) {
    (void)state;
    struct err e = {0};
    write_file("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
    assert_null(open_file(true, &e));
    assert_int_equal(e.code, ERR_DATA);
    assert_non_null(strstr(e.text, path));
    assert_content("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
}

static void two_agents_do_not_share_a_file(void **state) {
    (void)state;
    struct err e = {0};
    struct sink *s = open_file(false, &e);
    assert_non_null(s);
    assert_null(open_file(false, &e));
    assert_int_equal(e.code, ERR_FENCED);
    assert_non_null(strstr(e.text, "{source}"));
    sink_file.close(s);
    s = open_file(false, &e);
    assert_non_null(s);
    sink_file.close(s);
}

static void the_path_may_name_the_source(void **state) {
    (void)state;
    snprintf(path, sizeof path, "%s/{source}-{source}.out", directory);
    struct sink *s = open_file(false, NULL);
    assert_non_null(s);
    sink_file.close(s);
    snprintf(path, sizeof path, "%s/shop-shop.out", directory);
    assert_content("", 0);
}

static void only_regular_files(void **state) {
    (void)state;
    struct err e = {0};
    snprintf(path, sizeof path, "/dev/full");
    assert_null(open_file(false, &e));
    assert_int_equal(e.code, ERR_CONFIG);
    snprintf(path, sizeof path, "%s/no/such/place", directory);
    assert_null(open_file(false, &e));
    assert_int_equal(e.code, ERR_CONFIG);
    snprintf(path, sizeof path, "%s/fifo", directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(open_file(false, &e)); /* without waiting for a reader */
    assert_int_equal(e.code, ERR_CONFIG);
}

static void set_file_limit(rlim_t bytes) {
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_record_cut_by_a_full_disk_is_completed(void **state) {
    (void)state;
    struct err e = {0};
    struct sink *s = open_file(false, &e);
    assert_non_null(s);
    send_text(s, 1, "first");
    send_text(s, 2, "second");
    set_file_limit(9);
    assert_int_equal(sink_file.flush(s, 300, &e), 1);
    assert_int_equal(given, 1);
    set_file_limit(RLIM_INFINITY);
    assert_content("first\nsec", 9);
    assert_int_equal(sink_file.flush(s, 2000, &e), 0);
    assert_int_equal(given, 2);
    sink_file.close(s);
    assert_content("first\nsecond\n", 13);
}

static int make_directory(void **state) {
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state) {
    (void)state;
    return rmdir(directory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(appends_and_reports, start, finish),
        cmocka_unit_test_setup_teardown(closing_without_flush_reports_nothing, start, finish),
        cmocka_unit_test_setup_teardown(a_torn_line_is_removed, start, finish),
        cmocka_unit_test_setup_teardown(a_torn_delimited_record_is_removed, start, finish),
        cmocka_unit_test_setup_teardown(a_foreign_file_is_refused, start, finish),
        cmocka_unit_test_setup_teardown(two_agents_do_not_share_a_file, start, finish),
        cmocka_unit_test_setup_teardown(the_path_may_name_the_source, start, finish),
        cmocka_unit_test_setup_teardown(only_regular_files, start, finish),
        cmocka_unit_test_setup_teardown(a_record_cut_by_a_full_disk_is_completed, start, finish),
    };
    signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
