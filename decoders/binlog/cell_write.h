/*
 * cell_write: what a server answers to SELECT → the bytes of one column in a row image: the way back from
 * cell.h.
 *
 * What is to be asked for (the answer in the column's own charset, times in UTC):
 *
 *     FLOAT, DOUBLE      column * 1e0: all digits, and the sign of zero
 *     ENUM, SET          CAST(column AS UNSIGNED): the number
 *     JSON (MySQL)       CAST(column AS CHAR CHARACTER SET utf8mb4): its text, for a field with HINT_TEXT
 *     UUID, INET6        CAST(column AS BINARY(16)); INET4: BINARY(4)
 *     everything else    the column
 *
 * Bytes may be others than a server's where the log allows several for the same: zeros at the end of
 * BINARY(n), compressed columns, JSON as text. They read as the same value.
 */
#ifndef TAILRACE_DECODERS_BINLOG_CELL_WRITE_H
#define TAILRACE_DECODERS_BINLOG_CELL_WRITE_H

#include "decoders/binlog/field.h"
#include "decoders/buf.h"

/* Appends a cell that is not NULL. ERR_DATA: that is no value of this type. */
int cell_write(const struct field *f, const char *text, size_t len, struct buf *out, struct err *e);

#endif
