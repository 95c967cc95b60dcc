#include "decoders/binlog/charset.h"

#include <stdlib.h>
#include <string.h>

#include "decoders/binlog/charset_tables.h"
#include "decoders/utf8.h"

#define NOPAD 1024 /* MariaDB: a collation's twin without padding has this much more */
#define NOPAD_END 2048

enum scheme {
    SCHEME_BINARY,
    SCHEME_UTF8,
    SCHEME_BYTES,
    SCHEME_UCS2,
    SCHEME_UTF16,
    SCHEME_UTF16LE,
    SCHEME_UTF32
};

struct charset {
    const char *name;
    uint8_t width;
    uint8_t scheme;
    const uint16_t *low;  /* of the bytes below 0x80; NULL: ASCII */
    const uint16_t *high; /* of the others; NULL: there are none */
};

#define BYTES(name)                                                                                          \
    { #name, 1, SCHEME_BYTES, NULL, charset_##name }

static const struct charset charsets[CHARSET_COUNT] = {
    [CHARSET_ARMSCII8] = BYTES(armscii8),
    [CHARSET_ASCII] = {"ascii", 1, SCHEME_BYTES, NULL, NULL},
    [CHARSET_BINARY] = {"binary", 1, SCHEME_BINARY, NULL, NULL},
    [CHARSET_CP1250] = BYTES(cp1250),
    [CHARSET_CP1251] = BYTES(cp1251),
    [CHARSET_CP1256] = BYTES(cp1256),
    [CHARSET_CP1257] = BYTES(cp1257),
    [CHARSET_CP850] = BYTES(cp850),
    [CHARSET_CP852] = BYTES(cp852),
    [CHARSET_CP866] = BYTES(cp866),
    [CHARSET_DEC8] = BYTES(dec8),
    [CHARSET_GEOSTD8] = BYTES(geostd8),
    [CHARSET_GREEK] = BYTES(greek),
    [CHARSET_HEBREW] = BYTES(hebrew),
    [CHARSET_HP8] = BYTES(hp8),
    [CHARSET_KEYBCS2] = BYTES(keybcs2),
    [CHARSET_KOI8R] = BYTES(koi8r),
    [CHARSET_KOI8U] = BYTES(koi8u),
    [CHARSET_LATIN1] = BYTES(latin1),
    [CHARSET_LATIN2] = BYTES(latin2),
    [CHARSET_LATIN5] = BYTES(latin5),
    [CHARSET_LATIN7] = BYTES(latin7),
    [CHARSET_MACCE] = BYTES(macce),
    [CHARSET_MACROMAN] = BYTES(macroman),
    [CHARSET_SWE7] = {"swe7", 1, SCHEME_BYTES, charset_swe7_low, NULL},
    [CHARSET_TIS620] = BYTES(tis620),
    [CHARSET_UCS2] = {"ucs2", 2, SCHEME_UCS2, NULL, NULL},
    [CHARSET_UTF16] = {"utf16", 4, SCHEME_UTF16, NULL, NULL},
    [CHARSET_UTF16LE] = {"utf16le", 4, SCHEME_UTF16LE, NULL, NULL},
    [CHARSET_UTF32] = {"utf32", 4, SCHEME_UTF32, NULL, NULL},
    [CHARSET_UTF8MB3] = {"utf8mb3", 3, SCHEME_UTF8, NULL, NULL},
    [CHARSET_UTF8MB4] = {"utf8mb4", 4, SCHEME_UTF8, NULL, NULL},
};

struct charsets {
    bool unused;
};

/* ---- Which one --------------------------------------------------------------------------------------------
 */

const struct charset *charset_of_collation(uint32_t collation) {
    if (collation > NOPAD && collation < NOPAD_END) collation -= NOPAD;
    size_t first = 0, n = charset_nranges;
    while (n) {
        const struct charset_range *r = &charset_ranges[first + n / 2];
        if (collation < r->first) {
            n /= 2;
        } else if (collation > r->last) {
            first += n / 2 + 1;
            n -= n / 2 + 1;
        } else {
            return charsets[r->charset].name ? &charsets[r->charset] : NULL;
        }
    }
    return NULL;
}

const struct charset *charset_named(const char *name) {
    if (!strcmp(name, "utf8")) name = "utf8mb3";
    for (size_t i = 0; i < CHARSET_COUNT; i++)
        if (charsets[i].name && !strcmp(charsets[i].name, name)) return &charsets[i];
    return NULL;
}

const char *charset_name(const struct charset *cs) {
    return cs->name;
}

bool charset_is_binary(const struct charset *cs) {
    return cs->scheme == SCHEME_BINARY;
}

unsigned charset_width(const struct charset *cs) {
    return cs->width;
}

struct charsets *charsets_new(void) {
    return calloc(1, sizeof(struct charsets));
}

void charsets_free(struct charsets *c) {
    free(c);
}

/* ---- One character ----------------------------------------------------------------------------------------
 */

/* Reads the character at p, of which at least one byte is left: its length, 0 when it is none. */
typedef size_t reader(const struct charset *cs, const uint8_t *p, size_t left, uint32_t *point);

static size_t read_byte(const struct charset *cs, const uint8_t *p, size_t left, uint32_t *point) {
    (void)left;
    if (*p < 0x80)
        *point = cs->low ? cs->low[*p] : *p;
    else
        *point = cs->high ? cs->high[*p - 0x80] : 0;
    return *point || !*p ? 1 : 0;
}

static bool is_surrogate(uint32_t unit) {
    return unit >= 0xd800 && unit <= 0xdfff;
}

static size_t read_ucs2(const struct charset *cs, const uint8_t *p, size_t left, uint32_t *point) {
    (void)cs;
    if (left < 2) return 0;
    *point = (uint32_t)p[0] << 8 | p[1];
    return is_surrogate(*point) ? 0 : 2;
}

static size_t read_utf16(const struct charset *cs, const uint8_t *p, size_t left, uint32_t *point) {
    const int high = cs->scheme == SCHEME_UTF16LE, low = !high;
    if (left < 2) return 0;
    *point = (uint32_t)p[high] << 8 | p[low];
    if (!is_surrogate(*point)) return 2;
    if (*point >= 0xdc00 || left < 4) return 0;
    uint32_t second = (uint32_t)p[2 + high] << 8 | p[2 + low];
    if (second < 0xdc00 || second > 0xdfff) return 0;
    *point = 0x10000 + ((*point - 0xd800) << 10) + (second - 0xdc00);
    return 4;
}

static size_t read_utf32(const struct charset *cs, const uint8_t *p, size_t left, uint32_t *point) {
    (void)cs;
    if (left < 4) return 0;
    *point = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    return is_surrogate(*point) || *point > 0x10ffff ? 0 : 4;
}

static reader *reader_of(const struct charset *cs) {
    switch ((enum scheme)cs->scheme) {
    case SCHEME_UCS2: return read_ucs2;
    case SCHEME_UTF16:
    case SCHEME_UTF16LE: return read_utf16;
    case SCHEME_UTF32: return read_utf32;
    case SCHEME_BYTES: return read_byte;
    case SCHEME_BINARY:
    case SCHEME_UTF8: break;
    }
    return NULL;
}

/* ---- Texts ------------------------------------------------------------------------------------------------
 */

/* Length of the text in UTF-8; false when it is not valid. */
static bool measure(const struct charset *cs, reader *read, const uint8_t *p, size_t len, size_t *out) {
    *out = 0;
    while (len) {
        uint32_t point;
        size_t n = read(cs, p, len, &point);
        if (!n) return false;
        *out += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        p += n;
        len -= n;
    }
    return true;
}

static void write_text(const struct charset *cs, reader *read, const uint8_t *p, size_t len, char *to) {
    while (len) {
        uint32_t point;
        size_t n = read(cs, p, len, &point);
        to += utf8_put(point, to);
        p += n;
        len -= n;
    }
}

int charset_to_utf8(struct charsets *c, const struct charset *cs, const void *in, size_t len, struct arena *a,
                    struct text *out, struct err *e) {
    (void)c;
    reader *read = reader_of(cs);
    if (!read) {
        if (!utf8_valid(in, len)) return 1;
        *out = (struct text){in, len};
        return 0;
    }
    size_t same = cs->scheme == SCHEME_BYTES && !cs->low ? utf8_ascii(in, len) : 0, rest;
    if (same == len) {
        *out = (struct text){in, len};
        return 0;
    }
    const uint8_t *p = (const uint8_t *)in + same;
    if (!measure(cs, read, p, len - same, &rest)) return 1;
    char *text = arena_alloc(a, same + rest);
    if (!text) return err_memory(e, "a text");
    if (same) memcpy(text, in, same);
    write_text(cs, read, p, len - same, text + same);
    *out = (struct text){text, same + rest};
    return 0;
}
