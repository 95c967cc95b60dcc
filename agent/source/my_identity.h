/*
 * my_identity: who a position was taken from. File and offset mean something on one server only; GTIDs mean
 * the same on every server of a topology, but not on one whose history is another. Pure.
 *
 * Layout (big-endian): version u16 = 1, flavour u8, flags u8 (1: by GTID, 2: GTIDs are complete), server id
 * u32, UUID as a length u8 and its text.
 */
#ifndef TAILRACE_AGENT_SOURCE_MY_IDENTITY_H
#define TAILRACE_AGENT_SOURCE_MY_IDENTITY_H

#include "agent/source/my_server.h"
#include "decoders/change.h"

struct my_identity {
    enum binlog_flavour flavour;
    bool by_gtid;  /* positions are told apart by GTID */
    bool complete; /* a position's GTIDs are all that came before it, not only those since its beginning */
    uint32_t server_id;
    char uuid[MY_UUID_TEXT]; /* "" on MariaDB */
};

/* Appends the blob; check buf_failed(). */
void my_identity_encode(const struct my_identity *id, struct buf *out);

/* Reads a blob; ERR_DATA for anything but a whole one of a known version. */
int my_identity_decode(struct position blob, struct my_identity *out, struct err *e);

/* The server is the one the positions come from: by UUID, on MariaDB by server_id. */
bool my_identity_same(const struct my_identity *id, const struct my_server *s);

#endif
