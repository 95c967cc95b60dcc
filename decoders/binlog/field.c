#include "decoders/binlog/field.h"

/* The type's metadata bytes as a big-endian and as a little-endian number. */
struct metadata {
    uint8_t first, second;
};

static size_t metadata_bytes(uint8_t type) {
    switch (type) {
    case FIELD_FLOAT:
    case FIELD_DOUBLE:
    case FIELD_TIMESTAMP2:
    case FIELD_DATETIME2:
    case FIELD_TIME2:
    case FIELD_BLOB_COMPRESSED:
    case FIELD_VECTOR:
    case FIELD_JSON:
    case FIELD_TINY_BLOB:
    case FIELD_MEDIUM_BLOB:
    case FIELD_LONG_BLOB:
    case FIELD_BLOB:
    case FIELD_GEOMETRY: return 1;
    case FIELD_VARCHAR:
    case FIELD_VARCHAR_COMPRESSED:
    case FIELD_BIT:
    case FIELD_NEWDECIMAL:
    case FIELD_ENUM:
    case FIELD_SET:
    case FIELD_STRING: return 2;
    default: return 0;
    }
}

static bool is_known(uint8_t type) {
    return metadata_bytes(type) || (type >= FIELD_TINY && type <= FIELD_LONG) ||
           (type >= FIELD_TIMESTAMP && type <= FIELD_NEWDATE);
}

static bool describe_decimal(struct field *f, struct metadata m) {
    f->precision = m.first;
    f->scale = m.second;
    return f->precision >= 1 && f->precision <= 65 && f->scale <= f->precision;
}

/* bits % 8, then bits / 8 */
static bool describe_bit(struct field *f, struct metadata m) {
    unsigned bits = m.second * 8u + m.first;
    f->bits = (uint8_t)bits;
    return m.first < 8 && bits >= 1 && bits <= 64;
}

/*
 * CHAR, ENUM and SET are logged as STRING: real type, then length in bytes. A CHAR longer than 255 has the
 * high bits of its length, inverted, in bits 4 and 5 of the type, which are set in every type that can stand
 * there.
 */
static bool describe_string(struct field *f, struct metadata m) {
    f->type = m.first | 0x30;
    f->length = (uint16_t)(m.second | (~m.first & 0x30) << 4);
    switch (f->type) {
    case FIELD_STRING: return true;
    case FIELD_ENUM: return f->length == 1 || f->length == 2;
    case FIELD_SET: return (f->length >= 1 && f->length <= 4) || f->length == 8;
    default: return false;
    }
}

static bool describe(struct field *f, struct metadata m) {
    switch (f->type) {
    case FIELD_FLOAT: return m.first == 4;
    case FIELD_DOUBLE: return m.first == 8;
    case FIELD_TIMESTAMP2:
    case FIELD_DATETIME2:
    case FIELD_TIME2: f->precision = m.first; return f->precision <= 6;
    case FIELD_NEWDECIMAL: return describe_decimal(f, m);
    case FIELD_BIT: return describe_bit(f, m);
    case FIELD_VARCHAR:
    case FIELD_VARCHAR_COMPRESSED: f->length = (uint16_t)(m.second << 8 | m.first); return true;
    case FIELD_ENUM:
    case FIELD_SET:
    case FIELD_STRING: return describe_string(f, m);
    case FIELD_BLOB_COMPRESSED:
    case FIELD_VECTOR:
    case FIELD_JSON:
    case FIELD_TINY_BLOB:
    case FIELD_MEDIUM_BLOB:
    case FIELD_LONG_BLOB:
    case FIELD_BLOB:
    case FIELD_GEOMETRY: f->length = m.first; return f->length >= 1 && f->length <= 4;
    default: return true;
    }
}

int field_describe(struct field *f, uint8_t type, struct cursor *metadata, struct err *e) {
    struct metadata m = {0, 0};
    size_t len = metadata_bytes(type);
    f->type = type;
    f->visible = true;
    if (!is_known(type))
        return err_set(e, ERR_DATA,
                       "the type %u is not known; this server writes what Tailrace cannot read yet", type);
    if ((len >= 1 && !cursor_u8(metadata, &m.first)) || (len == 2 && !cursor_u8(metadata, &m.second)))
        return err_set(e, ERR_DATA, "the type metadata ends too early");
    if (!describe(f, m))
        return err_set(e, ERR_DATA, "the type %u cannot have the metadata 0x%02x%02x", type, m.first,
                       m.second);
    return 0;
}

/* YEAR has a sign bit in both servers, though it has no sign; BIT has none. */
bool field_is_numeric(const struct field *f) {
    switch (f->type) {
    case FIELD_TINY:
    case FIELD_SHORT:
    case FIELD_INT24:
    case FIELD_LONG:
    case FIELD_LONGLONG:
    case FIELD_FLOAT:
    case FIELD_DOUBLE:
    case FIELD_YEAR:
    case FIELD_NEWDECIMAL: return true;
    default: return false;
    }
}

/* VECTOR has the charset "binary"; JSON and GEOMETRY have none. */
bool field_is_character(const struct field *f) {
    switch (f->type) {
    case FIELD_STRING:
    case FIELD_VARCHAR:
    case FIELD_VARCHAR_COMPRESSED:
    case FIELD_TINY_BLOB:
    case FIELD_MEDIUM_BLOB:
    case FIELD_LONG_BLOB:
    case FIELD_BLOB:
    case FIELD_BLOB_COMPRESSED:
    case FIELD_VECTOR: return true;
    default: return false;
    }
}

bool field_is_label(const struct field *f) {
    return f->type == FIELD_ENUM || f->type == FIELD_SET;
}

bool field_is_any(const struct field *f) {
    (void)f;
    return true;
}

bool field_is_set(const struct field *f) {
    return f->type == FIELD_SET;
}

bool field_is_enum(const struct field *f) {
    return f->type == FIELD_ENUM;
}

bool field_is_geometry(const struct field *f) {
    return f->type == FIELD_GEOMETRY;
}

bool field_is_vector(const struct field *f) {
    return f->type == FIELD_VECTOR;
}

bool field_is_character_or_geometry(const struct field *f) {
    return field_is_character(f) || field_is_geometry(f);
}
