#include <stdio.h>
#include <string.h>

#include "decoders/binlog/gtid_set.h"

/* ---- Out ---- */

void gtid_uuid_text(const uint8_t uuid[16], char out[37]) {
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
        *out++ = digits[uuid[i] >> 4];
        *out++ = digits[uuid[i] & 15];
    }
    *out = '\0';
}

size_t gtid_text(const struct gtid *g, char out[GTID_TEXT]) {
    int n;
    if (g->flavour == FLAVOUR_MARIADB) {
        n = snprintf(out, GTID_TEXT, "%u-%u-%llu", g->domain, g->server, (unsigned long long)g->number);
    } else {
        char uuid[37];
        gtid_uuid_text(g->uuid, uuid);
        n = snprintf(out, GTID_TEXT, "%s:%s%s%llu", uuid, g->tag, g->tag[0] ? ":" : "",
                     (unsigned long long)g->number);
    }
    return (size_t)n;
}

static void format_intervals(const struct gtid_lane *l, struct buf *out) {
    if (l->tag[0]) buf_printf(out, ":%s", l->tag);
    for (size_t i = 0; i < l->count; i++) {
        buf_putc(out, ':');
        buf_put_u64(out, l->intervals[i].first);
        if (l->intervals[i].last == l->intervals[i].first) continue;
        buf_putc(out, '-');
        buf_put_u64(out, l->intervals[i].last);
    }
}

void gtid_set_format(const struct gtid_set *s, struct buf *out) {
    for (size_t i = 0; i < s->count; i++) {
        const struct gtid_lane *l = &s->lanes[i];
        bool same = i && s->flavour == FLAVOUR_MYSQL && memcmp(l[-1].uuid, l->uuid, sizeof(l->uuid)) == 0;
        if (i && !same) buf_putc(out, ',');
        if (s->flavour == FLAVOUR_MARIADB) {
            buf_printf(out, "%u-%u-%llu", l->domain, l->server, (unsigned long long)l->number);
            continue;
        }
        char uuid[37];
        gtid_uuid_text(l->uuid, uuid);
        if (!same) buf_puts(out, uuid);
        format_intervals(l, out);
    }
}

/* ---- In ---- */

static bool is_space(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static int peek(struct cursor *c) {
    while (cursor_left(c) && is_space(*c->at)) c->at++;
    return cursor_left(c) ? *c->at : -1;
}

static bool accept(struct cursor *c, char wanted) {
    if (peek(c) != wanted) return false;
    c->at++;
    return true;
}

static bool read_number(struct cursor *c, uint64_t max, uint64_t *out) {
    int first = peek(c);
    if (first < 0 || !is_digit((uint8_t)first)) return false;
    uint64_t n = 0;
    for (; cursor_left(c) && is_digit(*c->at); c->at++) {
        uint64_t digit = (uint64_t)(*c->at - '0');
        if (n > (max - digit) / 10) return false;
        n = n * 10 + digit;
    }
    *out = n;
    return true;
}

static int hex_digit(uint8_t c) {
    if (is_digit(c)) return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 32 hexadecimal digits; the dashes stand where the server puts them, or not at all. */
static bool read_uuid(struct cursor *c, uint8_t out[16]) {
    peek(c);
    for (int i = 0; i < 16; i++) {
        if ((i == 4 || i == 6 || i == 8 || i == 10) && cursor_left(c) && *c->at == '-') c->at++;
        if (cursor_left(c) < 2) return false;
        int high = hex_digit(c->at[0]), low = hex_digit(c->at[1]);
        if (high < 0 || low < 0) return false;
        out[i] = (uint8_t)(high << 4 | low);
        c->at += 2;
    }
    return true;
}

bool gtid_tag_read(const void *text, size_t len, char out[GTID_TAG_MAX + 1]) {
    const uint8_t *p = text;
    if (len == 0 || len > GTID_TAG_MAX) return false;
    for (size_t i = 0; i < len; i++) {
        uint8_t low = (uint8_t)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] | 0x20 : p[i]);
        if (low != '_' && !(low >= 'a' && low <= 'z') && !(i && is_digit(low))) return false;
        out[i] = (char)low;
    }
    out[len] = '\0';
    return true;
}

static bool read_tag(struct cursor *c, char out[GTID_TAG_MAX + 1]) {
    peek(c);
    const uint8_t *from = c->at;
    while (cursor_left(c) && (is_digit(*c->at) || *c->at == '_' || (*c->at | 0x20) >= 'a') && *c->at < 0x80)
        c->at++;
    return gtid_tag_read(from, (size_t)(c->at - from), out);
}

/* uuid[:tag]:first[-last][:…] */
static int parse_mysql(struct gtid_set *s, struct cursor *c, bool *ok, struct err *e) {
    struct gtid g = {.flavour = FLAVOUR_MYSQL};
    *ok = false;
    if (!read_uuid(c, g.uuid)) return 0;
    bool any = false;
    while (accept(c, ':')) {
        uint64_t first, last;
        int next = peek(c);
        if (next >= 0 && !is_digit((uint8_t)next)) {
            any = false;
            if (!read_tag(c, g.tag)) return 0;
            continue;
        }
        if (!read_number(c, GTID_MAX - 1, &first)) return 0;
        last = first;
        if (accept(c, '-') && !read_number(c, GTID_MAX - 1, &last)) return 0;
        if (first == 0 || last < first) return 0;
        if (gtid_set_add_range(s, &g, first, last, e)) return -1;
        any = true;
    }
    *ok = any;
    return 0;
}

/* domain-server-number */
static int parse_mariadb(struct gtid_set *s, struct cursor *c, bool *ok, struct err *e) {
    uint64_t domain, server;
    struct gtid g = {.flavour = FLAVOUR_MARIADB};
    *ok = read_number(c, UINT32_MAX, &domain) && accept(c, '-') && read_number(c, UINT32_MAX, &server) &&
          accept(c, '-') && read_number(c, UINT64_MAX, &g.number) && g.number > 0;
    if (!*ok) return 0;
    g.domain = (uint32_t)domain;
    g.server = (uint32_t)server;
    return gtid_set_add(s, &g, e);
}

int gtid_set_parse(struct gtid_set *s, const char *text, size_t len, struct err *e) {
    struct cursor c = cursor_of(text, len);
    while (peek(&c) >= 0) {
        bool ok;
        if (accept(&c, ',')) continue;
        if (s->flavour == FLAVOUR_MARIADB ? parse_mariadb(s, &c, &ok, e) : parse_mysql(s, &c, &ok, e))
            return -1;
        if (!ok || (peek(&c) >= 0 && peek(&c) != ','))
            return err_set(e, ERR_DATA, "not a set of %s GTIDs: something is wrong at character %zu",
                           s->flavour == FLAVOUR_MARIADB ? "MariaDB" : "MySQL", cursor_offset(&c) + 1);
    }
    return 0;
}
