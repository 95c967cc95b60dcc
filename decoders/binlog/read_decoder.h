/*
 * read_decoder: rows that were read from a table of MySQL or MariaDB → changes, by the code that reads the
 * log.
 *
 * A FRAME_DATA is the body of an event, and `start` its type: BINLOG_TABLE_MAP, then BINLOG_WRITE_ROWS of
 * that table (table_map_write.h, cell_write.h). In front of them come FRAME_CHUNK, whose data is the resume
 * position of the stream, and a FRAME_CATALOG with the hints that the stream has too.
 *
 * What is emitted: SCHEMA where a table is new or has changed; READ for each row: after image, id and ord
 * (read_id.h), pos (the stream's place), tx without an xid and with the time of the reading. The rank is that
 * of the last transaction published before, or less than one more.
 */
#ifndef TAILRACE_DECODERS_BINLOG_READ_DECODER_H
#define TAILRACE_DECODERS_BINLOG_READ_DECODER_H

#include "decoders/decoder.h"

extern const struct decoder_ops decoder_binlog_read;

#endif
