/*
 * row_view: a row event as an encoder may see it: masks applied, key values found, id and ord complete.
 *
 * Hidden columns are left out of the encoders' plans; masked ones read as VALUE_MASKED wherever an image has
 * them, null or not, so that nothing about them gets out.
 */
#ifndef TAILRACE_AGENT_ENCODE_ROW_VIEW_H
#define TAILRACE_AGENT_ENCODE_ROW_VIEW_H

#include "agent/event/event.h"
#include "decoders/buf.h"
#include "decoders/err.h"

/* Bytes of a record's `ord`: the change's, and the sub-index. */
#define RECORD_ORD_LEN (CHANGE_ORD_LEN + 2)

extern const struct value row_view_masked;

/* Column `i` of an image (`before` or `after` of a change). */
static inline const struct value *row_view_value(const struct selection *s, const struct value *image,
                                                 size_t i) {
    if (s->use[i] == COLUMN_MASKED && image[i].state != VALUE_ABSENT) return &row_view_masked;
    return &image[i];
}

/* The images that the event's halves have: a delete has no new row, the create of a key change no old one. */
const struct value *row_view_before(const struct event *ev);
const struct value *row_view_after(const struct event *ev);

/* True when records of this event carry a key. */
bool row_view_has_key(const struct event *ev);

/*
 * The value of the `n`th key column: PRESENT, NULL or INVALID. NULL with ERR_DATA, naming table and column,
 * when the log does not carry it or the column is masked.
 */
const struct value *row_view_key(const struct event *ev, size_t n, struct err *e);

/* The record's id as two texts, the second ("" or ".1") put into `sub`. */
#define ROW_VIEW_SUB_LEN 8
size_t row_view_sub(const struct event *ev, char sub[ROW_VIEW_SUB_LEN]);

/* The record's ord. */
void row_view_ord(const struct event *ev, uint8_t ord[RECORD_ORD_LEN]);

#endif
