/* Positions never pass what the sink has not acknowledged, whatever sink, disk and signals do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/pipeline/pipeline.h"
#include "tests/unit/agent/pipeline/script.c"

static char state[64];

static struct config_source source = {.name = "s", .scheme = "script", .database = "d"};
static struct config config = {
    .sources = &source,
    .nsources = 1,
    .topics = "{source}.{schema}.{table}",
    .ring_bytes = 1 << 20,
    .checkpoint_ms = 1,
    .grace_ms = 200,
};

static int setup(void **unused) {
    const char *pattern = "public.*";
    struct pattern_list *list;
    struct err e;

    (void)unused;
    snprintf(state, sizeof state, "/tmp/tailrace-test-XXXXXX");
    assert_non_null(mkdtemp(state));
    assert_int_equal(pattern_list_new(&pattern, 1, &list, &e), 0);
    source.table_patterns = list;
    config.state = state;
    config.until = "end";
    config.skip = (struct config_strings){0};
    memset(&script, 0, sizeof script);
    log_setup(LOG_ERROR, LOG_TEXT);
    return 0;
}

static int teardown(void **unused) {
    char path[128];

    (void)unused;
    snprintf(path, sizeof path, "%s/s.checkpoint", state);
    unlink(path);
    snprintf(path, sizeof path, "%s/s.lock", state);
    unlink(path);
    rmdir(state);
    pattern_list_free((struct pattern_list *)(uintptr_t)source.table_patterns);
    return 0;
}

static struct pipeline *make(void) {
    struct pipeline_parts parts = {
        .config = &config,
        .source = &source,
        .source_ops = &script_source,
        .encoder_ops = &encoder_json,
        .entity_ops = &encoder_json,
        .sink_ops = &script_sink,
        .clock = &clock_system,
    };
    struct err e;
    struct pipeline *p = pipeline_new(&parts, &e);

    assert_non_null(p);
    return p;
}

static int run(const char *log, struct err *e) {
    struct pipeline *p = make();
    int rc;

    script.log = log;
    if (!script.end) script.end = strlen(log);
    memset(e, 0, sizeof *e);
    rc = pipeline_run(p, e);
    pipeline_free(p);
    assert_false(script.went_back);
    assert_false(script.ahead);
    return rc;
}

static void all_is_delivered_then_acknowledged(void **unused) {
    struct err e;

    (void)unused;
    assert_int_equal(run("BiiiiiiiiCkBiiCk", &e), 0);
    assert_int_equal(script.sent, 10);
    assert_int_equal(script.acknowledged, 16);
}

static void a_full_sink_is_waited_for(void **unused) {
    struct err e;

    (void)unused;
    script.full_every = 2;
    assert_int_equal(run("BiiiiiiiiCBiiiC", &e), 0);
    assert_int_equal(script.sent, 11);
    assert_int_equal(script.acknowledged, 15);
}

static void a_failed_delivery_is_never_passed(void **unused) {
    struct err e;

    (void)unused;
    script.fail_record = 3;
    assert_int_equal(run("BiCBiCBiCBiC", &e), -1);
    assert_int_equal(e.code, ERR_CONFIG);
    assert_string_equal(e.text, "the topic is gone");
    assert_int_equal(script.acknowledged, 6);
}

static void after_a_failure_the_rest_comes_without_repeats_of_what_was_acknowledged(void **unused) {
    struct err e;

    (void)unused;
    script.fail_record = 3;
    assert_int_equal(run("BiCBiiiiC", &e), -1);
    script.fail_record = 0;
    assert_int_equal(run("BiCBiiiiC", &e), 0);
    assert_int_equal(script.acknowledged, 9);
    assert_int_equal(script.rows_sent[2], 1); /* before the checkpoint */
    assert_int_equal(script.rows_sent[5], 1); /* in the middle of the transaction, before the progress mark */
    assert_true(script.rows_sent[6] >= 2);    /* the one that failed */
}

static void a_broken_producer_is_taken_up_from_the_checkpoint(void **unused) {
    struct err e;

    (void)unused;
    script.fatal_record = 4;
    assert_int_equal(run("BiCBiCBiCBiCBiC", &e), 0);
    assert_int_equal(script.opened, 2);
    assert_int_equal(script.acknowledged, 15);
    for (size_t i = 0; i < 15; i++)
        if (script.log[i] == 'i') assert_true(script.delivered[i + 1]);
}

static void *run_in_thread(void *arg) {
    struct err e = {0};
    int rc = pipeline_run(arg, &e);

    return (void *)(intptr_t)rc;
}

static void a_stop_drains_for_the_grace_and_no_longer(void **unused) {
    struct pipeline *p = make();
    struct pipeline_stats stats = {0};
    pthread_t thread;
    void *rc;

    (void)unused;
    config.until = NULL;
    script.silent_from = 3;
    script.log = "BiCBiCBiCBiC";
    assert_int_equal(pthread_create(&thread, NULL, run_in_thread, p), 0);
    for (int i = 0; i < 5000 && stats.records < 4; i++) {
        usleep(1000);
        pipeline_stats(p, &stats);
    }
    pipeline_stop(p);
    pthread_join(thread, &rc);
    pipeline_free(p);
    assert_null(rc);
    assert_int_equal(stats.records, 4);
    assert_int_equal(script.acknowledged, 6);
    assert_false(script.ahead);
}

static void a_skipped_change_is_passed_over(void **unused) {
    const char *ids[] = {"0:5"};
    struct err e;

    (void)unused;
    config.skip = (struct config_strings){ids, 1};
    script.delivered[5] = true; /* passed over counts as delivered */
    assert_int_equal(run("BiCBiCBiC", &e), 0);
    assert_int_equal(script.sent, 2);
    assert_int_equal(script.rows_sent[5], 0);
}

static void what_is_not_understood_stops_with_everything_before_it_safe(void **unused) {
    struct err e;

    (void)unused;
    assert_int_equal(run("BiCBiC?", &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_int_equal(script.acknowledged, 6);
}

static void a_second_agent_is_kept_out(void **unused) {
    struct checkpoint_store *store;
    struct err e;

    (void)unused;
    assert_int_equal(checkpoint_store_open(state, "s", &store, &e), 0);
    assert_int_equal(run("BiC", &e), -1);
    assert_int_equal(e.code, ERR_FENCED);
    checkpoint_store_close(store);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(all_is_delivered_then_acknowledged),
        TEST(a_full_sink_is_waited_for),
        TEST(a_failed_delivery_is_never_passed),
        TEST(after_a_failure_the_rest_comes_without_repeats_of_what_was_acknowledged),
        TEST(a_broken_producer_is_taken_up_from_the_checkpoint),
        TEST(a_stop_drains_for_the_grace_and_no_longer),
        TEST(a_skipped_change_is_passed_over),
        TEST(what_is_not_understood_stops_with_everything_before_it_safe),
        TEST(a_second_agent_is_kept_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
