/* XA statements; see statement_parser.h. */
#include <string.h>

#include "decoders/binlog/statement_parser.h"
#include "decoders/buf.h"

#define PART_MAX 64 /* bytes of gtrid and bqual */

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Hex digits, an even number of them, to bytes. */
static bool from_hex(struct statement_parser *p, struct text hex, struct text *out) {
    char *bytes = arena_alloc(p->arena, hex.len / 2 + 1);
    p->no_memory = p->no_memory || !bytes;
    if (!bytes || hex.len % 2) return false;
    for (size_t i = 0; i < hex.len / 2; i++) {
        int high = hex_digit(hex.ptr[2 * i]), low = hex_digit(hex.ptr[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        bytes[i] = (char)(high << 4 | low);
    }
    *out = (struct text){.ptr = bytes, .len = hex.len / 2};
    return true;
}

/* 'text', X'6162' or 0x6162 */
static bool part(struct statement_parser *p, struct text *out) {
    struct text word = p->t.text;
    if (p->t.kind == SQL_STRING) {
        if (!sql_unquote(&p->in, &p->t, p->arena, out)) return !(p->no_memory = true);
    } else if (sql_is_word(&p->t, "X")) {
        parser_next(p);
        if (p->t.kind != SQL_STRING || !from_hex(p, p->t.text, out)) return false;
    } else {
        bool hex = p->t.kind == SQL_WORD && word.len > 2 && word.ptr[0] == '0' && word.ptr[1] == 'x';
        if (!hex || !from_hex(p, (struct text){.ptr = word.ptr + 2, .len = word.len - 2}, out)) return false;
    }
    parser_next(p);
    return out->len <= PART_MAX;
}

/* A decimal number, or a hexadecimal one behind 0x. */
static bool number(struct statement_parser *p, uint32_t *out) {
    struct text t = p->t.text;
    unsigned base = t.len > 2 && t.ptr[0] == '0' && t.ptr[1] == 'x' ? 16 : 10;
    uint64_t n = 0;
    if (p->t.kind != SQL_WORD) return false;
    for (size_t i = base == 16 ? 2 : 0; i < t.len; i++) {
        int digit = hex_digit(t.ptr[i]);
        if (digit < 0 || (unsigned)digit >= base) return false;
        n = n * base + (unsigned)digit;
        if (n > UINT32_MAX) return false;
    }
    *out = (uint32_t)n;
    parser_next(p);
    return true;
}

static void put_hex(struct buf *out, struct text t) {
    static const char digits[] = "0123456789abcdef";
    buf_puts(out, "X'");
    for (size_t i = 0; i < t.len; i++) {
        unsigned char byte = (unsigned char)t.ptr[i];
        buf_putc(out, digits[byte >> 4]);
        buf_putc(out, digits[byte & 15]);
    }
    buf_puts(out, "',");
}

int statement_xid(struct text gtrid, struct text bqual, uint32_t format, struct arena *a, struct text *out,
                  struct err *e) {
    struct buf b = {0};
    put_hex(&b, gtrid);
    put_hex(&b, bqual);
    buf_put_u64(&b, format);
    char *copy = buf_failed(&b) ? NULL : arena_strndup(a, (const char *)b.data, b.len);
    *out = (struct text){.ptr = copy, .len = b.len};
    buf_release(&b);
    return copy ? 0 : err_memory(e, "an XA identifier");
}

/* gtrid [, bqual [, format]] */
static bool read_xid(struct statement_parser *p) {
    struct text gtrid, bqual = {.ptr = ""};
    uint32_t format = 1;
    if (!part(p, &gtrid)) return false;
    if (parser_sign(p, ',') && !part(p, &bqual)) return false;
    if (parser_sign(p, ',') && !number(p, &format)) return false;
    if (!statement_xid(gtrid, bqual, format, p->arena, &p->out->xid, NULL)) return true;
    p->no_memory = true;
    return false;
}

bool statement_xa(struct statement_parser *p) {
    static const struct {
        const char *word;
        enum statement_kind kind;
    } kinds[] = {
        {"START", STATEMENT_XA_START},   {"BEGIN", STATEMENT_XA_START},
        {"END", STATEMENT_XA_END},       {"PREPARE", STATEMENT_XA_PREPARE},
        {"COMMIT", STATEMENT_XA_COMMIT}, {"ROLLBACK", STATEMENT_XA_ROLLBACK},
        {"RECOVER", STATEMENT_HARMLESS},
    };
    static const char *const tails[] = {"JOIN", "RESUME", "SUSPEND", "FOR", "MIGRATE", "ONE", "PHASE", NULL};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!parser_word(p, kinds[i].word)) continue;
        p->out->kind = kinds[i].kind;
        if (p->out->kind == STATEMENT_HARMLESS) return true;
        if (!read_xid(p)) return false;
        while (parser_any(p, tails)) {
        }
        return parser_end(p);
    }
    return false;
}
