#include "agent/encode/wire.h"

#define MAX_FIELD_NUMBER ((UINT64_C(1) << 29) - 1)

void wire_add_varint(struct buf *out, uint32_t field, uint64_t v) {
    if (!buf_reserve(out, (size_t)2 * WIRE_MAX_VARINT)) return;
    uint8_t *p = out->data + out->len;
    p = wire_put_varint(p, WIRE_TAG(field, WIRE_VARINT));
    p = wire_put_varint(p, v);
    out->len = (size_t)(p - out->data);
}

void wire_add_bytes(struct buf *out, uint32_t field, const void *data, size_t len) {
    if (len > SIZE_MAX / 2 || !buf_reserve(out, len + (size_t)2 * WIRE_MAX_VARINT)) {
        out->failed = true;
        return;
    }
    uint8_t *p = out->data + out->len;
    p = wire_put_varint(p, WIRE_TAG(field, WIRE_BYTES));
    p = wire_put_counted(p, data, len);
    out->len = (size_t)(p - out->data);
}

struct wire_reader wire_reader_of(const void *data, size_t len) {
    return (struct wire_reader){.in = cursor_of(data, len)};
}

int wire_varint(struct cursor *c, uint64_t *v) {
    struct cursor ahead = *c;
    uint64_t n = 0;
    for (unsigned i = 0; i < WIRE_MAX_VARINT; i++) {
        uint8_t b;
        if (!cursor_u8(&ahead, &b)) return 0;
        if (i == WIRE_MAX_VARINT - 1 && b > 1) return -1; /* past 64 bits */
        n |= (uint64_t)(b & 0x7F) << 7 * i;
        if (b & 0x80) continue;
        *v = n;
        *c = ahead;
        return 1;
    }
    return -1;
}

static int bad(const struct wire_reader *r, const char *what, struct err *e) {
    return err_set(e, ERR_DATA, "not a protobuf message: %s at byte %zu", what, cursor_offset(&r->in));
}

/* The next `n` bytes, little-endian. */
static bool read_fixed(struct cursor *c, size_t n, uint64_t *v) {
    const uint8_t *p;
    if (!cursor_bytes(c, n, &p)) return false;
    *v = 0;
    while (n--) *v = *v << 8 | p[n];
    return true;
}

static int read_payload(struct wire_reader *r, struct wire_field *f, struct err *e) {
    uint64_t len;
    switch (f->type) {
    case WIRE_VARINT: return wire_varint(&r->in, &f->value) == 1 ? 0 : bad(r, "a broken number", e);
    case WIRE_FIXED64: return read_fixed(&r->in, 8, &f->value) ? 0 : bad(r, "the end inside a number", e);
    case WIRE_FIXED32: return read_fixed(&r->in, 4, &f->value) ? 0 : bad(r, "the end inside a number", e);
    case WIRE_BYTES: break;
    default: return bad(r, "a group or an unknown wire type", e);
    }
    if (wire_varint(&r->in, &len) != 1) return bad(r, "a broken length", e);
    if (len > cursor_left(&r->in)) return bad(r, "a length past the end", e);
    f->len = (size_t)len;
    return cursor_bytes(&r->in, f->len, &f->data) ? 0 : bad(r, "a length past the end", e);
}

int wire_next(struct wire_reader *r, struct wire_field *f, struct err *e) {
    uint64_t tag;
    if (cursor_left(&r->in) == 0) return 0;
    *f = (struct wire_field){0};
    if (wire_varint(&r->in, &tag) != 1) return bad(r, "a broken tag", e);
    if (tag >> 3 == 0 || tag >> 3 > MAX_FIELD_NUMBER) return bad(r, "an impossible field number", e);
    f->number = (uint32_t)(tag >> 3);
    f->type = (enum wire_type)(tag & 7);
    return read_payload(r, f, e) ? -1 : 1;
}

int wire_expect(const struct wire_field *f, enum wire_type type, struct err *e) {
    if (f->type == type) return 0;
    return err_set(e, ERR_DATA, "protobuf field %u has wire type %d instead of %d", f->number, (int)f->type,
                   (int)type);
}

int wire_enter(const struct wire_reader *r, const struct wire_field *f, struct wire_reader *inner,
               struct err *e) {
    if (wire_expect(f, WIRE_BYTES, e)) return -1;
    if (r->depth + 1 >= WIRE_MAX_DEPTH)
        return err_set(e, ERR_DATA, "protobuf messages nested deeper than %d", WIRE_MAX_DEPTH);
    *inner = (struct wire_reader){.in = cursor_of(f->data, f->len), .depth = r->depth + 1};
    return 0;
}

double wire_double(uint64_t bits) {
    double d;
    memcpy(&d, &bits, sizeof(d));
    return d;
}

float wire_float(uint64_t bits) {
    uint32_t low = (uint32_t)bits;
    float f;
    memcpy(&f, &low, sizeof(f));
    return f;
}
