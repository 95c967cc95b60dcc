#include "decoders/binlog/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define CHECKSUM_LEN 4
#define FLAG_IN_USE 0x0001 /* LOG_EVENT_BINLOG_IN_USE_F: the file was not closed; not under the checksum */

enum checksum { CHECKSUM_OFF = 0, CHECKSUM_CRC32 = 1 };

/* ---- Header and checksum ---- */

static uint32_t load_le32(const uint8_t *p) {
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* crc32() takes 32-bit lengths; an event has one. */
static bool checksum_fits(const uint8_t *data, size_t len, uint8_t type) {
    size_t covered = len - CHECKSUM_LEN;
    uint8_t header[BINLOG_HEADER_LEN];
    memcpy(header, data, sizeof(header));
    if (type == BINLOG_FORMAT_DESCRIPTION) header[17] &= (uint8_t)~FLAG_IN_USE;
    uLong crc = crc32(0, header, sizeof(header));
    crc = crc32(crc, data + sizeof(header), (uInt)(covered - sizeof(header)));
    return crc == load_le32(data + covered);
}

/*
 * How many bytes at the end are checksum. What the server makes up in front of a file may go by that file or
 * by the one before: it has one if one fits. A FORMAT_DESCRIPTION always has the four bytes, and says in the
 * one before them whether they mean anything.
 */
static int trailer(const uint8_t *data, size_t len, const struct binlog_format *f, uint8_t type,
                   bool may_lack, size_t *out, struct err *e) {
    bool expected = f->known && f->checksums && !may_lack;
    *out = 0;
    if (len < BINLOG_HEADER_LEN + CHECKSUM_LEN + (type == BINLOG_FORMAT_DESCRIPTION)) {
        if (!expected && type != BINLOG_FORMAT_DESCRIPTION) return 0;
        return err_set(e, ERR_DATA, "%s event of %zu bytes has no room for its checksum",
                       binlog_type_name(type), len);
    }
    if (type == BINLOG_FORMAT_DESCRIPTION) {
        *out = CHECKSUM_LEN;
        expected = data[len - CHECKSUM_LEN - 1] == CHECKSUM_CRC32;
    } else if (!f->known || may_lack) {
        *out = checksum_fits(data, len, type) ? CHECKSUM_LEN : 0;
    } else if (expected) {
        *out = CHECKSUM_LEN;
    }
    if (!expected || checksum_fits(data, len, type)) return 0;
    return err_set(e, ERR_DATA,
                   "%s event of %zu bytes: its checksum does not fit: the log, or the way here, is damaged",
                   binlog_type_name(type), len);
}

int binlog_event_read(const void *data, size_t len, const struct binlog_format *f, bool nested,
                      struct binlog_event *out, struct err *e) {
    struct cursor c = cursor_of(data, len);
    uint32_t size;
    size_t checksum = 0;
    if (!cursor_u32le(&c, &out->timestamp) || !cursor_u8(&c, &out->type) ||
        !cursor_u32le(&c, &out->server_id) || !cursor_u32le(&c, &size) || !cursor_u32le(&c, &out->log_pos) ||
        !cursor_u16le(&c, &out->flags))
        return err_set(e, ERR_DATA, "an event of %zu bytes is shorter than its header", len);
    if (size != len)
        return err_set(e, ERR_DATA, "%s event says that it has %u bytes, but has %zu",
                       binlog_type_name(out->type), size, len);
    bool may_lack = out->type == BINLOG_ROTATE && out->flags & BINLOG_FLAG_ARTIFICIAL;
    if (!nested && trailer(data, len, f, out->type, may_lack, &checksum, e)) return -1;
    out->body = cursor_of(c.at, cursor_left(&c) - checksum);
    return 0;
}

/* ---- FORMAT_DESCRIPTION ---- */

/* "5.7.44-log": true when the version is at least major.minor. */
static bool version_at_least(const char *version, long major, long minor) {
    char *end;
    long is = strtol(version, &end, 10);
    if (is != major || *end != '.') return is > major;
    return strtol(end + 1, NULL, 10) >= minor;
}

/*
 *      0  2  binlog version, 4
 *      2 50  server version, NUL-padded
 *     52  4  when it was created
 *     56  1  length of an event's header, 19
 *     57  …  post-header length of each type, from type 1 on
 *            checksum algorithm, 1 byte; then its own checksum
 */
int binlog_format_read(const struct binlog_event *ev, struct binlog_format *out, struct err *e) {
    struct cursor c = ev->body;
    uint16_t version;
    uint32_t created;
    uint8_t header_len, algorithm;
    const uint8_t *text, *lengths;
    if (!cursor_u16le(&c, &version) || !cursor_bytes(&c, 50, &text) || !cursor_u32le(&c, &created) ||
        !cursor_u8(&c, &header_len) || cursor_left(&c) < 1)
        return err_set(e, ERR_DATA, "FORMAT_DESCRIPTION event is cut off");
    if (version != 4 || header_len != BINLOG_HEADER_LEN)
        return err_set(e, ERR_DATA, "a binary log of version %u with headers of %u bytes is not supported",
                       version, header_len);
    size_t n = cursor_left(&c) - 1;
    if (n > UINT8_MAX) return err_set(e, ERR_DATA, "FORMAT_DESCRIPTION event lists too many types");
    *out = (struct binlog_format){.ntypes = (uint8_t)n};
    memcpy(out->server_version, text, 50);
    out->mariadb = strstr(out->server_version, "MariaDB") != NULL;
    if (!out->mariadb && !version_at_least(out->server_version, 5, 6))
        return err_set(e, ERR_DATA, "the log of server %.50s is too old: it must be of MySQL 5.6 or later",
                       out->server_version);
    if (!cursor_bytes(&c, n, &lengths) || !cursor_u8(&c, &algorithm))
        return err_set(e, ERR_DATA, "FORMAT_DESCRIPTION event is cut off");
    memcpy(out->post_header + 1, lengths, n);
    if (algorithm > CHECKSUM_CRC32)
        return err_set(e, ERR_DATA, "the log has checksums of an unknown kind (%u)", algorithm);
    out->checksums = algorithm == CHECKSUM_CRC32;
    out->known = true;
    return 0;
}

/* ---- Kinds ---- */

bool binlog_is_rows(uint8_t type) {
    return (type >= BINLOG_WRITE_ROWS_V1 && type <= BINLOG_DELETE_ROWS_V1) ||
           (type >= BINLOG_WRITE_ROWS && type <= BINLOG_DELETE_ROWS) || type == BINLOG_PARTIAL_UPDATE_ROWS ||
           (type >= MARIADB_WRITE_ROWS_COMPRESSED_V1 && type <= MARIADB_DELETE_ROWS_COMPRESSED);
}

bool binlog_table_id(const struct binlog_event *ev, const struct binlog_format *f, uint64_t *id) {
    struct cursor c = ev->body;
    uint32_t short_id;
    if (f->post_header[ev->type] != 6) return cursor_u48le(&c, id);
    if (!cursor_u32le(&c, &short_id)) return false;
    *id = short_id;
    return true;
}

static const char *const names[UINT8_MAX + 1] = {
    [BINLOG_QUERY] = "QUERY",
    [BINLOG_STOP] = "STOP",
    [BINLOG_ROTATE] = "ROTATE",
    [BINLOG_INTVAR] = "INTVAR",
    [BINLOG_APPEND_BLOCK] = "APPEND_BLOCK",
    [BINLOG_DELETE_FILE] = "DELETE_FILE",
    [BINLOG_RAND] = "RAND",
    [BINLOG_USER_VAR] = "USER_VAR",
    [BINLOG_FORMAT_DESCRIPTION] = "FORMAT_DESCRIPTION",
    [BINLOG_XID] = "XID",
    [BINLOG_BEGIN_LOAD_QUERY] = "BEGIN_LOAD_QUERY",
    [BINLOG_EXECUTE_LOAD_QUERY] = "EXECUTE_LOAD_QUERY",
    [BINLOG_TABLE_MAP] = "TABLE_MAP",
    [BINLOG_WRITE_ROWS_V1] = "WRITE_ROWS_V1",
    [BINLOG_UPDATE_ROWS_V1] = "UPDATE_ROWS_V1",
    [BINLOG_DELETE_ROWS_V1] = "DELETE_ROWS_V1",
    [BINLOG_INCIDENT] = "INCIDENT",
    [BINLOG_HEARTBEAT] = "HEARTBEAT",
    [BINLOG_IGNORABLE] = "IGNORABLE",
    [BINLOG_ROWS_QUERY] = "ROWS_QUERY",
    [BINLOG_WRITE_ROWS] = "WRITE_ROWS_V2",
    [BINLOG_UPDATE_ROWS] = "UPDATE_ROWS_V2",
    [BINLOG_DELETE_ROWS] = "DELETE_ROWS_V2",
    [BINLOG_GTID] = "GTID",
    [BINLOG_ANONYMOUS_GTID] = "ANONYMOUS_GTID",
    [BINLOG_PREVIOUS_GTIDS] = "PREVIOUS_GTIDS",
    [BINLOG_TRANSACTION_CONTEXT] = "TRANSACTION_CONTEXT",
    [BINLOG_VIEW_CHANGE] = "VIEW_CHANGE",
    [BINLOG_XA_PREPARE] = "XA_PREPARE",
    [BINLOG_PARTIAL_UPDATE_ROWS] = "PARTIAL_UPDATE_ROWS",
    [BINLOG_TRANSACTION_PAYLOAD] = "TRANSACTION_PAYLOAD",
    [BINLOG_HEARTBEAT_V2] = "HEARTBEAT_V2",
    [BINLOG_GTID_TAGGED] = "GTID_TAGGED",
    [MARIADB_ANNOTATE_ROWS] = "ANNOTATE_ROWS",
    [MARIADB_BINLOG_CHECKPOINT] = "BINLOG_CHECKPOINT",
    [MARIADB_GTID] = "MARIADB_GTID",
    [MARIADB_GTID_LIST] = "GTID_LIST",
    [MARIADB_START_ENCRYPTION] = "START_ENCRYPTION",
    [MARIADB_QUERY_COMPRESSED] = "QUERY_COMPRESSED",
    [MARIADB_WRITE_ROWS_COMPRESSED_V1] = "WRITE_ROWS_COMPRESSED_V1",
    [MARIADB_UPDATE_ROWS_COMPRESSED_V1] = "UPDATE_ROWS_COMPRESSED_V1",
    [MARIADB_DELETE_ROWS_COMPRESSED_V1] = "DELETE_ROWS_COMPRESSED_V1",
    [MARIADB_WRITE_ROWS_COMPRESSED] = "WRITE_ROWS_COMPRESSED_V2",
    [MARIADB_UPDATE_ROWS_COMPRESSED] = "UPDATE_ROWS_COMPRESSED_V2",
    [MARIADB_DELETE_ROWS_COMPRESSED] = "DELETE_ROWS_COMPRESSED_V2",
};

const char *binlog_type_name(uint8_t type) {
    return names[type] ? names[type] : "UNKNOWN";
}
