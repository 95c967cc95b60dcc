/*
 * table_key: a table's name as one key of a hash: "database\0table". A database or a table may be empty.
 */
#ifndef TAILRACE_DECODERS_BINLOG_TABLE_KEY_H
#define TAILRACE_DECODERS_BINLOG_TABLE_KEY_H

#include <stddef.h>

#include "decoders/change.h"

#define TABLE_NAME_MAX 255 /* bytes; no TABLE_MAP has a longer one */
#define TABLE_KEY_MAX (2 * TABLE_NAME_MAX + 2)

/* Writes the key and returns its length; 0: a name is longer than the log can hold. */
size_t table_key(struct text database, struct text table, char key[TABLE_KEY_MAX]);

#endif
