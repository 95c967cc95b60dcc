#include "decoders/binlog/cell_part.h"

/* Converted to UTF-8; bytes that are not valid in their charset stay as they are. */
static int put_text(const struct cell_reader *r, const struct field *f, const uint8_t *bytes, size_t len,
                    struct value *out, struct err *e) {
    struct text text;
    int rc = charset_to_utf8(r->charsets, f->charset, bytes, len, r->arena, &text, e);
    if (rc < 0) return -1;
    if (rc > 0) return cell_put_invalid(out, bytes, len);
    return cell_put_text(out, VALUE_TEXT, text.ptr, text.len);
}

/* BINARY(n): the log leaves out the zeros at the end. */
static int put_padded(const struct cell_reader *r, size_t n, const uint8_t *bytes, size_t len,
                      struct value *out, struct err *e) {
    if (len >= n) return cell_put_text(out, VALUE_BYTES, bytes, len);
    char *padded = arena_calloc(r->arena, 1, n);
    if (!padded) return cell_memory(e);
    if (len) memcpy(padded, bytes, len);
    return cell_put_text(out, VALUE_BYTES, padded, n);
}

int cell_put_string(const struct cell_reader *r, const struct field *f, const uint8_t *bytes, size_t len,
                    struct value *out, struct err *e) {
    if (!f->charset) return err_set(e, ERR_DATA, "its character set is not told");
    if (!charset_is_binary(f->charset)) return put_text(r, f, bytes, len, out, e);
    if (put_padded(r, f->type == FIELD_STRING ? f->length : 0, bytes, len, out, e)) return -1;
    return f->hint ? cell_hinted(r, (enum field_hint)f->hint, out, e) : 0;
}

/* CHAR and VARCHAR: a length of two bytes where one of them can be longer than 255. BLOB: as described. */
int cell_string(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
                struct err *e) {
    const uint8_t *bytes;
    size_t len;
    if (!cell_take(c, cell_length_bytes(f), &bytes, &len)) return cell_cut(e);
    return cell_put_string(r, f, bytes, len, out, e);
}

/* ---- ENUM and SET ---- */

/* A label's number that the column has no label for. */
static int put_unknown(const struct cell_reader *r, uint64_t n, struct value *out, struct err *e) {
    char *text = arena_alloc(r->arena, 20);
    size_t at = 20;
    if (!text) return cell_memory(e);
    do {
        text[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    return cell_put_invalid(out, text + at, 20 - at);
}

/* 0 is the server's error value, which it shows as the empty string. */
static int put_enum(const struct cell_reader *r, const struct field *f, uint64_t n, struct value *out,
                    struct err *e) {
    if (n == 0) return cell_put_text(out, VALUE_ENUM, "", 0);
    if (n > f->nlabels) return put_unknown(r, n, out, e);
    return cell_put_text(out, VALUE_ENUM, f->labels[n - 1].ptr, f->labels[n - 1].len);
}

static int put_set(const struct cell_reader *r, const struct field *f, uint64_t bits, struct value *out,
                   struct err *e) {
    size_t len = 0;
    if (f->nlabels < 64 && bits >> f->nlabels) return put_unknown(r, bits, out, e);
    for (size_t i = 0; i < f->nlabels; i++)
        if (bits >> i & 1) len += f->labels[i].len + 1;
    char *text = arena_alloc(r->arena, len), *at = text;
    if (!text) return cell_memory(e);
    for (size_t i = 0; i < f->nlabels; i++) {
        if (!(bits >> i & 1)) continue;
        if (at > text) *at++ = ',';
        memcpy(at, f->labels[i].ptr, f->labels[i].len);
        at += f->labels[i].len;
    }
    return cell_put_text(out, VALUE_SET, text, (size_t)(at - text));
}

/* A number, little-endian: ENUM the label's, from 1; SET a bit per label. */
int cell_label(const struct cell_reader *r, struct cursor *c, const struct field *f, struct value *out,
               struct err *e) {
    const uint8_t *p;
    if (!cursor_bytes(c, f->length, &p)) return cell_cut(e);
    uint64_t n = cell_le(p, f->length);
    return f->type == FIELD_ENUM ? put_enum(r, f, n, out, e) : put_set(r, f, n, out, e);
}
