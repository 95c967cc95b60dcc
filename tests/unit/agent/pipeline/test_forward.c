/* What a huge row takes is given back when it is sent, not when the next one comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/log.h"
#include "agent/pipeline/forward.h"

#define HUGE ((size_t)16 << 20)

/* ---- A sink that looks at memory ---- */

static size_t in_use(void) {
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

static size_t while_sent; /* memory in use when the last record came */

static int sink_topic(struct sink *s, const struct sink_topic *t, bool (*keep_going)(void *ctx), void *ctx,
                      uint32_t *handle, struct err *e) {
    (void)s, (void)t, (void)keep_going, (void)ctx, (void)e;
    *handle = 0;
    return 0;
}

static size_t sink_max(struct sink *s, uint32_t topic) {
    (void)s, (void)topic;
    return 0;
}

static enum sink_send sink_send(struct sink *s, const struct sink_record *r, struct err *e) {
    (void)s, (void)e;
    assert_true(r->value.len > HUGE);
    while_sent = in_use();
    return SINK_SENT;
}

static const struct sink_ops watching_sink = {
    .name = "watching", .topic = sink_topic, .max_record = sink_max, .send = sink_send};

/* ---- One huge row ---- */

static struct column columns[] = {{.name = "id", .type = "bigint", .kind = VALUE_INT, .identity = true},
                                  {.name = "scan", .type = "text", .kind = VALUE_TEXT}};
static uint16_t key = 0;
static const struct table table = {.schema = "public",
                                   .name = "t",
                                   .serial = 1,
                                   .identity = IDENTITY_DEFAULT,
                                   .ncolumns = 2,
                                   .columns = columns,
                                   .nkeys = 1,
                                   .keys = &key};

static void feed(struct forward *f, enum change_op op, struct value *values) {
    struct change c = {.op = op, .table = &table, .id = {"0:1", 3}, .after = values};
    struct err e;
    if (values) c.after_image = IMAGE_FULL;
    if (forward_change(f, &c, &e)) fail_msg("%s", e.text);
}

static void a_huge_buffer_goes_back(const struct encoder_ops *encoder) {
    const char *pattern = "public.*";
    struct pattern_list *patterns;
    struct config_source source = {.name = "s", .scheme = "script", .database = "d"};
    struct config config = {.sources = &source, .nsources = 1, .topics = "{source}.{schema}.{table}"};
    struct sink sink = {.ops = &watching_sink};
    struct forward_parts parts = {
        .config = &config, .source = &source, .encoder_ops = encoder, .entity_ops = encoder, .sink = &sink};
    struct forward *f;
    struct err e;
    char *text = malloc(HUGE);
    struct value values[] = {{.state = VALUE_PRESENT, .kind = VALUE_INT, .v.i = 1},
                             {.state = VALUE_PRESENT, .kind = VALUE_TEXT, .text = text, .len = HUGE}};

    assert_non_null(text);
    memset(text, 'x', HUGE);
    log_setup(LOG_ERROR, LOG_TEXT);
    assert_int_equal(pattern_list_new(&pattern, 1, &patterns, &e), 0);
    source.table_patterns = patterns;
    assert_non_null(parts.ledger = ledger_new(100, &e));
    assert_int_equal(forward_new(&parts, &f, &e), 0);
    feed(f, CHANGE_SCHEMA, NULL);
    size_t before = in_use();
    feed(f, CHANGE_INSERT, values);
    /* The malloc() of a sanitizer says that nothing is in use. */
    if (before > 0) assert_true(while_sent > before + HUGE);
    assert_true(in_use() < before + HUGE / 4);
    forward_free(f);
    ledger_free(parts.ledger);
    pattern_list_free(patterns);
    free(text);
}

static void test_json(void **state) {
    (void)state;
    a_huge_buffer_goes_back(&encoder_json);
}

static void test_change(void **state) {
    (void)state;
    a_huge_buffer_goes_back(&encoder_change);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_json), cmocka_unit_test(test_change)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
