/*
 * decoder: the binary log of MySQL and MariaDB → changes.
 *
 * A FRAME_DATA is one whole event as the server sends it. The first frame after every (re)connection is
 * FRAME_START, whose data is the resume position the log is sent from: what lies up to its `through`, or was
 * emitted before, is read silently; an open transaction goes on where it was cut off.
 *
 * Identity (promise 3). id: `epoch:GTID:event:row`, or `epoch:file:offset:event:row` where transactions have
 * no GTID (offset of the transaction's first event). event counts the rows events (and TRUNCATEs) of the
 * transaction from 1, wanted or not; row counts in the event. ord: the transaction's rank (gtid_set_rank()
 * with it, or file number << 32 | offset), event, row. tx: the GTID, or `file:offset`.
 *
 * The rows of an XA transaction are published when it commits, in the place and under the GTID of that
 * commit.
 */
#ifndef TAILRACE_DECODERS_BINLOG_DECODER_H
#define TAILRACE_DECODERS_BINLOG_DECODER_H

#include "decoders/decoder.h"

extern const struct decoder_ops decoder_binlog;

#endif
