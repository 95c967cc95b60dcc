#include "agent/sink/kafka_tls.h"

#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

bool kafka_tls_checked(struct kafka_tls *t, int x509_error) {
    if (x509_error != X509_V_OK) atomic_store(&t->refusal, x509_error);
    return x509_error == X509_V_OK;
}

static const char *cause(int x509_error) {
    switch (x509_error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "the broker's certificate is for another name: sink.brokers and the brokers' "
               "advertised.listeners must use a name that it bears";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        return "the broker's certificate is not signed by an authority that is trusted here: name the file "
               "of the one that signed it in sink.kafka.ssl.ca.location";
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "the broker's certificate has expired or is not valid yet: renew it, or correct the clock of "
               "this machine";
    default: return NULL;
    }
}

const char *kafka_tls_explain(const struct kafka_tls *t, rd_kafka_resp_err_t code, const char *reason,
                              char *to, size_t size) {
    const char *why = cause(atomic_load(&t->refusal));
    const char *rest = strstr(reason, ": "); /* "ssl://HOST:PORT/ID: SSL handshake failed: ..." */

    if (code != RD_KAFKA_RESP_ERR__SSL || !why || !rest || !strstr(rest, "certificate verify failed"))
        return reason;
    snprintf(to, size, "%.*s: %s", (int)(rest - reason), reason, why);
    return to;
}
