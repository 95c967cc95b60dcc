#include "decoders/binlog/cell_part.h"

/* SRID (4 bytes, little-endian), then WKB */
static int put_geometry(const uint8_t *bytes, size_t len, struct value *out) {
    if (len < 4) return cell_put_invalid(out, bytes, len);
    cell_put_text(out, VALUE_GEOMETRY, bytes + 4, len - 4);
    out->v.u = cell_le(bytes, 4);
    return 0;
}

int cell_vector(const struct cell_reader *r, const uint8_t *bytes, size_t len, struct value *out,
                struct err *e) {
    size_t count = len / 4;
    if (len % 4 || count == 0 || count > UINT32_MAX) return cell_put_invalid(out, bytes, len);
    struct value_array *array = arena_calloc(r->arena, 1, sizeof(*array));
    struct value *items = arena_alloc(r->arena, count * sizeof(*items));
    if (!array || !items) return cell_memory(e);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)cell_le(bytes + 4 * i, 4);
        float v;
        memcpy(&v, &bits, sizeof(v));
        items[i] = (struct value){.state = VALUE_PRESENT, .kind = VALUE_FLOAT, .v.d = (double)v};
    }
    *array = (struct value_array){.kind = VALUE_FLOAT,
                                  .ndims = 1,
                                  .delim = ',',
                                  .dims = {(uint32_t)count},
                                  .count = count,
                                  .items = items};
    *out = (struct value){.state = VALUE_PRESENT, .kind = VALUE_ARRAY, .v.array = array};
    return 0;
}

int cell_blob(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
              struct err *e) {
    const uint8_t *bytes;
    size_t len;
    if (!cell_take(c, f->length, &bytes, &len)) return cell_cut(e);
    if (f->type == FIELD_GEOMETRY) return put_geometry(bytes, len, out);
    return cell_vector(r, bytes, len, out, e);
}
