#include "decoders/binlog/json_path.h"

#include "decoders/utf8.h"

static bool is_space(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_space(struct cursor *c) {
    while (cursor_left(c) && is_space(*c->at)) c->at++;
}

static bool skip_char(struct cursor *c, char want) {
    if (!cursor_left(c) || *c->at != (uint8_t)want) return false;
    c->at++;
    return true;
}

static int hex_value(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits behind \u. A path is UTF-8, so the server has no reason to write halves of pairs. */
static bool unescape_point(struct cursor *c, char **to) {
    const uint8_t *digits;
    uint32_t point = 0;
    if (!cursor_bytes(c, 4, &digits)) return false;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(digits[i]);
        if (digit < 0) return false;
        point = point << 4 | (uint32_t)digit;
    }
    if (point >= 0xd800 && point <= 0xdfff) return false;
    *to += utf8_put(point, *to);
    return true;
}

static bool unescape(struct cursor *c, char **to) {
    static const char from[] = "\"\\/bfnrt", plain[] = "\"\\/\b\f\n\r\t";
    uint8_t letter;
    if (!cursor_u8(c, &letter)) return false;
    if (letter == 'u') return unescape_point(c, to);
    const char *found = letter ? strchr(from, letter) : NULL;
    if (found) *(*to)++ = plain[found - from];
    return found;
}

/* A name in quotes, of which the first was read. 1, 0: malformed, -1: memory. */
static int read_quoted(struct cursor *c, struct arena *a, struct text *key) {
    const uint8_t *start = c->at;
    while (cursor_left(c) && *c->at != '"' && *c->at != '\\') c->at++;
    *key = (struct text){(const char *)start, (size_t)(c->at - start)};
    if (skip_char(c, '"')) return 1;
    char *text = arena_alloc(a, (size_t)(c->end - start)),
         *to = text; /* no escape is shorter than what it means */
    if (!text) return -1;
    memcpy(to, key->ptr, key->len);
    to += key->len;
    for (uint8_t b; cursor_u8(c, &b);) {
        if (b == '"') {
            *key = (struct text){text, (size_t)(to - text)};
            return 1;
        }
        if (b != '\\')
            *to++ = (char)b;
        else if (!unescape(c, &to))
            return 0;
    }
    return 0;
}

static int read_member(struct cursor *c, struct arena *a, struct json_leg *leg) {
    leg->member = true;
    skip_space(c);
    if (skip_char(c, '"')) return read_quoted(c, a, &leg->key);
    const uint8_t *start = c->at;
    while (cursor_left(c) && !is_space(*c->at) && !strchr(".[*\\\"", *c->at)) c->at++;
    leg->key = (struct text){(const char *)start, (size_t)(c->at - start)};
    return leg->key.len > 0;
}

static bool read_index(struct cursor *c, uint32_t *index) {
    uint64_t n = 0;
    const uint8_t *start = c->at;
    while (cursor_left(c) && *c->at >= '0' && *c->at <= '9') {
        n = n * 10 + (uint64_t)(*c->at++ - '0');
        if (n > UINT32_MAX) return false;
    }
    *index = (uint32_t)n;
    return c->at > start;
}

static int read_element(struct cursor *c, struct json_leg *leg) {
    skip_space(c);
    leg->from_end = cursor_left(c) >= 4 && !memcmp(c->at, "last", 4);
    if (leg->from_end) {
        c->at += 4;
        skip_space(c);
    }
    if (!leg->from_end || skip_char(c, '-')) {
        skip_space(c);
        if (!read_index(c, &leg->index)) return 0;
    }
    skip_space(c);
    return skip_char(c, ']');
}

/* 1, 0: malformed, -1: memory. */
static int read_leg(struct cursor *c, struct arena *a, struct json_leg *leg) {
    *leg = (struct json_leg){0};
    if (skip_char(c, '.')) return read_member(c, a, leg);
    return skip_char(c, '[') ? read_element(c, leg) : 0;
}

int json_path_read(const void *s, size_t len, struct arena *a, struct json_path *out, struct err *e) {
    struct cursor c = cursor_of(s, len);
    out->count = 0;
    skip_space(&c);
    int ok = utf8_valid(s, len) && skip_char(&c, '$');
    for (skip_space(&c); ok == 1 && cursor_left(&c); skip_space(&c))
        ok = out->count < JSON_PATH_LEGS ? read_leg(&c, a, &out->legs[out->count++]) : 0;
    if (ok < 0) return err_memory(e, "a JSON path");
    return ok ? 0
              : err_set(e, ERR_DATA, "the path of a JSON difference is malformed at byte %zu",
                        cursor_offset(&c));
}
