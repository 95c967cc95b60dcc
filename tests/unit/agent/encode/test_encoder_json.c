/* encoder_json: golden lines for every kind of value, state and event. */
#include "tests/unit/agent/encode/fixture.h"

#include <json-c/json.h>
#include <math.h>

#define HEAD                                                                                                 \
    "{\"v\":1,\"source\":\"shop\",\"database\":\"db\",\"schema\":\"public\",\"table\":\"orders\",\"op\":\""
#define ORD "000100000000001a2b3c0000000000001a2b00000005"
#define TAIL                                                                                                 \
    ",\"id\":\"1:1A2B3C:1A2B:5\",\"ord\":\"" ORD "0000\",\"tx\":\"734\",\"pos\":\"0/1A2B3C\","               \
    "\"ts\":\"2026-11-23T12:00:00.123456Z\"}"

/* Encodes and compares value and key (NULL: none). */
static void check(const struct event *ev, const char *expected_key, const char *expected) {
    struct encoder *en = encoder_json.create();
    struct buf key, value;
    bool has_key;
    fixture_encode(en, ev, &key, &has_key, &value);
    assert_string_equal(buf_cstr(&value), expected);
    assert_int_equal(has_key, expected_key != NULL);
    if (expected_key) assert_string_equal(buf_cstr(&key), expected_key);
    buf_release(&key);
    buf_release(&value);
    en->ops->destroy(en);
}

/* One value as the only non-key column of an insert: the line must hold it as `json`. */
static void check_value(struct value v, const char *json) {
    struct fixture f;
    char expected[4096];
    fixture_init(&f, 2);
    f.after[0] = value_of_int(VALUE_INT, 1);
    f.after[1] = v;
    snprintf(expected, sizeof(expected), HEAD "c\",\"key\":{\"c0\":1},\"after\":{\"c0\":1,\"c1\":%s}" TAIL,
             json);
    check(&f.event, "{\"c0\":1}", expected);
}

static void numbers(void **state) {
    (void)state;
    check_value(value_of_int(VALUE_INT, INT64_MIN), "-9223372036854775808");
    check_value(value_of_int(VALUE_INT, INT64_MAX), "9223372036854775807");
    check_value(value_of_uint(UINT64_MAX), "18446744073709551615");
    check_value((struct value){.state = VALUE_PRESENT, .kind = VALUE_BOOL, .v.b = true}, "true");
    check_value((struct value){.state = VALUE_PRESENT, .kind = VALUE_BOOL}, "false");
    check_value(value_of_double(VALUE_DOUBLE, 0.1), "0.1");
    check_value(value_of_double(VALUE_FLOAT, (double)0.1f), "0.1");
    check_value(value_of_double(VALUE_DOUBLE, -0.0), "-0");
    check_value(value_of_double(VALUE_DOUBLE, 1e300), "1e+300");
    check_value(value_of_double(VALUE_DOUBLE, NAN), "\"NaN\"");
    check_value(value_of_double(VALUE_DOUBLE, INFINITY), "\"Infinity\"");
    check_value(value_of_double(VALUE_FLOAT, -INFINITY), "\"-Infinity\"");
    check_value(value_of(VALUE_DECIMAL, "12.50"), "\"12.50\"");
    check_value(value_of(VALUE_DECIMAL, "NaN"), "\"NaN\"");
}

static void texts(void **state) {
    (void)state;
    check_value(value_of(VALUE_TEXT, ""), "\"\"");
    check_value(value_of(VALUE_TEXT, "Zo\xc3\xab \xf0\x9f\x98\x80"), "\"Zo\xc3\xab \xf0\x9f\x98\x80\"");
    check_value(value_of(VALUE_TEXT, "a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    check_value(value_of(VALUE_TEXT, "\b\f\n\r\t\x01\x1f\x7f"), "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
    check_value((struct value){.state = VALUE_PRESENT, .kind = VALUE_TEXT, .text = "a\0b", .len = 3},
                "\"a\\u0000b\"");
    check_value(value_of(VALUE_TEXT, "0123456789abcdef\"0123456789abcdef\n"),
                "\"0123456789abcdef\\\"0123456789abcdef\\n\"");
    check_value(value_of(VALUE_BYTES, ""), "\"\"");
    check_value(value_of(VALUE_BYTES, "a"), "\"YQ==\"");
    check_value(value_of(VALUE_BYTES, "ab"), "\"YWI=\"");
    check_value(value_of(VALUE_BYTES, "abc"), "\"YWJj\"");
    check_value(value_of(VALUE_BYTES, "\xfb\xff\xfe"), "\"+//+\"");
    check_value(value_of(VALUE_UUID, "00000000-0000-4000-8000-000000000000"),
                "\"00000000-0000-4000-8000-000000000000\"");
    check_value(value_of(VALUE_ENUM, "open"), "\"open\"");
    check_value(value_of(VALUE_SET, "a,b"), "\"a,b\"");
    check_value(value_of(VALUE_OTHER, "(1,2)"), "\"(1,2)\"");
}

static void times(void **state) {
    (void)state;
    check_value(value_of_int(VALUE_DATE, 20780), "\"2026-11-23\"");
    check_value(value_of_int(VALUE_DATE, -719529), "\"0002-12-31 BC\"");
    check_value(value_as_text(VALUE_DATE, "-infinity"), "\"-infinity\"");
    check_value(value_of_int(VALUE_TIME, 43200500000), "\"12:00:00.5\"");
    check_value(value_of_int(VALUE_TIME, -INT64_C(3020399000000)), "\"-838:59:59\"");
    check_value(value_of_int(VALUE_TIMESTAMP, 1795435200500000), "\"2026-11-23T12:00:00.5\"");
    check_value(value_of_int(VALUE_TIMESTAMPTZ, 1795435200000000), "\"2026-11-23T12:00:00Z\"");
    check_value(value_as_text(VALUE_TIMESTAMPTZ, "infinity"), "\"infinity\"");
    check_value(value_as_text(VALUE_TIMETZ, "12:00:00.5+02"), "\"12:00:00.5+02\"");
    check_value(value_as_text(VALUE_INTERVAL, "P1Y2M3DT4H5M6.5S"), "\"P1Y2M3DT4H5M6.5S\"");
}

static void documents(void **state) {
    (void)state;
    check_value(value_of(VALUE_JSON, "{\"a\": [1, 2.50, \"x\\ny\"]}"), "{\"a\": [1, 2.50, \"x\\ny\"]}");
    check_value(value_of(VALUE_JSON, "{\n\t\"a\":\r\n1}"), "{ \t\"a\":  1}");
    check_value(value_of(VALUE_JSON, "{\"a\":}"), "\"{\\\"a\\\":}\"");
    check_value(value_of(VALUE_JSON, ""), "\"\"");
    check_value(value_of(VALUE_JSON, "1 2"), "\"1 2\"");
}

static void arrays(void **state) {
    (void)state;
    struct value items[] = {value_of_int(VALUE_INT, 1), value_in(VALUE_NULL), value_of_int(VALUE_INT, 3),
                            value_of_int(VALUE_INT, 4)};
    struct value_array flat = {.kind = VALUE_INT, .ndims = 1, .dims = {4}, .count = 4, .items = items};
    struct value_array square = {.kind = VALUE_INT, .ndims = 2, .dims = {2, 2}, .count = 4, .items = items};
    struct value_array deep = {.kind = VALUE_INT, .ndims = 3, .dims = {2, 1, 2}, .count = 4, .items = items};
    struct value_array empty = {.kind = VALUE_INT};
    struct value v = {.state = VALUE_PRESENT, .kind = VALUE_ARRAY, .v.array = &flat};
    check_value(v, "[1,null,3,4]");
    v.v.array = &square;
    check_value(v, "[[1,null],[3,4]]");
    v.v.array = &deep;
    check_value(v, "[[[1,null]],[[3,4]]]");
    v.v.array = &empty;
    check_value(v, "[]");
    check_value(value_as_text(VALUE_ARRAY, "[0:1]={1,2}"), "\"[0:1]={1,2}\"");
}

static void states(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 9);
    f.after[0] = value_of_int(VALUE_INT, 1);
    f.after[1] = value_in(VALUE_NULL);
    f.after[2] = value_in(VALUE_UNCHANGED);
    f.after[3] = value_in(VALUE_OMITTED);
    f.after[4] = value_invalid("0000-00-00", 10);
    f.after[5] = value_invalid("\xff\xfe", 2);
    f.after[6] = value_of(VALUE_TEXT, "secret");
    f.use[6] = COLUMN_MASKED;
    f.after[7] = value_of(VALUE_TEXT, "hidden");
    f.use[7] = COLUMN_HIDDEN;
    f.after[8] = value_of(VALUE_JSON, " null\n");
    check(&f.event, "{\"c0\":1}",
          HEAD
          "c\",\"key\":{\"c0\":1},\"after\":{\"c0\":1,\"c1\":null,\"c8\": null },\"unchanged\":[\"c2\"],"
          "\"omitted\":[\"c3\"],\"invalid\":{\"after\":{\"c4\":\"0000-00-00\",\"c5\":{\"base64\":\"//4=\"}}},"
          "\"masked\":[\"c6\"],\"json_null\":[\"c8\"]" TAIL);
}

static void invalid_everywhere(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    fixture_op(&f, 'u', IMAGE_FULL);
    f.before[0] = f.after[0] = value_invalid("k", 1);
    f.before[1] = value_of(VALUE_TEXT, "x");
    f.after[1] = value_invalid("y", 1);
    check(&f.event, "{\"c0\":\"k\"}",
          HEAD "u\",\"before\":{\"c1\":\"x\"},\"invalid\":{\"key\":{\"c0\":\"k\"},\"before\":{\"c0\":\"k\"},"
               "\"after\":{\"c0\":\"k\",\"c1\":\"y\"}}" TAIL);
}

static void images(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    fixture_op(&f, 'u', IMAGE_KEY);
    f.before[0] = value_of_int(VALUE_INT, 1);
    f.after[0] = value_of_int(VALUE_INT, 2);
    f.after[1] = value_of(VALUE_TEXT, "x");
    check(&f.event, "{\"c0\":2}",
          HEAD "u\",\"key\":{\"c0\":2},\"before\":{\"c0\":1},\"after\":{\"c0\":2,\"c1\":\"x\"}" TAIL);
    fixture_op(&f, 'd', IMAGE_KEY);
    check(&f.event, "{\"c0\":1}", HEAD "d\",\"key\":{\"c0\":1},\"before\":{\"c0\":1}" TAIL);
    f.event.kind = EVENT_TOMBSTONE;
    check(&f.event, "{\"c0\":1}", "");
    f.event.kind = EVENT_ROW;
    f.event.op = 't';
    f.change.op = CHANGE_TRUNCATE;
    check(&f.event, NULL, HEAD "t\"" TAIL);
}

static void statements(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    f.after[0] = value_of_int(VALUE_INT, 1);
    f.change.statement = (struct text){"INSERT \"x\"", 10};
    f.change.statement_length = 10;
    check(&f.event, "{\"c0\":1}",
          HEAD "c\",\"key\":{\"c0\":1},\"after\":{\"c0\":1},\"statement\":\"INSERT \\\"x\\\"\"" TAIL);
    f.change.statement = (struct text){"\xff\xfe", 2};
    check(&f.event, "{\"c0\":1}",
          HEAD "c\",\"key\":{\"c0\":1},\"after\":{\"c0\":1},\"statement\":{\"base64\":\"//4=\"},"
               "\"statement_length\":10" TAIL);
}

static void unchanged_key_comes_from_the_old_image(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    fixture_op(&f, 'u', IMAGE_FULL);
    f.before[0] = value_of(VALUE_TEXT, "k");
    f.after[0] = value_in(VALUE_UNCHANGED);
    check(&f.event, "{\"c0\":\"k\"}",
          HEAD "u\",\"key\":{\"c0\":\"k\"},\"before\":{\"c0\":\"k\"},\"unchanged\":[\"c0\"]" TAIL);
}

static void names_and_sub(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    f.table.schema = "";
    f.table.name = "a\"b";
    f.columns[0].name = "\xc3\xa4\n";
    f.after[0] = value_of_int(VALUE_INT, 1);
    f.event.sub = 258;
    f.change.tx = NULL;
    f.selection.nkeys = 0;
    check(&f.event, NULL,
          "{\"v\":1,\"source\":\"shop\",\"database\":\"db\",\"table\":\"a\\\"b\",\"op\":\"c\","
          "\"after\":{\"\xc3\xa4\\n\":1},\"id\":\"1:1A2B3C:1A2B:5.258\",\"ord\":\"" ORD "0102\","
          "\"pos\":\"0/1A2B3C\"}");
}

/* The hash is for ever: the keys of records in topics. */
static void hashed_keys(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    f.after[0] = value_of_int(VALUE_INT, 7);
    f.after[1] = value_invalid("x", 1);
    f.keys[1] = 1;
    f.selection.nkeys = 2;
    f.selection.hashed = true;
    check(&f.event, "{\"hash\":\"fb72829ad2a5dcb12d636deaf0bc2150\"}",
          "{\"v\":1,\"source\":\"shop\",\"database\":\"db\",\"schema\":\"public\",\"table\":\"orders\","
          "\"op\":\"c\",\"key\":{\"hash\":\"fb72829ad2a5dcb12d636deaf0bc2150\"},\"after\":{\"c0\":7},"
          "\"invalid\":{\"after\":{\"c1\":"
          "\"x\"}}" TAIL);
}

static void notes(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    f.event.selection = NULL;
    f.event.kind = EVENT_MESSAGE;
    f.event.op = 'm';
    f.change.message.prefix = text_of("outbox");
    f.change.message.content = text_of("{\"a\":1}");
    f.change.message.transactional = true;
    check(&f.event, NULL,
          "{\"v\":1,\"source\":\"shop\",\"database\":\"db\",\"op\":\"m\",\"message\":{\"prefix\":\"outbox\","
          "\"content\":\"{\\\"a\\\":1}\",\"transactional\":true}" TAIL);
    f.change.message.content = (struct text){.ptr = "\xff", .len = 1};
    f.change.message.transactional = false;
    check(&f.event, NULL,
          "{\"v\":1,\"source\":\"shop\",\"database\":\"db\",\"op\":\"m\",\"message\":{\"prefix\":\"outbox\","
          "\"content\":{\"base64\":\"/w==\"},\"transactional\":false}" TAIL);
    f.event.kind = EVENT_GAP;
    f.event.op = 'g';
    f.change.message.content = text_of("the slot was recreated");
    check(&f.event, NULL,
          "{\"v\":1,\"source\":\"shop\",\"database\":\"db\",\"op\":\"g\",\"gap\":\"the slot was "
          "recreated\"" TAIL);
    f.event.kind = EVENT_DDL;
    f.event.op = 'q';
    f.change.message.content = text_of("DROP TABLE \"orders\"");
    check(&f.event, NULL,
          "{\"v\":1,\"source\":\"shop\",\"database\":\"db\",\"schema\":\"public\",\"table\":\"orders\","
          "\"op\":\"q\",\"ddl\":\"DROP TABLE \\\"orders\\\"\"" TAIL);
    f.change.table = NULL;
    f.change.message.content = (struct text){.ptr = "\xff", .len = 1};
    check(&f.event, NULL,
          "{\"v\":1,\"source\":\"shop\",\"database\":\"db\",\"op\":\"q\",\"ddl\":{\"base64\":\"/w==\"}" TAIL);
}

static void entities(void **state) {
    (void)state;
    static const char *const truth[] = {"crm", "shop"};
    static const char *const mail_truth[] = {"shop"};
    struct value name = value_of(VALUE_TEXT, "Anna"), none = value_in(VALUE_NULL),
                 kept = value_in(VALUE_UNCHANGED), mask = value_in(VALUE_MASKED), bad = value_invalid("x", 1);
    struct entity_field fields[] = {
        {.name = "name", .value = &name, .known_changed = true, .changed = true},
        {.name = "email", .value = &none, .known_changed = true, .truth = mail_truth, .ntruth = 1},
        {.name = "note", .value = &kept, .known_changed = true},
        {.name = "iban", .value = &mask, .known_changed = true},
        {.name = "birth_date", .value = &bad, .known_changed = true},
    };
    struct entity_event en = {.entity = "customer",
                              .topic = "customer",
                              .action = ENTITY_SET,
                              .key = text_of("1001"),
                              .part = "profile",
                              .fields = fields,
                              .nfields = 5,
                              .truth = truth,
                              .ntruth = 2};
    struct fixture f;
    fixture_init(&f, 1);
    f.event.kind = EVENT_ENTITY;
    f.event.selection = NULL;
    f.event.entity = &en;
    check(&f.event, "1001",
          "{\"v\":1,\"entity\":\"customer\",\"action\":\"set\",\"key\":\"1001\",\"part\":\"profile\","
          "\"fields\":{\"name\":\"Anna\"},\"null\":[\"email\"],\"unchanged\":[\"note\"],"
          "\"invalid\":{\"birth_date\":\"x\"},\"masked\":[\"iban\"],\"changed\":[\"name\"],\"changes_known\":"
          "true,"
          "\"truth\":[\"crm\",\"shop\"],\"field_truth\":{\"email\":[\"shop\"]},\"source\":\"shop\","
          "\"table\":\"public.orders\"" TAIL);
    en.action = ENTITY_REMOVE;
    en.nfields = en.ntruth = 0;
    en.part = "location";
    en.item = text_of("7\"");
    check(&f.event, "1001",
          "{\"v\":1,\"entity\":\"customer\",\"action\":\"remove\",\"key\":\"1001\",\"part\":\"location\","
          "\"item\":\"7\\\"\",\"source\":\"shop\",\"table\":\"public.orders\"" TAIL);
    en.action = ENTITY_CLEAR;
    en.key = en.item = (struct text){0};
    f.table.schema = "";
    check(&f.event, NULL,
          "{\"v\":1,\"entity\":\"customer\",\"action\":\"clear\",\"part\":\"location\",\"source\":\"shop\","
          "\"table\":\"orders\"" TAIL);
}

/* A serial is never reused: after forget() a selection at the same address with other columns is new. */
static void forget_drops_plans(void **state) {
    (void)state;
    struct encoder *en = encoder_json.create();
    struct fixture f;
    struct buf key, value;
    bool has_key;
    for (int i = 0; i < 50; i++) {
        fixture_init(&f, 1 + (size_t)i % 5);
        f.after[0] = value_of_int(VALUE_INT, i);
        fixture_encode(en, &f.event, &key, &has_key, &value);
        assert_null(strstr(buf_cstr(&value), i % 5 < 4 ? "c4" : "c5"));
        if (i % 3) en->ops->forget(en, &f.table);
        buf_release(&key);
        buf_release(&value);
    }
    en->ops->destroy(en);
}

/* Whatever the row, the line is one JSON object, and its `after` names the columns it should. */
static void random_rows_are_json(void **state) {
    (void)state;
    static struct value_array arrays[FIXTURE_COLUMNS];
    static struct value room[FIXTURE_COLUMNS][64];
    struct encoder *en = encoder_json.create();
    uint64_t seed = 42;
    for (int round = 0; round < 500; round++) {
        struct fixture f;
        struct buf key, value;
        bool has_key;
        fixture_init(&f, FIXTURE_COLUMNS);
        for (size_t i = 1; i < FIXTURE_COLUMNS; i++) f.after[i] = fixture_value(&seed, &arrays[i], room[i]);
        fixture_encode(en, &f.event, &key, &has_key, &value);
        assert_null(memchr(value.data, '\n', value.len));
        json_object *line = json_tokener_parse(buf_cstr(&value)), *after = NULL;
        assert_non_null(line);
        assert_true(json_object_object_get_ex(line, "after", &after));
        for (size_t i = 0; i < FIXTURE_COLUMNS; i++)
            assert_int_equal(json_object_object_get_ex(after, f.names[i], NULL),
                             f.after[i].state == VALUE_PRESENT || f.after[i].state == VALUE_NULL);
        json_object_put(line);
        buf_release(&key);
        buf_release(&value);
        en->ops->forget(en, &f.table);
    }
    en->ops->destroy(en);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(texts),
        cmocka_unit_test(times),
        cmocka_unit_test(documents),
        cmocka_unit_test(arrays),
        cmocka_unit_test(states),
        cmocka_unit_test(invalid_everywhere),
        cmocka_unit_test(images),
        cmocka_unit_test(statements),
        cmocka_unit_test(unchanged_key_comes_from_the_old_image),
        cmocka_unit_test(names_and_sub),
        cmocka_unit_test(hashed_keys),
        cmocka_unit_test(notes),
        cmocka_unit_test(entities),
        cmocka_unit_test(forget_drops_plans),
        cmocka_unit_test(random_rows_are_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
