/*
 * tail_print: a JSON line as a line for people, and a folded entity as a page.
 *
 *     2026-11-23 12:00:00.123  shop.public.orders  update  id=7  status="paid" (was "open")
 *     2026-11-23 12:00:00.123  crm  customer 1001  profile set  email="a@b.example"  null: phone
 *
 * What comes out of a database never reaches a terminal raw: control characters, invisible ones that change
 * the direction of text, and everything that could start an escape sequence are left out.
 */
#ifndef TAILRACE_AGENT_CMD_TAIL_PRINT_H
#define TAILRACE_AGENT_CMD_TAIL_PRINT_H

#include <json-c/json.h>

#include "agent/cmd/fold.h"
#include "decoders/buf.h"

struct tail_style {
    bool colour;
    bool full; /* long values whole; else cut after 120 bytes */
};

/* Appends one event as one line, with its line break. An object that is none of our events is shown as it is.
 */
void tail_print_event(const struct tail_style *s, json_object *line, struct buf *out);

/* Appends a record that has only a key (a tombstone of a compacted topic). */
void tail_print_tombstone(const struct tail_style *s, const char *topic, const char *key, size_t len,
                          struct buf *out);

/* Appends the state of an entity, for people or as one JSON object. -1: memory. */
int tail_print_fold(const struct tail_style *s, const struct fold *f, const char *key, struct buf *out);
int tail_print_fold_json(const struct fold *f, const char *key, struct buf *out);

/* Appends text without what should not reach a terminal. */
void tail_print_plain(struct buf *out, const char *s, size_t len);

/* Appends JSON text in which control characters that a terminal might obey (DEL and U+0080 to U+009F, which
 * JSON leaves as they are) are escaped: the same document. */
void tail_print_json(struct buf *out, const char *s, size_t len);

#endif
