#include "agent/map/image.h"
#include "tests/unit/agent/map/fixture.h"

/* What is known of a column before and after. */

static void test_images(void **state) {
    static const struct {
        const char *table;
        enum change_op op;
        const char *before;
        const char *after;
        const char *old; /* of column v; NULL: not known */
        const char *now;
    } all[] = {
        {"public.t f v:text", CHANGE_INSERT, NULL, "a", NULL, "a"},
        {"public.t f v:text", CHANGE_UPDATE, "a", "b", "a", "b"},
        {"public.t f v:text", CHANGE_UPDATE, "a", "~", "a", "a"},
        {"public.t f v:text", CHANGE_UPDATE, "a", ".", "a", "a"},
        {"public.t f v:text", CHANGE_UPDATE, "NULL", "b", "null", "b"},
        {"public.t f v:text", CHANGE_UPDATE, "#x", "~", "invalid", "invalid"},
        {"public.t f v:text", CHANGE_DELETE, "a", NULL, "a", NULL},
        {"public.t d v:text!", CHANGE_UPDATE, NULL, "a", "a", "a"},
        {"public.t d v:text!", CHANGE_UPDATE, NULL, "~", NULL, NULL},
        {"public.t d v:text!", CHANGE_UPDATE, "a", "~", "a", "a"},
        {"public.t d v:text!", CHANGE_DELETE, NULL, NULL, NULL, NULL},
        {"public.t d v:text k:int!", CHANGE_UPDATE, NULL, "a|1", NULL, "a"},
        {"public.t d v:text k:int!", CHANGE_UPDATE, NULL, "~|1", NULL, NULL},
        {"public.t d v:text k:int!", CHANGE_UPDATE, ".|1", "a|2", NULL, "a"},
        {"public.t d v:text k:int!", CHANGE_UPDATE, ".|1", "~|2", NULL, NULL},
        {"public.t d v:text k:int!", CHANGE_DELETE, ".|1", NULL, NULL, NULL},
        {"public.t n v:text!", CHANGE_UPDATE, NULL, "a", NULL, "a"},
        {"public.t i v:text+ k:int!", CHANGE_UPDATE, NULL, "a|1", "a", "a"},
    };
    struct fixture f;
    (void)state;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const struct table *t = fixture_table(&f, all[i].table);
        const struct change c = {.op = all[i].op,
                                 .table = t,
                                 .before = fixture_row(&f, t, all[i].before),
                                 .after = fixture_row(&f, t, all[i].after)};
        const struct value *got[] = {image_old(&c, 0), image_new(&c, 0)};
        const char *const expected[] = {all[i].old, all[i].now};
        for (int side = 0; side < 2; side++) {
            if ((got[side] == NULL) != (expected[side] == NULL)) fail_msg("case %zu, side %d", i, side);
            if (!got[side]) continue;
            if (got[side]->state == VALUE_PRESENT)
                assert_memory_equal(got[side]->text, expected[side], 1);
            else
                assert_string_equal(value_state_name((enum value_state)got[side]->state), expected[side]);
        }
    }
    fixture_release(&f);
}

static void test_identity(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    assert_true(image_has_identity(fixture_table(&f, "public.t d v:text k:int!")));
    assert_true(image_has_identity(fixture_table(&f, "public.t f v:text")));
    assert_true(image_has_identity(fixture_table(&f, "public.t i v:text+")));
    assert_false(image_has_identity(fixture_table(&f, "public.t d v:text")));
    assert_false(image_has_identity(fixture_table(&f, "public.t n v:text!")));
    struct table *nothing = fixture_table(&f, "public.t n v:text!");
    nothing->columns[0].identity = true;
    assert_false(image_has_identity(nothing));
    assert_false(image_has_old(nothing, 0));
    assert_false(image_has_old(fixture_table(&f, "public.t d v:text k:int!"), 0));
    assert_true(image_has_old(fixture_table(&f, "public.t d v:text k:int!"), 1));
    fixture_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_images), cmocka_unit_test(test_identity)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
