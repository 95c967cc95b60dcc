#include "agent/source/pg_identity.h"

#include <string.h>

#include "decoders/cursor.h"

#define VERSION 1

static void put_name(struct buf *out, const char *name) {
    size_t len = strnlen(name, PG_NAME_MAX - 1);

    buf_put_be16(out, (uint16_t)len);
    buf_put(out, name, len);
}

void pg_identity_encode(const struct pg_identity *id, struct buf *out) {
    buf_put_be16(out, VERSION);
    buf_put_be64(out, id->system_id);
    buf_put_be32(out, id->timeline);
    buf_put_be32(out, id->database_oid);
    put_name(out, id->database);
    put_name(out, id->slot);
    buf_put_be16(out, (uint16_t)id->npublications);
    for (size_t i = 0; i < id->npublications; i++) {
        buf_put_be32(out, id->publications[i].oid);
        buf_put_be64(out, id->publications[i].since);
        put_name(out, id->publications[i].name);
    }
}

static bool read_name(struct cursor *c, char out[PG_NAME_MAX]) {
    uint16_t len;
    const uint8_t *bytes;

    if (!cursor_u16(c, &len) || len >= PG_NAME_MAX || !cursor_bytes(c, len, &bytes)) return false;
    memcpy(out, bytes, len);
    out[len] = '\0';
    return true;
}

static bool read_publications(struct cursor *c, struct pg_identity *out) {
    uint16_t count;

    if (!cursor_u16(c, &count) || count > PG_IDENTITY_PUBLICATIONS) return false;
    out->npublications = count;
    for (size_t i = 0; i < count; i++) {
        struct pg_identity_publication *p = &out->publications[i];
        if (!cursor_u32(c, &p->oid) || !cursor_u64(c, &p->since) || !read_name(c, p->name)) return false;
    }
    return true;
}

int pg_identity_decode(struct position blob, struct pg_identity *out, struct err *e) {
    struct cursor c = cursor_of(blob.bytes, blob.len);
    uint16_t version;

    memset(out, 0, sizeof *out);
    if (!cursor_u16(&c, &version))
        return err_set(e, ERR_DATA, "the checkpoint's source identity is cut short");
    if (version != VERSION)
        return err_set(
            e, ERR_DATA,
            "the checkpoint's source identity has version %u, this build knows %u: run the version "
            "that wrote it",
            version, VERSION);
    if (!cursor_u64(&c, &out->system_id) || !cursor_u32(&c, &out->timeline) ||
        !cursor_u32(&c, &out->database_oid) || !read_name(&c, out->database) || !read_name(&c, out->slot) ||
        !read_publications(&c, out) || cursor_left(&c) != 0)
        return err_set(e, ERR_DATA, "the checkpoint's source identity is damaged at byte %zu",
                       cursor_offset(&c));
    return 0;
}
