/*
 * kafka_properties: which librdkafka properties may be passed through.
 *
 * Properties that would break a promise (delivery, order, partitioning, memory), or that are no text at all,
 * are refused by name. Whether librdkafka knows a property at all is found out when the producer is made.
 */
#ifndef TAILRACE_AGENT_CONFIG_KAFKA_PROPERTIES_H
#define TAILRACE_AGENT_CONFIG_KAFKA_PROPERTIES_H

#include <stdbool.h>
#include <stddef.h>

#include "decoders/err.h"

/* ERR_CONFIG with the reason (without a place) when `name` may not have this value. */
int kafka_property_check(const char *name, const char *value, struct err *e);

/* A rule as the reference shows it. */
struct kafka_rule {
    const char *name;    /* "*_cb": a suffix */
    const char *allowed; /* values that do no harm, with blanks between them; "1..5" a range; NULL none */
    const char *reason;
};

/* The i-th rule; NULL behind the last. */
const struct kafka_rule *kafka_rule_at(size_t i);

/* True when the property's value is a secret: never shown, wiped from the command line. */
bool kafka_property_is_secret(const char *name);

/*
 * Length of the property's name when `name` says where the value is to be read from, else 0:
 * "sasl.password_file" gives 13 and *env false, "sasl.password_env" 13 and *env true.
 */
size_t kafka_property_reference(const char *name, bool *env);

#endif
