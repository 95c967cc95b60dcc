/*
 * decoder: the binary log of MySQL and MariaDB → changes.
 *
 * A FRAME_DATA is one whole event as the server sends it. The first frame after every (re)connection is
 * FRAME_START, whose data is the resume position the log is sent from: what lies up to its `through`, or was
 * emitted before, is read silently; a transaction of which a part was emitted goes on behind it.
 * FRAME_CATALOG is catalog.h's.
 *
 * What is emitted:
 *
 *   BEGIN      tx, pos (of the transaction's first event)
 *   COMMIT     tx, pos and position: behind the transaction's last event
 *   rows       tx, table, images, id, ord, pos (where the event begins), position: progress
 *   TRUNCATE   the same without images. A table that was not described yet has no columns
 *   DDL        likewise; the statement as text in `message`; one for each table that it names and somebody
 *              wants; `table` is NULL for databases and for statements that name no table
 *   SCHEMA     table, replaced, tx; no id
 *   HEARTBEAT  pos and position, when the place changed
 *
 * Changes come when a transaction ends, since the log holds some that never happened: see group.c. One of
 * MySQL 8 and later that does not fit into memory comes as it is read.
 *
 * Identity (promise 3). id: `epoch:GTID:event:row`, or `epoch:file:offset:event:row` where transactions are
 * told apart by their place (offset of the transaction's first event). event counts, from 1, the events of
 * the transaction that hold rows, wanted or not, and its statements that may change tables; row counts in the
 * event, from 0; of a statement, the table's place among those it names. ord: the transaction's rank
 * (gtid_set_rank() with it, or file number << 32 | offset), event, row. tx: the GTID, where there is one,
 * else `file:offset`.
 *
 * The rows of an XA transaction are published when it commits, in the place and under the GTID of that
 * commit. Until it is decided, positions say that the log is to be read again from in front of it.
 *
 * A statement that may write rows, and was logged as text, is ERR_DATA where it concerns anybody (concern.h),
 * unless it is one that is to be passed over (by its id).
 */
#ifndef TAILRACE_DECODERS_BINLOG_DECODER_H
#define TAILRACE_DECODERS_BINLOG_DECODER_H

#include "decoders/decoder.h"

extern const struct decoder_ops decoder_binlog;

#endif
