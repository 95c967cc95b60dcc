#include "decoders/binlog/charset.h"

#include <stdlib.h>
#include <string.h>

#include "decoders/binlog/charset_multi.h"
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
    SCHEME_UTF32,
    SCHEME_MULTI,
};

struct charset {
    const char *name;
    uint8_t width;
    uint8_t scheme;
    const uint16_t *low;  /* of the bytes below 0x80; NULL: ASCII */
    const uint16_t *high; /* of the others; NULL: there are none */
    const struct charset_multi *multi;
};

/* clang-format off */
#define ONE(name, width, scheme) {name, width, scheme, NULL, NULL, NULL}
#define BYTES(name) {#name, 1, SCHEME_BYTES, NULL, charset_##name, NULL}
#define MULTI(name, width) {#name, width, SCHEME_MULTI, NULL, NULL, &charset_##name}
/* clang-format on */

static const struct charset charsets[CHARSET_COUNT] = {
    [CHARSET_ARMSCII8] = BYTES(armscii8),
    [CHARSET_ASCII] = ONE("ascii", 1, SCHEME_BYTES),
    [CHARSET_BIG5] = MULTI(big5, 2),
    [CHARSET_BINARY] = ONE("binary", 1, SCHEME_BINARY),
    [CHARSET_CP1250] = BYTES(cp1250),
    [CHARSET_CP1251] = BYTES(cp1251),
    [CHARSET_CP1256] = BYTES(cp1256),
    [CHARSET_CP1257] = BYTES(cp1257),
    [CHARSET_CP850] = BYTES(cp850),
    [CHARSET_CP852] = BYTES(cp852),
    [CHARSET_CP866] = BYTES(cp866),
    [CHARSET_CP932] = MULTI(cp932, 2),
    [CHARSET_DEC8] = BYTES(dec8),
    [CHARSET_EUCJPMS] = MULTI(eucjpms, 3),
    [CHARSET_EUCKR] = MULTI(euckr, 2),
    [CHARSET_GB18030] = MULTI(gb18030, 4),
    [CHARSET_GB2312] = MULTI(gb2312, 2),
    [CHARSET_GBK] = MULTI(gbk, 2),
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
    [CHARSET_SJIS] = MULTI(sjis, 2),
    [CHARSET_SWE7] = {"swe7", 1, SCHEME_BYTES, charset_swe7_low, NULL, NULL},
    [CHARSET_TIS620] = BYTES(tis620),
    [CHARSET_UCS2] = ONE("ucs2", 2, SCHEME_UCS2),
    [CHARSET_UJIS] = MULTI(ujis, 3),
    [CHARSET_UTF16] = ONE("utf16", 4, SCHEME_UTF16),
    [CHARSET_UTF16LE] = ONE("utf16le", 4, SCHEME_UTF16LE),
    [CHARSET_UTF32] = ONE("utf32", 4, SCHEME_UTF32),
    [CHARSET_UTF8MB3] = ONE("utf8mb3", 3, SCHEME_UTF8),
    [CHARSET_UTF8MB4] = ONE("utf8mb4", 4, SCHEME_UTF8),
};

struct charsets {
    uint16_t *tables[CHARSET_COUNT]; /* of the multi-byte ones met so far */
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
            return &charsets[r->charset];
        }
    }
    return NULL;
}

const struct charset *charset_named(const char *name) {
    if (!strcmp(name, "utf8")) name = "utf8mb3";
    for (size_t i = 0; i < CHARSET_COUNT; i++)
        if (!strcmp(charsets[i].name, name)) return &charsets[i];
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
    if (!c) return;
    for (size_t i = 0; i < CHARSET_COUNT; i++) free(c->tables[i]);
    free(c);
}

/* ---- One character ----------------------------------------------------------------------------------------
 */

struct coding {
    const struct charset *cs;
    const uint16_t *table; /* SCHEME_MULTI */
};

/* Reads the character at p, of which at least one byte is left: its length, 0 when it is none. */
typedef size_t reader(const struct coding *k, const uint8_t *p, size_t left, uint32_t *point);

static size_t read_byte(const struct coding *k, const uint8_t *p, size_t left, uint32_t *point) {
    (void)left;
    if (*p < 0x80)
        *point = k->cs->low ? k->cs->low[*p] : *p;
    else
        *point = k->cs->high ? k->cs->high[*p - 0x80] : 0;
    return *point || !*p ? 1 : 0;
}

static size_t read_multi(const struct coding *k, const uint8_t *p, size_t left, uint32_t *point) {
    return charset_multi_read(k->cs->multi, k->table, p, left, point);
}

static bool is_surrogate(uint32_t unit) {
    return unit >= 0xd800 && unit <= 0xdfff;
}

static size_t read_ucs2(const struct coding *k, const uint8_t *p, size_t left, uint32_t *point) {
    (void)k;
    if (left < 2) return 0;
    *point = (uint32_t)p[0] << 8 | p[1];
    return is_surrogate(*point) ? 0 : 2;
}

static size_t read_utf16(const struct coding *k, const uint8_t *p, size_t left, uint32_t *point) {
    const int high = k->cs->scheme == SCHEME_UTF16LE, low = !high;
    if (left < 2) return 0;
    *point = (uint32_t)p[high] << 8 | p[low];
    if (!is_surrogate(*point)) return 2;
    if (*point >= 0xdc00 || left < 4) return 0;
    uint32_t second = (uint32_t)p[2 + high] << 8 | p[2 + low];
    if (second < 0xdc00 || second > 0xdfff) return 0;
    *point = 0x10000 + ((*point - 0xd800) << 10) + (second - 0xdc00);
    return 4;
}

static size_t read_utf32(const struct coding *k, const uint8_t *p, size_t left, uint32_t *point) {
    (void)k;
    if (left < 4) return 0;
    *point = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    return is_surrogate(*point) || *point > 0x10ffff ? 0 : 4;
}

static reader *reader_of(const struct charset *cs) {
    switch ((enum scheme)cs->scheme) {
    case SCHEME_BYTES: return read_byte;
    case SCHEME_MULTI: return read_multi;
    case SCHEME_UCS2: return read_ucs2;
    case SCHEME_UTF16:
    case SCHEME_UTF16LE: return read_utf16;
    case SCHEME_UTF32: return read_utf32;
    case SCHEME_BINARY:
    case SCHEME_UTF8: break;
    }
    return NULL;
}

/* A byte below 0x80 where a character begins is that ASCII character. */
static bool has_ascii(const struct charset *cs) {
    return (cs->scheme == SCHEME_BYTES && !cs->low) || cs->scheme == SCHEME_MULTI;
}

/* ---- Texts ------------------------------------------------------------------------------------------------
 */

/* Length of the text in UTF-8; false when it is not valid. */
static bool measure(const struct coding *k, const uint8_t *p, size_t len, size_t *out) {
    reader *read = reader_of(k->cs);
    const uint32_t ascii = has_ascii(k->cs) ? 0x80 : 0;
    uint32_t point;
    *out = 0;
    for (size_t n; len; p += n, len -= n) {
        n = *p < ascii ? 1 : read(k, p, len, &point);
        if (!n) return false;
        *out += *p < ascii || point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    }
    return true;
}

static void write_text(const struct coding *k, const uint8_t *p, size_t len, char *to) {
    reader *read = reader_of(k->cs);
    const uint32_t ascii = has_ascii(k->cs) ? 0x80 : 0;
    uint32_t point = 0;
    for (size_t n; len; p += n, len -= n) {
        n = 1;
        if (*p < ascii) {
            *to++ = (char)*p;
            continue;
        }
        n = read(k, p, len, &point);
        to += utf8_put(point, to);
    }
}

/* `same` bytes at the front are ASCII. */
static int convert(const struct coding *k, const char *in, size_t len, size_t same, struct arena *a,
                   struct text *out, struct err *e) {
    const uint8_t *rest = (const uint8_t *)in + same;
    size_t need;
    if (!measure(k, rest, len - same, &need)) return 1;
    char *text = arena_alloc(a, same + need);
    if (!text) return err_memory(e, "a text");
    if (same) memcpy(text, in, same);
    write_text(k, rest, len - same, text + same);
    *out = (struct text){text, same + need};
    return 0;
}

int charset_to_utf8(struct charsets *c, const struct charset *cs, const void *in, size_t len, struct arena *a,
                    struct text *out, struct err *e) {
    const bool as_it_is = cs->scheme == SCHEME_UTF8 || cs->scheme == SCHEME_BINARY;
    if (as_it_is && !utf8_valid(in, len)) return 1;
    size_t same = as_it_is ? len : has_ascii(cs) ? utf8_ascii(in, len) : 0;
    if (same == len) {
        *out = (struct text){in, len};
        return 0;
    }
    struct coding k = {.cs = cs};
    if (cs->multi) {
        uint16_t **table = &c->tables[cs - charsets];
        if (!*table) *table = charset_multi_table(cs->multi, e);
        if (!*table) return -1;
        k.table = *table;
    }
    return convert(&k, in, len, same, a, out, e);
}
