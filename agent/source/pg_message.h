/*
 * pg_message: what travels inside the CopyBoth stream of START_REPLICATION, as bytes. Pure.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_MESSAGE_H
#define TAILRACE_AGENT_SOURCE_PG_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/err.h"

enum pg_message_kind {
    PG_MESSAGE_DATA = 'w',      /* one message of the output plug-in */
    PG_MESSAGE_KEEPALIVE = 'k', /* nothing further up to `start` */
};

struct pg_message {
    enum pg_message_kind kind;
    bool reply;          /* keepalive: the server wants to hear from us now */
    uint64_t start;      /* data: its LSN; keepalive: how far the server has sent */
    int64_t sent_us;     /* server's clock, microseconds since 1970 */
    const uint8_t *data; /* data: points into the bytes that were read */
    size_t len;
};

/* Reads one CopyData content. ERR_DATA for everything it does not know; fills `out` completely on success. */
int pg_message_read(const void *bytes, size_t len, struct pg_message *out, struct err *e);

#define PG_FEEDBACK_LEN 34

/*
 * Writes a Standby status update: `written` is received, `flushed` is delivered and durable (and applied:
 * there is nothing in between here). `now_us` since 1970. `ask`: the server should reply with a keepalive.
 */
void pg_feedback_write(uint8_t out[PG_FEEDBACK_LEN], uint64_t written, uint64_t flushed, int64_t now_us,
                       bool ask);

#endif
