/* Reading topics of librdkafka's mock cluster to their end, also when the brokers go away in between. */
#include <stdio.h>
#include <time.h>

#include "agent/base/clock.h"
#include "agent/sink/kafka_consumer.h"
#include "tests/unit/agent/sink/mock.h"

#define TOPIC "shop.public.orders"
#define RECORDS 100
#define SLOW_MS 150 /* an answer of the broker takes that long: time to stop it before the first record */

static struct mock mock;

static void produce(int partition, int count) {
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(mock.cluster), why,
                      sizeof why);
    rd_kafka_conf_set(conf, "log_level", "0", why, sizeof why);
    rd_kafka_t *rd = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    assert_non_null(rd);
    for (int i = 0; i < count; i++)
        assert_int_equal(rd_kafka_producev(rd, RD_KAFKA_V_TOPIC(TOPIC), RD_KAFKA_V_PARTITION(partition),
                                           RD_KAFKA_V_VALUE("x", 1), RD_KAFKA_V_END),
                         RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(rd_kafka_flush(rd, 10000), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_destroy(rd);
}

static int start(void **state) {
    (void)state;
    mock_start(&mock, 1);
    mock_topic(&mock, TOPIC, 2);
    produce(0, RECORDS);
    produce(1, RECORDS);
    return 0;
}

static int finish(void **state) {
    (void)state;
    mock_stop(&mock);
    return 0;
}

static struct kafka_consumer *open_consumer(int patience_ms) {
    const char *topic = TOPIC;
    const struct kafka_consumer_options o = {
        .brokers = rd_kafka_mock_cluster_bootstraps(mock.cluster),
        .topics = &topic,
        .ntopics = 1,
        .from = KAFKA_CONSUMER_BEGINNING,
        .stop_at_end = true,
        .patience_ms = patience_ms,
    };
    struct kafka_consumer *c = NULL;
    struct err e = {0};

    if (kafka_consumer_open(&o, 10000, &c, &e)) fail_msg("%s", e.text);
    return c;
}

/* Reads until the end or an error, ten seconds at most. */
static enum kafka_next read_all(struct kafka_consumer *c, int *records, struct err *e) {
    int64_t until = clock_monotonic_us(&clock_system) + INT64_C(10000000);
    struct kafka_record r;
    enum kafka_next next = KAFKA_NEXT_NOTHING;

    *records = 0;
    while (next != KAFKA_NEXT_END && next != KAFKA_NEXT_ERROR && clock_monotonic_us(&clock_system) < until) {
        next = kafka_consumer_next(c, 100, &r, e);
        *records += next == KAFKA_NEXT_RECORD;
    }
    return next;
}

static void reads_to_the_end(void **state) {
    (void)state;
    struct err e = {0};
    int records;
    struct kafka_consumer *c = open_consumer(1000);
    produce(1, 1); /* comes too late for this reading */
    assert_int_equal(read_all(c, &records, &e), KAFKA_NEXT_END);
    assert_int_equal(records, 2 * RECORDS);
    kafka_consumer_close(c);
}

static void gives_up_when_the_brokers_have_gone(void **state) {
    (void)state;
    struct err e = {0};
    int records;
    rd_kafka_mock_broker_set_rtt(mock.cluster, 1, SLOW_MS);
    struct kafka_consumer *c = open_consumer(1000);
    rd_kafka_mock_broker_set_down(mock.cluster, 1);
    assert_int_equal(read_all(c, &records, &e), KAFKA_NEXT_ERROR);
    assert_true(records < 2 * RECORDS);
    assert_int_equal(e.code, ERR_IO);
    assert_non_null(strstr(e.text, "nothing came for 1 s, before the end: no Kafka broker answers: "));
    assert_non_null(strstr(e.text, "127.0.0.1")); /* librdkafka's reason */
    kafka_consumer_close(c);
}

static void waits_for_brokers_that_come_back(void **state) {
    (void)state;
    struct err e = {0};
    struct kafka_record r;
    int records;
    rd_kafka_mock_broker_set_rtt(mock.cluster, 1, SLOW_MS);
    struct kafka_consumer *c = open_consumer(5000);
    rd_kafka_mock_broker_set_down(mock.cluster, 1);
    for (int i = 0; i < 10; i++) assert_int_equal(kafka_consumer_next(c, 100, &r, &e), KAFKA_NEXT_NOTHING);
    rd_kafka_mock_broker_set_rtt(mock.cluster, 1, 0);
    rd_kafka_mock_broker_set_up(mock.cluster, 1);
    assert_int_equal(read_all(c, &records, &e), KAFKA_NEXT_END);
    assert_int_equal(records, 2 * RECORDS);
    kafka_consumer_close(c);
}

static void gives_up_on_a_partition_that_nobody_leads(void **state) {
    (void)state;
    struct err e = {0};
    int records;
    rd_kafka_mock_broker_set_rtt(mock.cluster, 1, SLOW_MS);
    struct kafka_consumer *c = open_consumer(1500);
    rd_kafka_mock_partition_set_leader(mock.cluster, TOPIC, 1, -1);
    rd_kafka_mock_broker_set_rtt(mock.cluster, 1, 0);
    assert_int_equal(read_all(c, &records, &e), KAFKA_NEXT_ERROR);
    assert_int_equal(records, RECORDS);
    assert_int_equal(e.code, ERR_IO);
    assert_non_null(strstr(e.text, "partition 1 of topic " TOPIC " has no leader"));
    kafka_consumer_close(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_to_the_end, start, finish),
        cmocka_unit_test_setup_teardown(gives_up_when_the_brokers_have_gone, start, finish),
        cmocka_unit_test_setup_teardown(waits_for_brokers_that_come_back, start, finish),
        cmocka_unit_test_setup_teardown(gives_up_on_a_partition_that_nobody_leads, start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
