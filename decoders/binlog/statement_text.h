/*
 * statement_text: the statement that rows come from, as text.
 *
 * A server that is told to (MySQL: binlog_rows_query_log_events, MariaDB: binlog_annotate_row_events) logs it
 * in front of the TABLE_MAPs of the statement's rows; it is true up to the rows event that ends the
 * statement. Every row carries it, so no more than STATEMENT_TEXT_MAX bytes of it are kept, in whole
 * characters.
 *
 * Layout: ROWS_QUERY: 1 byte that says nothing (the length, of a short one), then the text up to the end;
 * ANNOTATE_ROWS: the text alone. In the character set of whoever sent it.
 */
#ifndef TAILRACE_DECODERS_BINLOG_STATEMENT_TEXT_H
#define TAILRACE_DECODERS_BINLOG_STATEMENT_TEXT_H

#include "decoders/binlog/event.h"
#include "decoders/buf.h"

#define STATEMENT_TEXT_MAX ((size_t)64 * 1024)

struct statement_text {
    struct buf text;
    uint32_t length; /* of the whole statement; 0: there is none */
};

/* There is none; keeps the capacity. */
void statement_text_clear(struct statement_text *s);
void statement_text_release(struct statement_text *s);

/* Reads either event, whose type says which. */
int statement_text_read(struct statement_text *s, const struct binlog_event *ev, struct err *e);

/* As an event of the type HOLD_STATEMENT, to be held among the others, and back; also none. It points into
 * `s`. */
struct binlog_event statement_text_held(const struct statement_text *s);
int statement_text_take(struct statement_text *s, const struct binlog_event *held, struct err *e);

/* True when a rows event says that it is the last one of its statement. */
bool statement_text_ends(const struct binlog_event *rows, const struct binlog_format *f);

#endif
