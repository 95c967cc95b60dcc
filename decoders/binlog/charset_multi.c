#include "decoders/binlog/charset_multi.h"

#include <iconv.h>
#include <stdbool.h>
#include <stdlib.h>

#define NO_ICONV ((iconv_t)-1)
#define QUADS_SUPPLEMENTARY 189000 /* the quad of U+10000; beyond, the code points follow one another */

static size_t places(const struct charset_multi *m) {
    switch ((enum charset_shape)m->shape) {
    case CHARSET_TRIPLES: return CHARSET_AT_THIRD + CHARSET_NTRIPLES;
    case CHARSET_QUADS: return CHARSET_AT_THIRD + CHARSET_NQUADS;
    case CHARSET_PAIRS: break;
    }
    return CHARSET_AT_THIRD;
}

/* The code of a place in the table. Returns its length. */
static size_t code_at(const struct charset_multi *m, size_t place, uint8_t code[4]) {
    if (place < CHARSET_AT_PAIRS) {
        code[0] = (uint8_t)(0x80 + place);
        return 1;
    }
    if (place < CHARSET_AT_THIRD) {
        place -= CHARSET_AT_PAIRS;
        code[0] = (uint8_t)(0x80 + place / 256);
        code[1] = (uint8_t)(place % 256);
        return 2;
    }
    place -= CHARSET_AT_THIRD;
    if (m->shape == CHARSET_TRIPLES) {
        code[0] = 0x8f;
        code[1] = (uint8_t)(0x80 + place / 128);
        code[2] = (uint8_t)(0x80 + place % 128);
        return 3;
    }
    code[0] = (uint8_t)(0x81 + place / 12600);
    code[1] = (uint8_t)(0x30 + place / 1260 % 10);
    code[2] = (uint8_t)(0x81 + place / 10 % 126);
    code[3] = (uint8_t)(0x30 + place % 10);
    return 4;
}

/* What the C library makes of one code; 0 when that is not exactly one character, or none of 16 bits. */
static uint16_t library_point(iconv_t library, uint8_t *code, size_t len) {
    uint8_t point[16];
    char *in = (char *)code, *out = (char *)point;
    size_t left = len, room = sizeof(point);
    iconv(library, NULL, NULL, NULL, NULL);
    if (iconv(library, &in, &left, &out, &room) != 0 || left) return 0;
    iconv(library, NULL, NULL, &out, &room);
    if (room != sizeof(point) - 4 || point[2] || point[3]) return 0;
    return (uint16_t)(point[0] | point[1] << 8);
}

static uint64_t checksum(const uint16_t *table, size_t n) {
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++) h = (h ^ table[i]) * UINT64_C(0x100000001b3);
    return h;
}

static void patch(const struct charset_multi *m, uint16_t *table) {
    for (size_t i = 0; i < m->npatches; i++) {
        const struct charset_patch *p = &m->patches[i];
        for (unsigned n = 0; n < p->count; n++) table[p->at + n] = (uint16_t)(p->first ? p->first + n : 0);
    }
}

uint16_t *charset_multi_table(const struct charset_multi *m, struct err *e) {
    const size_t n = places(m);
    iconv_t library = iconv_open("UCS-4LE", m->library);
    if (library == NO_ICONV) {
        err_set(
            e, ERR_CONFIG,
            "the C library has no converter for %s: install its gconv modules (part of libc6 on Debian 12; "
            "libc-gconv-modules-extra on later ones, glibc-gconv-extra on Fedora and Red Hat)",
            m->library);
        return NULL;
    }
    uint16_t *table = malloc(n * sizeof(*table));
    if (!table) {
        err_memory(e, "the table of a character set");
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        uint8_t code[4];
        size_t len = code_at(m, i, code);
        table[i] = library_point(library, code, len);
    }
    patch(m, table);
    if (checksum(table, n) == m->checksum) goto out;
    err_set(
        e, ERR_CONFIG,
        "the C library's converter for %s is not the one that this program knows how to bring in line with "
        "MySQL's: run it where GNU libc is, and report the version of it",
        m->library);
    free(table);
    table = NULL;
out:
    iconv_close(library);
    return table;
}

static size_t read_triple(const uint16_t *table, const uint8_t *p, size_t left, uint32_t *point) {
    if (left < 3 || p[1] < 0x80 || p[2] < 0x80) return 0;
    *point = table[CHARSET_AT_THIRD + (p[1] - 0x80) * 128 + (p[2] - 0x80)];
    return *point ? 3 : 0;
}

static bool is_digit(uint8_t b) {
    return b >= 0x30 && b <= 0x39;
}

static size_t read_quad(const uint16_t *table, const uint8_t *p, size_t left, uint32_t *point) {
    if (left < 4 || p[0] < 0x81 || p[0] > 0xfe || p[2] < 0x81 || p[2] > 0xfe || !is_digit(p[3])) return 0;
    uint32_t quad = (p[0] - 0x81u) * 12600 + (p[1] - 0x30u) * 1260 + (p[2] - 0x81u) * 10 + (p[3] - 0x30u);
    if (quad < CHARSET_NQUADS) {
        *point = table[CHARSET_AT_THIRD + quad];
        return *point ? 4 : 0;
    }
    *point = quad - QUADS_SUPPLEMENTARY + 0x10000;
    return quad >= QUADS_SUPPLEMENTARY && *point <= 0x10ffff ? 4 : 0;
}

size_t charset_multi_read(const struct charset_multi *m, const uint16_t *table, const uint8_t *p, size_t left,
                          uint32_t *point) {
    *point = p[0] < 0x80 ? p[0] : table[p[0] - 0x80];
    if (p[0] < 0x80 || *point) return 1;
    if (left < 2) return 0;
    if (m->shape == CHARSET_TRIPLES && p[0] == 0x8f) return read_triple(table, p, left, point);
    if (m->shape == CHARSET_QUADS && is_digit(p[1])) return read_quad(table, p, left, point);
    *point = table[CHARSET_AT_PAIRS + (p[0] - 0x80) * 256 + p[1]];
    return *point ? 2 : 0;
}
