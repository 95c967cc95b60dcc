/*
 * query_event: the QUERY event: a statement as text, with the session variables that its reading needs.
 */
#ifndef TAILRACE_DECODERS_BINLOG_QUERY_EVENT_H
#define TAILRACE_DECODERS_BINLOG_QUERY_EVENT_H

#include "decoders/binlog/event.h"
#include "decoders/change.h"

struct query_event {
    struct text database; /* the session's default; may be empty */
    struct text text;     /* in the session's charset */
    uint64_t sql_mode;    /* Q_SQL_MODE_CODE; 0 unknown */
    uint16_t charset;     /* collation id of character_set_client; 0 unknown */
    uint16_t error_code;
};

/* Layout: MySQL libs/mysql/binlog/event/statement_events.h, Query_event; status variables by code. */
int query_event_read(const struct binlog_event *ev, const struct binlog_format *f, struct query_event *out,
                     struct err *e);

#endif
