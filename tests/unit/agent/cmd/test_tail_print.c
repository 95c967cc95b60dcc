/* tail_print: lines for people, and nothing a terminal might obey. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/cmd/tail_print.h"

static void check_plain(const char *text, const char *expected) {
    struct buf out = {0};
    tail_print_plain(&out, text, strlen(text));
    assert_string_equal(buf_cstr(&out), expected);
    buf_release(&out);
}

static void plain(void **state) {
    (void)state;
    check_plain("Zo\xc3\xab \xf0\x9f\x98\x80 \xe2\x82\xac", "Zo\xc3\xab \xf0\x9f\x98\x80 \xe2\x82\xac");
    check_plain("a\nb\tc", "a b c");
    check_plain("\x1b[31mred\x07\x7f\r\b", "[31mred");
    check_plain("x\xc2\x9b"
                "31m\xc2\xa0y",
                "x31m\xc2\xa0y"); /* C1; a no-break space stays */
    check_plain("\xe2\x80\xaetxt\xe2\x81\xa6.exe\xe2\x80\xa8",
                "txt.exe"); /* override, isolate, line separator */
    check_plain("cut \xe2\x82", "cut \xe2\x82");
    check_plain("", "");
}

static void json_controls(void **state) {
    (void)state;
    struct buf out = {0};
    static const char text[] = "{\"a\":\"\x7f\xc2\x85\xc3\xab\"}";
    tail_print_json(&out, text, strlen(text));
    assert_string_equal(buf_cstr(&out), "{\"a\":\"\\u007f\\u0085\xc3\xab\"}");
    buf_release(&out);
}

static void check_event(const char *json, bool full, const char *expected) {
    struct tail_style style = {.full = full};
    struct buf out = {0};
    json_object *o = json_tokener_parse(json);
    assert_non_null(o);
    tail_print_event(&style, o, &out);
    assert_string_equal(buf_cstr(&out), expected);
    buf_release(&out);
    json_object_put(o);
}

static void events(void **state) {
    (void)state;
    check_event("{\"v\":1,\"source\":\"s\",\"table\":\"t\",\"op\":\"u\",\"key\":{\"id\":2},\"before\":{"
                "\"id\":1,\"a\":1,"
                "\"b\":2},\"after\":{\"id\":2,\"a\":1,\"b\":null,\"c\":3},\"unchanged\":[\"d\",\"e\"],"
                "\"masked\":[\"f\"],"
                "\"invalid\":{\"after\":{\"g\":\"x\"}},\"ts\":\"2026-11-23T12:00:00.123456Z\"}",
                false,
                "2026-11-23 12:00:00.123  s.t  update  id=2  b=null (was 2)  c=3  unchanged: d, e  masked: f"
                "  invalid:  g=\"x\"\n");
    check_event("{\"v\":1,\"source\":\"s\",\"op\":\"m\",\"message\":{\"prefix\":\"p\",\"content\":\"c\","
                "\"transactional\":false}}",
                false, "-  s  message  prefix=\"p\"  content=\"c\"  transactional=false\n");
    check_event("{\"v\":1,\"source\":\"s\",\"op\":\"g\",\"gap\":\"lost\"}", false,
                "-  s  gap  gap=\"lost\"\n");
    check_event("{\"v\":1,\"source\":\"s\",\"schema\":\"p\",\"table\":\"t\",\"op\":\"t\"}", false,
                "-  s.p.t  truncate\n");
    check_event(
        "{\"v\":1,\"source\":\"s\",\"database\":\"d\",\"table\":\"t\",\"op\":\"q\",\"ddl\":\"DROP \\nTABLE "
        "t\"}",
        false, "-  s.d.t  ddl  DROP  TABLE t\n");
    check_event("{\"v\":1,\"source\":\"s\",\"database\":\"d\",\"op\":\"q\",\"ddl\":{\"base64\":\"/w==\"}}",
                false, "-  s  ddl  {\"base64\":\"/w==\"}\n");
    check_event("{\"entity\":\"customer\",\"action\":\"clear\",\"part\":\"location\",\"source\":\"s\"}",
                false, "-  s  customer (all)  location clear\n");
    check_event("{\"other\":[1,2.50]}", false, "{\"other\":[1,2.50]}\n");
}

static void long_values_are_cut(void **state) {
    (void)state;
    char json[600], text[301], expected[600];
    memset(text, 'x', 300);
    text[300] = '\0';
    memcpy(text + 118, "\xe2\x82\xac", 3); /* in the way of the cut: it goes as a whole */
    snprintf(json, sizeof(json), "{\"other\":\"%s\"}", text);
    snprintf(expected, sizeof(expected), "{\"other\":\"%.*s… (%zu bytes)\n", 120 - 10, text, strlen(json));
    check_event(json, false, expected);
    snprintf(expected, sizeof(expected), "%s\n", json);
    check_event(json, true, expected);
    memset(text, 'x', 300);
    memcpy(text + 109, "\xe2\x82\xac", 3);
    snprintf(json, sizeof(json), "{\"other\":\"%s\"}", text);
    snprintf(expected, sizeof(expected), "{\"other\":\"%.*s… (%zu bytes)\n", 109, text, strlen(json));
    check_event(json, false, expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(json_controls),
        cmocka_unit_test(events),
        cmocka_unit_test(long_values_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
