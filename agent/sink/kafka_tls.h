/*
 * kafka_tls: why a broker's certificate was not accepted.
 *
 * librdkafka has one text for every cause, and it speaks of the authority only. So its verification is
 * listened to, never overruled: what OpenSSL does not accept is not accepted.
 */
#ifndef TAILRACE_AGENT_SINK_KAFKA_TLS_H
#define TAILRACE_AGENT_SINK_KAFKA_TLS_H

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct kafka_tls {
    atomic_int refusal; /* OpenSSL's X509_V_ERR_...; 0: none so far */
};

/* A certificate of the chain was checked: remembers the error, if any. True: accepted. Any thread. */
bool kafka_tls_checked(struct kafka_tls *t, int x509_error);

/*
 * `reason`, librdkafka's text for an error event of that code; or, when it is about a refused certificate, a
 * text in `to` that begins with the broker as `reason` does and names cause and remedy.
 */
const char *kafka_tls_explain(const struct kafka_tls *t, rd_kafka_resp_err_t code, const char *reason,
                              char *to, size_t size);

#endif
