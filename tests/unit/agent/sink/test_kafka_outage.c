/* When an outage is said, and when it is hopeless, on a clock moved by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/sink/kafka_outage.h"

#define SECOND INT64_C(1000000)

static int64_t now_us;
static int log_pipe[2];

static int64_t get_time(void *ctx) {
    (void)ctx;
    return now_us;
}

static const struct clock hand_clock = {.monotonic_us = get_time, .wall_us = get_time};

/* What was logged since the last time. */
static const char *logged(void) {
    static char text[4096];
    ssize_t n;

    assert_int_equal(write(log_pipe[1], "\n", 1), 1); /* so that reading never waits */
    n = read(log_pipe[0], text, sizeof text - 1);
    assert_true(n > 0);
    text[n - 1] = '\0';
    return text;
}

static int start(void **state) {
    (void)state;
    now_us = 1000 * SECOND;
    return pipe(log_pipe) == 0 && dup2(log_pipe[1], STDERR_FILENO) >= 0 ? 0 : -1;
}

static void down(struct kafka_outage *o) {
    kafka_outage_error(o, RD_KAFKA_RESP_ERR__TRANSPORT, "Connection refused");
    kafka_outage_error(o, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
}

static void an_outage_is_said_once_a_minute_and_at_its_end(void **state) {
    (void)state;
    struct kafka_outage o;
    kafka_outage_init(&o, &hand_clock, "shop");
    down(&o);
    const char *text = logged();
    assert_non_null(strstr(text, "no Kafka broker is reachable"));
    assert_non_null(strstr(text, "Connection refused"));
    for (int i = 0; i < 59; i++) {
        now_us += SECOND;
        down(&o);
    }
    assert_string_equal(logged(), "");
    now_us += SECOND;
    down(&o);
    assert_non_null(strstr(logged(), "for 60 s"));
    now_us += 5 * SECOND;
    kafka_outage_answer(&o);
    assert_non_null(strstr(logged(), "again after 65 s"));
    kafka_outage_answer(&o);
    assert_string_equal(logged(), "");
}

static void the_reason_is_waited_for(void **state) {
    (void)state;
    struct kafka_outage o;
    kafka_outage_init(&o, &hand_clock, "shop");
    kafka_outage_error(&o, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
    assert_string_equal(logged(), "");
    kafka_outage_error(&o, RD_KAFKA_RESP_ERR__TRANSPORT, "Connection refused");
    assert_non_null(strstr(logged(), "Connection refused"));
}

static void silence_is_said_too(void **state) {
    (void)state;
    struct kafka_outage o;
    kafka_outage_init(&o, &hand_clock, "shop");
    now_us += 3600 * SECOND; /* nothing was asked */
    kafka_outage_wait(&o);
    kafka_outage_error(&o, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
    now_us += 9 * SECOND;
    kafka_outage_wait(&o);
    assert_string_equal(logged(), "");
    now_us += SECOND;
    kafka_outage_wait(&o);
    const char *text = logged();
    assert_non_null(strstr(text, "no Kafka broker is reachable: waiting"));
    assert_non_null(strstr(text, "security.protocol"));
    now_us += 59 * SECOND;
    kafka_outage_wait(&o);
    assert_string_equal(logged(), "");
    now_us += SECOND;
    kafka_outage_wait(&o);
    assert_non_null(strstr(logged(), "for 70 s: still waiting"));
    kafka_outage_answer(&o);
    assert_non_null(strstr(logged(), "again after 70 s"));
    now_us += 3600 * SECOND;
    kafka_outage_wait(&o);
    assert_string_equal(logged(), "");
}

static void one_broker_of_several_is_said_rarely(void **state) {
    (void)state;
    struct kafka_outage o;
    kafka_outage_init(&o, &hand_clock, "shop");
    kafka_outage_answer(&o);
    kafka_outage_error(&o, RD_KAFKA_RESP_ERR__TRANSPORT, "broker 2 hung up");
    assert_non_null(strstr(logged(), "broker 2 hung up"));
    now_us += 29 * SECOND;
    kafka_outage_error(&o, RD_KAFKA_RESP_ERR__TRANSPORT, "broker 2 hung up");
    assert_string_equal(logged(), "");
    now_us += SECOND;
    kafka_outage_error(&o, RD_KAFKA_RESP_ERR__TRANSPORT, "broker 2 hung up");
    assert_non_null(strstr(logged(), "broker 2 hung up"));
}

static void refused_credentials_become_hopeless(void **state) {
    (void)state;
    struct kafka_outage o;
    struct err e = {0};
    kafka_outage_init(&o, &hand_clock, "shop");
    down(&o);
    now_us += 3600 * SECOND;
    assert_false(kafka_outage_hopeless(&o, &e)); /* a broker that is away may come back */
    kafka_outage_error(&o, RD_KAFKA_RESP_ERR__AUTHENTICATION, "SASL authentication error");
    now_us += 5 * SECOND;
    assert_false(kafka_outage_hopeless(&o, &e));
    now_us += 6 * SECOND;
    assert_true(kafka_outage_hopeless(&o, &e));
    assert_int_equal(e.code, ERR_CONFIG);
    assert_non_null(strstr(e.text, "SASL authentication error"));
    kafka_outage_answer(&o); /* once let in, a refusal is waited for like everything else */
    kafka_outage_error(&o, RD_KAFKA_RESP_ERR__AUTHENTICATION, "SASL authentication error");
    now_us += 3600 * SECOND;
    assert_false(kafka_outage_hopeless(&o, &e));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_outage_is_said_once_a_minute_and_at_its_end, start),
        cmocka_unit_test_setup(the_reason_is_waited_for, start),
        cmocka_unit_test_setup(silence_is_said_too, start),
        cmocka_unit_test_setup(one_broker_of_several_is_said_rarely, start),
        cmocka_unit_test_setup(refused_credentials_become_hopeless, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
