/*
 * rows: the rows events, versions 1 and 2, and PARTIAL_UPDATE_ROWS: images of rows, one after the other.
 *
 * Layout (MySQL: libs/mysql/binlog/event/rows_event.h, Rows_event): table id (6, or 4), flags 2; version 2:
 * extra data length 2 (itself included) and extra data; column count (packed), columns-present bitmap
 * (UPDATE: a second one for the after image); then rows: NULL bitmap over the *present* columns, cells. An
 * UPDATE has both images in turn.
 */
#ifndef TAILRACE_DECODERS_BINLOG_ROWS_H
#define TAILRACE_DECODERS_BINLOG_ROWS_H

#include "decoders/binlog/cell.h"
#include "decoders/binlog/event.h"
#include "decoders/binlog/shape.h"

#define ROWS_STATEMENT_END 0x0001

struct rows {
    enum change_op op; /* INSERT, UPDATE, DELETE */
    uint64_t table_id;
    uint16_t flags;
    size_t ncolumns;
    bool partial;                  /* PARTIAL_UPDATE_ROWS */
    const uint8_t *before_present; /* bitmaps of ncolumns bits; NULL: no such image */
    const uint8_t *after_present;
    size_t nbefore, nafter; /* columns present in them */
    bool empty;             /* one row of no columns, not read yet */
    struct cursor body;
};

/* Reads the head of a rows event (already inflated). */
int rows_open(const struct binlog_event *ev, const struct binlog_format *f, struct rows *out, struct err *e);

/*
 * Reads the next row into `s->before` and `s->after`. *more is false when there was none. `c` gets op, table,
 * images and values set, nothing else. An INSERT has an after image, a DELETE a before image, an UPDATE both.
 * What texts had to be made lies in the reader's arena, which may be cleared before the next row.
 *
 * An image with every column is IMAGE_FULL. With binlog_row_image=MINIMAL or NOBLOB it may lack some:
 *   - a before image is IMAGE_KEY then, and what it lacks VALUE_ABSENT;
 *   - an UPDATE's after image stays IMAGE_FULL: what it lacks did not change, so it is what the before image
 *     says, or VALUE_UNCHANGED where that does not say either;
 *   - an INSERT's after image stays IMAGE_FULL, and what it lacks is VALUE_ABSENT: the column has its
 *     default, which the log does not tell. It is neither NULL nor unchanged.
 *
 * PARTIAL_UPDATE_ROWS: a JSON column that comes as diffs is the before document with them applied. When the
 * before image lacks it, it is VALUE_UNCHANGED with the diffs as its text (json_diff_text()), none: "[]".
 */
int rows_next(struct rows *r, const struct cell_reader *reader, struct shape *s, struct change *c, bool *more,
              struct err *e);

#endif
