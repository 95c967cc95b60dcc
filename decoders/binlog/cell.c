#include "decoders/binlog/cell.h"

#include "decoders/binlog/cell_part.h"

/* 1, 2, 3, 4 or 8 bytes, little-endian, two's complement. */
static inline int read_integer(struct cursor *c, size_t width, const struct field *f, struct value *out,
                               struct err *e) {
    const uint8_t *p;
    if (!cursor_bytes(c, width, &p)) return cell_cut(e);
    *out = (struct value){.state = VALUE_PRESENT, .kind = VALUE_UINT, .v.u = cell_le(p, width)};
    if (f->is_unsigned) return 0;
    unsigned unused = 64 - 8 * (unsigned)width;
    out->kind = VALUE_INT;
    out->v.i = (int64_t)(out->v.u << unused) >> unused;
    return 0;
}

/* IEEE 754, little-endian. */
static int read_float(struct cursor *c, struct value *out, struct err *e) {
    uint32_t bits;
    float v;
    if (!cursor_u32le(c, &bits)) return cell_cut(e);
    memcpy(&v, &bits, sizeof(v));
    *out = (struct value){.state = VALUE_PRESENT, .kind = VALUE_FLOAT, .v.d = (double)v};
    return 0;
}

static int read_double(struct cursor *c, struct value *out, struct err *e) {
    uint64_t bits;
    *out = (struct value){.state = VALUE_PRESENT, .kind = VALUE_DOUBLE};
    if (!cursor_u64le(c, &bits)) return cell_cut(e);
    memcpy(&out->v.d, &bits, sizeof(bits));
    return 0;
}

/* One byte, years since 1900; 0 is the year 0000. */
static int read_year(struct cursor *c, struct value *out, struct err *e) {
    uint8_t year;
    if (!cursor_u8(c, &year)) return cell_cut(e);
    *out = (struct value){.state = VALUE_PRESENT, .kind = VALUE_UINT, .v.u = year ? 1900u + year : 0};
    return 0;
}

/* As many bytes as the bits need, big-endian. */
static int read_bit(struct cursor *c, const struct field *f, struct value *out, struct err *e) {
    const uint8_t *p;
    size_t width = (f->bits + 7u) / 8;
    if (!cursor_bytes(c, width, &p)) return cell_cut(e);
    *out = (struct value){.state = VALUE_PRESENT, .kind = VALUE_UINT, .v.u = cell_be(p, width)};
    return 0;
}

int cell_read(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
              struct err *e) {
    switch (f->type) {
    case FIELD_TINY: return read_integer(c, 1, f, out, e);
    case FIELD_SHORT: return read_integer(c, 2, f, out, e);
    case FIELD_INT24: return read_integer(c, 3, f, out, e);
    case FIELD_LONG: return read_integer(c, 4, f, out, e);
    case FIELD_LONGLONG: return read_integer(c, 8, f, out, e);
    case FIELD_FLOAT: return read_float(c, out, e);
    case FIELD_DOUBLE: return read_double(c, out, e);
    case FIELD_YEAR: return read_year(c, out, e);
    case FIELD_BIT: return read_bit(c, f, out, e);
    case FIELD_NEWDECIMAL: return cell_decimal(r, c, f, out, e);
    case FIELD_TIMESTAMP:
    case FIELD_DATE:
    case FIELD_TIME:
    case FIELD_DATETIME:
    case FIELD_NEWDATE:
    case FIELD_TIMESTAMP2:
    case FIELD_DATETIME2:
    case FIELD_TIME2: return cell_temporal(r, c, f, out, e);
    case FIELD_ENUM:
    case FIELD_SET: return cell_label(r, c, f, out, e);
    case FIELD_STRING:
    case FIELD_VARCHAR:
    case FIELD_TINY_BLOB:
    case FIELD_MEDIUM_BLOB:
    case FIELD_LONG_BLOB:
    case FIELD_BLOB: return cell_string(r, c, f, out, e);
    case FIELD_VARCHAR_COMPRESSED:
    case FIELD_BLOB_COMPRESSED: return cell_compressed(r, c, f, out, e);
    case FIELD_JSON: return cell_json(r, c, f, out, e);
    case FIELD_GEOMETRY:
    case FIELD_VECTOR: return cell_blob(r, c, f, out, e);
    default: return err_set(e, ERR_DATA, "the type %u is not known", f->type);
    }
}
