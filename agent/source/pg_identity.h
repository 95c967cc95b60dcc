/*
 * pg_identity: who a position was taken from.
 *
 * An LSN means nothing by itself: another cluster, another database or the other branch of a fork has the
 * same numbers. So every checkpoint carries this beside its position, as an opaque blob. Pure.
 *
 * Layout (big-endian): version u16 = 1, system identifier u64, timeline u32, database OID u32, database name,
 * slot name, count of publications u16; per publication OID u32, since u64, name. A name is a length u16 and
 * its bytes.
 */
#ifndef TAILRACE_AGENT_SOURCE_PG_IDENTITY_H
#define TAILRACE_AGENT_SOURCE_PG_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "agent/source/pg_text.h"
#include "decoders/buf.h"
#include "decoders/change.h"
#include "decoders/err.h"

#define PG_IDENTITY_PUBLICATIONS 8

struct pg_identity_publication {
    uint32_t oid; /* a publication created anew under the same name has another one */
    char name[PG_NAME_MAX];
    /*
     * From this position on it is known to have been there; 0: as long as the slot. A stream that began
     * before must not name it: the server decodes by the catalogue of then, and fails for ever (up to version
     * 17) on a publication that was not there yet.
     */
    uint64_t since;
};

struct pg_identity {
    uint64_t system_id;
    uint32_t timeline;
    uint32_t database_oid;
    char database[PG_NAME_MAX];
    char slot[PG_NAME_MAX];
    size_t npublications;
    struct pg_identity_publication publications[PG_IDENTITY_PUBLICATIONS];
};

/* Appends the blob; check buf_failed(). */
void pg_identity_encode(const struct pg_identity *id, struct buf *out);

/* Reads a blob; ERR_DATA for anything but a whole one of a known version. */
int pg_identity_decode(struct position blob, struct pg_identity *out, struct err *e);

#endif
