#include "agent/map/names.h"
#include "tests/unit/agent/map/fixture.h"

static void test_names(void **state) {
    struct fixture f;
    char out[200];
    char small[12];
    (void)state;
    fixture_init(&f);
    const struct table *t = fixture_table(&f, "pu\"b.Order f customer_no:text id:int!");
    assert_string_equal(names_remedy(t, out, sizeof(out)),
                        "ALTER TABLE \"pu\"\"b\".\"Order\" REPLICA IDENTITY FULL;");
    assert_string_equal(names_remedy(t, small, sizeof(small)), "ALTER TABLE");
    assert_string_equal(names_remedy(fixture_table(&f, ".t f id:int!"), out, sizeof(out)),
                        "ALTER TABLE \"t\" REPLICA IDENTITY FULL;");
    const struct table *mysql = fixture_table(&f, "@erp.KNB1 d id:int!");
    assert_string_equal(names_remedy(mysql, out, 38), "SET GLOBAL binlog_row_image = FULL; (");
    char *dotted = names_table("s", mysql);
    assert_string_equal(dotted, "s.erp.KNB1");
    free(dotted);
    assert_int_equal(names_column(t, "id", 2), 1);
    assert_true(names_column(t, "i", 1) == NAMES_NONE);
    assert_true(names_column(t, "customer_no?", 11) == 0);
    assert_true(names_column(t, "idx", 3) == NAMES_NONE);
    assert_string_equal(names_hint(t, "customerno", out, sizeof(out)), ": did you mean customer_no?");
    assert_string_equal(names_hint(t, "zzz", out, sizeof(out)), "");
    char *full = names_table("shop", t);
    assert_string_equal(full, "shop.pu\"b.Order");
    free(full);
    fixture_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
