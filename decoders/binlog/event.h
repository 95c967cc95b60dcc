/*
 * event: one event of a binary log as the server sends it: header, body, checksum (binlog version 4).
 *
 * Layout (MySQL: libs/mysql/binlog/event/binlog_event.h, Log_event_header; MariaDB: sql/log_event.h), all
 * integers little-endian:
 *
 *      0  4  timestamp   seconds since 1970
 *      4  1  type
 *      5  4  server id   of the server that wrote it first
 *      9  4  size        of the whole event, header and checksum included
 *     13  4  log pos     of its end in the file (32 bits: wraps in files beyond 4 GiB); 0: made up for us
 *     17  2  flags
 *     19  …  post-header, then body; 4 bytes CRC32 at the end when the FORMAT_DESCRIPTION says so
 */
#ifndef TAILRACE_DECODERS_BINLOG_EVENT_H
#define TAILRACE_DECODERS_BINLOG_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/cursor.h"
#include "decoders/err.h"

/* The kinds we know, numbered as in the log. */
enum binlog_type {
    BINLOG_QUERY = 2,
    BINLOG_STOP = 3,
    BINLOG_ROTATE = 4,
    BINLOG_INTVAR = 5,
    BINLOG_APPEND_BLOCK = 9,
    BINLOG_DELETE_FILE = 11,
    BINLOG_RAND = 13,
    BINLOG_USER_VAR = 14,
    BINLOG_FORMAT_DESCRIPTION = 15,
    BINLOG_XID = 16,
    BINLOG_BEGIN_LOAD_QUERY = 17,
    BINLOG_EXECUTE_LOAD_QUERY = 18,
    BINLOG_TABLE_MAP = 19,
    BINLOG_WRITE_ROWS_V1 = 23,
    BINLOG_UPDATE_ROWS_V1 = 24,
    BINLOG_DELETE_ROWS_V1 = 25,
    BINLOG_INCIDENT = 26,
    BINLOG_HEARTBEAT = 27,
    BINLOG_IGNORABLE = 28,
    BINLOG_ROWS_QUERY = 29,
    BINLOG_WRITE_ROWS = 30,
    BINLOG_UPDATE_ROWS = 31,
    BINLOG_DELETE_ROWS = 32,
    BINLOG_GTID = 33,
    BINLOG_ANONYMOUS_GTID = 34,
    BINLOG_PREVIOUS_GTIDS = 35,
    BINLOG_TRANSACTION_CONTEXT = 36,
    BINLOG_VIEW_CHANGE = 37,
    BINLOG_XA_PREPARE = 38,
    BINLOG_PARTIAL_UPDATE_ROWS = 39,
    BINLOG_TRANSACTION_PAYLOAD = 40,
    BINLOG_HEARTBEAT_V2 = 41,
    BINLOG_GTID_TAGGED = 42,
    MARIADB_ANNOTATE_ROWS = 160,
    MARIADB_BINLOG_CHECKPOINT = 161,
    MARIADB_GTID = 162,
    MARIADB_GTID_LIST = 163,
    MARIADB_START_ENCRYPTION = 164,
    MARIADB_QUERY_COMPRESSED = 165,
    MARIADB_WRITE_ROWS_COMPRESSED_V1 = 166,
    MARIADB_UPDATE_ROWS_COMPRESSED_V1 = 167,
    MARIADB_DELETE_ROWS_COMPRESSED_V1 = 168,
    MARIADB_WRITE_ROWS_COMPRESSED = 169,
    MARIADB_UPDATE_ROWS_COMPRESSED = 170,
    MARIADB_DELETE_ROWS_COMPRESSED = 171,
};

#define BINLOG_HEADER_LEN 19
#define BINLOG_FLAG_ARTIFICIAL 0x0020 /* LOG_EVENT_ARTIFICIAL_F: made up by the server, not in the file */
#define BINLOG_FLAG_IGNORABLE 0x0080  /* LOG_EVENT_IGNORABLE_F: who does not know the type may skip it */

/* What the FORMAT_DESCRIPTION of a file says about the events behind it. */
struct binlog_format {
    bool known;     /* one was read */
    bool mariadb;   /* by its server version */
    bool checksums; /* every event ends in a CRC32 */
    char server_version[51];
    uint8_t ntypes;           /* types it knows: 1 to ntypes */
    uint8_t post_header[256]; /* length by type; 0 beyond ntypes */
};

struct binlog_event {
    uint32_t timestamp;
    uint8_t type;
    uint32_t server_id;
    uint32_t log_pos;
    uint16_t flags;
    struct cursor body; /* post-header and body, checksum left out */
};

/*
 * Reads header and checksum. `nested`: an event inside a TRANSACTION_PAYLOAD, which has no checksum of its
 * own. Before a FORMAT_DESCRIPTION is known, and in an artificial ROTATE always, a trailing CRC32 that fits
 * is one. ERR_DATA names what is wrong: size that is not the length, a checksum that does not fit.
 */
int binlog_event_read(const void *data, size_t len, const struct binlog_format *f, bool nested,
                      struct binlog_event *out, struct err *e);

/* Reads the body of a FORMAT_DESCRIPTION (and whether its own events bear checksums). */
int binlog_format_read(const struct binlog_event *ev, struct binlog_format *out, struct err *e);

/* True for the events that carry rows, compressed or not. */
bool binlog_is_rows(uint8_t type);

/* The table id that a TABLE_MAP or rows event begins with; false: it is cut short. */
bool binlog_table_id(const struct binlog_event *ev, const struct binlog_format *f, uint64_t *id);

/* "WRITE_ROWS_V2", "UNKNOWN". */
const char *binlog_type_name(uint8_t type);

#endif
