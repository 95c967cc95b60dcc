/*
 * tls: what protecting a connection takes, whichever database it goes to.
 */
#ifndef TAILRACE_AGENT_SOURCE_TLS_H
#define TAILRACE_AGENT_SOURCE_TLS_H

#include <stdbool.h>

#include "decoders/err.h"

/* True when each of the comma-separated hosts is a loopback address, "localhost" or a socket's path. */
bool tls_local(const char *hosts);

/*
 * The file with the certificate authorities to trust: `wanted`, or the system's bundle when that is NULL.
 * ERR_CONFIG when there is none, or it cannot be read.
 */
int tls_bundle(const char *wanted, const char **out, struct err *e);

#endif
