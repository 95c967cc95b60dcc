#include "decoders/binlog/cell.h"

static enum value_kind string_kind(const struct field *f) {
    switch (f->hint) {
    case HINT_UUID: return VALUE_UUID;
    case HINT_INET4:
    case HINT_INET6: return VALUE_OTHER;
    case HINT_VECTOR: return VALUE_ARRAY;
    default: return f->charset && charset_is_binary(f->charset) ? VALUE_BYTES : VALUE_TEXT;
    }
}

enum value_kind cell_kind(const struct field *f) {
    switch (f->type) {
    case FIELD_TINY:
    case FIELD_SHORT:
    case FIELD_INT24:
    case FIELD_LONG:
    case FIELD_LONGLONG: return f->is_unsigned ? VALUE_UINT : VALUE_INT;
    case FIELD_FLOAT: return VALUE_FLOAT;
    case FIELD_DOUBLE: return VALUE_DOUBLE;
    case FIELD_YEAR:
    case FIELD_BIT: return VALUE_UINT;
    case FIELD_NEWDECIMAL: return VALUE_DECIMAL;
    case FIELD_DATE:
    case FIELD_NEWDATE: return VALUE_DATE;
    case FIELD_TIME:
    case FIELD_TIME2: return VALUE_TIME;
    case FIELD_DATETIME:
    case FIELD_DATETIME2: return VALUE_TIMESTAMP;
    case FIELD_TIMESTAMP:
    case FIELD_TIMESTAMP2: return VALUE_TIMESTAMPTZ;
    case FIELD_ENUM: return VALUE_ENUM;
    case FIELD_SET: return VALUE_SET;
    case FIELD_JSON: return VALUE_JSON;
    case FIELD_GEOMETRY: return VALUE_GEOMETRY;
    case FIELD_VECTOR: return VALUE_ARRAY;
    default: return field_is_character(f) ? string_kind(f) : (enum value_kind)0;
    }
}

static const char *fixed_name(uint8_t type) {
    switch (type) {
    case FIELD_TINY: return "tinyint";
    case FIELD_SHORT: return "smallint";
    case FIELD_INT24: return "mediumint";
    case FIELD_LONG: return "int";
    case FIELD_LONGLONG: return "bigint";
    case FIELD_FLOAT: return "float";
    case FIELD_DOUBLE: return "double";
    case FIELD_YEAR: return "year";
    case FIELD_DATE:
    case FIELD_NEWDATE: return "date";
    case FIELD_TIME:
    case FIELD_TIME2: return "time";
    case FIELD_DATETIME:
    case FIELD_DATETIME2: return "datetime";
    case FIELD_TIMESTAMP:
    case FIELD_TIMESTAMP2: return "timestamp";
    case FIELD_JSON: return "json";
    default: return NULL;
    }
}

/* int unsigned, datetime(6) */
static void put_fixed(const struct field *f, const char *name, struct buf *out) {
    buf_puts(out, name);
    if (f->precision) buf_printf(out, "(%u)", f->precision);
    if (f->is_unsigned && f->type != FIELD_YEAR) buf_puts(out, " unsigned");
}

static const char *hint_name(uint8_t hint) {
    static const char *const names[] = {[HINT_UUID] = "uuid", [HINT_INET4] = "inet4", [HINT_INET6] = "inet6"};
    return hint < sizeof(names) / sizeof(names[0]) ? names[hint] : NULL;
}

/* char(10), varbinary(20): in characters */
static void put_string(const struct field *f, struct buf *out) {
    bool binary = f->charset && charset_is_binary(f->charset);
    unsigned bytes = f->length;
    if (f->type == FIELD_VARCHAR_COMPRESSED && bytes) bytes--; /* the byte that tells the method */
    if (f->type != FIELD_STRING) buf_puts(out, "var");
    unsigned width = f->charset ? charset_width(f->charset) : 1;
    buf_printf(out, "%s(%u)", binary ? "binary" : "char", bytes / (width ? width : 1));
}

static void put_blob(const struct field *f, struct buf *out) {
    static const char *const sizes[] = {"", "tiny", "", "medium", "long"};
    bool binary = f->charset && charset_is_binary(f->charset);
    buf_printf(out, "%s%s", f->length < 5 ? sizes[f->length] : "", binary ? "blob" : "text");
}

static void put_quoted(struct text t, struct buf *out) {
    buf_putc(out, '\'');
    for (size_t i = 0; i < t.len; i++) {
        if (t.ptr[i] == '\'') buf_putc(out, '\'');
        buf_putc(out, t.ptr[i]);
    }
    buf_putc(out, '\'');
}

/* enum('a','b') */
static void put_labels(const struct field *f, struct buf *out) {
    buf_puts(out, f->type == FIELD_ENUM ? "enum(" : "set(");
    for (size_t i = 0; i < f->nlabels; i++) {
        if (i) buf_putc(out, ',');
        put_quoted(f->labels[i], out);
    }
    buf_putc(out, ')');
}

static void put_geometry(const struct field *f, struct buf *out) {
    static const char *const names[] = {
        "geometry",   "point",           "linestring",   "polygon",
        "multipoint", "multilinestring", "multipolygon", "geometrycollection"};
    buf_puts(out, names[f->geometry < sizeof(names) / sizeof(names[0]) ? f->geometry : 0]);
}

static void put_vector(const struct field *f, struct buf *out) {
    buf_puts(out, "vector");
    if (f->dimensions) buf_printf(out, "(%u)", f->dimensions);
}

void cell_type_name(const struct field *f, struct buf *out) {
    const char *name = fixed_name(f->type);
    if (name) {
        put_fixed(f, name, out);
        return;
    }
    if (hint_name(f->hint)) {
        buf_puts(out, hint_name(f->hint));
        return;
    }
    switch (f->type) {
    case FIELD_NEWDECIMAL:
        buf_printf(out, "decimal(%u,%u)%s", f->precision, f->scale, f->is_unsigned ? " unsigned" : "");
        break;
    case FIELD_BIT: buf_printf(out, "bit(%u)", f->bits); break;
    case FIELD_ENUM:
    case FIELD_SET: put_labels(f, out); break;
    case FIELD_GEOMETRY: put_geometry(f, out); break;
    case FIELD_VECTOR: put_vector(f, out); break;
    case FIELD_STRING:
    case FIELD_VARCHAR:
    case FIELD_VARCHAR_COMPRESSED: f->hint == HINT_VECTOR ? put_vector(f, out) : put_string(f, out); break;
    default: put_blob(f, out);
    }
}
