/*
 * my_catalog: what the log does not tell of the tables that are there now (decoders/binlog/catalog.h).
 *
 * Every binlog_row_metadata=FULL log says names and types, but MariaDB's UUID, INET4, INET6 and VECTOR are
 * plain bytes in it, and its times with fractions in the encoding from before 10.1 do not say how many digits
 * they have. And which unique key stands for a primary one where images are not whole. It is asked again
 * behind statements that may have made such columns.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_CATALOG_H
#define TAILRACE_AGENT_SOURCE_MY_CATALOG_H

#include "agent/source/my_server.h"

/* Appends the payload of a FRAME_CATALOG. */
int my_catalog_read(struct my_client *c, const struct my_server *server, struct buf *out, struct err *e);

/* True for an event of the log that holds a statement behind which the catalogue may have more to tell. Pure.
 */
bool my_catalog_grows(const uint8_t *event, size_t len, const struct my_server *server);

#endif
