#include <zlib.h>

#include "decoders/binlog/cell_part.h"

/*
 * MariaDB's COMPRESSED columns: nothing for the empty value; else a byte (method in the high half: 0 none, 8
 * zlib; bit 3: a bare stream without zlib's header; low bits: bytes of the length), the original length
 * big-endian, and the data.
 */
#define METHOD_NONE 0
#define METHOD_ZLIB 8

/* No zlib stream grows by more than this. */
#define GROWTH_MAX 1040

/* All of `in` becomes exactly `size` bytes, or it is an error. */
static int uncompress_all(struct cursor in, bool bare, uint8_t *out, size_t size, struct err *e) {
    z_stream z = {.next_in = (uint8_t *)(uintptr_t)in.at, .avail_in = (uInt)cursor_left(&in)};
    z.next_out = out;
    z.avail_out = (uInt)size;
    if (inflateInit2(&z, bare ? -MAX_WBITS : MAX_WBITS) != Z_OK) return cell_memory(e);
    int rc = inflate(&z, Z_FINISH);
    bool whole = rc == Z_STREAM_END && z.avail_out == 0 && z.avail_in == 0;
    inflateEnd(&z);
    if (rc == Z_MEM_ERROR) return cell_memory(e);
    return whole ? 0 : err_set(e, ERR_DATA, "the compressed value is damaged");
}

static int read_zlib(const struct cell_reader *r, struct cursor c, uint8_t head, const uint8_t **bytes,
                     size_t *len, struct err *e) {
    const uint8_t *p;
    size_t width = head & 7;
    if (width < 1 || width > 4 || !cursor_bytes(&c, width, &p)) return cell_cut(e);
    size_t size = (size_t)cell_be(p, width);
    if (size / GROWTH_MAX > cursor_left(&c))
        return err_set(e, ERR_DATA, "%zu compressed bytes cannot be %zu", cursor_left(&c), size);
    uint8_t *out = arena_alloc(r->arena, size + 1);
    if (!out) return cell_memory(e);
    if (uncompress_all(c, head & 8, out, size, e)) return -1;
    *bytes = out;
    *len = size;
    return 0;
}

static int uncompress_value(const struct cell_reader *r, const uint8_t **bytes, size_t *len, struct err *e) {
    uint8_t head;
    struct cursor c = cursor_of(*bytes, *len);
    if (!cursor_u8(&c, &head)) return 0;
    if (head >> 4 == METHOD_ZLIB) return read_zlib(r, c, head, bytes, len, e);
    if (head >> 4 != METHOD_NONE)
        return err_set(e, ERR_DATA, "compressed by a method that is not known: %u", head >> 4);
    *bytes = c.at;
    *len = cursor_left(&c);
    return 0;
}

int cell_compressed(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
                    struct err *e) {
    const uint8_t *bytes;
    size_t len;
    if (!cell_take(c, cell_length_bytes(f), &bytes, &len)) return cell_cut(e);
    if (uncompress_value(r, &bytes, &len, e)) return -1;
    return cell_put_string(r, f, bytes, len, out, e);
}
