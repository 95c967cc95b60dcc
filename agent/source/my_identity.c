#include "agent/source/my_identity.h"

#include <string.h>

#include "decoders/cursor.h"

#define VERSION 1
#define BY_GTID 1
#define COMPLETE 2

void my_identity_encode(const struct my_identity *id, struct buf *out) {
    size_t len = strlen(id->uuid);

    buf_put_be16(out, VERSION);
    buf_putc(out, (char)id->flavour);
    buf_putc(out, (char)((id->by_gtid ? BY_GTID : 0) | (id->complete ? COMPLETE : 0)));
    buf_put_be32(out, id->server_id);
    buf_putc(out, (char)len);
    buf_put(out, id->uuid, len);
}

int my_identity_decode(struct position blob, struct my_identity *out, struct err *e) {
    struct cursor c = cursor_of(blob.bytes, blob.len);
    uint16_t version;
    uint8_t flavour, flags, len;
    const uint8_t *uuid;

    memset(out, 0, sizeof *out);
    if (!cursor_u16(&c, &version))
        return err_set(e, ERR_DATA, "the checkpoint's source identity is cut short");
    if (version != VERSION)
        return err_set(
            e, ERR_DATA,
            "the checkpoint's source identity has version %u, this build knows %u: run the version "
            "that wrote it",
            version, VERSION);
    if (!cursor_u8(&c, &flavour) || !cursor_u8(&c, &flags) || !cursor_u32(&c, &out->server_id) ||
        !cursor_u8(&c, &len) || len >= MY_UUID_TEXT || !cursor_bytes(&c, len, &uuid) ||
        cursor_left(&c) != 0 || (flavour != FLAVOUR_MYSQL && flavour != FLAVOUR_MARIADB))
        return err_set(e, ERR_DATA, "the checkpoint's source identity is damaged at byte %zu",
                       cursor_offset(&c));
    out->flavour = flavour;
    out->by_gtid = flags & BY_GTID;
    out->complete = flags & COMPLETE;
    memcpy(out->uuid, uuid, len);
    return 0;
}

bool my_identity_same(const struct my_identity *id, const struct my_server *s) {
    if (id->flavour != s->flavour) return false;
    if (s->flavour == FLAVOUR_MARIADB) return id->server_id == s->server_id;
    return strcmp(id->uuid, s->uuid) == 0;
}
