/*
 * decoder: pgoutput (protocol version 1, text format) as a struct decoder_ops.
 *
 * Frames: FRAME_DATA carries one pgoutput message, `start` the LSN of its XLogData header; FRAME_CATALOG the
 * payload of pgoutput/catalog.h, sent in front of the Relation message it explains; FRAME_KEEPALIVE the
 * server's end of WAL in `start`.
 *
 * What is emitted:
 *
 *   BEGIN      tx, pos (of the commit record)
 *   COMMIT     tx, pos and position: behind the commit record
 *   rows       tx, table, images, id, ord, pos (of the record), position: progress
 *   TRUNCATE   the same without images, one per table
 *   MESSAGE    likewise; its record LSN is where its record ends, less one
 *   SCHEMA     table, replaced, tx when inside one; no id
 *   HEARTBEAT  pos and position, only when it advances
 *
 * A message that is not transactional comes outside of transactions: its own LSN, less one, stands for the
 * transaction as well.
 *
 * id is `epoch:COMMITLSN:RECORDLSN:index`, LSNs as upper case hexadecimal without slash.
 *
 * After FRAME_RESTART everything that was emitted before is recognised and not emitted again: whole
 * transactions silently, an open one goes on behind its last row, without a second BEGIN.
 *
 * A row image whose values the log left out as unchanged is completed from the old image where that has them.
 */
#ifndef TAILRACE_DECODERS_PGOUTPUT_DECODER_H
#define TAILRACE_DECODERS_PGOUTPUT_DECODER_H

#include "decoders/decoder.h"

extern const struct decoder_ops decoder_pgoutput;

#endif
