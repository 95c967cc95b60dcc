#include <stdlib.h>
#include <string.h>

#include "decoders/binlog/shape_part.h"

/* A COLUMN_TYPE taken apart: word, then one or two numbers or labels in brackets. */
struct spelled {
    size_t word;        /* its length */
    const char *inside; /* behind the bracket; NULL: none */
    unsigned long first, second;
};

static struct spelled spell(const char *type) {
    struct spelled s = {.word = strcspn(type, "( ")};
    if (type[s.word] != '(') return s;
    s.inside = type + s.word + 1;
    char *end;
    s.first = strtoul(s.inside, &end, 10);
    if (*end == ',') s.second = strtoul(end + 1, NULL, 10);
    return s;
}

enum check { CHECK_NONE, CHECK_DECIMAL, CHECK_BITS, CHECK_FRACTION, CHECK_CHARACTERS, CHECK_LENGTH };

/* What a word of SHOW COLUMNS is in the log; a second type where a server has two. */
static const struct word {
    const char *word;
    uint8_t type, other;
    uint8_t check;
    uint16_t length; /* CHECK_LENGTH: of the field */
} words[] = {
    {"tinyint", FIELD_TINY, 0, CHECK_NONE, 0},
    {"smallint", FIELD_SHORT, 0, CHECK_NONE, 0},
    {"mediumint", FIELD_INT24, 0, CHECK_NONE, 0},
    {"int", FIELD_LONG, 0, CHECK_NONE, 0},
    {"bigint", FIELD_LONGLONG, 0, CHECK_NONE, 0},
    {"float", FIELD_FLOAT, 0, CHECK_NONE, 0},
    {"double", FIELD_DOUBLE, 0, CHECK_NONE, 0},
    {"decimal", FIELD_NEWDECIMAL, 0, CHECK_DECIMAL, 0},
    {"year", FIELD_YEAR, 0, CHECK_NONE, 0},
    {"bit", FIELD_BIT, 0, CHECK_BITS, 0},
    {"date", FIELD_DATE, FIELD_NEWDATE, CHECK_NONE, 0},
    {"time", FIELD_TIME2, FIELD_TIME, CHECK_FRACTION, 0},
    {"datetime", FIELD_DATETIME2, FIELD_DATETIME, CHECK_FRACTION, 0},
    {"timestamp", FIELD_TIMESTAMP2, FIELD_TIMESTAMP, CHECK_FRACTION, 0},
    {"char", FIELD_STRING, 0, CHECK_CHARACTERS, 0},
    {"binary", FIELD_STRING, 0, CHECK_CHARACTERS, 0},
    {"varchar", FIELD_VARCHAR, FIELD_VARCHAR_COMPRESSED, CHECK_CHARACTERS, 0},
    {"varbinary", FIELD_VARCHAR, FIELD_VARCHAR_COMPRESSED, CHECK_CHARACTERS, 0},
    {"tinytext", FIELD_BLOB, FIELD_BLOB_COMPRESSED, CHECK_LENGTH, 1},
    {"tinyblob", FIELD_BLOB, FIELD_BLOB_COMPRESSED, CHECK_LENGTH, 1},
    {"text", FIELD_BLOB, FIELD_BLOB_COMPRESSED, CHECK_LENGTH, 2},
    {"blob", FIELD_BLOB, FIELD_BLOB_COMPRESSED, CHECK_LENGTH, 2},
    {"mediumtext", FIELD_BLOB, FIELD_BLOB_COMPRESSED, CHECK_LENGTH, 3},
    {"mediumblob", FIELD_BLOB, FIELD_BLOB_COMPRESSED, CHECK_LENGTH, 3},
    {"longtext", FIELD_BLOB, FIELD_BLOB_COMPRESSED, CHECK_LENGTH, 4},
    {"longblob", FIELD_BLOB, FIELD_BLOB_COMPRESSED, CHECK_LENGTH, 4},
    {"enum", FIELD_ENUM, 0, CHECK_NONE, 0},
    {"set", FIELD_SET, 0, CHECK_NONE, 0},
    {"json", FIELD_JSON, 0, CHECK_NONE, 0},
    {"vector", FIELD_VECTOR, FIELD_VARCHAR, CHECK_NONE, 0},
    {"uuid", FIELD_STRING, 0, CHECK_LENGTH, 16},
    {"inet6", FIELD_STRING, 0, CHECK_LENGTH, 16},
    {"inet4", FIELD_STRING, 0, CHECK_LENGTH, 4},
    {"geometry", FIELD_GEOMETRY, 0, CHECK_NONE, 0},
    {"point", FIELD_GEOMETRY, 0, CHECK_NONE, 0},
    {"linestring", FIELD_GEOMETRY, 0, CHECK_NONE, 0},
    {"polygon", FIELD_GEOMETRY, 0, CHECK_NONE, 0},
    {"multipoint", FIELD_GEOMETRY, 0, CHECK_NONE, 0},
    {"multilinestring", FIELD_GEOMETRY, 0, CHECK_NONE, 0},
    {"multipolygon", FIELD_GEOMETRY, 0, CHECK_NONE, 0},
    {"geometrycollection", FIELD_GEOMETRY, 0, CHECK_NONE, 0},
    {"geomcollection", FIELD_GEOMETRY, 0, CHECK_NONE, 0},
};

#define NWORDS (sizeof(words) / sizeof(words[0]))

static bool is_word(const char *type, size_t len, const char *word) {
    return strlen(word) == len && memcmp(type, word, len) == 0;
}

static const struct word *find_word(const char *type, size_t len) {
    for (size_t i = 0; i < NWORDS; i++)
        if (is_word(type, len, words[i].word)) return &words[i];
    return NULL;
}

uint8_t field_type_told(const char *type, unsigned long numbers[2], uint16_t *length) {
    const struct spelled s = spell(type);
    const struct word *w = find_word(type, s.word);
    if (!w) return 0;
    numbers[0] = s.inside ? s.first : 0;
    numbers[1] = s.second;
    *length = w->length;
    return w->type;
}

/* Lengths in characters: of CHAR and VARCHAR the bytes of so many longest ones. */
static bool fits_characters(const struct field *f, const struct spelled *s) {
    unsigned width = f->charset ? charset_width(f->charset) : 1;
    unsigned long method = f->type == FIELD_VARCHAR_COMPRESSED;
    return s->inside && s->first * width + method == f->length;
}

static bool fits(const struct field *f, const struct word *w, const struct spelled *s) {
    if (f->type != w->type && (!w->other || f->type != w->other)) return false;
    switch (w->check) {
    case CHECK_DECIMAL: return s->first == f->precision && s->second == f->scale;
    case CHECK_BITS: return s->first == f->bits;
    case CHECK_FRACTION: return (s->inside ? s->first : 0) == f->precision;
    case CHECK_CHARACTERS: return fits_characters(f, s);
    case CHECK_LENGTH: return f->length == w->length;
    default: return true;
    }
}

static uint8_t hint_of(const struct field *f, const char *type, size_t word) {
    if (f->type == FIELD_STRING && f->length == 16 && is_word(type, word, "uuid")) return HINT_UUID;
    if (f->type == FIELD_STRING && f->length == 16 && is_word(type, word, "inet6")) return HINT_INET6;
    if (f->type == FIELD_STRING && f->length == 4 && is_word(type, word, "inet4")) return HINT_INET4;
    if (f->type == FIELD_VARCHAR && is_word(type, word, "vector")) return HINT_VECTOR;
    if (f->type == FIELD_JSON && strcmp(type, CATALOG_JSON_TEXT) == 0) return HINT_TEXT;
    return HINT_NONE;
}

/* MariaDB's old encodings of fractions, of which the log tells nothing. */
static bool has_old_fraction(const struct field *f, const struct spelled *s) {
    bool old = f->type == FIELD_TIME || f->type == FIELD_DATETIME || f->type == FIELD_TIMESTAMP;
    return old && s->inside && s->first >= 1 && s->first <= 6;
}

static uint32_t geometry_of(const struct word *w) {
    static const char *const kinds[] = {
        "geometry",   "point",           "linestring",   "polygon",
        "multipoint", "multilinestring", "multipolygon", "geometrycollection"};
    for (uint32_t i = 0; i < 8; i++)
        if (strcmp(w->word, kinds[i]) == 0) return i;
    return strcmp(w->word, "geomcollection") == 0 ? 7 : 0;
}

/* 'a','it''s' up to the bracket. Counts them, and keeps them where `to` is given, unquoted in `room`. */
static size_t read_labels(const char *p, struct text *to, char *room) {
    size_t n = 0;
    while (*p == '\'') {
        char *start = room;
        for (p++; *p && (*p != '\'' || p[1] == '\''); p++) {
            if (*p == '\'') p++;
            if (to) *room++ = *p;
        }
        if (to) to[n] = (struct text){start, (size_t)(room - start)};
        n++;
        if (*p == '\'') p++;
        if (*p == ',') p++;
    }
    return n;
}

static int set_labels(struct field *f, const struct spelled *s, struct arena *a) {
    if (!s->inside) return 1;
    f->nlabels = read_labels(s->inside, NULL, NULL);
    f->labels = arena_calloc(a, f->nlabels, sizeof(f->labels[0]));
    char *room = arena_alloc(a, strlen(s->inside));
    if (!f->labels || !room) return -1;
    read_labels(s->inside, f->labels, room);
    return f->nlabels ? 0 : 1;
}

/* ENUM and SET come in UTF-8 from the catalogue; the log has only their numbers. */
static const struct charset *charset_told(const struct field *f, const struct catalog_column *c) {
    if (field_is_label(f)) return charset_named("utf8mb4");
    return charset_named(c->charset[0] ? c->charset : "binary");
}

int field_told(struct field *f, const struct catalog_column *c, bool all, struct arena *a) {
    struct spelled s = spell(c->type);
    f->hint = hint_of(f, c->type, s.word);
    if (f->hint == HINT_VECTOR) f->dimensions = (uint32_t)s.first;
    if (has_old_fraction(f, &s)) f->precision = (uint8_t)s.first;
    if (!all) return 0;
    const struct word *w = find_word(c->type, s.word);
    if (!w) return 1;
    f->name = (struct text){c->name, strlen(c->name)};
    if (field_is_character(f) || field_is_label(f)) f->charset = charset_told(f, c);
    if (!fits(f, w, &s)) return 1;
    f->is_unsigned = strstr(c->type, " unsigned") || f->type == FIELD_YEAR;
    size_t len = strlen(c->type), suffix = strlen(CATALOG_UNLOGGED);
    f->unlogged = len > suffix && strcmp(c->type + len - suffix, CATALOG_UNLOGGED) == 0;
    f->geometry = geometry_of(w);
    if (f->type == FIELD_VECTOR) f->dimensions = (uint32_t)s.first;
    return field_is_label(f) ? set_labels(f, &s, a) : 0;
}
