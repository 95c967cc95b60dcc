/* codec: what each conversion makes of values, at their edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/map/codec.h"
#include "decoders/buf.h"

struct example {
    const char *steps;
    enum value_kind kind; /* of what goes in; 0: invalid */
    const char *in;
    const char *out; /* "kind text", "null", or "!text" for invalid */
};

static struct value value_of(enum value_kind kind, const char *text) {
    struct value v = {.state = VALUE_PRESENT, .kind = (uint8_t)kind, .text = text, .len = strlen(text)};
    if (!kind) v.state = VALUE_INVALID;
    if (kind == VALUE_INT) v.v.i = strtoll(text, NULL, 10);
    if (kind == VALUE_UINT) v.v.u = strtoull(text, NULL, 10);
    return v;
}

static void describe(const struct value *v, struct buf *out) {
    if (v->state == VALUE_NULL) buf_puts(out, "null");
    if (v->state == VALUE_INVALID) {
        buf_putc(out, '!');
        buf_put(out, v->text, v->len);
    }
    if (v->state != VALUE_PRESENT) return;
    buf_printf(out, "%s ", value_kind_name((enum value_kind)v->kind));
    value_format(v, out);
}

static void check(const struct example *x) {
    struct arena a;
    struct codec c;
    struct err e = {0};
    struct buf out = {0};
    struct value v = value_of(x->kind, x->in);
    arena_init(&a, 0);
    if (codec_parse(x->steps, &a, &c, &e)) fail_msg("%s: %s", x->steps, e.text);
    if (x->kind && codec_check(&c, x->kind, &e)) fail_msg("%s: %s", x->steps, e.text);
    int rc = codec_apply(&c, &v, &a);
    describe(&v, &out);
    if (strcmp(buf_cstr(&out), x->out) != 0)
        fail_msg("%s of %s\n  gives    %s\n  expected %s", x->steps, x->in, buf_cstr(&out), x->out);
    assert_int_equal(rc, x->out[0] == '!' && x->kind);
    if (rc == 0 && v.state == VALUE_PRESENT && x->kind) assert_int_equal(v.kind, codec_kind(&c, x->kind));
    buf_release(&out);
    arena_release(&a);
}

#define CHECK_ALL(list)                                                                                      \
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) check(&list[i])

static void dates(void **state) {
    static const struct example all[] = {
        {"date=yyyymmdd", VALUE_TEXT, "20240229", "date 2024-02-29"},
        {"date=yyyymmdd", VALUE_TEXT, " 20240229 ", "date 2024-02-29"},
        {"date=yyyymmdd", VALUE_INT, "19000101", "date 1900-01-01"},
        {"date=yyyymmdd", VALUE_DECIMAL, "99991231", "date 9999-12-31"},
        {"date=yyyymmdd", VALUE_TEXT, "00010101", "date 0001-01-01"},
        {"date=yyyymmdd", VALUE_TEXT, "20230229", "!20230229"},
        {"date=yyyymmdd", VALUE_TEXT, "19000229", "!19000229"},
        {"date=yyyymmdd", VALUE_TEXT, "20001301", "!20001301"},
        {"date=yyyymmdd", VALUE_TEXT, "20000100", "!20000100"},
        {"date=yyyymmdd", VALUE_TEXT, "00000000", "!00000000"},
        {"date=yyyymmdd", VALUE_TEXT, "2024-02-", "!2024-02-"},
        {"date=yyyymmdd", VALUE_TEXT, "202402291", "!202402291"},
        {"date=yyyymmdd", VALUE_TEXT, "", "!"},
        {"date=yyyymmdd", VALUE_INT, "0", "!0"},
        {"date=yyyymmdd", VALUE_INT, "-20240229", "!-20240229"},
        {"date=yyyymmdd", VALUE_DECIMAL, "20240229.00", "!20240229.00"},
        {"date=yyyymmdd,zero=null", VALUE_TEXT, "00000000", "null"},
        {"date=yyyymmdd,zero=null", VALUE_INT, "0", "null"},
        {"empty=null,date=yyyymmdd", VALUE_TEXT, "        ", "null"},
        {"date=cyymmdd", VALUE_TEXT, "1240131", "date 2024-01-31"},
        {"date=cyymmdd", VALUE_INT, "991231", "date 1999-12-31"},
        {"date=cyymmdd", VALUE_INT, "101", "date 1900-01-01"},
        {"date=cyymmdd", VALUE_TEXT, "991231", "!991231"},
        {"date=cyymmdd", VALUE_INT, "9991231", "date 2899-12-31"},
        {"date=yymmdd", VALUE_TEXT, "700101", "date 1970-01-01"},
        {"date=yymmdd", VALUE_TEXT, "691231", "date 2069-12-31"},
        {"date=yymmdd", VALUE_INT, "101", "date 2000-01-01"},
        {"date=julian", VALUE_INT, "124366", "date 2024-12-31"},
        {"date=julian", VALUE_INT, "123366", "!123366"},
        {"date=julian", VALUE_INT, "99365", "date 1999-12-31"},
        {"date=cyyddd", VALUE_TEXT, "100001", "date 2000-01-01"},
        {"date=julian", VALUE_INT, "100000", "!100000"},
        {"date=days_since(1967-12-31)", VALUE_INT, "1", "date 1968-01-01"},
        {"date=days_since(1967-12-31)", VALUE_INT, "0", "date 1967-12-31"},
        {"date=days_since(1967-12-31)", VALUE_TEXT, "20515", "date 2024-03-01"},
        {"date=days_since(1967-12-31)", VALUE_INT, "-365", "date 1966-12-31"},
        {"date=days_since(0001-01-01)", VALUE_INT, "3652058", "date 9999-12-31"},
        {"date=days_since(0001-01-01)", VALUE_INT, "3652059", "!3652059"},
        {"date=days_since(0001-01-01)", VALUE_INT, "-1", "!-1"},
        {"date=days_since(1967-12-31)", VALUE_INT, "99999999", "!99999999"},
        {"date=days_since(1967-12-31)", VALUE_TEXT, "-", "!-"},
    };
    (void)state;
    CHECK_ALL(all);
}

static void times(void **state) {
    static const struct example all[] = {
        {"time=hhmmss", VALUE_TEXT, "235959", "time 23:59:59"},
        {"time=hhmmss", VALUE_TEXT, "000000", "time 00:00:00"},
        {"time=hhmmss", VALUE_TEXT, "240000", "time 24:00:00"},
        {"time=hhmmss", VALUE_TEXT, "240001", "!240001"},
        {"time=hhmmss", VALUE_TEXT, "236000", "!236000"},
        {"time=hhmmss", VALUE_TEXT, "235960", "!235960"},
        {"time=hhmmss", VALUE_INT, "93005", "time 09:30:05"},
        {"time=hhmmss", VALUE_INT, "0", "time 00:00:00"},
        {"time=hhmmss", VALUE_TEXT, "93005", "!93005"},
        {"time=hhmmss", VALUE_TEXT, "12:30:", "!12:30:"},
    };
    (void)state;
    CHECK_ALL(all);
}

static void decimals(void **state) {
    static const struct example all[] = {
        {"decimal=implied(2)", VALUE_TEXT, "0000012345", "decimal 123.45"},
        {"decimal=2", VALUE_INT, "12345", "decimal 123.45"},
        {"decimal=implied(2)", VALUE_INT, "-5", "decimal -0.05"},
        {"decimal=implied(2)", VALUE_TEXT, "12345-", "decimal -123.45"},
        {"decimal=implied(2)", VALUE_TEXT, "+12345", "decimal 123.45"},
        {"decimal=implied(2)", VALUE_TEXT, "  -12345", "decimal -123.45"},
        {"decimal=implied(0)", VALUE_TEXT, "000", "decimal 0"},
        {"decimal=implied(3)", VALUE_TEXT, "0", "decimal 0.000"},
        {"decimal=implied(2)", VALUE_TEXT, "000-", "decimal 0.00"},
        {"decimal=implied(38)", VALUE_TEXT, "1", "decimal 0.00000000000000000000000000000000000001"},
        {"decimal=implied(2)", VALUE_UINT, "18446744073709551615", "decimal 184467440737095516.15"},
        {"decimal=implied(2)", VALUE_TEXT, "1.5", "!1.5"},
        {"decimal=implied(2)", VALUE_DECIMAL, "1.5", "!1.5"},
        {"decimal=implied(2)", VALUE_TEXT, "-1-", "!-1-"},
        {"decimal=implied(2)", VALUE_TEXT, "-", "!-"},
        {"decimal=implied(2)", VALUE_TEXT, "", "!"},
        {"decimal=implied(2),zero=null", VALUE_TEXT, "000", "null"},
        {"zoned", VALUE_TEXT, "0012{", "decimal 120"},
        {"zoned", VALUE_TEXT, "0012A", "decimal 121"},
        {"zoned=implied(2)", VALUE_TEXT, "0012I", "decimal 1.29"},
        {"zoned=implied(2)", VALUE_TEXT, "0012}", "decimal -1.20"},
        {"zoned=true,decimal=implied(2)", VALUE_TEXT, "0012R", "decimal -1.29"},
        {"decimal=implied(2),zoned", VALUE_TEXT, "0012p", "decimal -1.20"},
        {"zoned=2", VALUE_TEXT, "0012y", "decimal -1.29"},
        {"zoned=2", VALUE_TEXT, "00129", "decimal 1.29"},
        {"zoned", VALUE_TEXT, "}", "decimal 0"},
        {"zoned", VALUE_TEXT, "12S", "!12S"},
        {"zoned", VALUE_TEXT, "1A2", "!1A2"},
        {"zoned", VALUE_TEXT, "", "!"},
        {"zoned,zero=null", VALUE_TEXT, "000{", "null"},
        {"packed=implied(2)", VALUE_BYTES, "\x12\x34\x5c", "decimal 123.45"},
        {"packed=implied(2)", VALUE_BYTES, "\x12\x34\x5d", "decimal -123.45"},
        {"packed", VALUE_BYTES, "\x01\x2f", "decimal 12"},
        {"packed", VALUE_BYTES, "\x01\x2b", "decimal -12"},
        {"packed", VALUE_BYTES, "\x0c", "decimal 0"},
        {"packed", 0, "\x12\x3c", "decimal 123"},
        {"packed", VALUE_BYTES, "\x12\x34", "!\x12\x34"},
        {"packed", VALUE_BYTES, "\x1c\x3c", "!\x1c\x3c"},
        {"packed", VALUE_BYTES, "\xa1\x3c", "!\xa1\x3c"},
        {"packed", VALUE_BYTES, "", "!"},
        {"packed,empty=null", VALUE_BYTES, "   ", "null"},
        {"packed,zero=null", VALUE_BYTES, "\x0d", "null"},
        {"packed,zero=null", VALUE_BYTES, "00", "!00"},
    };
    (void)state;
    CHECK_ALL(all);
}

static void flags(void **state) {
    static const struct example all[] = {
        {"bool=X", VALUE_TEXT, "X", "bool t"},
        {"bool=X", VALUE_TEXT, " X ", "bool t"},
        {"bool=X", VALUE_TEXT, "", "bool f"},
        {"bool=X", VALUE_TEXT, "  ", "bool f"},
        {"bool=X", VALUE_TEXT, "x", "!x"},
        {"bool=X", VALUE_TEXT, "0", "!0"},
        {"bool=J/N", VALUE_TEXT, "J", "bool t"},
        {"bool=J/N", VALUE_TEXT, "N", "bool f"},
        {"bool=J/N", VALUE_TEXT, "", "!"},
        {"bool=1/0", VALUE_INT, "1", "bool t"},
        {"bool=1/0", VALUE_INT, "0", "bool f"},
        {"bool=1/0", VALUE_INT, "2", "!2"},
        {"bool=J/N,empty=null", VALUE_TEXT, " ", "null"},
    };
    (void)state;
    CHECK_ALL(all);
}

static void texts(void **state) {
    static const struct example all[] = {
        {"trim", VALUE_TEXT, "  a b  ", "text a b"},
        {"trim", VALUE_TEXT, "   ", "text "},
        {"trim=true", VALUE_TEXT, "0001", "text 0001"},
        {"empty=null", VALUE_TEXT, "", "null"},
        {"empty=null", VALUE_TEXT, "  ", "null"},
        {"empty=null", VALUE_TEXT, " a ", "text  a "},
        {"trim,empty=null", VALUE_TEXT, " a ", "text a"},
        {"zero=null", VALUE_TEXT, "0000", "null"},
        {"zero=null", VALUE_TEXT, "0010", "text 0010"},
        {"zero=null", VALUE_TEXT, "", "text "},
        {"zero=null", VALUE_INT, "0", "null"},
        {"zero=null", VALUE_INT, "7", "int 7"},
        {"zero=null", VALUE_DECIMAL, "-0.00", "null"},
        {"zero=null", VALUE_DECIMAL, "0.01", "decimal 0.01"},
        {"zero=null", 0, "0000-00-00", "null"},
        {"zero=null", 0, "0000-00-00 00:00:00", "null"},
        {"zero=null", 0, "2024-00-00", "!2024-00-00"},
        {"charset=cp037", VALUE_BYTES, "\xc8\x85\x93\x93\x96", "text Hello"},
        {"charset=CP273", VALUE_BYTES, "\xc0\xd0\x6a", "text \xc3\xa4\xc3\xbc\xc3\xb6"},
        {"charset=cp037,trim", VALUE_BYTES, "\x40\xc1\x40\x40", "text A"},
        {"charset=cp037,empty=null", VALUE_BYTES, "\x40\x40", "null"},
        {"charset=cp037,date=yyyymmdd", VALUE_BYTES, "\xf2\xf0\xf2\xf4\xf0\xf2\xf2\xf9", "date 2024-02-29"},
        {"charset=cp037,zoned=2", VALUE_BYTES, "\xf0\xf1\xf2\xd1", "decimal -1.21"},
        {"charset=latin1", VALUE_BYTES, "\xe4\x80", "text \xc3\xa4\xe2\x82\xac"},
        {"charset=utf8", VALUE_BYTES, "\xc3\xa4", "text \xc3\xa4"},
        {"charset=utf8", VALUE_BYTES, "\xe4", "!\xe4"},
        {"charset=utf8", VALUE_TEXT, "\xc3\x83\xc2\xa4", "text \xc3\xa4"},
        {"charset=utf-8 in cp1252", VALUE_TEXT, "\xc3\x83\xc2\xa4", "text \xc3\xa4"},
        {"charset=utf8", VALUE_TEXT, "\xc3\xa4", "!\xc3\xa4"},
        {"charset=utf8", VALUE_TEXT, "\xc4\x80", "!\xc4\x80"},
        {"charset=cp1250", VALUE_TEXT, "\xc2\xb3", "text \xc5\x82"},
        {"charset=latin2 in cp850", VALUE_TEXT, "\xe2\x94\x9c", "text \xc4\x82"},
        {"charset=cp037", 0, "\xc1", "text A"},
        {"charset=sjis", VALUE_BYTES, "\x95\x5c", "text \xe8\xa1\xa8"},
        {"charset=sjis", VALUE_TEXT, "\xe2\x80\xa2\x5c", "text \xe8\xa1\xa8"},
        {"charset=sjis,trim", VALUE_BYTES, "\x95\xff", "!\x95\xff"},
        {"utf8=repair", VALUE_TEXT, "\xc3\x83\xc2\xa4", "text \xc3\xa4"},
        {"utf8=repair", VALUE_TEXT, "\xc3\xa2\xe2\x80\x9a\xc2\xac", "text \xe2\x82\xac"},
        {"utf8=repair", VALUE_TEXT, "\xc3\xa4", "text \xc3\xa4"},
        {"utf8=repair", VALUE_TEXT, "\xc4\x80", "text \xc4\x80"},
        {"utf8=repair", VALUE_TEXT, "plain", "text plain"},
        {"utf8=repair", 0, "\xff", "!\xff"},
    };
    (void)state;
    CHECK_ALL(all);
}

/* What is not there stays as it is. */
static void other_states(void **state) {
    static const uint8_t states[] = {VALUE_ABSENT, VALUE_NULL, VALUE_UNCHANGED, VALUE_MASKED, VALUE_OMITTED};
    struct arena a;
    struct codec c;
    (void)state;
    arena_init(&a, 0);
    assert_int_equal(codec_parse("date=yyyymmdd", &a, &c, NULL), 0);
    for (size_t i = 0; i < sizeof(states); i++) {
        struct value v = {.state = states[i]};
        assert_int_equal(codec_apply(&c, &v, &a), 0);
        assert_int_equal(v.state, states[i]);
    }
    assert_int_equal(codec_parse("zero=null", &a, &c, NULL), 0);
    struct value day = {.state = VALUE_PRESENT, .kind = VALUE_DATE, .v.i = 0};
    assert_int_equal(codec_apply(&c, &day, &a), 0);
    assert_int_equal(day.state, VALUE_PRESENT);
    arena_release(&a);
}

static void bad_steps(void **state) {
    static const char *const all[][2] = {
        {"", "there is no conversion \"\""},
        {"trim,", "there is no conversion \"\""},
        {"dat=yyyymmdd", "there is no conversion \"dat\": did you mean date?"},
        {"date",
         "date: yyyymmdd, cyymmdd, yymmdd, julian or days_since(YYYY-MM-DD) is expected instead of \"\""},
        {"date=yyyymmd", "instead of \"yyyymmd\""},
        {"date=days_since(1967-02-30)", "is expected"},
        {"date=days_since(1967-12-31", "is expected"},
        {"date=days_since(1967-12-31)x", "is expected"},
        {"time=hhmm", "time: hhmmss is expected"},
        {"decimal=implied(39)", "N from 0 to 38, is expected"},
        {"decimal=implied(-1)", "is expected"},
        {"decimal=-1", "is expected"},
        {"decimal=2x", "is expected"},
        {"decimal", "is expected"},
        {"zoned,packed", "a number is zoned or packed, not both"},
        {"date=yyyymmdd,decimal=2", "decimal: only one of date, time, decimal and bool can be right"},
        {"bool", "bool: X, or J/N, is expected"},
        {"bool=/N", "is expected"},
        {"bool=J/", "is expected"},
        {"bool=J/J", "two different texts"},
        {"trim=left", "trim: nothing is expected instead of \"left\""},
        {"trim,trim", "trim is given twice"},
        {"empty=0", "empty: null is expected"},
        {"zero", "zero: null is expected"},
        {"charset=cp38", "charset: there is no charset \"cp38\""},
        {"charset=binary", "there is no charset \"binary\""},
        {"charset=latin1 in utf8", "behind \"in\" a charset of one byte a character is expected"},
        {"utf8=yes", "utf8: repair is expected"},
        {"utf8=repair,charset=latin1", "exclude each other"},
        {"packed,charset=cp037", "packed digits are no text"},
        {"packed,trim", "packed digits are no text"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct arena a;
        struct codec c;
        struct err e = {0};
        arena_init(&a, 0);
        if (codec_parse(all[i][0], &a, &c, &e) == 0) fail_msg("%s is taken", all[i][0]);
        assert_int_equal(e.code, ERR_CONFIG);
        if (!strstr(e.text, all[i][1])) fail_msg("%s: '%s' does not say '%s'", all[i][0], e.text, all[i][1]);
        arena_release(&a);
    }
}

static void bad_kinds(void **state) {
    static const struct {
        const char *steps;
        enum value_kind kind;
        const char *because;
    } all[] = {
        {"date=yyyymmdd", VALUE_BOOL,
         "a date, time, decimal or bool cannot be read from a column of kind bool"},
        {"date=yyyymmdd", VALUE_DATE, "of kind date"},
        {"date=yyyymmdd", VALUE_DOUBLE, "of kind double"},
        {"date=yyyymmdd", VALUE_BYTES, "of kind bytes (say which charset its bytes are in)"},
        {"packed", VALUE_INT, "packed cannot be read"},
        {"charset=cp037", VALUE_INT, "charset cannot be read"},
        {"utf8=repair", VALUE_BYTES, "utf8 cannot be read"},
        {"trim", VALUE_INT, "trim cannot be read"},
        {"trim", VALUE_BYTES, "trim cannot be read"},
        {"empty=null", VALUE_INT, "empty cannot be read"},
        {"zero=null", VALUE_JSON, "zero cannot be read"},
        {"zero=null,date=yyyymmdd", VALUE_DATE, "of kind date"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct arena a;
        struct codec c;
        struct err e = {0};
        arena_init(&a, 0);
        assert_int_equal(codec_parse(all[i].steps, &a, &c, &e), 0);
        if (codec_check(&c, all[i].kind, &e) == 0) fail_msg("%s takes kind %d", all[i].steps, all[i].kind);
        if (!strstr(e.text, all[i].because)) fail_msg("'%s' does not say '%s'", e.text, all[i].because);
        arena_release(&a);
    }
}

/* Any bytes in, and whatever comes out is a value (the address sanitizer watches). */
static void any_bytes(void **state) {
    static const char *const steps[] = {"date=julian,zero=null",
                                        "time=hhmmss",
                                        "decimal=implied(3),empty=null",
                                        "zoned=5",
                                        "packed=2",
                                        "bool=J/N",
                                        "charset=cp037,zoned",
                                        "charset=utf8,trim",
                                        "utf8=repair"};
    static const char bytes[] = "0123456789-+{}AJ \xc3\xa4\xff\x0c\x1d,./";
    uint64_t seed = 5;
    (void)state;
    for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
        struct arena a;
        struct codec c;
        arena_init(&a, 4096);
        assert_int_equal(codec_parse(steps[s], &a, &c, NULL), 0);
        for (int i = 0; i < 3000; i++) {
            struct arena row;
            char *text = malloc(9);
            struct value v = {.state = i % 9 ? VALUE_PRESENT : VALUE_INVALID, .text = text};
            assert_non_null(text);
            arena_init(&row, 0);
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            v.len = (seed >> 33) % 9;
            v.kind = v.state == VALUE_INVALID ? 0 : i % 2 ? VALUE_TEXT : VALUE_BYTES;
            for (size_t j = 0; j < 9; j++) text[j] = bytes[(seed >> (5 * j + 11)) % (sizeof(bytes) - 1)];
            int rc = codec_apply(&c, &v, &row);
            assert_true(rc == 0 || (rc == 1 && v.state == VALUE_INVALID));
            arena_release(&row);
            free(text);
        }
        arena_release(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates),     cmocka_unit_test(times),     cmocka_unit_test(decimals),
        cmocka_unit_test(flags),     cmocka_unit_test(texts),     cmocka_unit_test(other_states),
        cmocka_unit_test(bad_steps), cmocka_unit_test(bad_kinds), cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
