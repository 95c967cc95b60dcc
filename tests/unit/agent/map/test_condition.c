#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/map/condition.h"

/* ---- A row to ask about ---- */

static const struct column columns[] = {
    {.name = "i", .type = "integer", .kind = VALUE_INT},
    {.name = "u", .type = "bigint unsigned", .kind = VALUE_UINT},
    {.name = "d", .type = "numeric", .kind = VALUE_DECIMAL},
    {.name = "f", .type = "double precision", .kind = VALUE_DOUBLE},
    {.name = "r", .type = "real", .kind = VALUE_FLOAT},
    {.name = "b", .type = "boolean", .kind = VALUE_BOOL},
    {.name = "t", .type = "text", .kind = VALUE_TEXT},
    {.name = "day", .type = "date", .kind = VALUE_DATE},
    {.name = "zero", .type = "date", .kind = VALUE_DATE},
    {.name = "badint", .type = "integer", .kind = VALUE_INT},
    {.name = "n", .type = "text", .kind = VALUE_TEXT},
    {.name = "ni", .type = "integer", .kind = VALUE_INT},
    {.name = "nan", .type = "double precision", .kind = VALUE_DOUBLE},
    {.name = "inf", .type = "numeric", .kind = VALUE_DECIMAL},
    {.name = "KUNNR", .type = "text", .kind = VALUE_TEXT},
    {.name = "a \"b\"", .type = "text", .kind = VALUE_TEXT},
    {.name = "null", .type = "integer", .kind = VALUE_INT},
    {.name = "e", .type = "mood", .kind = VALUE_ENUM},
    {.name = "min", .type = "bigint", .kind = VALUE_INT},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static struct value with_text(enum value_kind kind, const char *s) {
    return (struct value){
        .state = VALUE_PRESENT, .kind = (uint8_t)kind, .is_text = true, .text = s, .len = strlen(s)};
}

static void fill(struct value *row) {
    row[0] = (struct value){.state = VALUE_PRESENT, .kind = VALUE_INT, .v.i = -7};
    row[1] = (struct value){.state = VALUE_PRESENT, .kind = VALUE_UINT, .v.u = UINT64_MAX};
    row[2] = with_text(VALUE_DECIMAL, "12.50");
    row[3] = (struct value){.state = VALUE_PRESENT, .kind = VALUE_DOUBLE, .v.d = 0.1};
    row[4] = (struct value){.state = VALUE_PRESENT, .kind = VALUE_FLOAT, .v.d = (double)0.1f};
    row[5] = (struct value){.state = VALUE_PRESENT, .kind = VALUE_BOOL, .v.b = true};
    row[6] = with_text(VALUE_TEXT, "it's");
    row[7] = with_text(VALUE_DATE, "2026-11-23");
    row[8] = (struct value){.state = VALUE_INVALID, .text = "0000-00-00", .len = 10};
    row[9] = (struct value){.state = VALUE_INVALID, .text = "?", .len = 1};
    row[10] = row[11] = (struct value){.state = VALUE_NULL};
    row[12] = (struct value){.state = VALUE_PRESENT, .kind = VALUE_DOUBLE, .v.d = strtod("nan", NULL)};
    row[13] = with_text(VALUE_DECIMAL, "Infinity");
    row[14] = with_text(VALUE_TEXT, "0000100");
    row[15] = with_text(VALUE_TEXT, "x");
    row[16] = (struct value){.state = VALUE_PRESENT, .kind = VALUE_INT, .v.i = 3};
    row[17] = with_text(VALUE_ENUM, "happy");
    row[18] = (struct value){.state = VALUE_PRESENT, .kind = VALUE_INT, .v.i = INT64_MIN};
}

/* Parses, checks and evaluates over the row; -1 with `e`. */
static int ask(const char *text, const struct value *row, enum condition_result *out, struct err *e) {
    struct condition *c = NULL;
    const struct column *cols[COLUMNS];
    const struct value *values[COLUMNS];
    struct buf scratch = {0};
    int rc = -1;
    if (condition_parse(text, &c, e)) return -1;
    for (size_t i = 0; i < condition_names(c); i++) {
        size_t at = 0;
        while (at < COLUMNS && strcmp(columns[at].name, condition_name(c, i)) != 0) at++;
        if (at == COLUMNS) fail_msg("%s: column %s", text, condition_name(c, i));
        cols[i] = &columns[at];
        values[i] = &row[at];
    }
    if (!condition_check(c, cols, e)) rc = condition_eval(c, values, &scratch, out, e);
    condition_free(c);
    buf_release(&scratch);
    return rc;
}

/* ---- Tables of cases ---- */

static void test_values(void **state) {
    static const struct {
        const char *text;
        enum condition_result result;
    } all[] = {
        {"i = -7", CONDITION_TRUE},
        {"i = -7.0", CONDITION_TRUE},
        {"i = -7.5", CONDITION_FALSE},
        {"i > -7.5", CONDITION_TRUE},
        {"i < +0", CONDITION_TRUE},
        {"i != -7", CONDITION_FALSE},
        {"i <> 8", CONDITION_TRUE},
        {"i > -99999999999999999999", CONDITION_TRUE},
        {"i < 99999999999999999999.5", CONDITION_TRUE},
        {"min = -9223372036854775808", CONDITION_TRUE},
        {"min = -9223372036854775809", CONDITION_FALSE},
        {"u = 18446744073709551615", CONDITION_TRUE},
        {"u > 18446744073709551614", CONDITION_TRUE},
        {"u > -1", CONDITION_TRUE},
        {"d = 12.5", CONDITION_TRUE},
        {"d >= 12.500", CONDITION_TRUE},
        {"d > 12.5", CONDITION_FALSE},
        {"d < 12.51", CONDITION_TRUE},
        {"f = 0.1", CONDITION_TRUE},
        {"r = 0.1", CONDITION_TRUE},
        {"f in (1, .1)", CONDITION_TRUE},
        {"nan > 1000000", CONDITION_TRUE},
        {"nan = 1", CONDITION_FALSE},
        {"inf > 1000000", CONDITION_TRUE},
        {"b = true", CONDITION_TRUE},
        {"b = FALSE", CONDITION_FALSE},
        {"b != false", CONDITION_TRUE},
        {"b in (false, true)", CONDITION_TRUE},
        {"t = 'it''s'", CONDITION_TRUE},
        {"t = 'it'", CONDITION_FALSE},
        {"t > 'it'", CONDITION_TRUE},
        {"t < 'j'", CONDITION_TRUE},
        {"t >= ''", CONDITION_TRUE},
        {"t in ('a', 'b', 'it''s')", CONDITION_TRUE},
        {"t not in ('a')", CONDITION_TRUE},
        {"day = '2026-11-23'", CONDITION_TRUE},
        {"day != '2026-11-23'", CONDITION_FALSE},
        {"zero = '0000-00-00'", CONDITION_TRUE},
        {"zero is null", CONDITION_FALSE},
        {"e = 'happy'", CONDITION_TRUE},
        {"n = 'x'", CONDITION_UNKNOWN},
        {"n != 'x'", CONDITION_UNKNOWN},
        {"not n = 'x'", CONDITION_UNKNOWN},
        {"n in ('x')", CONDITION_UNKNOWN},
        {"n not in ('x')", CONDITION_UNKNOWN},
        {"ni < 3", CONDITION_UNKNOWN},
        {"n is null", CONDITION_TRUE},
        {"n is not null", CONDITION_FALSE},
        {"i IS NOT NULL", CONDITION_TRUE},
        {"n = 'x' or i = -7", CONDITION_TRUE},
        {"n = 'x' or i = 0", CONDITION_UNKNOWN},
        {"n = 'x' and i = -7", CONDITION_UNKNOWN},
        {"n = 'x' and i = 0", CONDITION_FALSE},
        {"i = 0 and badint = 1", CONDITION_FALSE},
        {"i = 0 and i = 0 or i = -7", CONDITION_TRUE},
        {"i = -7 or i = 0 and i = 0", CONDITION_TRUE},
        {"(i = -7 or i = 0) and i = 0", CONDITION_FALSE},
        {"not i = 0 and i = -7", CONDITION_TRUE},
        {"not not i = -7", CONDITION_TRUE},
        {"NOT(i=0)AND(i=-7)", CONDITION_TRUE},
        {"KUNNR = '0000100'", CONDITION_TRUE},
        {"\"a \"\"b\"\"\" = 'x'", CONDITION_TRUE},
        {"\"null\" = 3", CONDITION_TRUE},
        {"\t i\n =\r-7 ", CONDITION_TRUE},
    };
    struct value row[COLUMNS];
    (void)state;
    fill(row);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct err e = {0};
        enum condition_result r;
        if (ask(all[i].text, row, &r, &e)) fail_msg("%s: %s", all[i].text, e.text);
        if (r != all[i].result) fail_msg("%s gives %d", all[i].text, (int)r);
    }
}

static void test_errors(void **state) {
    static const struct {
        const char *text;
        const char *error;
    } all[] = {
        {"", "character 1: expected a column, but the condition ends"},
        {"  ", "character 3: expected a column, but"},
        {"i", "character 2: expected an operator"},
        {"i =", "character 4: expected a value"},
        {"i = null",
         "character 5: expected a value ('text', a number, true or false; for null write \"is null\")"},
        {"i = = 3", "character 5: expected a value"},
        {"i == 3", "character 4: expected a value"},
        {"i = x", "character 5: expected a value"},
        {"3 = i", "character 1: expected a column, found 3"},
        {"'x' = t", "character 1: expected a column"},
        {"i = 3 and", "character 10: expected a column"},
        {"i = 3 i = 4", "character 7: expected and, or, or the end, found i"},
        {"(i = 3", "character 7: expected and, or, or ), but the condition ends"},
        {"i = 3)", "character 6: expected and, or, or the end"},
        {"()", "character 2: expected a column, found )"},
        {"i in 3", "character 6: expected ( behind in"},
        {"i in ()", "character 7: expected a value"},
        {"i in (3,)", "character 9: expected a value"},
        {"i in (3 4)", "character 9: expected , or )"},
        {"i is 3", "character 6: expected null or not null"},
        {"i is not 3", "character 10: expected null"},
        {"i not 3", "character 7: expected in"},
        {"not", "character 4: expected a column"},
        {"and = 3", "character 1: expected a column, found and"},
        {"t = 'x", "character 5: the quote ' is not closed"},
        {"\"t = 3", "character 1: the quote \" is not closed"},
        {"\"\" = 3", "character 1: expected a column's name"},
        {"i ~ 3", "character 3: expected a column, a value or an operator, found ~"},
        {"i = 1e5", "character 5: expected a number such as -12.50, found 1e5"},
        {"i = 1.2.3", "character 5: expected a number"},
        {"i = -", "character 5: expected a number"},
        {"i = -Infinity", "character 5: expected a number"},
        {"i ; drop", "character 3: expected"},
        /* A literal of another kind than the column. */
        {"i = '7'", "character 5: column i (integer) holds numbers: write 12.5"},
        {"i = true", "character 5: column i (integer) holds numbers"},
        {"t = 7", "character 5: column t (text) is compared as text: write 'A'"},
        {"b = 1", "character 5: column b (boolean) holds booleans: write true or false"},
        {"t in ('a', 3)", "character 12: column t"},
        {"not (i = 1 and (t = 'x' or b = 'x'))", "character 32: column b"},
        {"day > '2026-01-01'", "character 7: column day (date) has no order here: only =, != and in"},
        {"b < true", "character 5: column b (boolean) has no order here"},
        /* A value that cannot be compared. */
        {"badint = 1", "column badint holds a value that `when` cannot compare"},
    };
    struct value row[COLUMNS];
    (void)state;
    fill(row);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct err e = {0};
        enum condition_result r;
        if (!ask(all[i].text, row, &r, &e)) fail_msg("%s passed", all[i].text);
        if (!strstr(e.text, all[i].error)) fail_msg("%s: %s", all[i].text, e.text);
        assert_int_equal(e.code, strstr(all[i].text, "badint") ? ERR_DATA : ERR_CONFIG);
    }
}

static void test_depth(void **state) {
    struct value row[COLUMNS];
    struct buf text = {0};
    struct err e = {0};
    enum condition_result r;
    (void)state;
    fill(row);
    for (int i = 0; i < 50; i++) buf_puts(&text, i % 2 ? "(" : "not ");
    buf_puts(&text, "i = -7");
    for (int i = 0; i < 25; i++) buf_puts(&text, ")");
    assert_int_equal(ask(buf_cstr(&text), row, &r, &e), 0);
    assert_int_equal(r, CONDITION_FALSE); /* 25 times not */
    struct buf deeper = {0};
    buf_printf(&deeper, "not %s", buf_cstr(&text));
    assert_int_equal(ask(buf_cstr(&deeper), row, &r, &e), -1);
    assert_non_null(strstr(e.text, "more than 50 parentheses"));
    buf_release(&deeper);
    /* Long chains are not deep. */
    buf_clear(&text, SIZE_MAX);
    buf_puts(&text, "i = -7");
    for (int i = 0; i < 4000; i++) buf_puts(&text, " and i = -7");
    err_clear(&e);
    if (ask(buf_cstr(&text), row, &r, &e)) fail_msg("%s", e.text);
    assert_int_equal(r, CONDITION_TRUE);
    for (int i = 0; i < 3000; i++) buf_puts(&text, " and i = -7");
    assert_int_equal(ask(buf_cstr(&text), row, &r, &e), -1);
    assert_non_null(strstr(e.text, "longer than"));
    buf_release(&text);
}

/* ---- Random conditions against a naive evaluator ---- */

enum { NAIVE_FALSE = -1, NAIVE_UNKNOWN = 0, NAIVE_TRUE = 1 };

static unsigned pick(unsigned n) {
    return (unsigned)rand() % n;
}

static void blank(struct buf *out) {
    static const char *const blanks[] = {" ", "  ", "\n", "\t "};
    buf_puts(out, blanks[pick(4)]);
}

/* A test of i (-7), ni (NULL) or t ("it's"): appends its text and returns what it should give. */
static int random_test(struct buf *out) {
    static const char *const signs[] = {"=", "!=", "<", "<=", ">", ">="};
    unsigned which = pick(3);
    unsigned how = pick(8);
    const char *name = which == 0 ? "i" : which == 1 ? "ni" : "t";
    if (how == 6) {
        bool not = pick(2);
        buf_printf(out, "%s is %snull", name, not ? "not " : "");
        return (which == 1) != not ? NAIVE_TRUE : NAIVE_FALSE;
    }
    int literal = (int)pick(3) - 8; /* -8 -7 -6 */
    const char *word = literal == -8 ? "i" : literal == -7 ? "it''s" : "j";
    int order = literal == -7 ? 0 : literal == -8 ? 1 : -1;
    if (how == 7) {
        bool not = pick(2);
        buf_printf(out, which == 2 ? "%s %sin ('zz', '%s')" : "%s %sin (77, %s)", name, not ? "not " : "",
                   which == 2      ? word
                   : literal == -7 ? "-7"
                   : literal == -8 ? "-8"
                                   : "-6");
        if (which == 1) return NAIVE_UNKNOWN;
        return (order == 0) != not ? NAIVE_TRUE : NAIVE_FALSE;
    }
    buf_printf(out, "%s%s%s", name, pick(2) ? " " : "", signs[how]);
    blank(out);
    if (which == 2)
        buf_printf(out, "'%s'", word);
    else
        buf_printf(out, "%d", literal);
    if (which == 1) return NAIVE_UNKNOWN;
    const bool answers[] = {order == 0, order != 0, order<0, order <= 0, order> 0, order >= 0};
    return answers[how] ? NAIVE_TRUE : NAIVE_FALSE;
}

static int random_any(struct buf *out, int depth);

static int random_operand(struct buf *out, int depth) {
    unsigned what = depth > 0 ? pick(4) : 3;
    int r;
    if (what == 0) {
        buf_puts(out, pick(2) ? "not" : "NOT");
        blank(out);
        return -random_operand(out, depth - 1);
    }
    if (what > 1) return random_test(out);
    buf_puts(out, "(");
    r = random_any(out, depth - 1);
    buf_puts(out, ")");
    return r;
}

static int random_all(struct buf *out, int depth) {
    int r = random_operand(out, depth);
    while (pick(3) == 0) {
        blank(out);
        buf_puts(out, "and ");
        int other = random_operand(out, depth);
        if (other < r) r = other;
    }
    return r;
}

static int random_any(struct buf *out, int depth) {
    int r = random_all(out, depth);
    while (pick(3) == 0) {
        buf_puts(out, " or");
        blank(out);
        int other = random_all(out, depth);
        if (other > r) r = other;
    }
    return r;
}

static void test_random(void **state) {
    static const enum condition_result expected[] = {CONDITION_FALSE, CONDITION_UNKNOWN, CONDITION_TRUE};
    struct value row[COLUMNS];
    struct buf text = {0};
    (void)state;
    fill(row);
    srand(11);
    for (int i = 0; i < 20000; i++) {
        struct err e = {0};
        enum condition_result r;
        buf_clear(&text, SIZE_MAX);
        int naive = random_any(&text, 6);
        if (ask(buf_cstr(&text), row, &r, &e)) fail_msg("%s: %s", buf_cstr(&text), e.text);
        if (r != expected[naive + 1]) fail_msg("%s gives %d", buf_cstr(&text), (int)r);
    }
    buf_release(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
