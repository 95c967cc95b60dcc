#include "agent/map/codec_text.h"

#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "decoders/binlog/charset.h"
#include "decoders/utf8.h"

#define NONE UINT32_MAX

struct codec_charset {
    const struct charset *many; /* more than one byte a character; NULL: `points` */
    uint32_t points[256];       /* what each byte stands for, or NONE */
};

/* Code pages that MySQL has not, by the C library's names: EBCDIC, DOS, ISO. */
static const struct {
    const char *name;
    const char *iconv;
} pages[] = {
    {"cp037", "IBM037"},   {"cp273", "IBM273"},   {"cp277", "IBM277"},
    {"cp278", "IBM278"},   {"cp280", "IBM280"},   {"cp284", "IBM284"},
    {"cp285", "IBM285"},   {"cp297", "IBM297"},   {"cp500", "IBM500"},
    {"cp870", "IBM870"},   {"cp1026", "IBM1026"}, {"cp1047", "IBM1047"},
    {"cp1140", "IBM1140"}, {"cp1141", "IBM1141"}, {"cp1148", "IBM1148"},
    {"cp437", "IBM437"},   {"cp858", "IBM858"},   {"iso-8859-15", "ISO-8859-15"},
    {"cp1253", "CP1253"},  {"cp1254", "CP1254"},  {"cp1255", "CP1255"},
    {"cp1258", "CP1258"},
};

/* Other names of MySQL's charsets. */
static const char *const aliases[][2] = {
    {"utf8", "utf8mb4"},      {"utf-8", "utf8mb4"},     {"cp1252", "latin1"},      {"windows-1252", "latin1"},
    {"iso-8859-2", "latin2"}, {"iso-8859-9", "latin5"}, {"iso-8859-13", "latin7"}, {"shift-jis", "sjis"},
};

bool codec_charset_is_single(const struct codec_charset *cs) {
    return !cs->many;
}

/* ---- Tables of 256 ---- */

static void learn_iconv(iconv_t converter, uint32_t *points) {
    for (unsigned i = 0; i < 256; i++) {
        char byte = (char)i;
        char *in = &byte, *out = (char *)&points[i];
        size_t in_left = 1, out_left = sizeof(points[i]);
        iconv(converter, NULL, NULL, NULL, NULL);
        if (iconv(converter, &in, &in_left, &out, &out_left) == (size_t)-1 || out_left) points[i] = NONE;
    }
}

/* A character of UTF-8 at `s`; its length, 0 when it is none. */
static size_t read_point(const char *text, size_t len, uint32_t *point) {
    const uint8_t *s = (const uint8_t *)text;
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : s[0] < 0xF5 ? 4 : 0;
    if (n == 0 || n > len) return 0;
    *point = n == 1 ? s[0] : s[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80) return 0;
        *point = *point << 6 | (s[i] & 0x3F);
    }
    return n;
}

static bool learn_charset(const struct charset *cs, uint32_t *points) {
    struct charsets *open = charsets_new();
    struct arena a;
    if (!open) return false;
    arena_init(&a, 0);
    for (unsigned i = 0; i < 256; i++) {
        const char byte = (char)i;
        struct text t;
        points[i] = NONE;
        if (charset_to_utf8(open, cs, &byte, 1, &a, &t, NULL) == 0 && t.len)
            (void)read_point(t.ptr, t.len, &points[i]);
    }
    arena_release(&a);
    charsets_free(open);
    return true;
}

/* ---- Names ---- */

static const char *iconv_name(const char *name) {
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
        if (strcasecmp(pages[i].name, name) == 0) return pages[i].iconv;
    return NULL;
}

static const struct charset *mysql_charset(const char *name) {
    char lower[24];
    size_t len = strlen(name);
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
        if (strcasecmp(aliases[i][0], name) == 0) return charset_named(aliases[i][1]);
    if (len >= sizeof(lower)) return NULL;
    for (size_t i = 0; i <= len; i++)
        lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
    return charset_named(lower);
}

int codec_charset_named(const char *name, struct arena *a, const struct codec_charset **out, struct err *e) {
    const struct charset *cs = mysql_charset(name);
    const char *page = iconv_name(name);
    if ((!cs && !page) || (cs && charset_is_binary(cs)))
        return err_set(e, ERR_CONFIG, "there is no charset \"%.40s\": see docs/legacy.md for the names",
                       name);
    struct codec_charset *made = arena_calloc(a, 1, sizeof(*made));
    if (!made) return err_memory(e, "preparing a charset");
    *out = made;
    if (cs && charset_width(cs) > 1) {
        made->many = cs;
        return 0;
    }
    if (cs) return learn_charset(cs, made->points) ? 0 : err_memory(e, "preparing a charset");
    iconv_t converter = iconv_open("UTF-32LE", page);
    if (converter == (iconv_t)-1)
        return err_set(e, ERR_CONFIG, "the C library of this machine lacks the charset %s (%s)", name, page);
    learn_iconv(converter, made->points);
    iconv_close(converter);
    return 0;
}

/* ---- Texts ---- */

static int many_to_utf8(const struct codec_charset *cs, struct text in, struct arena *a, struct text *out) {
    struct charsets *open = charsets_new();
    if (!open) return -1;
    int rc = charset_to_utf8(open, cs->many, in.ptr, in.len, a, out, NULL);
    charsets_free(open);
    return rc;
}

int codec_to_utf8(const struct codec_charset *cs, struct text in, struct arena *a, struct text *out) {
    if (cs->many) return many_to_utf8(cs, in, a, out);
    char *to = arena_alloc(a, in.len * 4 + 1); /* as utf8_put() asks for */
    if (!to) return -1;
    size_t n = 0;
    for (size_t i = 0; i < in.len; i++) {
        uint32_t point = cs->points[(uint8_t)in.ptr[i]];
        if (point == NONE) return 1;
        n += utf8_put(point, to + n);
    }
    *out = (struct text){.ptr = to, .len = n};
    return 0;
}

/* The byte of a character, or -1. */
static int byte_of(const struct codec_charset *cs, uint32_t point) {
    if (point < 256 && cs->points[point] == point) return (int)point;
    for (int i = 0; i < 256; i++)
        if (cs->points[i] == point) return i;
    return -1;
}

int codec_from_utf8(const struct codec_charset *cs, struct text in, struct arena *a, struct text *out) {
    char *to = arena_alloc(a, in.len + 1);
    size_t n = 0;
    if (!to) return -1;
    for (size_t i = 0, len; i < in.len; i += len) {
        uint32_t point = NONE;
        len = read_point(in.ptr + i, in.len - i, &point);
        int byte = len ? byte_of(cs, point) : -1;
        if (byte < 0) return 1;
        to[n++] = (char)byte;
    }
    *out = (struct text){.ptr = to, .len = n};
    return 0;
}
