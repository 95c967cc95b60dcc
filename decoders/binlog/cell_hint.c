#include <stdio.h>

#include "decoders/binlog/cell_part.h"

#define INET_TEXT 46 /* room for the longest address, NUL included */

static int put_uuid(const struct cell_reader *r, const uint8_t *bytes, struct value *out, struct err *e) {
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(r->arena, 36), *at = text;
    if (!text) return cell_memory(e);
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    return cell_put_text(out, VALUE_UUID, text, 36);
}

static size_t print_inet4(const uint8_t *b, char *out, size_t size) {
    return (size_t)snprintf(out, size, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
}

/* The first of the longest runs of zero words. */
static void find_gap(const unsigned words[8], unsigned *start, unsigned *len) {
    *len = 0;
    for (unsigned i = 0, run = 0; i < 8; i++) {
        run = words[i] ? 0 : run + 1;
        if (run <= *len) continue;
        *len = run;
        *start = i + 1 - run;
    }
}

/* As MariaDB prints it: the gap is left out, also when it is one word; ::1.2.3.4 and ::ffff:1.2.3.4 */
static size_t print_inet6(const uint8_t *b, char *out, size_t size) {
    unsigned words[8], start = 0, gap;
    size_t at = 0;
    for (size_t i = 0; i < 8; i++) words[i] = (unsigned)cell_be(b + 2 * i, 2);
    find_gap(words, &start, &gap);
    bool dotted = start == 0 && (gap == 6 || (gap == 5 && words[5] == 0xffff));
    unsigned end = dotted ? 6 : 8;
    for (unsigned i = 0; i < end; i++) {
        if (gap && i == start) {
            out[at++] = ':';
            if (i == 0) out[at++] = ':';
            i += gap - 1;
            continue;
        }
        at += (size_t)snprintf(out + at, size - at, i < 7 ? "%x:" : "%x", words[i]);
    }
    if (dotted) at += print_inet4(b + 12, out + at, size - at);
    return at;
}

static int put_inet(const struct cell_reader *r, size_t (*print)(const uint8_t *, char *, size_t),
                    struct value *out, struct err *e) {
    char *text = arena_alloc(r->arena, INET_TEXT);
    if (!text) return cell_memory(e);
    size_t len = print((const uint8_t *)out->text, text, INET_TEXT);
    return cell_put_text(out, VALUE_OTHER, text, len);
}

int cell_hinted(const struct cell_reader *r, enum field_hint hint, struct value *out, struct err *e) {
    const uint8_t *bytes = (const uint8_t *)out->text;
    switch (hint) {
    case HINT_UUID: return out->len == 16 ? put_uuid(r, bytes, out, e) : 0;
    case HINT_INET4: return out->len == 4 ? put_inet(r, print_inet4, out, e) : 0;
    case HINT_INET6: return out->len == 16 ? put_inet(r, print_inet6, out, e) : 0;
    case HINT_VECTOR: return cell_vector(r, bytes, out->len, out, e);
    case HINT_TEXT:
    case HINT_NONE: break;
    }
    return 0;
}
