/*
 * my_auth: no password in clear over a connection that others may read.
 *
 * How a password is sent is the server's choice, or that of whoever answers in its place. Connector/C follows
 * any wish for which it finds a plug-in, and two of its plug-ins send the password as it is, one of them
 * asking on the terminal: here are ours instead, which do so over TLS and sockets only. A third one,
 * caching_sha2_password, takes TLS for given when it was enabled, also where the server has none: so it is
 * disabled as soon as the server's greeting says so, or the connection ended where TLS is required. Oracle's
 * library asks for TLS or an environment variable.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_AUTH_H
#define TAILRACE_AGENT_SOURCE_MY_AUTH_H

#include <mysql.h>

#include "agent/source/my_client.h"

/* Once in the life of the process, behind mysql_library_init(). */
void my_auth_begin(void);

/* Before `my` connects. ERR_CONFIG when the connection could give the password away. */
int my_auth_guard(MYSQL *my, const struct my_client_options *o, struct err *e);

/* Behind a connect that failed: it was ended because the server offers no TLS where that is required. */
bool my_auth_without_tls(const struct my_client_options *o);

#endif
