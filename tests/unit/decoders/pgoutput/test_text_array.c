#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/decoders/pgoutput/text_cases.h"

static const struct text_type text = {text_plain, VALUE_TEXT, ',', NULL};
static const struct text_type int4 = {text_int4, VALUE_INT, ',', NULL};
static const struct text_type other = {text_plain, VALUE_OTHER, ';', NULL};
static const struct text_type texts = {text_array, VALUE_ARRAY, ',', &text};
static const struct text_type ints = {text_array, VALUE_ARRAY, ',', &int4};
static const struct text_type boxes = {text_array, VALUE_ARRAY, ';', &other};
static const struct text_type nested = {text_array, VALUE_ARRAY, ',', &texts}; /* a domain over text[] */

static struct arena arena;

static const struct value_array *parse(const struct text_type *t, const char *s) {
    struct value v;
    if (parse_text(t, s, strlen(s), &v, &arena) != TEXT_OK || v.is_text) fail_msg("no array: %s", s);
    return v.v.array;
}

static void is_text(const struct value *v, const char *want) {
    assert_int_equal(v->state, VALUE_PRESENT);
    assert_int_equal(v->len, strlen(want));
    assert_memory_equal(v->text, want, v->len);
}

static void test_elements(void **state) {
    (void)state;
    const struct value_array *a = parse(&texts, "{a,\"b c\",NULL,\"NULL\",\"q\\\"\\\\x\",\"\",é}");
    assert_int_equal(a->kind, VALUE_TEXT);
    assert_int_equal(a->ndims, 1);
    assert_int_equal(a->count, 7);
    assert_int_equal(a->dims[0], 7);
    is_text(&a->items[0], "a");
    is_text(&a->items[1], "b c");
    assert_int_equal(a->items[2].state, VALUE_NULL);
    is_text(&a->items[3], "NULL");
    is_text(&a->items[4], "q\"\\x");
    is_text(&a->items[5], "");
    is_text(&a->items[6], "é");
    a = parse(&boxes, "{(3,4),(1,2);(1,1),(0,0)}");
    assert_int_equal(a->count, 2);
    is_text(&a->items[0], "(3,4),(1,2)");
}

static void test_dimensions(void **state) {
    (void)state;
    const struct value_array *a = parse(&ints, "{{{1,2,3},{4,5,6}}}");
    assert_int_equal(a->ndims, 3);
    assert_int_equal(a->dims[0], 1);
    assert_int_equal(a->dims[1], 2);
    assert_int_equal(a->dims[2], 3);
    assert_int_equal(a->count, 6);
    for (int i = 0; i < 6; i++) assert_int_equal(a->items[i].v.i, i + 1);
    a = parse(&ints, "{}");
    assert_int_equal(a->ndims, 0);
    assert_int_equal(a->count, 0);
}

static void test_round_trip(void **state) {
    (void)state;
    ROUND_TRIP(&texts, "{}", "{a}", "{NULL}", "{{a,b,NULL},{\"c d\",e,f}}", "{{{{{{deep}}}}}}", "{\"\\\"\"}",
               "[2:4]={a,b,c}", "[0:0][-1:1]={{a,b,c}}", "{\"a,b\",\"{}\",\"\\\\\"}");
    ROUND_TRIP(&ints, "{1,-2,NULL}", "{{1},{2}}", "[5:5]={1}");
    ROUND_TRIP(&nested, "{\"{a,b}\",\"{\\\"c d\\\"}\",NULL,\"{}\"}");
    ROUND_TRIP(&boxes, "{(3,4),(1,2);(1,1),(0,0)}", "{}");
}

static void test_refused(void **state) {
    (void)state;
    REFUSED(&texts, "", "{", "}", "a", "{a", "a}", "{a,}", "{,a}", "{,}", "{a}b", "{a}}", "{{a}", "{{a},b}",
            "{a,{b}}", "{{a},{b,c}}", "{{a,b},{c}}", "{{}}", "{{},{}}", "{{a},{{b}}}", "{{{a}},{b}}", "{\"a}",
            "{\"a\\", "{\"a\\\"}", "{a\"b\"}", "{\"a\"b}", "{a\\b}", "{{{{{{{seven}}}}}}}", "{\"a\"\"b\"}",
            "{ }");
    REFUSED(&ints, "{x}", "{1,}", "{\"x\"}", "{1 }", "{null}");
    REFUSED(&nested, "{\"{a\"}", "{\"a\"}");
}

/* Every way to cut or to change one byte of an array is an array or is refused; nothing else happens. */
static void test_damaged(void **state) {
    (void)state;
    const char *const good = "{{\"a\\\"b\",NULL,c},{\"\\\\\",\"x y\",\"é\"}}";
    char damaged[64];
    struct value v;
    size_t len = strlen(good);
    for (size_t i = 0; i <= len; i++) parse_text(&texts, good, i, &v, &arena);
    for (size_t i = 0; i < len; i++) {
        for (int c = 0; c < 256; c++) {
            memcpy(damaged, good, len);
            damaged[i] = (char)c;
            parse_text(&texts, damaged, len, &v, &arena);
        }
        arena_clear(&arena);
    }
}

static void test_not_utf8(void **state) {
    (void)state;
    struct value v;
    assert_int_equal(parse_text(&texts, "{a,\xe9}", 5, &v, &arena), TEXT_OK);
    assert_int_equal(v.state, VALUE_INVALID);
    assert_int_equal(v.len, 5);
    assert_int_equal(parse_text(&texts, "[2:2]={\xe9}", 9, &v, &arena), TEXT_OK);
    assert_int_equal(v.state, VALUE_INVALID);
}

/* Memory grows with the text, not with its square, however many elements need unescaping. */
static void test_memory(void **state) {
    (void)state;
    struct buf b = {0};
    struct arena a;
    struct value v;
    buf_putc(&b, '{');
    for (int i = 0; i < 20000; i++) buf_puts(&b, i ? ",\"\\\\x\"" : "x");
    buf_putc(&b, '}');
    arena_init(&a, 0);
    assert_int_equal(parse_text(&texts, buf_cstr(&b), b.len, &v, &a), TEXT_OK);
    assert_int_equal(v.v.array->count, 20000);
    is_text(&v.v.array->items[19999], "\\x");
    assert_true(a.held < 50 * b.len);
    arena_release(&a);
    buf_release(&b);
}

static int start(void **state) {
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int stop(void **state) {
    (void)state;
    arena_release(&arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements), cmocka_unit_test(test_dimensions), cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_damaged),    cmocka_unit_test(test_not_utf8),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
