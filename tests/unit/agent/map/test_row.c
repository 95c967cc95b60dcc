#include "tests/unit/agent/map/fixture.h"

#define INSERT CHANGE_INSERT
#define UPDATE CHANGE_UPDATE
#define DELETE CHANGE_DELETE
#define TRUNCATE CHANGE_TRUNCATE

struct step {
    const char *table;
    enum change_op op;
    const char *before;
    const char *after;
    const char *events;
};

static void run(const struct step *steps, size_t n, bool split, bool tombstones) {
    struct fixture f;
    fixture_init(&f);
    f.options.split_key_change = split;
    f.options.tombstones = tombstones;
    fixture_start(&f);
    for (size_t i = 0; i < n; i++)
        fixture_expect(&f, steps[i].op, fixture_table(&f, steps[i].table), steps[i].before, steps[i].after,
                       steps[i].events);
    fixture_release(&f);
}

#define KEYED "public.t d id:int! no:text name:text"
#define FULL "public.t f id:int! no:text name:text"
#define KEYLESS "public.t d id:int name:text"
#define BAG "public.t f id:int name:text"
#define PAIR "public.t d a:int! b:text! c:text"

static void test_split(void **state) {
    static const struct step steps[] = {
        {KEYED, INSERT, NULL, "1|A|x", "c shop.public.t\n"},
        {KEYED, UPDATE, NULL, "1|A|y", "u shop.public.t\n"},
        {KEYED, UPDATE, NULL, "1|A|~", "u shop.public.t\n"},
        {KEYED, UPDATE, "1|.|.", "2|A|y", "d< shop.public.t\nx< shop.public.t\nc shop.public.t\n"},
        {KEYED, UPDATE, "1|.|.", "1|A|y", "u shop.public.t\n"},
        {KEYED, DELETE, "1|.|.", NULL, "d< shop.public.t\nx< shop.public.t\n"},
        {KEYED, TRUNCATE, NULL, NULL, "t* shop.public.t\n"},
        {FULL, UPDATE, "1|A|x", "1|B|y", "u shop.public.t\n"},
        {FULL, UPDATE, "1|A|x", "2|A|x", "d< shop.public.t\nx< shop.public.t\nc shop.public.t\n"},
        {FULL, DELETE, "1|A|x", NULL, "d< shop.public.t\nx< shop.public.t\n"},
        {KEYLESS, INSERT, NULL, "1|x", "c shop.public.t\n"},
        {BAG, UPDATE, "1|x", "2|y", "u shop.public.t\n"},
        {BAG, DELETE, "1|x", NULL, "d< shop.public.t\n"},
        {PAIR, UPDATE, "1|a|.", "1|b|x", "d< shop.public.t\nx< shop.public.t\nc shop.public.t\n"},
        /* A large key column that did not change stands in the old image only. */
        {PAIR, UPDATE, "1|a|.", "1|~|x", "u shop.public.t\n"},
        {PAIR, UPDATE, "1|a|.", "2|~|x", "d< shop.public.t\nx< shop.public.t\nc shop.public.t\n"},
    };
    (void)state;
    run(steps, sizeof(steps) / sizeof(steps[0]), true, true);
}

static void test_options(void **state) {
    static const struct step no_tombstones[] = {
        {KEYED, UPDATE, "1|.|.", "2|A|y", "d< shop.public.t\nc shop.public.t\n"},
        {KEYED, DELETE, "1|.|.", NULL, "d< shop.public.t\n"},
    };
    static const struct step whole[] = {
        {KEYED, UPDATE, "1|.|.", "2|A|y", "u shop.public.t\n"},
        {KEYED, DELETE, "1|.|.", NULL, "d< shop.public.t\nx< shop.public.t\n"},
    };
    (void)state;
    run(no_tombstones, 2, true, false);
    run(whole, 2, false, true);
}

/* The value that the old image lends is in the new one when the events are made. */
static void test_key_completed(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    const struct table *t = fixture_table(&f, PAIR);
    struct change c = {.op = CHANGE_UPDATE,
                       .table = t,
                       .before_image = IMAGE_KEY,
                       .after_image = IMAGE_FULL,
                       .before = fixture_row(&f, t, "1|a|."),
                       .after = fixture_row(&f, t, "2|~|~")};
    assert_int_equal(fixture_run(&f, &c), 0);
    assert_true(value_equal(&c.after[1], &c.before[1]));
    assert_int_equal(c.after[2].state, VALUE_UNCHANGED);
    fixture_release(&f);
}

static void test_no_key(void **state) {
    static const struct step steps[] = {
        {KEYED, DELETE, NULL, NULL, "column id"},    {KEYED, DELETE, ".|.|.", NULL, "column id"},
        {KEYED, UPDATE, NULL, "~|A|x", "column id"}, {KEYED, UPDATE, ".|.|.", "1|A|x", "column id"},
        {PAIR, UPDATE, NULL, "1|~|x", "column b"},
    };
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        const struct table *t = fixture_table(&f, steps[i].table);
        assert_int_equal(fixture_change(&f, steps[i].op, t, steps[i].before, steps[i].after), -1);
        fixture_error(&f, ERR_DATA, "public.t at 0/10: the log does not carry key");
        fixture_error(&f, ERR_DATA, steps[i].events);
        assert_string_equal(buf_cstr(&f.out), "");
    }
    fixture_release(&f);
}

static int refuse(void *ctx, const struct event *ev, struct err *e) {
    int *left = ctx;
    (void)ev;
    return (*left)-- ? 0 : err_set(e, ERR_IO, "full");
}

/* The receiver's error stops the change where it is. */
static void test_stopped(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_start(&f);
    const struct table *t = fixture_table(&f, KEYED);
    struct change c = {.op = CHANGE_UPDATE, .table = t};
    for (int i = 0; i < 4; i++) {
        int left = i;
        struct err e = {0};
        c.before = fixture_row(&f, t, "1|.|.");
        c.after = fixture_row(&f, t, "2|A|x");
        assert_int_equal(map_change(f.map, &c, refuse, &left, &e), i < 3 ? -1 : 0);
        assert_int_equal(e.code, i < 3 ? ERR_IO : ERR_NONE);
        assert_int_equal(left, i < 3 ? -1 : 0);
    }
    fixture_release(&f);
}

/* A row keyed by its hash: any change is a new key; no tombstones. */
static void test_hashed(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_override(&f, "shop.public.t")->key = fixture_strings(&f, "hash");
    fixture_start(&f);
    const struct table *t = fixture_table(&f, "public.t f a:text b:text");
    fixture_expect(&f, CHANGE_INSERT, t, NULL, "1|2", "c shop.public.t\n");
    fixture_expect(&f, CHANGE_UPDATE, t, "1|2", "1|3", "d< shop.public.t\nc shop.public.t\n");
    fixture_expect(&f, CHANGE_UPDATE, t, "1|2", "~|2", "u shop.public.t\n");
    fixture_expect(&f, CHANGE_DELETE, t, "1|2", NULL, "d< shop.public.t\n");
    fixture_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashed),        cmocka_unit_test(test_split),  cmocka_unit_test(test_options),
        cmocka_unit_test(test_key_completed), cmocka_unit_test(test_no_key), cmocka_unit_test(test_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
