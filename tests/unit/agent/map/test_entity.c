#include "tests/unit/agent/map/fixture.h"

#define INSERT CHANGE_INSERT
#define UPDATE CHANGE_UPDATE
#define DELETE CHANGE_DELETE
#define TRUNCATE CHANGE_TRUNCATE

#define SHOP "shop.public.customers"
#define BY_KEY "public.customers d no:text! name:text email:text"
#define BY_FULL "public.customers f id:int! no:text name:text email:text status:text"

/* ---- One mapping ---- */

static void test_single(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_mapping(&f, SHOP, "profile", "no", NULL, NULL, "name=name,email=email,phone='none'");
    fixture_start(&f);
    const struct table *t = fixture_table(&f, BY_KEY);
    fixture_expect(&f, INSERT, t, NULL, "C1|Ann|a@x",
                   "set/c customer profile C1 name=Ann? email=a@x? phone=none?\n");
    fixture_expect(&f, UPDATE, t, NULL, "C1|Ann|b@x",
                   "set/u customer profile C1 name=Ann? email=b@x? phone=none\n");
    fixture_expect(&f, UPDATE, t, NULL, "C1|Ann|~",
                   "set/u customer profile C1 name=Ann? email=unchanged phone=none\n");
    fixture_expect(&f, UPDATE, t, NULL, "C1|NULL|~",
                   "set/u customer profile C1 name=null? email=unchanged phone=none\n");
    fixture_expect(
        &f, UPDATE, t, "C1|.|.", "C2|Ann|b@x",
        "remove/d customer profile C1\nset/c customer profile C2 name=Ann? email=b@x? phone=none?\n");
    fixture_expect(&f, UPDATE, t, "C1|.|.", "~|Ann|#\xff",
                   "set/u customer profile C1 name=Ann? email=\xff? phone=none\n");
    fixture_expect(&f, DELETE, t, "C2|.|.", NULL, "remove/d customer profile C2\n");
    fixture_expect(&f, TRUNCATE, t, NULL, NULL, "clear/t* customer profile\n");
    fixture_notice(&f, LOG_WARN, NULL);
    fixture_release(&f);
}

/* With the whole old image it is known what changed, and large values are filled in. */
static void test_changed(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_mapping(&f, SHOP, "profile", "no", NULL, NULL, "name=name,email=email,phone='none'");
    fixture_start(&f);
    const struct table *t = fixture_table(&f, BY_FULL);
    fixture_expect(&f, UPDATE, t, "1|C1|Ann|a@x|A", "1|C1|Bob|a@x|B",
                   "set/u customer profile C1 name=Bob* email=a@x phone=none\n");
    fixture_expect(&f, UPDATE, t, "1|C1|Ann|a@x|A", "1|C1|~|NULL|B",
                   "set/u customer profile C1 name=Ann email=null* phone=none\n");
    fixture_expect(
        &f, UPDATE, t, "1|C1|Ann|a@x|A", "1|C2|~|a@x|B",
        "remove/d customer profile C1\nset/c customer profile C2 name=Ann? email=a@x? phone=none?\n");
    fixture_release(&f);
}

/* A key that is part of the identity is known not to have changed, also as a field. */
static void test_identity_field(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_mapping(&f, SHOP, "profile", "no", NULL, NULL, "name=no,email=email");
    fixture_start(&f);
    const struct table *t = fixture_table(&f, BY_KEY);
    fixture_expect(&f, UPDATE, t, NULL, "C1|x|y", "set/u customer profile C1 name=C1 email=y?\n");
    fixture_release(&f);
}

static void test_mask(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    struct config_table *o = fixture_override(&f, "shop.public.*");
    o->mask = fixture_strings(&f, "email");
    fixture_mapping(&f, SHOP, "profile", "no", NULL, "email != 'x'", "name=name,email=email");
    fixture_start(&f);
    const struct table *t = fixture_table(&f, BY_FULL);
    fixture_expect(&f, INSERT, t, NULL, "1|C1|Ann|a@x|A",
                   "set/c customer profile C1 name=Ann? email=masked?\n");
    fixture_expect(&f, UPDATE, t, "1|C1|Ann|a@x|A", "1|C1|Ann|b@x|A",
                   "set/u customer profile C1 name=Ann email=masked*\n");
    fixture_release(&f);
}

/* Where a row came under another key, a value that the log left out is not known. */
static void test_unknown_value(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_mapping(&f, SHOP, "profile", "no", NULL, NULL, "name=name,email=email");
    fixture_start(&f);
    const struct table *t = fixture_table(&f, BY_KEY);
    for (int i = 0; i < 2; i++)
        fixture_expect(&f, UPDATE, t, "C1|.|.", "C2|~|x",
                       "remove/d customer profile C1\nset/c customer profile C2 name=unchanged? email=x?\n");
    fixture_notice(&f, LOG_WARN,
                   "test.yaml:9:9: customer.profile from shop.public.customers: a row came under another "
                   "key while its large value for field name did not change");
    fixture_notice(&f, LOG_WARN, NULL);
    fixture_release(&f);
}

/* ---- Keys ---- */

static void test_keys(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_mapping(&f, "shop.public.t", "location", "{co}-{no}", "{a}/{b}", NULL, "city=c");
    fixture_start(&f);
    const struct table *t =
        fixture_table(&f, "public.t f co:int! no:character(5)! a:dec b:date c:character(5) d:varchar");
    fixture_expect(&f, INSERT, t, NULL, "7|ab   |1.50|2026-11-23|xy   |",
                   "set/c customer location 7-ab[1.50/2026-11-23] city=xy   ?\n");
    fixture_expect(&f, UPDATE, t, "7|ab   |1.50|2026-11-23|xy   |", "7|ab|1.50|2026-11-23|z|",
                   "set/u customer location 7-ab[1.50/2026-11-23] city=z*\n");
    fixture_expect(&f, UPDATE, t, "7|ab|1.50|2026-11-23|z|", "7|ab|1.51|2026-11-23|z|",
                   "remove/d customer location 7-ab[1.50/2026-11-23]\n"
                   "set/c customer location 7-ab[1.51/2026-11-23] city=z?\n");
    fixture_release(&f);
}

static void test_keyless(void **state) {
    struct fixture f;
    struct map_stats stats;
    (void)state;
    fixture_init(&f);
    fixture_mapping(&f, SHOP, "location", "no", "name", NULL, "city=email");
    fixture_start(&f);
    const struct table *t = fixture_table(&f, "public.customers f no:character(3) name:text email:text");
    fixture_expect(&f, INSERT, t, NULL, "NULL|a|x", "");
    fixture_notice(&f, LOG_WARN,
                   "there are rows whose key or item is NULL or empty; they belong to no customer");
    fixture_expect(&f, INSERT, t, NULL, "   |a|x", "");
    fixture_expect(&f, INSERT, t, NULL, "C1||x", "");
    fixture_expect(&f, UPDATE, t, "C1|a|x", "NULL|a|x", "remove/d customer location C1[a]\n");
    fixture_expect(&f, UPDATE, t, "NULL|a|x", "C1|a|x", "set/c customer location C1[a] city=x?\n");
    fixture_expect(&f, DELETE, t, "NULL|a|x", NULL, "");
    fixture_notice(&f, LOG_WARN, NULL);
    map_stats(f.map, &stats);
    assert_int_equal(stats.keyless, 4);
    fixture_release(&f);
}

/* A key needs a value that is there and valid; a condition may be false before that matters. */
static void test_bad_values(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_mapping(&f, SHOP, "profile", "no", NULL, "status = 'A'", "name=name");
    fixture_start(&f);
    const struct table *t = fixture_table(&f, BY_FULL);
    assert_int_equal(fixture_change(&f, INSERT, t, NULL, "1|#x|Ann|e|A"), -1);
    fixture_error(&f, ERR_DATA,
                  "test.yaml:9:9: customer.profile from shop.public.customers: at 0/10: column no has no "
                  "valid value");
    fixture_expect(&f, INSERT, t, NULL, "1|#x|Ann|e|B", "");
    assert_int_equal(fixture_change(&f, UPDATE, t, NULL, "1|~|Ann|e|A"), -1);
    fixture_error(&f, ERR_DATA, "column no is needed, and the log does not carry it");
    assert_int_equal(fixture_change(&f, UPDATE, t, "1|C1|Ann|e|.", "1|C1|Ann|e|A"), -1);
    fixture_error(&f, ERR_DATA, "column status is needed");
    fixture_release(&f);
}

/* ---- Where a row was and is: everything against a naive model ---- */

static const char *const key_words[] = {"A", "B", "NULL", ""};
static const char *const item_words[] = {"x", "y", "NULL"};
static const char *const when_words[] = {"yes", "no", "NULL"};
#define STATES 36

struct naive {
    bool in;
    const char *key;
    const char *item;
    char row[64];
};

static struct naive naive_of(int n) {
    struct naive s = {.key = key_words[n % 4], .item = item_words[n / 4 % 3]};
    const char *when = when_words[n / 12];
    s.in = strcmp(when, "yes") == 0 && (n % 4) < 2 && (n / 4 % 3) < 2;
    snprintf(s.row, sizeof(s.row), "%s|%s|%s|v", s.key, s.item, when);
    return s;
}

static void naive_update(const struct naive *old, const struct naive *now, char *out, size_t size) {
    bool same = old->in && now->in && strcmp(old->key, now->key) == 0 && strcmp(old->item, now->item) == 0;
    int n = 0;
    out[0] = '\0';
    if (old->in && !same) n = snprintf(out, size, "remove/d customer location %s[%s]\n", old->key, old->item);
    if (now->in)
        snprintf(out + n, size - (size_t)n, "set/%c customer location %s[%s] city=v%s\n", same ? 'u' : 'c',
                 now->key, now->item, same ? "" : "?");
}

static void test_all_transitions(void **state) {
    struct fixture f;
    char expected[200];
    (void)state;
    fixture_init(&f);
    fixture_mapping(&f, "shop.public.t", "location", "k", "i", "w = 'yes'", "city=v");
    fixture_start(&f);
    const struct table *t = fixture_table(&f, "public.t f k:text i:text w:text v:text");
    const struct naive nowhere = {.in = false};
    for (int i = 0; i < STATES; i++) {
        struct naive old = naive_of(i);
        naive_update(&nowhere, &old, expected, sizeof(expected));
        fixture_expect(&f, INSERT, t, NULL, old.row, expected);
        naive_update(&old, &nowhere, expected, sizeof(expected));
        fixture_expect(&f, DELETE, t, old.row, NULL, expected);
        for (int j = 0; j < STATES; j++) {
            struct naive now = naive_of(j);
            naive_update(&old, &now, expected, sizeof(expected));
            fixture_expect(&f, UPDATE, t, old.row, now.row, expected);
        }
    }
    fixture_release(&f);
}

/* ---- Several mappings ---- */

/* A row that goes from one mapping to another is set after it was removed, in both directions. */
static void test_removals_first(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_mapping(&f, SHOP, "profile", "no", NULL, "status = 'P'", "name=name");
    fixture_mapping(&f, SHOP, "profile", "no", NULL, "status = 'C'", "email=email");
    fixture_start(&f);
    const struct table *t = fixture_table(&f, BY_FULL);
    fixture_expect(&f, UPDATE, t, "1|C1|Ann|e|P", "1|C1|Ann|e|C",
                   "remove/d customer profile C1\nset/c customer profile C1 email=e?\n");
    fixture_expect(&f, UPDATE, t, "1|C1|Ann|e|C", "1|C1|Ann|e|P",
                   "remove/d customer profile C1\nset/c customer profile C1 name=Ann?\n");
    fixture_expect(&f, TRUNCATE, t, NULL, NULL, "clear/t* customer profile\n");
    fixture_release(&f);
}

static void test_several(void **state) {
    struct fixture f;
    (void)state;
    fixture_init(&f);
    fixture_mapping(&f, SHOP, "profile", "no", NULL, NULL, "name=name");
    fixture_mapping(&f, "erp.public.customers", "profile", "no", NULL, NULL, "name=name");
    fixture_mapping(&f, SHOP, "location", "no", "'billing'", NULL, "city=email");
    fixture_mapping(&f, SHOP, "location", "no", "'shipping'", NULL, "city=status");
    fixture_mapping(&f, SHOP, "attributes", "no", NULL, NULL, "anything=id")->rows_too = true;
    fixture_start(&f);
    const struct table *t = fixture_table(&f, BY_FULL);
    fixture_expect(&f, INSERT, t, NULL, "1|C1|Ann|e|s",
                   "c shop.public.customers\n"
                   "set/c customer profile C1 name=Ann?\n"
                   "set/c customer location C1[billing] city=e?\n"
                   "set/c customer location C1[shipping] city=s?\n"
                   "set/c customer attributes C1 anything=1?\n");
    fixture_expect(&f, UPDATE, t, "1|C1|Ann|e|s", "2|C2|Ann|e|s",
                   "d< shop.public.customers\nx< shop.public.customers\nc shop.public.customers\n"
                   "remove/d customer profile C1\n"
                   "remove/d customer location C1[billing]\n"
                   "remove/d customer location C1[shipping]\n"
                   "remove/d customer attributes C1\n"
                   "set/c customer profile C2 name=Ann?\n"
                   "set/c customer location C2[billing] city=e?\n"
                   "set/c customer location C2[shipping] city=s?\n"
                   "set/c customer attributes C2 anything=2?\n");
    fixture_expect(&f, TRUNCATE, t, NULL, NULL,
                   "t* shop.public.customers\n"
                   "clear/t* customer profile\n"
                   "clear/t* customer location\n"
                   "clear/t* customer attributes\n");
    fixture_release(&f);
}

/* ---- Truth ---- */

static int keep_truth(void *ctx, const struct event *ev, struct err *e) {
    struct buf *out = ctx;
    (void)e;
    for (size_t i = 0; i < ev->entity->ntruth; i++) buf_printf(out, "%s ", ev->entity->truth[i]);
    for (size_t i = 0; i < ev->entity->nfields; i++) {
        const struct entity_field *field = &ev->entity->fields[i];
        buf_printf(out, "%s:", field->name);
        for (size_t j = 0; j < field->ntruth; j++) buf_printf(out, "%s ", field->truth[j]);
    }
    return 0;
}

static void test_truth(void **state) {
    static struct config_pair truth[] = {
        {.name = "profile", .value = "crm,shop"},
        {.name = "profile.email", .value = " shop , crm"},
        {.name = "location", .value = "erp"},
        {.name = "attributes.x", .value = "erp"},
    };
    struct fixture f;
    struct buf out = {0};
    (void)state;
    fixture_init(&f);
    f.entity.truth = truth;
    f.entity.ntruth = 4;
    fixture_mapping(&f, SHOP, "profile", "no", NULL, NULL, "name=name,email=email");
    fixture_start(&f);
    const struct table *t = fixture_table(&f, BY_FULL);
    struct change c = {.op = INSERT, .table = t, .after = fixture_row(&f, t, "1|C1|Ann|e|s")};
    assert_int_equal(map_change(f.map, &c, keep_truth, &out, &f.err), 0);
    assert_string_equal(buf_cstr(&out), "crm shop name:email:shop crm ");
    buf_release(&out);
    fixture_release(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single),          cmocka_unit_test(test_changed),
        cmocka_unit_test(test_identity_field),  cmocka_unit_test(test_mask),
        cmocka_unit_test(test_unknown_value),   cmocka_unit_test(test_keys),
        cmocka_unit_test(test_keyless),         cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_all_transitions), cmocka_unit_test(test_removals_first),
        cmocka_unit_test(test_several),         cmocka_unit_test(test_truth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
