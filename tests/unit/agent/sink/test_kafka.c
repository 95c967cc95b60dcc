/* The Kafka sink against librdkafka's mock cluster: delivery, order, back-pressure, and errors on demand. */
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "agent/base/clock.h"
#include "agent/sink/sink.h"
#include "tests/unit/agent/sink/mock.h"

#define TOPIC "shop.public.orders"
#define SEQS 20000

struct fixture {
    struct mock mock;
    struct config_strings brokers;
    const char *broker;
    struct config_pair kafka[4];
    struct config_sink config;
    struct sink *sink;
    uint32_t topic;
    uint8_t results[SEQS + 1]; /* how many each record got */
    size_t delivered;
    size_t failed;
    struct err failure; /* the first */
};

static struct fixture f;

static void on_result(void *ctx, uint64_t seq, const struct err *e) {
    (void)ctx;
    assert_in_range(seq, 1, SEQS);
    f.results[seq]++;
    if (e && f.failed++ == 0) f.failure = *e;
    if (!e) f.delivered++;
}

static bool always(void *ctx) {
    (void)ctx;
    return true;
}

static void open_sink(void) {
    struct sink_topic t = {.name = TOPIC, .keep_forever = true, .compacted_ok = true};
    struct err e = {0};

    if (sink_kafka.open(&f.config, "shop", on_result, NULL, &f.sink, &e) < 0) fail_msg("%s", e.text);
    if (sink_kafka.topic(f.sink, &t, always, NULL, &f.topic, &e) < 0) fail_msg("%s", e.text);
}

static int start(void **state) {
    (void)state;
    f = (struct fixture){0};
    mock_start(&f.mock, 1);
    mock_topic(&f.mock, TOPIC, 3);
    f.broker = rd_kafka_mock_cluster_bootstraps(f.mock.cluster);
    f.config = (struct config_sink){.type = SINK_KAFKA,
                                    .brokers = {&f.broker, 1},
                                    .kafka = f.kafka,
                                    .partitions = -1,
                                    .replication = -1,
                                    .create_topics = false, /* the mock cluster cannot */
                                    .queue_bytes = 4 << 20};
    return 0;
}

static int finish(void **state) {
    (void)state;
    if (f.sink) sink_kafka.close(f.sink);
    mock_stop(&f.mock);
    return 0;
}

static enum sink_send send_record(uint64_t seq, const char *key, const char *value, struct err *e) {
    struct sink_record r = {.topic = f.topic, .partition = SINK_PARTITION_BY_KEY, .seq = seq};

    r.key = (struct text){key, key ? strlen(key) : 0};
    r.value = (struct text){value, value ? strlen(value) : 0};
    return sink_kafka.send(f.sink, &r, e);
}

/* Sends records first..last, their numbers as values, over ten keys. */
static void send_many(uint64_t first, uint64_t last) {
    char key[16];
    char value[32];
    struct err e = {0};

    for (uint64_t seq = first; seq <= last; seq++) {
        snprintf(key, sizeof key, "key %d", (int)(seq % 10));
        snprintf(value, sizeof value, "%010d", (int)seq);
        while (send_record(seq, key, value, &e) != SINK_SENT)
            if (sink_kafka.poll(f.sink, 100, &e) < 0) fail_msg("%s", e.text);
    }
}

static void flush_all(void) {
    struct err e = {0};

    int rc = sink_kafka.flush(f.sink, 30000, &e);
    if (rc != 0) fail_msg("flush %d: %s", rc, e.text);
}

/* Within a key, each number once and ascending. */
struct order {
    int last[10];
    int32_t partition[10];
    size_t disorder;
};

static void check_order(void *ctx, const rd_kafka_message_t *r) {
    struct order *o = ctx;
    int key = ((const char *)r->key)[4] - '0';
    char value[16] = "";

    memcpy(value, r->payload, r->len < sizeof value ? r->len : sizeof value - 1);
    int seq = (int)strtol(value, NULL, 10);

    if (seq <= o->last[key] || (o->last[key] && o->partition[key] != r->partition)) o->disorder++;
    o->last[key] = seq;
    o->partition[key] = r->partition;
}

static size_t read_all(struct order *o) {
    return mock_read(&f.mock, TOPIC, 0, 2, check_order, o);
}

static void assert_once_each(uint64_t last) {
    for (uint64_t seq = 1; seq <= last; seq++) assert_int_equal(f.results[seq], 1);
}

/* ---- Delivery ---- */

static void delivers_everything_in_order(void **state) {
    (void)state;
    struct order o = {0};
    open_sink();
    assert_int_equal(sink_kafka.partitions(f.sink, f.topic), 3);
    send_many(1, SEQS);
    flush_all();
    assert_once_each(SEQS);
    assert_int_equal(f.delivered, SEQS);
    assert_int_equal(read_all(&o), SEQS);
    assert_int_equal(o.disorder, 0);
}

/* Alone it is sent at once; the fastest of many, since the machine may be busy. */
static void a_record_alone_does_not_linger(void **state) {
    (void)state;
    int64_t fastest = INT64_MAX;
    open_sink();
    for (uint64_t seq = 1; seq <= 50; seq++) {
        int64_t begin = clock_monotonic_us(&clock_system);
        send_many(seq, seq);
        flush_all();
        int64_t took = clock_monotonic_us(&clock_system) - begin;
        if (took < fastest) fastest = took;
    }
    assert_in_range(fastest, 0, 10000);
}

/*
 * One request at a time: a broker refuses what follows a batch that it refused, by its sequence numbers. The
 * mock looks at none, takes the following batch, and librdkafka believes that it has the refused one.
 */
static void keeps_the_order_over_retries(void **state) {
    (void)state;
    struct order o = {0};
    f.kafka[0] = (struct config_pair){.name = "max.in.flight", .value = "1"};
    f.config.nkafka = 1;
    open_sink();
    for (uint64_t round = 0; round < 5; round++) {
        rd_kafka_mock_push_request_errors(
            f.mock.cluster, API_PRODUCE, 3, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
        send_many(round * 200 + 1, round * 200 + 200);
        flush_all();
    }
    assert_once_each(1000);
    assert_int_equal(f.delivered, 1000);
    assert_int_equal(read_all(&o), 1000);
    assert_int_equal(o.disorder, 0);
}

/* Hashes from the tests of Kafka's own org.apache.kafka.common.utils.Utils.murmur2. */
static const struct {
    const char *key;
    int32_t hash;
} java_keys[] = {{"21", -973932308},
                 {"foobar", -790332482},
                 {"a-little-bit-long-string", -985981536},
                 {"a-little-bit-longer-string", -1486304829},
                 {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
                 {"abc", 479470107}};

static void check_java(void *ctx, const rd_kafka_message_t *r) {
    size_t *n = ctx;
    size_t i = (size_t)(*(const char *)r->payload - '0');

    assert_int_equal(r->partition, (java_keys[i].hash & INT32_MAX) % 3);
    ++*n;
}

static void keys_go_where_java_puts_them(void **state) {
    (void)state;
    size_t n = 0;
    struct err e = {0};
    open_sink();
    for (size_t i = 0; i < 6; i++) {
        char value[] = {(char)('0' + i), '\0'};
        assert_int_equal(send_record(i + 1, java_keys[i].key, value, &e), SINK_SENT);
    }
    flush_all();
    mock_read(&f.mock, TOPIC, 0, 2, check_java, &n);
    assert_int_equal(n, 6);
}

static void count_record(void *ctx, const rd_kafka_message_t *r) {
    ((size_t *)ctx)[r->partition]++;
}

static void records_without_a_key_reach_every_partition(void **state) {
    (void)state;
    struct err e = {0};
    size_t n[3] = {0};
    open_sink();
    for (uint64_t seq = 1; seq <= 3000; seq++) assert_int_equal(send_record(seq, NULL, "x", &e), SINK_SENT);
    flush_all();
    assert_int_equal(mock_read(&f.mock, TOPIC, 0, 2, count_record, n), 3000);
    for (int p = 0; p < 3; p++) assert_in_range(n[p], 500, 2000);
}

static void check_tombstone(void *ctx, const rd_kafka_message_t *r) {
    *(bool *)ctx = r->payload == NULL && r->key_len == 1;
}

static void tombstones_and_chosen_partitions(void **state) {
    (void)state;
    struct sink_record r = {.partition = 2, .seq = 1, .key = {"k", 1}};
    bool tombstone = false;
    open_sink();
    r.topic = f.topic;
    assert_int_equal(sink_kafka.send(f.sink, &r, NULL), SINK_SENT);
    flush_all();
    assert_int_equal(mock_read(&f.mock, TOPIC, 2, 2, check_tombstone, &tombstone), 1);
    assert_true(tombstone);
}

/* A length beside a pointer that is NULL means nothing, and must not stay in the account of the queue. */
static void what_is_not_there_has_no_length(void **state) {
    (void)state;
    struct sink_record r = {.partition = 0, .value = {NULL, 50000}, .key = {NULL, 700}};
    struct err e = {0};
    f.config.queue_bytes = 100000;
    open_sink();
    r.topic = f.topic;
    for (r.seq = 1; r.seq <= 100; r.seq++) {
        if (r.seq % 20 == 0) flush_all();
        assert_int_equal(sink_kafka.send(f.sink, &r, &e), SINK_SENT);
    }
    flush_all();
    assert_int_equal(f.delivered, 100);
}

static void check_time(void *ctx, const rd_kafka_message_t *r) {
    int64_t *times = ctx;

    times[*(const char *)r->payload - '0'] = rd_kafka_message_timestamp(r, NULL);
}

static void times_are_commit_times_and_never_in_the_future(void **state) {
    (void)state;
    struct sink_record r = {.partition = 0, .value = {"0", 1}, .seq = 1, .ts_us = 1700000000123456};
    int64_t times[3] = {0};
    open_sink();
    r.topic = f.topic;
    assert_int_equal(sink_kafka.send(f.sink, &r, NULL), SINK_SENT);
    r.value.ptr = "1";
    r.seq = 2;
    r.ts_us = clock_wall_us(&clock_system) + 3600000000LL;
    assert_int_equal(sink_kafka.send(f.sink, &r, NULL), SINK_SENT);
    r.value.ptr = "2";
    r.seq = 3;
    r.ts_us = 0;
    assert_int_equal(sink_kafka.send(f.sink, &r, NULL), SINK_SENT);
    flush_all();
    mock_read(&f.mock, TOPIC, 0, 0, check_time, times);
    assert_int_equal(times[0], 1700000000123);
    assert_in_range(times[1], 1700000000123, (uintmax_t)clock_wall_us(&clock_system) / 1000);
    assert_in_range(times[2], 1700000000123, (uintmax_t)clock_wall_us(&clock_system) / 1000);
}

/* ---- Back-pressure ---- */

static void a_full_queue_is_said_and_a_large_record_passes_alone(void **state) {
    (void)state;
    struct err e = {0};
    char *big = malloc(900001);
    uint64_t seq = 0;
    f.config.queue_bytes = 100000;
    open_sink();
    memset(big, 'x', 900000);
    big[900000] = '\0';
    rd_kafka_mock_broker_set_rtt(f.mock.cluster, 1, 300);
    while (send_record(seq + 1, "k", "0123456789", &e) == SINK_SENT) assert_true(++seq < 10000);
    assert_in_range(seq, 300, 100000 / 11); /* librdkafka's overhead counts, too */
    assert_int_equal(send_record(seq + 1, "k", big, &e), SINK_FULL);
    flush_all();
    assert_int_equal(f.delivered, seq);
    assert_int_equal(send_record(seq + 1, "k", big, &e), SINK_SENT);
    assert_int_equal(send_record(seq + 2, "k", "x", &e), SINK_FULL);
    flush_all();
    assert_int_equal(f.delivered, seq + 1);
    free(big);
}

static void what_is_too_large_is_said_at_once(void **state) {
    (void)state;
    struct err e = {0};
    char *big = malloc(2000001);
    open_sink();
    size_t max = sink_kafka.max_record(f.sink, f.topic);
    assert_in_range(max, 900000, 1048588);
    memset(big, 'x', 2000000);
    big[2000000] = '\0';
    assert_int_equal(send_record(1, NULL, big, &e), SINK_TOO_LARGE);
    big[max + 1] = '\0';
    assert_int_equal(send_record(1, NULL, big, &e), SINK_TOO_LARGE);
    big[max] = '\0';
    assert_int_equal(send_record(1, NULL, big, &e), SINK_SENT);
    flush_all();
    assert_int_equal(f.delivered, 1);
    free(big);
}

static bool readable_within(int timeout_ms) {
    struct pollfd p = {.fd = sink_kafka.fd(f.sink), .events = POLLIN};

    return poll(&p, 1, timeout_ms) == 1;
}

static void the_descriptor_wakes_for_results_and_rests_after_them(void **state) {
    (void)state;
    struct err e = {0};
    open_sink();
    for (uint64_t seq = 1; seq <= 25; seq++) {
        while (readable_within(20)) assert_int_equal(sink_kafka.poll(f.sink, 0, &e), 0);
        assert_int_equal(send_record(seq, "k", "x", &e), SINK_SENT);
        while (f.delivered < seq) {
            assert_true(readable_within(10000));
            assert_int_equal(sink_kafka.poll(f.sink, 0, &e), 0);
        }
    }
}

/* ---- Trouble ---- */

static void a_broker_that_is_away_is_waited_for(void **state) {
    (void)state;
    struct order o = {0};
    struct err e = {0};
    open_sink();
    send_many(1, 100);
    flush_all();
    rd_kafka_mock_broker_set_down(f.mock.cluster, 1);
    send_many(101, 300);
    assert_int_equal(sink_kafka.flush(f.sink, 500, &e), 1);
    assert_int_equal(f.delivered, 100);
    rd_kafka_mock_broker_set_up(f.mock.cluster, 1);
    flush_all();
    assert_once_each(300);
    assert_int_equal(read_all(&o), 300);
    assert_int_equal(o.disorder, 0);
}

static void a_refused_record_stops_what_is_behind_it(void **state) {
    (void)state;
    struct err e = {0};
    f.kafka[0] = (struct config_pair){.name = "batch.num.messages", .value = "10"};
    f.config.nkafka = 1;
    open_sink();
    send_many(1, 100);
    flush_all();
    rd_kafka_mock_push_request_errors(f.mock.cluster, API_PRODUCE, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    for (uint64_t seq = 101; seq <= 400; seq++) {
        char value[16];
        snprintf(value, sizeof value, "%010d", (int)seq);
        if (send_record(seq, "key 1", value, &e) != SINK_SENT) break;
    }
    for (int i = 0; i < 50 && !f.failed; i++)
        if (sink_kafka.poll(f.sink, 100, &e) < 0) fail_msg("%s", e.text);
    assert_true(f.failed > 0);
    assert_int_equal(f.failure.code, ERR_CONFIG);
    assert_false(f.failure.retriable);
    assert_non_null(strstr(f.failure.text, TOPIC));
    assert_non_null(strstr(f.failure.text, "max.message.bytes"));
}

static void what_breaks_the_producer_is_fatal(void **state) {
    (void)state;
    struct err e = {0};
    int rc = 0;
    open_sink();
    rd_kafka_mock_push_request_errors(f.mock.cluster, API_PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID + 1000);
    assert_int_equal(send_record(1, "k", "x", &e), SINK_SENT);
    for (int i = 0; i < 100 && rc == 0; i++) rc = sink_kafka.poll(f.sink, 100, &e);
    assert_int_equal(rc, -1);
    assert_int_equal(e.code, ERR_IO);
    assert_true(e.fatal);
    assert_int_equal(f.delivered, 0);
    assert_int_equal(f.failed, 0); /* it comes again, from the checkpoint */
}

static void closing_reports_nothing(void **state) {
    (void)state;
    struct timespec before;
    struct timespec after;
    open_sink();
    rd_kafka_mock_broker_set_down(f.mock.cluster, 1);
    send_many(1, 1000);
    clock_gettime(CLOCK_MONOTONIC, &before);
    sink_kafka.close(f.sink);
    clock_gettime(CLOCK_MONOTONIC, &after);
    f.sink = NULL;
    assert_int_equal(f.delivered + f.failed, 0);
    assert_true(after.tv_sec - before.tv_sec < 5);
}

static bool three_times(void *ctx) {
    return ++*(int *)ctx < 3;
}

static void waiting_for_a_topic_can_be_stopped(void **state) {
    (void)state;
    struct sink_topic t = {.name = TOPIC, .compacted_ok = true};
    struct err e = {0};
    int asked = 0;
    rd_kafka_mock_broker_set_down(f.mock.cluster, 1);
    assert_int_equal(sink_kafka.open(&f.config, "shop", on_result, NULL, &f.sink, &e), 0);
    assert_int_equal(sink_kafka.topic(f.sink, &t, three_times, &asked, &f.topic, &e), -1);
    assert_int_equal(e.code, ERR_STOPPED);
    assert_int_equal(asked, 3);
}

static void a_topic_has_one_handle(void **state) {
    (void)state;
    struct sink_topic t = {.name = TOPIC, .compacted_ok = true};
    uint32_t again = 77;
    open_sink();
    mock_topic(&f.mock, "other", 5);
    assert_int_equal(sink_kafka.topic(f.sink, &t, always, NULL, &again, NULL), 0);
    assert_int_equal(again, f.topic);
    t.name = "other";
    assert_int_equal(sink_kafka.topic(f.sink, &t, always, NULL, &again, NULL), 0);
    assert_int_not_equal(again, f.topic);
    assert_int_equal(sink_kafka.partitions(f.sink, again), 5);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST(delivers_everything_in_order),
        TEST(a_record_alone_does_not_linger),
        TEST(keeps_the_order_over_retries),
        TEST(keys_go_where_java_puts_them),
        TEST(records_without_a_key_reach_every_partition),
        TEST(tombstones_and_chosen_partitions),
        TEST(what_is_not_there_has_no_length),
        TEST(times_are_commit_times_and_never_in_the_future),
        TEST(a_full_queue_is_said_and_a_large_record_passes_alone),
        TEST(what_is_too_large_is_said_at_once),
        TEST(the_descriptor_wakes_for_results_and_rests_after_them),
        TEST(a_broker_that_is_away_is_waited_for),
        TEST(a_refused_record_stops_what_is_behind_it),
        TEST(what_breaks_the_producer_is_fatal),
        TEST(closing_reports_nothing),
        TEST(waiting_for_a_topic_can_be_stopped),
        TEST(a_topic_has_one_handle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
