/* What is said about a certificate that was not accepted, by OpenSSL's error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/x509_vfy.h>

#include "agent/sink/kafka_tls.h"

static const char failed[] =
    "ssl://kafka-1:9093/2: SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: ...";

static const char *explain(int x509_error, rd_kafka_resp_err_t code, const char *reason) {
    static char text[400];
    struct kafka_tls t = {0};

    assert_true(kafka_tls_checked(&t, X509_V_OK));
    assert_false(kafka_tls_checked(&t, x509_error));
    assert_true(kafka_tls_checked(&t, X509_V_OK)); /* another certificate of the chain */
    return kafka_tls_explain(&t, code, reason, text, sizeof text);
}

static void assert_said(int x509_error, const char *expected) {
    const char *text = explain(x509_error, RD_KAFKA_RESP_ERR__SSL, failed);

    assert_int_equal(strncmp(text, "ssl://kafka-1:9093/2: the broker's certificate ", 46), 0);
    assert_non_null(strstr(text, expected));
}

static void causes_have_remedies(void **state) {
    (void)state;
    assert_said(X509_V_ERR_HOSTNAME_MISMATCH, "is for another name: sink.brokers");
    assert_said(X509_V_ERR_IP_ADDRESS_MISMATCH, "is for another name: sink.brokers");
    assert_said(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "sink.kafka.ssl.ca.location");
    assert_said(X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "sink.kafka.ssl.ca.location");
    assert_said(X509_V_ERR_CERT_HAS_EXPIRED, "the clock of this machine");
}

static void other_texts_stay(void **state) {
    (void)state;
    static const char refused[] = "ssl://kafka-1:9093/2: Connect to ipv4#10.0.0.1:9093 failed";
    assert_ptr_equal(explain(X509_V_ERR_HOSTNAME_MISMATCH, RD_KAFKA_RESP_ERR__TRANSPORT, refused), refused);
    assert_ptr_equal(explain(X509_V_ERR_HOSTNAME_MISMATCH, RD_KAFKA_RESP_ERR__SSL, refused), refused);
    assert_ptr_equal(explain(X509_V_ERR_CERT_REVOKED, RD_KAFKA_RESP_ERR__SSL, failed), failed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(causes_have_remedies),
        cmocka_unit_test(other_texts_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
