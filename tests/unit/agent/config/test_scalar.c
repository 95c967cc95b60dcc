#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/config/scalar.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void assert_error(const struct err *e, const char *text) {
    assert_int_equal(e->code, ERR_CONFIG);
    assert_string_equal(e->text, text);
}

static void test_bool(void **state) {
    (void)state;
    const char *const yes[] = {"true", "yes", "on", "TRUE", "Yes"};
    const char *const no[] = {"false", "no", "off", "Off"};
    const char *const neither[] = {"", "1", "0", "y", "truee"};
    struct err e = {0};
    bool v;
    for (size_t i = 0; i < COUNT(yes); i++) {
        assert_int_equal(scalar_bool(yes[i], &v, &e), 0);
        assert_true(v && scalar_is_bool(yes[i]));
    }
    for (size_t i = 0; i < COUNT(no); i++) {
        assert_int_equal(scalar_bool(no[i], &v, &e), 0);
        assert_true(!v && scalar_is_bool(no[i]));
    }
    for (size_t i = 0; i < COUNT(neither); i++) {
        assert_int_equal(scalar_bool(neither[i], &v, &e), -1);
        assert_false(scalar_is_bool(neither[i]));
    }
    assert_error(&e, "\"truee\" is neither true nor false");
}

typedef int (*number_fn)(const struct option *, const char *, uint64_t *, struct err *);

struct number {
    number_fn read;
    const char *text;
    uint64_t value;
    const char *error; /* NULL: it is that value */
};

#define NO_SIZE(t) "\"" t "\" is not a size such as 64MiB, 512KiB or 1GiB"
#define NO_TIME(t) "\"" t "\" is not a time such as 500ms, 5s, 2m or 1h"
#define NO_INT(t) "\"" t "\" is not a whole number between 10 and 8589934592"

/* Between 10 and 8 GiB, or milliseconds. */
static const struct number numbers[] = {
    {scalar_int, "10", 10, NULL},
    {scalar_int, "0012", 12, NULL},
    {scalar_int, "9", 0, NO_INT("9")},
    {scalar_int, "-1", 0, NO_INT("-1")},
    {scalar_int, "", 0, NO_INT("")},
    {scalar_int, "12x", 0, NO_INT("12x")},
    {scalar_int, "1e3", 0, NO_INT("1e3")},
    {scalar_int, " 12", 0, NO_INT(" 12")},
    {scalar_int, "99999999999999999999", 0, NO_INT("99999999999999999999")},
    {scalar_int, "18446744073709551616", 0, NO_INT("18446744073709551616")},
    {scalar_size, "64MiB", (uint64_t)64 << 20, NULL},
    {scalar_size, "64 MiB", (uint64_t)64 << 20, NULL},
    {scalar_size, "512KiB", 512 << 10, NULL},
    {scalar_size, "1GiB", 1 << 30, NULL},
    {scalar_size, "1GB", 1000000000, NULL},
    {scalar_size, "3MB", 3000000, NULL},
    {scalar_size, "3kB", 3000, NULL},
    {scalar_size, "11", 11, NULL},
    {scalar_size, "11B", 11, NULL},
    {scalar_size, "64M", 0, NO_SIZE("64M")},
    {scalar_size, "64mib", 0, NO_SIZE("64mib")},
    {scalar_size, "1.5GiB", 0, NO_SIZE("1.5GiB")},
    {scalar_size, "MiB", 0, NO_SIZE("MiB")},
    {scalar_size, "99999999999GiB", 0, NO_SIZE("99999999999GiB")},
    {scalar_size, "9B", 0, "\"9B\" is out of range: 10B to 8GiB"},
    {scalar_size, "9GiB", 0, "\"9GiB\" is out of range: 10B to 8GiB"},
    {scalar_duration, "500ms", 500, NULL},
    {scalar_duration, "5s", 5000, NULL},
    {scalar_duration, "2m", 120000, NULL},
    {scalar_duration, "1h", 3600000, NULL},
    {scalar_duration, "5", 0, NO_TIME("5")},
    {scalar_duration, "5 sec", 0, NO_TIME("5 sec")},
    {scalar_duration, "9ms", 0, "\"9ms\" is out of range: 10ms to 8589934592ms"},
};

static void test_numbers(void **state) {
    (void)state;
    const struct option o = {.min = 10, .max = (uint64_t)8 << 30};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        const struct number *n = &numbers[i];
        struct err e = {0};
        uint64_t v = 0;
        if ((n->read(&o, n->text, &v, &e) == 0) != (n->error == NULL))
            fail_msg("\"%s\": %s", n->text, e.text);
        if (n->error != NULL)
            assert_error(&e, n->error);
        else
            assert_int_equal(v, n->value);
    }
}

static void test_choice(void **state) {
    (void)state;
    const struct option_choice choices[] = {{"json", 3}, {"change", 4}, {NULL, 0}};
    const struct option_choice never[] = {{"never", 7}, {NULL, 0}};
    struct option o = {.choices = choices};
    struct err e = {0};
    int v = 0;
    assert_int_equal(scalar_choice(&o, "change", &v, &e), 0);
    assert_int_equal(v, 4);
    assert_int_equal(scalar_choice(&o, "jsno", &v, &e), -1);
    assert_error(&e, "\"jsno\" is not one of json, change; did you mean \"json\"?");
    o.instead = "avro is not in this version";
    assert_int_equal(scalar_choice(&o, "avro", &v, &e), -1);
    assert_error(&e, "\"avro\" is not one of json, change; avro is not in this version");
    o = (struct option){.choices = never};
    assert_int_equal(scalar_choice(&o, "initial", &v, &e), -1);
    assert_error(&e, "\"initial\" is not never");
}

static void test_text(void **state) {
    (void)state;
    struct buf b = {0};
    scalar_size_text((uint64_t)64 << 20, &b);
    buf_putc(&b, ' ');
    scalar_size_text(1500, &b);
    buf_putc(&b, ' ');
    scalar_size_text(0, &b);
    buf_putc(&b, ' ');
    scalar_duration_text(90000, &b);
    buf_putc(&b, ' ');
    scalar_duration_text(3600000, &b);
    buf_putc(&b, ' ');
    scalar_duration_text(0, &b);
    assert_string_equal(buf_cstr(&b), "64MiB 1500B 0B 90s 1h 0ms");
    buf_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bool),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
