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

#endif
