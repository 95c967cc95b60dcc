/*
 * source_mysql: MySQL and MariaDB as a source: the binary log, read as a replica reads it.
 *
 * my_prepare proves that the log goes on where the checkpoint ends, my_reader reads it, my_watch looks how
 * far behind we are. Nothing is made on the server, so there is nothing to drop there either.
 */
#ifndef TAILRACE_AGENT_SOURCE_SOURCE_MYSQL_H
#define TAILRACE_AGENT_SOURCE_SOURCE_MYSQL_H

#include "agent/source/source.h"

extern const struct source_ops source_mysql;

#endif
