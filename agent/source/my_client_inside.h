/*
 * my_client_inside: what my_client.c and my_client_log.c share. Nobody else includes it.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_CLIENT_INSIDE_H
#define TAILRACE_AGENT_SOURCE_MY_CLIENT_INSIDE_H

#include <mysql.h>

#include "agent/source/my_client.h"

#ifdef MARIADB_PACKAGE_VERSION_ID
#define CONNECTOR_C 1
#endif

struct my_client {
    MYSQL *my;
    int fd; /* the socket once more: the library closes its own when it likes; -1: not connected */
#ifndef CONNECTOR_C
    MYSQL_RPL rpl;
    bool dumping;
    uint8_t *gtids;
#endif
};

/* The connection's last error, as `e`; `what` opens its message. -1. */
int my_client_fail(const struct my_client *c, const char *what, struct err *e);

#endif
