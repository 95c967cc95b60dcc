#include "decoders/pgoutput/catalog.h"

void pgoutput_catalog_put_type(struct buf *b, const struct pgoutput_type *t) {
    buf_putc(b, 't');
    buf_put_be32(b, t->oid);
    buf_putc(b, t->typtype);
    buf_put_be32(b, t->elem);
    buf_put_be32(b, t->base);
    buf_put_be32(b, (uint32_t)t->base_mod);
    buf_putc(b, t->delim);
    buf_put(b, t->schema, strlen(t->schema) + 1);
    buf_put(b, t->name, strlen(t->name) + 1);
}

void pgoutput_catalog_put_keys(struct buf *b, const struct pgoutput_keys *k) {
    buf_putc(b, 'r');
    buf_put_be32(b, k->relid);
    buf_put_be16(b, (uint16_t)k->nkeys);
    for (size_t i = 0; i < k->nkeys; i++) buf_put(b, k->keys[i], strlen(k->keys[i]) + 1);
}

static bool read_type(struct cursor *c, struct pgoutput_type *t) {
    uint8_t typtype, delim;
    if (!cursor_u32(c, &t->oid) || !cursor_u8(c, &typtype) || !cursor_u32(c, &t->elem) ||
        !cursor_u32(c, &t->base) || !cursor_i32(c, &t->base_mod) || !cursor_u8(c, &delim) ||
        !cursor_cstr(c, &t->schema) || !cursor_cstr(c, &t->name))
        return false;
    t->typtype = (char)typtype;
    t->delim = (char)delim;
    return true;
}

static bool read_keys(struct cursor *c, struct pgoutput_keys *k) {
    uint16_t count;
    if (!cursor_u32(c, &k->relid) || !cursor_u16(c, &count) || count > PGOUTPUT_MAX_KEYS) return false;
    k->nkeys = count;
    for (size_t i = 0; i < k->nkeys; i++)
        if (!cursor_cstr(c, &k->keys[i])) return false;
    return true;
}

int pgoutput_catalog_next(struct cursor *c, struct pgoutput_type *t, struct pgoutput_keys *k, struct err *e) {
    uint8_t tag;
    size_t offset = cursor_offset(c);
    if (!cursor_u8(c, &tag)) return 0;
    if (tag == 't' && read_type(c, t)) return 't';
    if (tag == 'r' && read_keys(c, k)) return 'r';
    return err_set(e, ERR_DATA, "catalogue frame: malformed record 0x%02x at offset %zu", tag, offset);
}
