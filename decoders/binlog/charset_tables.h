/*
 * charset_tables: what the servers themselves say about character sets; written by charset_tables.py.
 */
#ifndef TAILRACE_DECODERS_BINLOG_CHARSET_TABLES_H
#define TAILRACE_DECODERS_BINLOG_CHARSET_TABLES_H

#include <stddef.h>
#include <stdint.h>

enum charset_id {
    CHARSET_ARMSCII8,
    CHARSET_ASCII,
    CHARSET_BIG5,
    CHARSET_BINARY,
    CHARSET_CP1250,
    CHARSET_CP1251,
    CHARSET_CP1256,
    CHARSET_CP1257,
    CHARSET_CP850,
    CHARSET_CP852,
    CHARSET_CP866,
    CHARSET_CP932,
    CHARSET_DEC8,
    CHARSET_EUCJPMS,
    CHARSET_EUCKR,
    CHARSET_GB18030,
    CHARSET_GB2312,
    CHARSET_GBK,
    CHARSET_GEOSTD8,
    CHARSET_GREEK,
    CHARSET_HEBREW,
    CHARSET_HP8,
    CHARSET_KEYBCS2,
    CHARSET_KOI8R,
    CHARSET_KOI8U,
    CHARSET_LATIN1,
    CHARSET_LATIN2,
    CHARSET_LATIN5,
    CHARSET_LATIN7,
    CHARSET_MACCE,
    CHARSET_MACROMAN,
    CHARSET_SJIS,
    CHARSET_SWE7,
    CHARSET_TIS620,
    CHARSET_UCS2,
    CHARSET_UJIS,
    CHARSET_UTF16,
    CHARSET_UTF16LE,
    CHARSET_UTF32,
    CHARSET_UTF8MB3,
    CHARSET_UTF8MB4,
    CHARSET_COUNT,
};

/* Collations first to last are of this character set. MariaDB's twins without padding (1024 more) are not
 * listed. */
struct charset_range {
    uint16_t first;
    uint16_t last;
    uint8_t charset;
};

extern const struct charset_range charset_ranges[]; /* ascending */
extern const size_t charset_nranges;

/* Code points of the bytes from 0x80 on; 0: none. */
extern const uint16_t charset_armscii8[128], charset_cp1250[128], charset_cp1251[128], charset_cp1256[128],
    charset_cp1257[128], charset_cp850[128], charset_cp852[128], charset_cp866[128], charset_dec8[128],
    charset_geostd8[128], charset_greek[128], charset_hebrew[128], charset_hp8[128], charset_keybcs2[128],
    charset_koi8r[128], charset_koi8u[128], charset_latin1[128], charset_latin2[128], charset_latin5[128],
    charset_latin7[128], charset_macce[128], charset_macroman[128], charset_tis620[128];

/* The bytes below 0x80 of the only one where they are not ASCII. */
extern const uint16_t charset_swe7_low[128];

/*
 * The table of a multi-byte character set: one code point for each place, 0 where there is no character.
 * First the bytes from 0x80 on that stand alone (128), then pairs (first byte from 0x80 on, 256 each), then
 * triples (0x8f, 128 second bytes, 128 third ones) or quads (GB18030: in the order of the standard).
 */
#define CHARSET_AT_PAIRS 128
#define CHARSET_AT_THIRD (CHARSET_AT_PAIRS + 128 * 256)
#define CHARSET_NTRIPLES (128 * 128)
#define CHARSET_NQUADS 39420

enum charset_shape { CHARSET_PAIRS, CHARSET_TRIPLES, CHARSET_QUADS };

/* `count` places from `at` on hold `first` and its successors; `first` 0: nothing. */
struct charset_patch {
    uint32_t at;
    uint16_t count;
    uint16_t first;
};

struct charset_multi {
    const char *library; /* the C library's name of the nearest one it has */
    uint8_t shape;       /* enum charset_shape */
    uint64_t checksum;   /* of the server's table: FNV-1a over its 16-bit units */
    const struct charset_patch *patches;
    size_t npatches;
};

extern const struct charset_multi charset_big5, charset_cp932, charset_eucjpms, charset_euckr,
    charset_gb18030, charset_gb2312, charset_gbk, charset_sjis, charset_ujis;

#endif
