/*
 * Conditions, and templates of keys and topics: the input is one or the other, told apart by its first byte
 * ('k' key, 't' topic, anything else begins a condition). Whatever it is, it is compiled or refused with a
 * text; a condition is then evaluated, and its negation has to give the opposite.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/map/condition.h"
#include "agent/map/template.h"
#include "agent/map/topic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Columns of every kind that conditions tell apart; which one a name is follows from its letters. */
static const struct column columns[] = {
    {.name = "i", .type = "integer", .kind = VALUE_INT},
    {.name = "u", .type = "bigint unsigned", .kind = VALUE_UINT},
    {.name = "t", .type = "text", .kind = VALUE_TEXT},
    {.name = "d", .type = "numeric", .kind = VALUE_DECIMAL},
    {.name = "b", .type = "boolean", .kind = VALUE_BOOL},
    {.name = "f", .type = "float8", .kind = VALUE_DOUBLE},
    {.name = "n", .type = "integer", .kind = VALUE_INT},
    {.name = "z", .type = "date", .kind = VALUE_DATE},
};
static const struct value values[] = {
    {.state = VALUE_PRESENT, .kind = VALUE_INT, .v.i = 7},
    {.state = VALUE_PRESENT, .kind = VALUE_UINT, .v.u = UINT64_MAX},
    {.state = VALUE_PRESENT, .kind = VALUE_TEXT, .text = "A", .len = 1},
    {.state = VALUE_PRESENT, .kind = VALUE_DECIMAL, .text = "12.50", .len = 5},
    {.state = VALUE_PRESENT, .kind = VALUE_BOOL, .v.b = true},
    {.state = VALUE_PRESENT, .kind = VALUE_DOUBLE, .v.d = 0.5},
    {.state = VALUE_NULL},
    {.state = VALUE_INVALID, .text = "0000-00-00", .len = 10},
};
#define KINDS (sizeof(values) / sizeof(values[0]))

static size_t kind_of(const char *name) {
    for (size_t i = 0; i < KINDS; i++)
        if (columns[i].name[0] == name[0]) return i;
    return (unsigned char)name[0] % KINDS;
}

static void expect(bool is) {
    if (!is) abort();
}

static void expect_refused(const struct err *e) {
    expect(e->text[0] && (e->code == ERR_CONFIG || e->code == ERR_MEMORY));
}

/* Compiles and evaluates; false: refused, or not comparable. */
static bool evaluate(const char *text, enum condition_result *out) {
    struct condition *c = NULL;
    struct err e = {0};
    struct buf scratch = {0};
    bool done = false;
    if (condition_parse(text, &c, &e)) {
        expect_refused(&e);
        return false;
    }
    size_t n = condition_names(c);
    const struct column **cols = calloc(n + 1, sizeof(*cols));
    const struct value **vals = calloc(n + 1, sizeof(*vals));
    expect(n > 0 && cols && vals);
    for (size_t i = 0; i < n; i++) {
        cols[i] = &columns[kind_of(condition_name(c, i))];
        vals[i] = &values[kind_of(condition_name(c, i))];
    }
    if (condition_check(c, cols, &e))
        expect_refused(&e);
    else if (condition_eval(c, vals, &scratch, out, &e))
        expect(e.text[0] && e.code == ERR_DATA);
    else
        done = true;
    free(cols);
    free(vals);
    buf_release(&scratch);
    condition_free(c);
    return done;
}

static void try_condition(const char *text) {
    enum condition_result is;
    enum condition_result is_not;
    struct buf negated = {0};
    if (!evaluate(text, &is)) return;
    buf_printf(&negated, "not (%s)", text);
    if (evaluate(buf_cstr(&negated), &is_not)) { /* it may be too deep now */
        expect((is == CONDITION_UNKNOWN) == (is_not == CONDITION_UNKNOWN));
        expect(is == CONDITION_UNKNOWN || is != is_not);
    }
    buf_release(&negated);
}

static void try_template(const char *text, int (*parse)(const char *, struct template **, struct err *)) {
    struct template *t = NULL;
    struct err e = {0};
    struct buf out = {0};
    if (parse(text, &t, &e)) {
        expect_refused(&e);
        return;
    }
    size_t n = template_names(t);
    const struct value **vals = calloc(n + 1, sizeof(*vals));
    expect(vals != NULL);
    for (size_t i = 0; i < n; i++) {
        expect(template_name(t, i)[0] != '\0');
        vals[i] = &values[2];
    }
    template_render(t, vals, &out);
    expect(out.len > 0);
    free(vals);
    buf_release(&out);
    template_free(t);
}

static void try_topic(const char *name) {
    struct template *t = NULL;
    struct err e = {0};
    struct buf out = {0};
    bool replaced;
    const struct table table = {.schema = "public", .name = name};
    try_template(name, topic_template);
    expect(topic_template("{schema}.{table}", &t, &e) == 0);
    if (topic_render(t, "shop", "db", &table, &out, &replaced, &e))
        expect_refused(&e);
    else
        expect(topic_check(buf_cstr(&out), &e) == 0);
    buf_release(&out);
    template_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    if (!text) return 0;
    if (size) memcpy(text, data, size);
    text[size] = '\0';
    if (text[0] == 'k')
        try_template(text + 1, template_parse_key);
    else if (text[0] == 't')
        try_topic(text + 1);
    else
        try_condition(text);
    free(text);
    return 0;
}
