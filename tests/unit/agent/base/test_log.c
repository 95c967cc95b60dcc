/* The log's lines: both forms, levels, and that nothing out of a database can forge or break one. */
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/base/log.h"
#include "decoders/utf8.h"

#define LINE_LIMIT 4096

static int log_pipe[2];
static int real_stderr;
static char line[3 * LINE_LIMIT];

static int start(void **state) {
    (void)state;
    unsetenv("JOURNAL_STREAM");
    log_setup(LOG_INFO, LOG_TEXT);
    real_stderr = dup(STDERR_FILENO);
    return pipe(log_pipe) == 0 && dup2(log_pipe[1], STDERR_FILENO) >= 0 ? 0 : -1;
}

static int finish(void **state) {
    (void)state;
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    close(log_pipe[0]);
    close(log_pipe[1]);
    return 0;
}

/* What was logged since the last time, without the end of its last line; "" nothing. */
static const char *logged(void) {
    ssize_t n;

    assert_int_equal(write(log_pipe[1], "#", 1), 1); /* so that reading never waits */
    n = read(log_pipe[0], line, sizeof line - 1);
    if (n <= 1) return n == 1 ? "" : NULL;
    assert_memory_equal(line + n - 2, "\n#", 2);
    line[n - 2] = '\0';
    return line;
}

/* Behind the time, which must look like one. */
static const char *behind_time(void) {
    static const char form[] = "time=dddd-dd-ddTdd:dd:dd.dddZ ";
    const char *text = logged();

    for (size_t i = 0; form[i]; i++) {
        if (form[i] == 'd' && i >= 5)
            assert_in_range(text[i], '0', '9');
        else
            assert_int_equal(text[i], form[i]);
    }
    return text + strlen(form);
}

/* ---- Forms ---- */

static void text_lines(void **state) {
    (void)state;
    log_msg(LOG_INFO, "shop", "slot %s is %d", "a", 1);
    assert_string_equal(behind_time(), "level=info from=shop msg=\"slot a is 1\"");
    log_kv(LOG_WARN, "kafka", "topic created", "topic", "shop.a", "why", "by hand", "empty", "", "x", "a=b",
           "none", (char *)NULL, NULL);
    assert_string_equal(
        behind_time(),
        "level=warn from=kafka msg=\"topic created\" topic=shop.a why=\"by hand\" empty=\"\" x=\"a=b\" "
        "none=\"\"");
    log_msg(LOG_ERROR, "two words", "x");
    assert_string_equal(behind_time(), "level=error from=\"two words\" msg=\"x\"");
}

static const char *member(json_object *o, const char *name) {
    return json_object_get_string(json_object_object_get(o, name));
}

static void json_lines(void **state) {
    (void)state;
    log_setup(LOG_INFO, LOG_JSON);
    log_kv(LOG_WARN, "shop", "said \"so\" \\ once", "key", "a\nb\tc\x1b[31m\x7f", NULL);
    const char *text = logged();
    assert_null(strchr(text, '\n'));
    json_object *o = json_tokener_parse(text);
    assert_non_null(o);
    assert_int_equal(strlen(member(o, "time")), strlen("2026-11-23T12:00:00.123Z"));
    assert_string_equal(member(o, "level"), "warn");
    assert_string_equal(member(o, "from"), "shop");
    assert_string_equal(member(o, "msg"), "said \"so\" \\ once");
    assert_string_equal(member(o, "key"), "a\nb\tc\x1b[31m\x7f");
    json_object_put(o);
}

static void under_systemd_the_priority_stands_for_the_time(void **state) {
    (void)state;
    static const char *const priorities[] = {"<3>level=error", "<4>level=warn", "<6>level=info",
                                             "<7>level=debug"};
    setenv("JOURNAL_STREAM", "8:1", 1);
    log_setup(LOG_DEBUG, LOG_TEXT);
    for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
        log_msg((enum log_level)level, "shop", "x");
        assert_memory_equal(logged(), priorities[level], strlen(priorities[level]));
    }
    log_setup(LOG_INFO, LOG_JSON); /* JSON is for machines */
    log_msg(LOG_INFO, "shop", "x");
    assert_int_equal(logged()[0], '{');
}

static void levels(void **state) {
    (void)state;
    for (int shown = LOG_ERROR; shown <= LOG_DEBUG; shown++) {
        log_setup((enum log_level)shown, LOG_TEXT);
        for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
            log_msg((enum log_level)level, "shop", "x");
            assert_int_equal(*logged() != '\0', level <= shown);
            log_kv((enum log_level)level, "shop", "x", "k", "v", NULL);
            assert_int_equal(*logged() != '\0', level <= shown);
            assert_int_equal(log_enabled((enum log_level)level) != 0, level <= shown);
        }
    }
}

/* ---- Hostile text ---- */

static void nothing_moves_the_cursor(void **state) {
    (void)state;
    log_kv(LOG_INFO, "a\nlevel=error", "x\r\n\x1b]0;t\x07", "k",
           "\x7f\xc2\x9b"
           "1m",
           NULL);
    assert_string_equal(behind_time(), "level=info from=\"a\\nlevel=error\" "
                                       "msg=\"x\\u000d\\n\\u001b]0;t\\u0007\" k=\"\\u007f\\u009b1m\"");
    /* What turns the direction of writing, separates lines, or marks the order of bytes. */
    log_msg(LOG_INFO, "shop", "%s",
            "\xe2\x80\xae|\xe2\x81\xa6|\xe2\x80\xa8|\xd8\x9c|\xef\xbb\xbf|\xe2\x80\x8f");
    assert_string_equal(behind_time(),
                        "level=info from=shop msg=\"\\u202e|\\u2066|\\u2028|\\u061c|\\ufeff|\\u200f\"");
    /* What is not UTF-8, whole or cut; other languages stay. */
    log_msg(LOG_INFO, "shop", "%s",
            "\xff|\xc3|\xed\xa0\x80|M\xc3\xbcller \xe6\x97\xa5 \xf0\x9f\x98\x80|\xf0\x9f");
    assert_string_equal(behind_time(),
                        "level=info from=shop msg=\"\\ufffd|\\ufffd|\\ufffd\\ufffd\\ufffd|M\xc3\xbcller "
                        "\xe6\x97\xa5 \xf0\x9f\x98\x80|\\ufffd\\ufffd\"");
}

/* A whole line: not too long, UTF-8, no control characters, and it parses. */
static void check_line(enum log_format format) {
    const char *text = logged();
    size_t len = strlen(text);

    assert_in_range(len, 1, LINE_LIMIT - 1);
    assert_true(utf8_valid(text, len));
    for (size_t i = 0; i < len; i++) assert_true((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
    if (format == LOG_JSON) {
        json_object *o = json_tokener_parse(text);
        if (!o) fail_msg("not JSON, %zu bytes: %.150s ... %s", len, text, text + (len > 60 ? len - 60 : 0));
        json_object_put(o);
        return;
    }
    size_t quotes = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\\')
            i++;
        else
            quotes += text[i] == '"';
    }
    assert_int_equal(quotes % 2, 0);
}

/* Texts of this length, escaped, end near the end of a line, alone or as one of two or three. */
static bool is_near_the_end(size_t escaped) {
    for (size_t n = 1; n <= 3; n++)
        if (escaped * n > LINE_LIMIT - 150 && escaped * n < LINE_LIMIT + 50) return true;
    return false;
}

static void try_text(const char *text) {
    for (int f = LOG_TEXT; f <= LOG_JSON; f++) {
        log_setup(LOG_INFO, (enum log_format)f);
        log_msg(LOG_INFO, "shop", "%s", text);
        check_line((enum log_format)f);
        log_kv(LOG_INFO, "shop", text, "k", text, "l", text, NULL);
        check_line((enum log_format)f);
        log_kv(LOG_INFO, text, "x", "k", "v", "l", text, "m", "n", NULL);
        check_line((enum log_format)f);
    }
}

static void nothing_is_too_long(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t escaped; /* of one byte */
    } units[] = {{"a", 1},        {"\"", 2},           {"\n", 2},
                 {"\xc3\xbc", 1}, {"\xe2\x80\xae", 2}, {"\xf0\x9f\x98\x80", 1},
                 {"\xff", 6}};
    static char text[2 * LINE_LIMIT];
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        size_t unit = strlen(units[u].bytes);
        for (size_t len = 0; len < sizeof text - 100;
             len += is_near_the_end(len * units[u].escaped) ? 1 : 97) {
            for (size_t i = 0; i < len; i++) text[i] = units[u].bytes[i % unit];
            text[len] = '\0'; /* also in the middle of a character */
            try_text(text);
        }
    }
}

static void plain_words_to_a_person(void **state) {
    (void)state;
    log_plain("two\nlines \x1b[31m \"quoted\"");
    assert_string_equal(logged(), "tailrace: two\nlines \\u001b[31m \"quoted\"");
    static char text[2 * LINE_LIMIT];
    memset(text, 'x', sizeof text - 1);
    log_plain(text);
    assert_in_range(strlen(logged()), LINE_LIMIT - 10, LINE_LIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(text_lines, start, finish),
        cmocka_unit_test_setup_teardown(json_lines, start, finish),
        cmocka_unit_test_setup_teardown(under_systemd_the_priority_stands_for_the_time, start, finish),
        cmocka_unit_test_setup_teardown(levels, start, finish),
        cmocka_unit_test_setup_teardown(nothing_moves_the_cursor, start, finish),
        cmocka_unit_test_setup_teardown(nothing_is_too_long, start, finish),
        cmocka_unit_test_setup_teardown(plain_words_to_a_person, start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
