/*
 * json_line: what every JSON line has in common: how it starts, and the id, order, position and time at its
 * end.
 *
 * The names of a line are fixed (DESIGN.md §4); a member that would be empty is left out.
 */
#ifndef TAILRACE_AGENT_ENCODE_JSON_LINE_H
#define TAILRACE_AGENT_ENCODE_JSON_LINE_H

#include "agent/event/event.h"
#include "decoders/buf.h"

/* The last commit time written, kept because all rows of a transaction share it. Starts zeroed. */
struct json_line_time {
    int64_t micros;
    size_t len; /* 0: nothing kept */
    char text[40];
};

/* ,"name":"text" unless the text is empty; `name` needs no escape. */
void json_line_text(struct buf *out, const char *name, const char *s, size_t len);

/* ,"id":… ,"ord":… ,"tx":… ,"pos":… ,"ts":… and the closing brace. */
void json_line_end(struct buf *out, const struct event *ev, struct json_line_time *time);

/* The whole line of an EVENT_MESSAGE, EVENT_GAP, EVENT_DDL or EVENT_ENTITY. */
void json_line_message(struct buf *out, const struct event *ev, struct json_line_time *time);
void json_line_gap(struct buf *out, const struct event *ev, struct json_line_time *time);
void json_line_ddl(struct buf *out, const struct event *ev, struct json_line_time *time);
void json_line_entity(struct buf *out, const struct event *ev, struct json_line_time *time);

#endif
