/* fold: the rules of customer.proto, each broken on purpose by some stream of events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/cmd/fold.h"

static struct fold *f;

static int setup(void **state) {
    (void)state;
    f = fold_new("1001");
    return f ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    fold_free(f);
    return 0;
}

/* One event of the key 1001 (or of none, for clear): its members behind action, and its number in the source.
 */
static void say_on(unsigned stream, const char *source, int number, const char *action, const char *members) {
    char line[2048];
    struct err e = {0};
    snprintf(line, sizeof(line),
             "{\"v\":1,\"entity\":\"customer\",\"action\":\"%s\"%s,%s,\"source\":\"%s\",\"table\":\"t\","
             "\"id\":\"%d\","
             "\"ord\":\"%048d\",\"ts\":\"2026-11-23T12:00:%02d.000000Z\"}",
             action, strcmp(action, "clear") == 0 ? "" : ",\"key\":\"1001\"", members, source, number, number,
             number);
    json_object *o = json_tokener_parse(line);
    if (!o) fail_msg("not JSON: %s", line);
    if (fold_apply(f, stream, o, &e)) fail_msg("%s", e.text);
    json_object_put(o);
}

static void say(const char *source, int number, const char *action, const char *members) {
    say_on(0, source, number, action, members);
}

static int append(void *ctx, const struct fold_field *x) {
    static const char *const states[] = {"", "null", "unchanged", "masked", "omitted", "invalid"};
    char *text = ctx;
    size_t len = strlen(text);
    snprintf(text + len, 4096 - len, "%s%s%s%s.%s=%s%s@%s", len ? " " : "", x->part, *x->item ? "/" : "",
             x->item, x->name, states[x->state], x->value, x->source);
    for (size_t i = 0; i < x->nothers; i++) {
        len = strlen(text);
        snprintf(text + len, 4096 - len, " not %s@%s", x->others[i].value, x->others[i].source);
    }
    return 0;
}

static void expect(const char *state) {
    char text[4096] = "";
    assert_int_equal(fold_each(f, append, text), 0);
    assert_string_equal(text, state);
}

#define PROFILE "\"part\":\"profile\""
#define ITEM(id) "\"part\":\"location\",\"item\":\"" id "\""

static void later_values_replace_earlier_ones(void **state) {
    (void)state;
    say("crm", 1, "set", PROFILE ",\"fields\":{\"name\":\"Ann\",\"email\":\"a\"}");
    say("crm", 2, "set",
        PROFILE ",\"fields\":{\"name\":\"Anna\"},\"unchanged\":[\"email\"],\"null\":[\"phone\"]");
    expect("profile.email=\"a\"@crm profile.name=\"Anna\"@crm profile.phone=null@crm");
    say("crm", 3, "set",
        PROFILE ",\"null\":[\"email\"],\"omitted\":[\"name\"],\"invalid\":{\"phone\":\"0\"}");
    expect("profile.email=null@crm profile.name=omitted@crm profile.phone=invalid\"0\"@crm");
    assert_string_equal(fold_entity(f), "customer");
}

static void what_was_never_seen_is_not_invented(void **state) {
    (void)state;
    say("crm", 1, "set", PROFILE ",\"unchanged\":[\"name\"],\"masked\":[\"iban\"]");
    expect("profile.iban=masked@crm profile.name=unchanged@crm");
    say("crm", 2, "set", PROFILE ",\"fields\":{\"name\":\"Ann\"}");
    say("crm", 3, "set", PROFILE ",\"unchanged\":[\"name\"]");
    expect("profile.iban=masked@crm profile.name=\"Ann\"@crm");
}

static void replays_are_dropped(void **state) {
    (void)state;
    struct fold_stats stats;
    say("crm", 1, "set", PROFILE ",\"fields\":{\"name\":\"old\"}");
    say("crm", 2, "set", PROFILE ",\"fields\":{\"name\":\"new\"}");
    say("crm", 1, "set", PROFILE ",\"fields\":{\"name\":\"old\"}");
    say("crm", 2, "set", PROFILE ",\"fields\":{\"name\":\"new\"}");
    expect("profile.name=\"new\"@crm");
    say("crm", 3, "remove", PROFILE);
    say("crm", 2, "set", PROFILE ",\"fields\":{\"name\":\"new\"}");
    expect("");
    say("shop", 1, "set", PROFILE ",\"fields\":{\"name\":\"other source\"}");
    expect("profile.name=\"other source\"@shop");
    fold_stats(f, &stats);
    assert_int_equal(stats.events, 4);
    assert_int_equal(stats.replays, 3);
}

static void other_keys_and_lines_change_nothing(void **state) {
    (void)state;
    struct err e = {0};
    static const char *const lines[] = {
        "{\"op\":\"c\",\"table\":\"t\"}",
        "{}",
        "{\"entity\":\"customer\",\"action\":\"set\",\"key\":\"1002\",\"part\":\"profile\",\"fields\":{"
        "\"name\":\"B\"},"
        "\"source\":\"crm\",\"ord\":\"000000000000000000000000000000000000000000000001\"}",
        "{\"entity\":\"customer\",\"action\":\"set\",\"key\":\"1001\\u0000x\",\"part\":\"profile\","
        "\"fields\":{\"name\":\"B\"},\"source\":\"crm\",\"ord\":"
        "\"000000000000000000000000000000000000000000000001\"}",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        json_object *o = json_tokener_parse(lines[i]);
        assert_int_equal(fold_apply(f, 0, o, &e), 0);
        json_object_put(o);
    }
    expect("");
    json_object *o =
        json_tokener_parse("{\"entity\":\"customer\",\"action\":\"set\",\"key\":\"1001\",\"part\":\"p\"}");
    assert_int_equal(fold_apply(f, 0, o, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    json_object_put(o);
}

static void items_live_apart(void **state) {
    (void)state;
    say("shop", 1, "set", ITEM("10") ",\"fields\":{\"city\":\"Graz\"}");
    say("shop", 2, "set", ITEM("9") ",\"fields\":{\"city\":\"Wien\"}");
    expect("location/9.city=\"Wien\"@shop location/10.city=\"Graz\"@shop");
    say("shop", 3, "remove", ITEM("9"));
    expect("location/10.city=\"Graz\"@shop");
    say("shop", 4, "set", ITEM("9") ",\"fields\":{\"city\":\"Linz\"}");
    expect("location/9.city=\"Linz\"@shop location/10.city=\"Graz\"@shop");
}

static void removal_speaks_for_one_table(void **state) {
    (void)state;
    say("crm", 1, "set", PROFILE ",\"fields\":{\"name\":\"A\"}");
    say("shop", 1, "set", PROFILE ",\"fields\":{\"email\":\"e\"}");
    say("shop", 2, "remove", PROFILE);
    expect("profile.name=\"A\"@crm");
}

static void clear_forgets_what_its_table_said(void **state) {
    (void)state;
    say_on(1, "shop", 1, "set", ITEM("1") ",\"fields\":{\"city\":\"Graz\"}");
    say_on(1, "shop", 2, "set", ITEM("2") ",\"fields\":{\"city\":\"Wien\"}");
    say_on(1, "crm", 1, "set", ITEM("1") ",\"fields\":{\"country\":\"AT\"}");
    say_on(2, "shop", 3, "clear", "\"part\":\"location\""); /* another partition's copy, read early */
    expect("location/1.city=\"Graz\"@shop location/1.country=\"AT\"@crm location/2.city=\"Wien\"@shop");
    say_on(1, "shop", 3, "clear", "\"part\":\"location\"");
    expect("location/1.country=\"AT\"@crm");
    say_on(1, "shop", 2, "set", ITEM("3") ",\"fields\":{\"city\":\"replayed\"}");
    expect("location/1.country=\"AT\"@crm");
    say_on(1, "shop", 4, "set", ITEM("3") ",\"fields\":{\"city\":\"Linz\"}");
    expect("location/1.country=\"AT\"@crm location/3.city=\"Linz\"@shop");
}

#define TRUTH ",\"truth\":[\"erp\",\"crm\"]"

static void truth_decides(void **state) {
    (void)state;
    say("shop", 1, "set", PROFILE ",\"fields\":{\"name\":\"from shop\"}" TRUTH);
    say("crm", 2, "set", PROFILE ",\"fields\":{\"name\":\"from crm\"}" TRUTH);
    say("shop", 3, "set", PROFILE ",\"fields\":{\"name\":\"from shop, later\"}" TRUTH);
    expect("profile.name=\"from crm\"@crm not \"from shop, later\"@shop");
    say("erp", 4, "set", PROFILE ",\"null\":[\"name\"]" TRUTH);
    expect("profile.name=\"from crm\"@crm not \"from shop, later\"@shop"); /* null is no value */
    say("erp", 5, "set", PROFILE ",\"fields\":{\"name\":\"from erp\"}" TRUTH);
    expect("profile.name=\"from erp\"@erp not \"from crm\"@crm not \"from shop, later\"@shop");
    say("erp", 6, "remove", PROFILE);
    say("crm", 7, "remove", PROFILE);
    expect("profile.name=\"from shop, later\"@shop");
}

static void a_field_may_have_its_own_truth(void **state) {
    (void)state;
    static const char own[] = ",\"truth\":[\"crm\"],\"field_truth\":{\"email\":[\"shop\"]}";
    char members[256];
    snprintf(members, sizeof(members), PROFILE ",\"fields\":{\"name\":\"c\",\"email\":\"c\"}%s", own);
    say("crm", 1, "set", members);
    snprintf(members, sizeof(members), PROFILE ",\"fields\":{\"name\":\"s\",\"email\":\"s\"}%s", own);
    say("shop", 1, "set", members);
    expect("profile.email=\"s\"@shop not \"c\"@crm profile.name=\"c\"@crm not \"s\"@shop");
}

static void without_truth_the_newest_wins(void **state) {
    (void)state;
    say("shop", 5, "set", PROFILE ",\"fields\":{\"name\":\"newer\"}");
    say("crm", 2, "set", PROFILE ",\"fields\":{\"name\":\"older\"}");
    expect("profile.name=\"newer\"@shop not \"older\"@crm");
    say("crm", 6, "set", PROFILE ",\"null\":[\"name\"]");
    expect("profile.name=\"newer\"@shop");
}

static void who_says_the_same_is_no_other(void **state) {
    (void)state;
    say("crm", 1, "set", PROFILE ",\"fields\":{\"name\":\"Ann\"}");
    say("shop", 2, "set", PROFILE ",\"fields\":{\"name\":\"Ann\"}");
    expect("profile.name=\"Ann\"@shop");
    say("crm", 3, "set", PROFILE ",\"invalid\":{\"name\":\"raw\"}");
    expect("profile.name=\"Ann\"@shop");
}

static void parts_come_in_their_order(void **state) {
    (void)state;
    say("s", 1, "set", "\"part\":\"zoo\",\"fields\":{\"a\":1}");
    say("s", 2, "set", "\"part\":\"attributes\",\"fields\":{\"a\":{\"b\":[1,2.50]}}");
    say("s", 3, "set", "\"part\":\"purchase\",\"item\":\"1\",\"fields\":{\"total\":\"1.00\"}");
    say("s", 4, "set", "\"part\":\"profile\",\"fields\":{\"b\":true,\"a\":18446744073709551615}");
    expect("profile.a=18446744073709551615@s profile.b=true@s purchase/1.total=\"1.00\"@s "
           "attributes.a={\"b\":[1,2.50]}@s zoo.a=1@s");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(later_values_replace_earlier_ones),
        TEST(what_was_never_seen_is_not_invented),
        TEST(replays_are_dropped),
        TEST(other_keys_and_lines_change_nothing),
        TEST(items_live_apart),
        TEST(removal_speaks_for_one_table),
        TEST(clear_forgets_what_its_table_said),
        TEST(truth_decides),
        TEST(a_field_may_have_its_own_truth),
        TEST(without_truth_the_newest_wins),
        TEST(who_says_the_same_is_no_other),
        TEST(parts_come_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
