/* answer: values in the words of the server, as the .tables files have them (tests/golden/capture_binlog.py).
 */
#ifndef TAILRACE_TESTS_BINLOG_ANSWER_H
#define TAILRACE_TESTS_BINLOG_ANSWER_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "decoders/binlog/cell.h"
#include "tests/unit/decoders/binlog/sha256.h"

#define ANSWER_LONGEST 4000 /* what is longer is in the files as its hash */

static inline void answer_put_hash(const void *data, size_t len, struct buf *out) {
    uint8_t hash[32];
    sha256(data, len, hash);
    buf_puts(out, "sha256:");
    for (size_t i = 0; i < sizeof(hash); i++) buf_printf(out, "%02x", hash[i]);
    buf_printf(out, ":%zu", len);
}

/* The length of a control character at `s`, or of U+2028 and U+2029; 0: it is none. */
static inline size_t answer_control(const unsigned char *s, size_t left, unsigned *code) {
    *code = s[0];
    if (s[0] < 0x20 || s[0] == 0x7f) return 1;
    if (left < 2) return 0;
    *code = s[1];
    if (s[0] == 0xc2 && s[1] < 0xa0) return 2;
    if (left < 3 || s[0] != 0xe2 || s[1] != 0x80 || (s[2] != 0xa8 && s[2] != 0xa9)) return 0;
    *code = 0x2000u | (s[2] & 0x3f);
    return 3;
}

static inline void answer_put_text(const char *s, size_t len, struct buf *out) {
    if (len > ANSWER_LONGEST) {
        answer_put_hash(s, len, out);
        return;
    }
    buf_putc(out, '\'');
    for (size_t i = 0, n; i < len; i += n) {
        unsigned code;
        n = answer_control((const unsigned char *)s + i, len - i, &code);
        if (s[i] == '\\')
            buf_puts(out, "\\\\");
        else if (!n)
            buf_putc(out, s[i]);
        else if (code == '\t' || code == '\n' || !code)
            buf_printf(out, "\\%c", code == '\t' ? 't' : code ? 'n' : '0');
        else
            buf_printf(out, "\\u%04x", code);
        if (!n) n = 1;
    }
    buf_putc(out, '\'');
}

static inline void answer_put_bytes(const void *data, size_t len, struct buf *out) {
    if (len > ANSWER_LONGEST) {
        answer_put_hash(data, len, out);
        return;
    }
    buf_puts(out, "x'");
    for (size_t i = 0; i < len; i++) buf_printf(out, "%02x", ((const uint8_t *)data)[i]);
    buf_putc(out, '\'');
}

/* Without a zone, with as many digits as the column has. */
static inline void answer_put_moment(const struct value *v, unsigned digits, struct buf *out) {
    struct buf text = {0};
    value_format(v, &text);
    if (v->kind == VALUE_TIMESTAMPTZ) text.len -= 3;
    char *s = strndup(buf_cstr(&text), text.len), *point = strchr(s, '.');
    unsigned have = point ? (unsigned)strlen(point + 1) : 0;
    buf_printf(out, "'%s%s%.*s'", s, digits && !point ? "." : "", (int)(digits - have), "000000");
    assert_true(have <= digits);
    free(s);
    buf_release(&text);
}

static inline void answer_put_bits(uint64_t n, size_t width, struct buf *out) {
    uint8_t bytes[8];
    for (size_t i = 0; i < width; i++) bytes[i] = (uint8_t)(n >> (8 * (width - 1 - i)));
    answer_put_bytes(bytes, width, out);
}

static inline void answer_put_vector(const struct value_array *a, struct buf *out) {
    struct buf raw = {0};
    for (size_t i = 0; i < a->count; i++) {
        float f = (float)a->items[i].v.d;
        buf_put(&raw, &f, sizeof(f));
    }
    answer_put_bytes(raw.data, raw.len, out);
    buf_release(&raw);
}

static inline void answer_put_geometry(const struct value *v, struct buf *out) {
    struct buf raw = {0};
    uint32_t srid = (uint32_t)v->v.u;
    buf_put(&raw, &srid, sizeof(srid));
    buf_put(&raw, v->text, v->len);
    answer_put_bytes(raw.data, raw.len, out);
    buf_release(&raw);
}

static inline void answer_put(const struct value *v, const struct field *f, struct buf *out) {
    if (v->state == VALUE_NULL) {
        buf_puts(out, "NULL");
        return;
    }
    if (v->state == VALUE_ABSENT || v->state == VALUE_UNCHANGED) {
        buf_putc(out, v->state == VALUE_UNCHANGED && !v->text ? '=' : '?');
        return;
    }
    if (v->state == VALUE_INVALID) { /* bytes that are no characters are '?' to the server */
        if (field_is_character(f))
            buf_putc(out, '?');
        else
            answer_put_text(v->text, v->len, out);
        return;
    }
    assert_int_equal(v->kind, cell_kind(f));
    switch ((enum value_kind)v->kind) {
    case VALUE_INT: buf_printf(out, "'%lld'", (long long)v->v.i); break;
    case VALUE_UINT:
        if (f->type == FIELD_BIT)
            answer_put_bits(v->v.u, (f->bits + 7u) / 8, out);
        else
            buf_printf(out, f->type == FIELD_YEAR ? "'%04llu'" : "'%llu'", (unsigned long long)v->v.u);
        break;
    case VALUE_FLOAT: buf_printf(out, "'%.5e'", v->v.d); break;
    case VALUE_DOUBLE: buf_printf(out, "'%.15g'", v->v.d); break;
    case VALUE_DATE:
    case VALUE_TIME:
    case VALUE_TIMESTAMP:
    case VALUE_TIMESTAMPTZ: answer_put_moment(v, f->precision, out); break;
    case VALUE_BYTES: answer_put_bytes(v->text, v->len, out); break;
    case VALUE_GEOMETRY: answer_put_geometry(v, out); break;
    case VALUE_ARRAY: answer_put_vector(v->v.array, out); break;
    default: answer_put_text(v->text, v->len, out);
    }
}

#endif
