/*
 * source_postgres: PostgreSQL 14 and later as a source: logical replication, pgoutput.
 *
 * pg_prepare proves and makes what streaming needs, pg_reader streams, pg_watch looks for tables that match
 * later.
 */
#ifndef TAILRACE_AGENT_SOURCE_SOURCE_POSTGRES_H
#define TAILRACE_AGENT_SOURCE_SOURCE_POSTGRES_H

#include "agent/source/source.h"

extern const struct source_ops source_postgres;

#endif
