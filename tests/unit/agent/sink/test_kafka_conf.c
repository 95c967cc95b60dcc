/* Kafka properties: ours, the user's over them, and what the promises need over both; errors in librdkafka's
 * words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/sink/kafka_conf.h"

static const char *broker_names[] = {"kafka-1:9092", "kafka-2:9092"};

static int make(struct config_pair *pairs, size_t n, struct kafka_conf *out, struct err *e) {
    struct config_sink c = {.type = SINK_KAFKA, .brokers = {broker_names, 2}, .kafka = pairs, .nkafka = n};

    return kafka_conf_make(&c, "shop", out, e);
}

static void assert_value(const struct kafka_conf *k, const char *name, const char *value) {
    char got[256] = "";
    size_t size = sizeof got;

    assert_int_equal(rd_kafka_conf_get(k->rd, name, got, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(got, value);
}

static void the_promises_are_set(void **state) {
    (void)state;
    struct kafka_conf k;
    struct err e = {0};
    assert_int_equal(make(NULL, 0, &k, &e), 0);
    assert_value(&k, "bootstrap.servers", "kafka-1:9092,kafka-2:9092");
    assert_value(&k, "client.id", "tailrace-shop");
    assert_value(&k, "enable.idempotence", "true");
    assert_value(&k, "enable.gapless.guarantee", "true");
    assert_value(&k, "acks", "-1");
    assert_value(&k, "message.timeout.ms", "0");
    assert_value(&k, "allow.auto.create.topics", "false");
    assert_value(&k, "compression.type", "lz4");
    assert_value(&k, "ssl.endpoint.identification.algorithm", "https");
    assert_int_equal(k.record_bytes, 0);
    assert_false(k.own_linger);
    assert_true(k.batch_bytes > 0 && k.batch_bytes < 1000000);
    rd_kafka_conf_destroy(k.rd);
}

static void the_user_s_properties_win_over_defaults(void **state) {
    (void)state;
    struct config_pair pairs[] = {{.name = "compression.type", .value = "zstd"},
                                  {.name = "linger.ms", .value = "30"},
                                  {.name = "batch.size", .value = "1000"},
                                  {.name = "message.max.bytes", .value = "5000"},
                                  {.name = "client.id", .value = "mine"}};
    struct kafka_conf k;
    struct err e = {0};
    assert_int_equal(make(pairs, 5, &k, &e), 0);
    assert_value(&k, "compression.type", "zstd");
    assert_value(&k, "linger.ms", "30");
    assert_true(k.own_linger);
    assert_value(&k, "client.id", "mine");
    assert_int_equal(k.batch_bytes, 1000);
    assert_int_equal(k.record_bytes, 5000);
    assert_value(&k, "message.max.bytes", "1000000000"); /* checked by the sink, per topic */
    rd_kafka_conf_destroy(k.rd);
}

static void secrets_are_read_when_needed(void **state) {
    (void)state;
    struct config_secret secret = {.env = "TAILRACE_TEST_SECRET"};
    struct config_pair pair = {.name = "sasl.password", .value = "", .secret = &secret};
    struct kafka_conf k;
    struct err e = {0};
    unsetenv("TAILRACE_TEST_SECRET");
    assert_int_equal(make(&pair, 1, &k, &e), -1);
    assert_int_equal(e.code, ERR_CONFIG);
    assert_non_null(strstr(e.text, "sasl.password"));
    setenv("TAILRACE_TEST_SECRET", "s3cret", 1);
    assert_int_equal(make(&pair, 1, &k, &e), 0);
    assert_value(&k, "sasl.password", "s3cret");
    rd_kafka_conf_destroy(k.rd);
}

static void assert_refused(const char *name, const char *value, const char *text) {
    struct config_pair pair = {.name = name, .value = value};
    struct kafka_conf k;
    struct err e = {0};

    assert_int_equal(make(&pair, 1, &k, &e), -1);
    assert_int_equal(e.code, ERR_CONFIG);
    assert_non_null(strstr(e.text, name));
    assert_non_null(strstr(e.text, text));
    assert_null(k.rd);
}

static void what_librdkafka_refuses_is_told_in_its_words(void **state) {
    (void)state;
    assert_refused("compresion.type", "lz4", "No such configuration property");
    assert_refused("compression.type", "lz5", "Invalid value");
    assert_refused("linger.ms", "-3", "outside allowed range");
}

/* A build without libcurl, like Debian's, says so; another one takes it. */
static void oidc_without_support_is_said(void **state) {
    (void)state;
    struct config_pair pair = {.name = "sasl.oauthbearer.method", .value = "oidc"};
    struct kafka_conf k;
    struct err e = {0};
    if (make(&pair, 1, &k, &e) == 0) {
        rd_kafka_conf_destroy(k.rd);
        return;
    }
    assert_int_equal(e.code, ERR_CONFIG);
    assert_non_null(strstr(e.text, "sink.kafka.sasl.oauthbearer.method: the librdkafka of this system ("));
    assert_non_null(strstr(e.text, "was built without what that needs"));
    assert_non_null(strstr(e.text, "libcurl"));
}

static void files_must_be_readable(void **state) {
    (void)state;
    assert_refused("ssl.ca.location", "/nowhere/ca.pem", "cannot read /nowhere/ca.pem: No such file");
    struct config_pair pairs[] = {{.name = "ssl.ca.location", .value = "probe"},
                                  {.name = "ssl.certificate.location", .value = "/dev/null"}};
    struct kafka_conf k;
    struct err e = {0};
    if (make(pairs, 2, &k, &e) < 0) fail_msg("%s", e.text);
    rd_kafka_conf_destroy(k.rd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_promises_are_set),
        cmocka_unit_test(the_user_s_properties_win_over_defaults),
        cmocka_unit_test(secrets_are_read_when_needed),
        cmocka_unit_test(what_librdkafka_refuses_is_told_in_its_words),
        cmocka_unit_test(oidc_without_support_is_said),
        cmocka_unit_test(files_must_be_readable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
