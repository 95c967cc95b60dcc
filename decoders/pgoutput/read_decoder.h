/*
 * read_decoder: rows of PostgreSQL that were read beside the log, as a struct decoder_ops.
 *
 * The reader of rows (agent/source/pg_chunk.h) makes the messages that the log would have: so a row that was
 * read goes the way of a row of the log, through the same code, and comes out the same.
 *
 * Frames: FRAME_CHUNK opens a chunk, its `data` a resume position of decoder_pgoutput; FRAME_CATALOG as in
 * the log; FRAME_DATA one Relation or Insert message. What is emitted:
 *
 *   SCHEMA     table, replaced, tx
 *   READ       tx (time of the reading, no xid), table, after image FULL, id and ord (read_id.h), pos (of the
 *              resume position), no position
 *
 * A chunk has at the resume position P the rank P - 1. P lies behind the commit record of the last
 * transaction before it, which is longer than a byte, and at or before the commit record of the next: so
 * P - 1 is between the two. A message outside of transactions that ends at P has this rank too; the record of
 * a row that was read is above its record.
 */
#ifndef TAILRACE_DECODERS_PGOUTPUT_READ_DECODER_H
#define TAILRACE_DECODERS_PGOUTPUT_READ_DECODER_H

#include "decoders/decoder.h"

extern const struct decoder_ops decoder_pgoutput_read;

#endif
