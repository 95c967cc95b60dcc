/*
 * json_binary: MySQL's binary JSON → the text that the server's CAST(col AS CHAR) gives.
 *
 * Layout: MySQL sql-common/json_binary.h (the comment at its top).
 */
#ifndef TAILRACE_DECODERS_BINLOG_JSON_BINARY_H
#define TAILRACE_DECODERS_BINLOG_JSON_BINARY_H

#include "decoders/buf.h"
#include "decoders/cursor.h"
#include "decoders/err.h"

#define JSON_BINARY_DEPTH 100 /* the server's own limit */

/* Appends the document as text. ERR_DATA names the offset of what is malformed; nothing is appended then. */
int json_binary_text(const void *doc, size_t len, struct buf *out, struct err *e);

/*
 * PARTIAL_UPDATE_ROWS: applies the diffs of one column (MySQL sql/json_diff.cc) to the binary document
 * `before` and appends the result as text; consumes the diffs from `diffs` (its length prefix was read).
 */
int json_diff_apply(const void *before, size_t len, struct cursor *diffs, struct buf *out, struct err *e);

/* The diffs as a JSON array of {"op":…,"path":…,"value":…}: for when the document before is not known. */
int json_diff_text(struct cursor *diffs, struct buf *out, struct err *e);

#endif
