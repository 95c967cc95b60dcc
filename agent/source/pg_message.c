#include "agent/source/pg_message.h"

#include <string.h>

#include "decoders/cursor.h"

/* PostgreSQL counts microseconds from 2000-01-01. */
#define PG_EPOCH_US INT64_C(946684800000000)

static int64_t unix_us(int64_t pg_us) {
    return pg_us > INT64_MAX - PG_EPOCH_US ? INT64_MAX : pg_us + PG_EPOCH_US;
}

/* XLogData: u8 'w', u64 start of the data, u64 end of WAL, i64 sent at, then the data. */
static bool read_data(struct cursor *c, struct pg_message *out) {
    uint64_t end;
    int64_t sent;

    if (!cursor_u64(c, &out->start) || !cursor_u64(c, &end) || !cursor_i64(c, &sent)) return false;
    out->sent_us = unix_us(sent);
    out->len = cursor_left(c);
    return cursor_bytes(c, out->len, &out->data);
}

/* Primary keepalive: u8 'k', u64 end of what was sent, i64 sent at, u8 1 = reply at once. */
static bool read_keepalive(struct cursor *c, struct pg_message *out) {
    uint8_t reply;
    int64_t sent;

    if (!cursor_u64(c, &out->start) || !cursor_i64(c, &sent) || !cursor_u8(c, &reply)) return false;
    out->sent_us = unix_us(sent);
    out->reply = reply != 0;
    return cursor_left(c) == 0;
}

int pg_message_read(const void *bytes, size_t len, struct pg_message *out, struct err *e) {
    struct cursor c = cursor_of(bytes, len);
    uint8_t kind;
    bool ok;

    memset(out, 0, sizeof *out);
    if (!cursor_u8(&c, &kind)) return err_set(e, ERR_DATA, "the server sent an empty replication message");
    out->kind = kind;
    switch (kind) {
    case PG_MESSAGE_DATA: ok = read_data(&c, out); break;
    case PG_MESSAGE_KEEPALIVE: ok = read_keepalive(&c, out); break;
    default: return err_set(e, ERR_DATA, "unknown replication message 0x%02x of %zu bytes", kind, len);
    }
    if (!ok)
        return err_set(e, ERR_DATA, "replication message '%c' of %zu bytes is malformed at offset %zu", kind,
                       len, cursor_offset(&c));
    return 0;
}

static uint8_t *put_be64(uint8_t *p, uint64_t v) {
    for (int shift = 56; shift >= 0; shift -= 8) *p++ = (uint8_t)(v >> shift);
    return p;
}

/* Standby status update: u8 'r', u64 written, u64 flushed, u64 applied, i64 now, u8 1 = please answer. */
void pg_feedback_write(uint8_t out[PG_FEEDBACK_LEN], uint64_t written, uint64_t flushed, int64_t now_us,
                       bool ask) {
    uint8_t *p = out;

    *p++ = 'r';
    p = put_be64(p, written);
    p = put_be64(p, flushed);
    p = put_be64(p, flushed);
    p = put_be64(p, (uint64_t)(now_us - PG_EPOCH_US));
    *p = ask;
}
