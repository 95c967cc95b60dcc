#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/config/kafka_properties.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const allowed[][2] = {
    {"compression.type", "lz4"},
    {"linger.ms", "5"},
    {"batch.size", "100000"},
    {"enable.idempotence", "true"},
    {"acks", "all"},
    {"acks", "-1"},
    {"request.required.acks", "ALL"},
    {"message.timeout.ms", "0"},
    {"delivery.timeout.ms", "0"},
    {"retries", "2147483647"},
    {"max.in.flight", "1"},
    {"max.in.flight.requests.per.connection", "5"},
    {"queuing.strategy", "fifo"},
    {"partitioner", "murmur2"},
    {"partitioner", "murmur2_random"},
    {"topic.metadata.refresh.interval.ms", "1000"},
    {"sasl.mechanism", "SCRAM-SHA-512"},
    {"security.protocol", "sasl_ssl"},
    {"unknown.property", "x"},
};

struct refusal {
    const char *name, *value, *text;
};

#define CALLBACK " cannot be set: it is no text that a file could hold; Tailrace sets what it needs itself"
#define FOR_EVER "a change is retried for as long as it takes, and none is given up"

static const struct refusal refusals[] = {
    {"bootstrap.servers", "a:1", "bootstrap.servers cannot be set: brokers are named in sink.brokers"},
    {"metadata.broker.list", "a:1", "metadata.broker.list cannot be set: brokers are named in sink.brokers"},
    {"enable.idempotence", "false",
     "enable.idempotence can only be true: without it a retry may lose, repeat or reorder changes"},
    {"acks", "1",
     "acks can only be all: a change counts as delivered only when every in-sync replica has it"},
    {"topic.acks", "0",
     "topic.acks can only be all: a change counts as delivered only when every in-sync replica has it"},
    {"request.required.acks", "",
     "request.required.acks can only be all: a change counts as delivered only when every in-sync replica "
     "has it"},
    {"message.timeout.ms", "300000", "message.timeout.ms can only be 0: " FOR_EVER},
    {"delivery.timeout.ms", "1", "delivery.timeout.ms can only be 0: " FOR_EVER},
    {"retries", "0", "retries can only be 2147483647: " FOR_EVER},
    {"message.send.max.retries", "10", "message.send.max.retries can only be 2147483647: " FOR_EVER},
    {"max.in.flight", "6",
     "max.in.flight can only be 1..5: the order of a key's changes must survive retries"},
    {"max.in.flight", "0",
     "max.in.flight can only be 1..5: the order of a key's changes must survive retries"},
    {"max.in.flight", "",
     "max.in.flight can only be 1..5: the order of a key's changes must survive retries"},
    {"max.in.flight", "2x",
     "max.in.flight can only be 1..5: the order of a key's changes must survive retries"},
    {"queuing.strategy", "lifo",
     "queuing.strategy can only be fifo: the order of a key's changes must survive retries"},
    {"partitioner", "consistent_random",
     "partitioner can only be murmur2: keys must go where Java clients put them"},
    {"partitioner", "murmur", "partitioner can only be murmur2: keys must go where Java clients put them"},
    {"transactional.id", "x", "transactional.id cannot be set: exactly-once is not in this version"},
    {"transaction.timeout.ms", "1",
     "transaction.timeout.ms cannot be set: exactly-once is not in this version"},
    {"queue.buffering.max.kbytes", "1",
     "queue.buffering.max.kbytes cannot be set: the option memory bounds the producer's queue"},
    {"queue.buffering.max.messages", "0",
     "queue.buffering.max.messages cannot be set: the option memory bounds the producer's queue"},
    {"enable.gapless.guarantee", "false",
     "enable.gapless.guarantee can only be true: changes behind one that cannot be delivered would overtake "
     "it"},
    {"delivery.report.only.error", "true",
     "delivery.report.only.error can only be false: each delivery must be reported, or nothing could be "
     "acknowledged"},
    {"dr_cb", "x", "dr_cb" CALLBACK},
    {"dr_msg_cb", "x", "dr_msg_cb" CALLBACK},
    {"partitioner_cb", "x", "partitioner_cb" CALLBACK},
    {"msg_order_cmp", "x", "msg_order_cmp" CALLBACK},
    {"plugin.library.paths", "x.so",
     "plugin.library.paths cannot be set: foreign code could change or drop records"},
};

static void test_allowed(void **state) {
    (void)state;
    struct err e = {0};
    for (size_t i = 0; i < COUNT(allowed); i++)
        if (kafka_property_check(allowed[i][0], allowed[i][1], &e) != 0) fail_msg("%s", e.text);
}

static void test_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct err e = {0};
        if (kafka_property_check(refusals[i].name, refusals[i].value, &e) == 0)
            fail_msg("%s=%s", refusals[i].name, refusals[i].value);
        assert_string_equal(e.text, refusals[i].text);
        assert_int_equal(e.code, ERR_CONFIG);
    }
}

static void test_secrets(void **state) {
    (void)state;
    const char *const secret[] = {"sasl.password",
                                  "ssl.key.password",
                                  "ssl.keystore.password",
                                  "ssl.key.pem",
                                  "sasl.oauthbearer.client.secret",
                                  "sasl.jaas.config"};
    const char *const open[] = {"sasl.username", "ssl.key.location", "sasl.password_file",
                                "sasl.password_env"};
    for (size_t i = 0; i < COUNT(secret); i++) assert_true(kafka_property_is_secret(secret[i]));
    for (size_t i = 0; i < COUNT(open); i++) assert_false(kafka_property_is_secret(open[i]));
}

static void test_references(void **state) {
    (void)state;
    bool env;
    assert_int_equal(kafka_property_reference("sasl.password_file", &env), 13);
    assert_false(env);
    assert_int_equal(kafka_property_reference("sasl.password_env", &env), 13);
    assert_true(env);
    assert_int_equal(kafka_property_reference("sasl.password", &env), 0);
    assert_int_equal(kafka_property_reference("_env", &env), 0);
    assert_int_equal(kafka_property_reference("_file", &env), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allowed),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_references),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
