/*
 * log: what the agent says on stderr, one line an event.
 *
 *     time=2026-11-23T12:00:00.123Z level=info from=shop msg="slot created" slot=tailrace_shop lsn=0/1A2B3C
 *
 * or, with LOG_JSON, one JSON object a line. Control characters (those that turn the direction of
 * writing, too) and quotes are escaped, so that no name out of a database can forge a line or paint a
 * terminal; what is not UTF-8 shows as \ufffd. A line that is too long is cut, and still parses. Never
 * secrets, never row data. Under systemd (JOURNAL_STREAM set) each line starts with its <N> priority instead
 * of a time. Safe from any thread.
 */
#ifndef TAILRACE_AGENT_BASE_LOG_H
#define TAILRACE_AGENT_BASE_LOG_H

#include <stdarg.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };

/* Sets what is shown and how, for the whole process; call before threads start. Default: LOG_INFO, LOG_TEXT.
 */
void log_setup(enum log_level level, enum log_format format);

/*
 * Writes one event. `where` is the source's name or the module ("shop", "kafka"). The format string makes the
 * message; the pairs of log_kv() follow it:   log_kv(LOG_INFO, "shop", "slot created", "slot", name, "lsn",
 * lsn, NULL);
 */
void log_msg(enum log_level level, const char *where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* One event with key=value pairs of C strings, closed by NULL. */
void log_kv(enum log_level level, const char *where, const char *message, ...) __attribute__((sentinel));

/*
 * Says one thing to a person, as "tailrace: TEXT": for what goes wrong before the log's form is known. Line
 * breaks stay, other control characters are escaped.
 */
void log_plain(const char *text);

/* True when events of this level are shown: skip costly preparation otherwise. */
int log_enabled(enum log_level level);

#endif
