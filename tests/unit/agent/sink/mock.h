/*
 * mock: librdkafka's own mock cluster for tests: a broker on loopback that can be told to fail.
 *
 * It has no admin interface, so topics are made here, and the sink goes on blindly.
 */
#ifndef TAILRACE_TESTS_UNIT_AGENT_SINK_MOCK_H
#define TAILRACE_TESTS_UNIT_AGENT_SINK_MOCK_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>

#include <librdkafka/rdkafka_mock.h>

#define API_PRODUCE 0

struct mock {
    rd_kafka_t *handle; /* only carries the cluster */
    rd_kafka_mock_cluster_t *cluster;
};

static inline void mock_start(struct mock *m, int brokers) {
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    rd_kafka_conf_set(conf, "log_level", "0", why, sizeof why);
    m->handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    assert_non_null(m->handle);
    m->cluster = rd_kafka_mock_cluster_new(m->handle, brokers);
    assert_non_null(m->cluster);
}

/* librdkafka takes a second to end a cluster: that goes on beside the next test. Ended at exit at the latest.
 */
static struct mock mock_ending;
static pthread_t mock_end_thread;

static inline void *mock_end(void *arg) {
    struct mock *m = arg;

    rd_kafka_mock_cluster_destroy(m->cluster);
    rd_kafka_destroy(m->handle);
    return NULL;
}

static inline void mock_ended(void) {
    if (mock_ending.handle) pthread_join(mock_end_thread, NULL);
    mock_ending.handle = NULL;
}

static inline void mock_stop(struct mock *m) {
    static bool at_exit;

    mock_ended();
    if (!at_exit) atexit(mock_ended);
    at_exit = true;
    mock_ending = *m;
    assert_int_equal(pthread_create(&mock_end_thread, NULL, mock_end, &mock_ending), 0);
}

static inline void mock_topic(struct mock *m, const char *name, int partitions) {
    assert_int_equal(rd_kafka_mock_topic_create(m->cluster, name, partitions, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
}

/* Reads partitions first to last from their beginnings to their ends; `each` sees every record. */
static inline size_t mock_read(struct mock *m, const char *topic, int32_t first, int32_t last,
                               void (*each)(void *ctx, const rd_kafka_message_t *r), void *ctx) {
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    size_t n = 0;

    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(m->cluster), why,
                      sizeof why);
    rd_kafka_conf_set(conf, "log_level", "0", why, sizeof why);
    rd_kafka_conf_set(conf, "group.id", "test", why, sizeof why);
    rd_kafka_conf_set(conf, "enable.partition.eof", "true", why, sizeof why);
    rd_kafka_conf_set(conf, "fetch.wait.max.ms", "10", why, sizeof why); /* at an end */
    rd_kafka_t *rd = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    assert_non_null(rd);
    for (int32_t p = first; p <= last; p++)
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = RD_KAFKA_OFFSET_BEGINNING;
    assert_int_equal(rd_kafka_assign(rd, list), RD_KAFKA_RESP_ERR_NO_ERROR);
    bool ended[16] = {false}; /* by partition: an end may be told again */
    for (int32_t left = last - first + 1; left > 0;) {
        rd_kafka_message_t *r = rd_kafka_consumer_poll(rd, 10000);
        assert_non_null(r);
        if (r->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && !ended[r->partition]) {
            ended[r->partition] = true;
            left--;
        }
        if (!r->err) {
            each(ctx, r);
            n++;
        }
        rd_kafka_message_destroy(r);
    }
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_consumer_close(rd);
    rd_kafka_destroy(rd);
    return n;
}

#endif
