/* encoder_fit: the largest columns go first, the key never, and what is left fits. */
#include "tests/unit/agent/encode/fixture.h"

static char big[5000], medium[1000];

static void sample(struct fixture *f) {
    memset(big, 'b', sizeof(big) - 1);
    memset(medium, 'm', sizeof(medium) - 1);
    fixture_init(f, 6);
    f->after[0] = value_of_int(VALUE_INT, 1);
    f->after[1] = value_of(VALUE_TEXT, medium);
    f->after[2] = value_of(VALUE_TEXT, big);
    f->after[3] = value_in(VALUE_NULL);
    f->after[4] = value_of(VALUE_TEXT, "small");
    f->after[5] = value_in(VALUE_UNCHANGED);
}

static int fit(const struct encoder_ops *ops, const struct event *ev, size_t max, struct buf *value,
               size_t *stripped, struct err *e) {
    struct encoder *en = ops->create();
    struct buf key = {0};
    bool has_key;
    buf_init(value);
    int rc = encoder_fit(en, ev, max, &key, &has_key, value, stripped, e);
    if (rc == 0) {
        assert_true(key.len + value->len <= max);
        assert_true(has_key);
        assert_string_equal(buf_cstr(&key), "{\"c0\":1}");
    }
    buf_release(&key);
    en->ops->destroy(en);
    return rc;
}

static void strips_largest_first(void **state) {
    (void)state;
    struct fixture f;
    struct buf value;
    struct err e = {0};
    size_t stripped;
    sample(&f);
    assert_int_equal(fit(&encoder_json, &f.event, 100000, &value, &stripped, &e), 0);
    assert_int_equal(stripped, 0);
    assert_null(strstr(buf_cstr(&value), "omitted"));
    buf_release(&value);
    assert_int_equal(fit(&encoder_json, &f.event, 2000, &value, &stripped, &e), 0);
    assert_int_equal(stripped, 1);
    assert_non_null(strstr(buf_cstr(&value), "\"omitted\":[\"c2\"]"));
    assert_non_null(strstr(buf_cstr(&value), "mmmm"));
    buf_release(&value);
    assert_int_equal(fit(&encoder_json, &f.event, 500, &value, &stripped, &e), 0);
    assert_int_equal(stripped, 2);
    assert_non_null(strstr(buf_cstr(&value), "\"unchanged\":[\"c5\"],\"omitted\":[\"c1\",\"c2\"]"));
    buf_release(&value);
    /* The event itself is as it was. */
    assert_int_equal(f.after[2].state, VALUE_PRESENT);
    assert_int_equal(fit(&encoder_change, &f.event, 500, &value, &stripped, &e), 0);
    assert_int_equal(stripped, 2);
    buf_release(&value);
}

static void both_images_count(void **state) {
    (void)state;
    struct fixture f;
    struct buf value;
    struct err e = {0};
    size_t stripped;
    sample(&f);
    fixture_op(&f, 'u', IMAGE_FULL);
    f.before[0] = f.after[0];
    f.before[4] = value_of(VALUE_TEXT, big);
    f.before[1] = value_of(VALUE_TEXT, medium);
    assert_int_equal(fit(&encoder_json, &f.event, 2800, &value, &stripped, &e), 0);
    assert_int_equal(stripped, 2);
    assert_non_null(strstr(buf_cstr(&value), "\"omitted\":[\"c2\",\"c4\"]"));
    buf_release(&value);
}

/* Escapes make JSON much longer than the estimate: it goes on until it fits. */
static void estimates_are_checked(void **state) {
    (void)state;
    static char controls[3][300];
    struct fixture f;
    struct buf value;
    struct err e = {0};
    size_t stripped;
    fixture_init(&f, 4);
    f.after[0] = value_of_int(VALUE_INT, 1);
    for (size_t i = 0; i < 3; i++) {
        memset(controls[i], 1, sizeof(controls[i]) - 1 - i);
        f.after[i + 1] = value_of(VALUE_TEXT, controls[i]);
    }
    assert_int_equal(fit(&encoder_json, &f.event, 2100, &value, &stripped, &e), 0);
    assert_true(stripped >= 2);
    buf_release(&value);
}

/* The statement is no part of the row: it goes before any column does. */
static void statement_goes_first(void **state) {
    (void)state;
    struct fixture f;
    struct buf value;
    struct err e = {0};
    size_t stripped;
    sample(&f);
    f.change.statement = (struct text){big, sizeof(big) - 1};
    f.change.statement_length = sizeof(big) - 1;
    assert_int_equal(fit(&encoder_json, &f.event, 100000, &value, &stripped, &e), 0);
    size_t whole = value.len;
    assert_non_null(strstr(buf_cstr(&value), "\"statement\":\"bbb"));
    buf_release(&value);
    assert_int_equal(fit(&encoder_json, &f.event, whole - 1, &value, &stripped, &e), 0);
    assert_int_equal(stripped, 0);
    assert_null(strstr(buf_cstr(&value), "\"statement\":"));
    assert_non_null(strstr(buf_cstr(&value), "\"statement_length\":"));
    buf_release(&value);
}

static void key_alone_too_large(void **state) {
    (void)state;
    struct fixture f;
    struct buf value;
    struct err e = {0};
    size_t stripped;
    sample(&f);
    f.after[0] = value_of(VALUE_TEXT, big);
    assert_int_equal(fit(&encoder_json, &f.event, 2000, &value, &stripped, &e), -1);
    assert_int_equal(e.code, ERR_CONFIG);
    assert_non_null(strstr(e.text, "public.orders"));
    assert_non_null(strstr(e.text, "1:1A2B3C:1A2B:5"));
    buf_release(&value);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strips_largest_first),  cmocka_unit_test(both_images_count),
        cmocka_unit_test(estimates_are_checked), cmocka_unit_test(statement_goes_first),
        cmocka_unit_test(key_alone_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
