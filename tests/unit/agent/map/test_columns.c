#include "tests/unit/agent/map/fixture.h"

#define TABLE "public.t d id:int! no:text secret:text name:text"

/* ---- What becomes of the columns ---- */

/* "id!SM" : a letter for each use, key columns by name. */
static int show_selection(void *ctx, const struct event *ev, struct err *e) {
    struct buf *out = ctx;
    const struct selection *s = ev->selection;
    (void)e;
    for (size_t i = 0; i < s->table->ncolumns; i++) buf_putc(out, "+-m"[s->use[i]]);
    for (size_t i = 0; i < s->nkeys; i++) buf_printf(out, " %s", s->table->columns[s->keys[i]].name);
    if (s->hashed) buf_puts(out, " hashed");
    assert_int_equal(s->serial, s->table->serial);
    assert_string_equal(s->source, "shop");
    assert_string_equal(s->database, "shopdb");
    return 0;
}

static void selects(struct fixture *f, const char *table, const char *expected) {
    const struct table *t = fixture_table(f, table);
    struct buf out = {0};
    const struct change c = {.op = CHANGE_TRUNCATE, .table = t};
    err_clear(&f->err);
    if (map_change(f->map, &c, show_selection, &out, &f->err)) fail_msg("%s", f->err.text);
    assert_string_equal(buf_cstr(&out), expected);
    buf_release(&out);
}

struct setting {
    const char *pattern;
    const char *columns;
    const char *exclude;
    const char *mask;
    const char *key;
};

static void set(struct fixture *f, const struct setting *s) {
    struct config_table *t = fixture_override(f, s->pattern);
    if (s->columns) t->columns = fixture_strings(f, s->columns);
    if (s->exclude) t->exclude = fixture_strings(f, s->exclude);
    if (s->mask) t->mask = fixture_strings(f, s->mask);
    if (s->key) t->key = fixture_strings(f, s->key);
}

static void test_uses(void **state) {
    static const struct {
        struct setting settings[2];
        const char *table;
        const char *expected;
    } all[] = {
        {{{0}}, TABLE, "++++ id"},
        {{{.pattern = "shop.public.t", .columns = "id,name"}}, TABLE, "+--+ id"},
        {{{.pattern = "shop.public.t", .exclude = "secret"}}, TABLE, "++-+ id"},
        {{{.pattern = "shop.public.t", .mask = "secret"}}, TABLE, "++m+ id"},
        {{{.pattern = "shop.public.t", .columns = "id,secret", .exclude = "secret", .mask = "secret,name"}},
         TABLE,
         "+--- id"},
        /* The first that has a setting wins; others come from further down. */
        {{{.pattern = "shop.*.t", .exclude = "secret"},
          {.pattern = "shop.public.t", .exclude = "name", .mask = "no"}},
         TABLE,
         "+m-+ id"},
        {{{.pattern = "shop.public.other", .exclude = "secret"}}, TABLE, "++++ id"},
        {{{.pattern = "shop.public.*", .mask = "secret,gone?", .exclude = "name?"}}, TABLE, "++m- id"},
        {{{.pattern = "shop.public.*", .mask = "odd?"}}, "public.t d id:int! odd?:text odd:text", "+m+ id"},
        /* Keys. */
        {{{.pattern = "shop.public.t", .key = "no"}}, "public.t f id:int! no:text", "++ no"},
        {{{.pattern = "shop.public.t", .key = "no,id"}}, "public.t f id:int! no:text", "++ no id"},
        {{{.pattern = "shop.public.t", .key = "id", .exclude = "no"}},
         "public.t d id:int! no:text!",
         "+- id"},
        {{{.pattern = "shop.public.t", .key = "no"}}, "public.t d id:int no:text", "++ no"},
        {{{.pattern = "shop.public.t", .key = "none"}}, "public.t d id:int! no:text", "++"},
        {{{.pattern = "shop.public.t", .key = "none"}}, "public.t f id:int! none:text", "++ none"},
        {{{.pattern = "shop.public.t", .key = "none", .exclude = "id"}}, "public.t d id:int! no:text", "-+"},
        {{{.pattern = "shop.public.t", .key = "hash", .exclude = "b", .mask = "c"}},
         "public.t f a:int b:int c:int d:int",
         "+-m+ a d hashed"},
        {{{.pattern = "shop.public.t", .key = "hash"}}, "public.t n a:int b:int", "++ a b hashed"},
        {{{.pattern = "shop.public.t", .key = "hash"}}, "public.t f a:int hash:int", "++ hash"},
        {{{0}}, "public.t d b:int! a:int!", "++ b a"},
        {{{0}}, "public.t d id:int", "+"},
        {{{0}}, "public.t f id:int", "+"},
        {{{0}}, "public.t n id:int!", "+ id"},
        {{{0}}, "public.t i id:int! a:int+ b:int+", "+++ a b"},
        {{{0}}, "public.t i a:int b:int+", "++ b"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct fixture f;
        fixture_init(&f);
        for (size_t j = 0; j < 2 && all[i].settings[j].pattern; j++) set(&f, &all[i].settings[j]);
        fixture_start(&f);
        selects(&f, all[i].table, all[i].expected);
        fixture_release(&f);
    }
}

static void test_errors(void **state) {
    static const struct {
        struct setting setting;
        const char *table;
        const char *error;
    } all[] = {
        {{.columns = "id,nmae"},
         TABLE,
         "test.yaml:5:5: columns: table public.t has no column nmae: did you mean name?; put ? behind the "
         "name when a "
         "table may lack it"},
        {{.exclude = "x"}, TABLE, "test.yaml:5:5: exclude: table public.t has no column x"},
        {{.mask = "?"}, TABLE, "test.yaml:5:5: mask: table public.t has no column ?"},
        {{.key = "no?"}, TABLE, "test.yaml:5:5: key: table public.t has no column no?"},
        {{.key = "id,id"}, TABLE, "column id is named twice"},
        {{.key = "no"},
         TABLE,
         "test.yaml:5:5: key: the log does not carry column no of deleted rows of public.t, so a delete "
         "would have no "
         "key. Run: ALTER TABLE \"public\".\"t\" REPLICA IDENTITY FULL;"},
        {{.key = "hash"},
         TABLE,
         "test.yaml:5:5: key: the log does not carry column no of deleted rows of public.t"},
        {{.mask = "id"},
         TABLE,
         "test.yaml:5:5: column id is part of the key of public.t and cannot be masked"},
        {{.columns = "name"}, TABLE, "column id is part of the key of public.t and cannot be left out"},
        {{.exclude = "id"}, TABLE, "cannot be left out: show it, or set another `key`"},
        {{.exclude = "no", .key = "no"}, "public.t f id:int! no:text", "column no is part of the key"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct fixture f;
        struct setting s = all[i].setting;
        fixture_init(&f);
        s.pattern = "shop.public.t";
        set(&f, &s);
        fixture_start(&f);
        const struct table *t = fixture_table(&f, all[i].table);
        assert_int_equal(map_check(f.map, t, &f.err), -1);
        fixture_error(&f, ERR_CONFIG, all[i].error);
        assert_int_equal(fixture_schema_change(&f, t, NULL), -1);
        fixture_error(&f, ERR_CONFIG, all[i].error);
        fixture_release(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_uses), cmocka_unit_test(test_errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
