#include "agent/ack/checkpoint.h"

#include "agent/ack/crc32c.h"
#include "decoders/cursor.h"

#define MAGIC "TRCK"
#define VERSION 1u
#define CRC_LEN 4u

void checkpoint_release(struct checkpoint *c) {
    for (size_t i = 0; i < CHECKPOINT_SECTIONS; i++) buf_release(&c->sections[i]);
}

int checkpoint_set(struct checkpoint *c, enum checkpoint_section s, const void *data, size_t len,
                   struct err *e) {
    struct buf *b = &c->sections[s];

    buf_clear(b, SIZE_MAX);
    buf_put(b, data, len);
    return buf_failed(b) ? err_memory(e, "making a checkpoint") : 0;
}

int checkpoint_set_u64(struct checkpoint *c, enum checkpoint_section s, uint64_t v, struct err *e) {
    struct buf *b = &c->sections[s];

    buf_clear(b, SIZE_MAX);
    buf_put_be64(b, v);
    return buf_failed(b) ? err_memory(e, "making a checkpoint") : 0;
}

uint64_t checkpoint_u64(const struct checkpoint *c, enum checkpoint_section s, uint64_t missing) {
    struct cursor in = cursor_of(c->sections[s].data, c->sections[s].len);
    uint64_t v;

    return in.end - in.at == 8 && cursor_u64(&in, &v) ? v : missing;
}

/* ---- Encoding ---- */

int checkpoint_encode(const struct checkpoint *c, struct buf *out, struct err *e) {
    size_t start = out->len;
    uint16_t count = 0;

    for (size_t i = 0; i < CHECKPOINT_SECTIONS; i++)
        if (c->sections[i].len > 0) count++;
    buf_puts(out, MAGIC);
    buf_put_be16(out, VERSION);
    buf_put_be16(out, count);
    for (size_t i = 0; i < CHECKPOINT_SECTIONS; i++) {
        const struct buf *b = &c->sections[i];
        if (b->len == 0) continue;
        if (b->len > UINT32_MAX)
            return err_set(e, ERR_MEMORY, "section %zu of the checkpoint is too large", i);
        buf_put_be16(out, (uint16_t)i);
        buf_put_be32(out, (uint32_t)b->len);
        buf_put(out, b->data, b->len);
    }
    if (!buf_failed(out)) buf_put_be32(out, crc32c(out->data + start, out->len - start));
    return buf_failed(out) ? err_memory(e, "making a checkpoint") : 0;
}

/* ---- Decoding ---- */

static int torn(struct err *e, const char *what) {
    return err_set(e, ERR_DATA, "torn or damaged: %s", what);
}

/* tag u16, length u32, bytes */
static int read_section(struct cursor *in, struct checkpoint *out, struct err *e) {
    uint16_t tag;
    uint32_t len;
    const uint8_t *bytes;

    if (!cursor_u16(in, &tag) || !cursor_u32(in, &len) || !cursor_bytes(in, len, &bytes))
        return torn(e, "it ends inside a section");
    if (tag == 0 || tag >= CHECKPOINT_SECTIONS)
        return err_set(e, ERR_DATA, "written by another version of tailrace: section %u is not known here",
                       tag);
    if (len == 0 || out->sections[tag].len > 0) return torn(e, "a section is empty or there twice");
    return checkpoint_set(out, tag, bytes, len, e);
}

/* magic, version u16, count u16; and the checksum behind everything else, which leaves the window */
static int read_frame(struct cursor *in, uint16_t *count, struct err *e) {
    const uint8_t *magic;
    uint16_t version;
    uint32_t crc;
    struct cursor last;

    if (!cursor_bytes(in, strlen(MAGIC), &magic)) return torn(e, "it is too short");
    if (memcmp(magic, MAGIC, strlen(MAGIC)) != 0) return err_set(e, ERR_DATA, "not a checkpoint of tailrace");
    if (!cursor_u16(in, &version)) return torn(e, "it is too short");
    if (version != VERSION)
        return err_set(e, ERR_DATA, "written by another version of tailrace: layout %u, this one knows %u",
                       version, VERSION);
    if (!cursor_u16(in, count) || cursor_left(in) < CRC_LEN) return torn(e, "it is too short");
    last = cursor_of(in->end - CRC_LEN, CRC_LEN);
    if (!cursor_u32(&last, &crc) || crc != crc32c(in->start, (size_t)(in->end - in->start) - CRC_LEN))
        return torn(e, "the checksum is wrong");
    in->end -= CRC_LEN;
    return 0;
}

int checkpoint_decode(const void *data, size_t len, struct checkpoint *out, struct err *e) {
    struct cursor in = cursor_of(data, len);
    uint16_t count = 0;

    for (size_t i = 0; i < CHECKPOINT_SECTIONS; i++) buf_clear(&out->sections[i], SIZE_MAX);
    if (read_frame(&in, &count, e) < 0) return -1;
    for (; count > 0; count--)
        if (read_section(&in, out, e) < 0) return -1;
    return cursor_left(&in) == 0 ? 0 : torn(e, "there is something behind the last section");
}
