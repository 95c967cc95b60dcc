/* codecs: conversions in front of everything else that a map does with a row. */
#include "tests/unit/agent/map/fixture.h"

#define TABLE "public.bsid f mandt:text kunnr:text budat:text wrbtr:text paid:text umskz:text"

static struct config_table *convert_all(struct fixture *f) {
    struct config_table *t = fixture_override(f, "shop.public.*");
    fixture_convert(f, t, "budat", "date=yyyymmdd,zero=null");
    fixture_convert(f, t, "wrbtr", "decimal=implied(2)");
    fixture_convert(f, t, "paid", "bool=X");
    fixture_convert(f, t, "umskz", "empty=null");
    fixture_convert(f, t, "gone?", "trim");
    return t;
}

/* ---- Rows ---- */

static void put_image(struct buf *out, const struct table *t, const struct value *image) {
    for (size_t i = 0; image && i < t->ncolumns; i++) {
        buf_putc(out, i ? '|' : ' ');
        if (image[i].state == VALUE_INVALID) buf_putc(out, '#');
        fixture_put_value(out, &image[i]);
    }
}

static int show_row(void *ctx, const struct event *ev, struct err *e) {
    struct buf *out = ctx;
    const struct table *t = ev->selection->table;
    (void)e;
    buf_putc(out, ev->op);
    put_image(out, t, ev->change->before);
    put_image(out, t, ev->change->after);
    buf_putc(out, '\n');
    assert_int_equal(t->columns[2].kind, VALUE_DATE);
    assert_int_equal(t->columns[3].kind, VALUE_DECIMAL);
    assert_int_equal(t->columns[4].kind, VALUE_BOOL);
    assert_int_equal(t->columns[5].kind, VALUE_TEXT);
    assert_string_equal(t->columns[2].type, "text");
    return 0;
}

static void rows(struct fixture *f, enum change_op op, const struct table *t, const char *before,
                 const char *after, const char *expected) {
    struct buf out = {0};
    const struct change c = {.op = op,
                             .table = t,
                             .before_image = before ? IMAGE_FULL : IMAGE_NONE,
                             .after_image = after ? IMAGE_FULL : IMAGE_NONE,
                             .before = fixture_row(f, t, before),
                             .after = fixture_row(f, t, after)};
    err_clear(&f->err);
    if (map_change(f->map, &c, show_row, &out, &f->err)) fail_msg("%s", f->err.text);
    assert_string_equal(buf_cstr(&out), expected);
    buf_release(&out);
}

static void test_rows(void **state) {
    struct fixture f;
    struct map_stats stats;
    (void)state;
    fixture_init(&f);
    convert_all(&f);
    fixture_start(&f);
    const struct table *t = fixture_table(&f, TABLE);
    rows(&f, CHANGE_INSERT, t, NULL, "100|0001|20240229|0012345-|X| ",
         "c 100|0001|2024-02-29|-123.45|t|null\n");
    rows(&f, CHANGE_UPDATE, t, "100|0001|00000000|1||A", "100|0001|~|NULL|.|#raw",
         "u 100|0001|null|0.01|f|A 100|0001|unchanged|null|absent|#raw\n");
    fixture_notice(&f, LOG_WARN, NULL);
    map_stats(f.map, &stats);
    assert_int_equal(stats.unconverted, 0);
    rows(&f, CHANGE_DELETE, t, "100|0001|20240230|x|Y|A", NULL, "d 100|0001|#20240230|#x|#Y|A\n");
    fixture_notice(
        &f, LOG_WARN,
        "test.yaml:5:5: convert: column budat of table public.bsid holds values that do not parse");
    fixture_notice(&f, LOG_WARN, "column wrbtr");
    fixture_notice(&f, LOG_WARN, "column paid");
    rows(&f, CHANGE_DELETE, t, "100|0001|20240230|1|X|A", NULL, "d 100|0001|#20240230|0.01|t|A\n");
    fixture_notice(&f, LOG_WARN, NULL);
    map_stats(f.map, &stats);
    assert_int_equal(stats.unconverted, 4);
    assert_int_equal(t->columns[2].kind, VALUE_TEXT); /* the decoder's own is as it was */
    fixture_release(&f);
}

/* ---- Keys, conditions and entities see what comes out ---- */

static void test_entities(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    struct config_table *o = convert_all(&f);
    fixture_convert(&f, o, "kunnr", "trim");
    fixture_mapping(&f, "shop.public.bsid", "profile", "kunnr", NULL, "paid = true and wrbtr > 1",
                    "name=budat");
    fixture_start(&f);
    const struct table *t = fixture_table(&f, TABLE);
    fixture_expect(&f, CHANGE_INSERT, t, NULL, "1|  7 |20240229|200|X|A",
                   "set/c customer profile 7 name=2024-02-29?\n");
    fixture_expect(&f, CHANGE_INSERT, t, NULL, "1|7|20240229|50|X|A", "");
    fixture_expect(&f, CHANGE_UPDATE, t, "1|7|20240229|200|X|A", "1|7|20240301|200|X|A",
                   "set/u customer profile 7 name=2024-03-01*\n");
    fixture_expect(&f, CHANGE_UPDATE, t, "1|7|20240229|200|X|A", "1| 7|20240229|300||A",
                   "remove/d customer profile 7\n");
    fixture_release(&f);
}

static void test_keys(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    struct config_table *o = fixture_override(&f, "shop.public.*");
    fixture_convert(&f, o, "kunnr", "trim");
    o->key = fixture_strings(&f, "kunnr");
    f.options.tombstones = false;
    fixture_start(&f);
    const struct table *t = fixture_table(&f, TABLE);
    fixture_expect(&f, CHANGE_UPDATE, t, "1|7|a|b|c|d", "1|7 |a|b|c|d", "u shop.public.bsid\n");
    fixture_expect(&f, CHANGE_UPDATE, t, "1|7|a|b|c|d", "1|8 |a|b|c|d",
                   "d< shop.public.bsid\nc shop.public.bsid\n");
    fixture_release(&f);
}

/* ---- Errors ---- */

static void test_errors(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    struct config_table *o = fixture_override(&f, "shop.public.*");
    fixture_convert(&f, o, "budat", "date=yymd");
    assert_int_equal(fixture_try(&f), -1);
    fixture_error(&f, ERR_CONFIG, "test.yaml:5:5: convert: budat: date: yyyymmdd, cyymmdd");
    o->convert[0].value = "date=yyyymmdd";
    fixture_start(&f);
    assert_int_equal(map_check(f.map, fixture_table(&f, "public.a d id:int!"), &f.err), -1);
    fixture_error(&f, ERR_CONFIG, "test.yaml:5:5: convert: table public.a has no column budat; put ? behind");
    assert_int_equal(map_check(f.map, fixture_table(&f, "public.a d id:int! budat:bool"), &f.err), -1);
    fixture_error(
        &f, ERR_CONFIG,
        "test.yaml:5:5: convert: column budat of table public.a: a date, time, decimal or bool cannot "
        "be read from a column of kind bool");
    assert_int_equal(map_check(f.map, fixture_table(&f, "public.a d id:int! budat:text"), &f.err), 0);
    fixture_release(&f);
}

/* The first entry that matches and converts wins as a whole. */
static void test_precedence(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_override(&f, "shop.public.bsid")->topic = "t";
    convert_all(&f);
    fixture_convert(&f, fixture_override(&f, "shop.*.*"), "nothere", "trim");
    fixture_start(&f);
    rows(&f, CHANGE_INSERT, fixture_table(&f, TABLE), NULL, "1|2|20240229|1|X|A",
         "c 1|2|2024-02-29|0.01|t|A\n");
    fixture_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_entities),
                                       cmocka_unit_test(test_keys), cmocka_unit_test(test_errors),
                                       cmocka_unit_test(test_precedence)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
