#include "decoders/binlog/field_make.h"

#include <string.h>

#include "decoders/binlog/charset.h"
#include "decoders/binlog/shape_part.h"

#define COLLATION_BINARY 63
#define COLLATION_UTF8MB4 45 /* utf8mb4_general_ci */

static bool is_compressed(const struct catalog_column *c) {
    return strstr(c->type, " COMPRESSED*/") != NULL;
}

/* In bytes; a compressed one has a byte more, for the method. */
static void set_string(struct field *f, const struct catalog_column *c, unsigned long characters) {
    const struct charset *cs = charset_named(c->charset[0] ? c->charset : "binary");
    unsigned long bytes = characters * (cs ? charset_width(cs) : 1);
    if (f->type == FIELD_VARCHAR && is_compressed(c)) {
        f->type = FIELD_VARCHAR_COMPRESSED;
        bytes++;
    }
    f->length = (uint16_t)bytes;
}

static uint16_t set_bytes(size_t labels) {
    size_t bytes = (labels + 7) / 8;
    return (uint16_t)(bytes > 4 ? 8 : bytes);
}

/* Everything that the type's own bytes in a TABLE_MAP say. */
static void set_type(struct field *f, const struct catalog_column *c, const unsigned long numbers[2],
                     uint16_t length, bool mariadb) {
    switch (f->type) {
    case FIELD_STRING:
    case FIELD_VARCHAR:
        f->length = length;
        if (!length) set_string(f, c, numbers[0]);
        break;
    case FIELD_BLOB:
        f->length = length;
        if (is_compressed(c)) f->type = FIELD_BLOB_COMPRESSED;
        break;
    case FIELD_NEWDECIMAL:
        f->precision = (uint8_t)numbers[0];
        f->scale = (uint8_t)numbers[1];
        break;
    case FIELD_BIT: f->bits = (uint8_t)numbers[0]; break;
    case FIELD_TIME2:
    case FIELD_DATETIME2:
    case FIELD_TIMESTAMP2: f->precision = (uint8_t)numbers[0]; break;
    case FIELD_VECTOR:
        f->length = 4;
        if (!mariadb) break;
        f->type = FIELD_VARCHAR;
        f->length = (uint16_t)(numbers[0] * 4);
        break;
    case FIELD_JSON:
    case FIELD_GEOMETRY: f->length = 4; break;
    default: break;
    }
}

static bool is_ascii(const struct field *f) {
    for (size_t i = 0; i < f->nlabels; i++)
        for (size_t k = 0; k < f->labels[i].len; k++)
            if (f->labels[i].ptr[k] & 0x80) return false;
    return true;
}

/* Charsets in which a byte below 128 is that character of ASCII, or all of UTF-8 is UTF-8. */
static bool same_as_utf8(const struct field *f, const char *charset) {
    static const char *const wide[] = {"ucs2", "utf16", "utf16le", "utf32"};
    if (strncmp(charset, "utf8", 4) == 0) return true;
    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
        if (strcmp(charset, wide[i]) == 0) return false;
    return is_ascii(f);
}

static void set_collation(struct field *f, const struct catalog_column *c, const struct field_origin *o) {
    if (field_is_character(f) || (o->mariadb && f->type == FIELD_GEOMETRY))
        f->collation = c->charset[0] ? o->collation : COLLATION_BINARY;
    if (!field_is_label(f)) return;
    f->collation = same_as_utf8(f, c->charset) && o->collation ? o->collation : COLLATION_UTF8MB4;
}

int field_make(struct field *f, const struct catalog_column *c, const struct field_origin *o,
               struct arena *a) {
    unsigned long numbers[2];
    uint16_t length = 0;
    *f = (struct field){.nullable = o->nullable, .visible = o->visible};
    f->type = field_type_told(c->type, numbers, &length);
    if (!f->type) return 1;
    set_type(f, c, numbers, length, o->mariadb);
    int rc = field_told(f, c, true, a);
    if (rc) return rc;
    if (f->type == FIELD_ENUM) f->length = f->nlabels < 256 ? 1 : 2;
    if (f->type == FIELD_SET) f->length = set_bytes(f->nlabels);
    set_collation(f, c, o);
    return 0;
}
