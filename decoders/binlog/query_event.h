/*
 * query_event: the QUERY event: a statement as text, with the session variables that its reading needs.
 *
 * Layout (MySQL libs/mysql/binlog/event/statement_events.h, Query_event; MariaDB sql/log_event.h,
 * Query_log_event), integers little-endian:
 *
 *      0  4  thread id
 *      4  4  seconds it took
 *      8  1  length of the database's name
 *      9  2  error code
 *     11  2  length of the status variables
 *     13  …  status variables: a code each, and a value whose length only the code tells
 *         …  database, NUL
 *         …  text, up to the end
 *
 * Both servers write variables in nearly growing order and skip all behind one they do not know. We need only
 * two that stand early, but cannot tell early from late in a server we do not know: an unknown code is an
 * error.
 */
#ifndef TAILRACE_DECODERS_BINLOG_QUERY_EVENT_H
#define TAILRACE_DECODERS_BINLOG_QUERY_EVENT_H

#include "decoders/binlog/event.h"
#include "decoders/change.h"

/* Bits of sql_mode that change how a text is read (both servers number them alike). */
#define SQL_MODE_ANSI_QUOTES (UINT64_C(1) << 2)
#define SQL_MODE_NO_BACKSLASH_ESCAPES (UINT64_C(1) << 20)

struct query_event {
    struct text database; /* the session's default; may be empty */
    struct text text;     /* in the session's charset */
    uint64_t sql_mode;    /* Q_SQL_MODE_CODE; 0 unknown */
    uint16_t charset;     /* collation id of character_set_client; 0 unknown */
    uint16_t error_code;
    bool void_alter; /* MariaDB's binlog_alter_two_phase: an ALTER begins, or was given up; another QUERY with
                        the same text commits it */
};

/* Reads a QUERY event (a compressed one is inflated first). Texts point into the event. ERR_DATA: lengths
 * that do not fit, or a status variable that is not known, by its code. */
int query_event_read(const struct binlog_event *ev, const struct binlog_format *f, struct query_event *out,
                     struct err *e);

#endif
