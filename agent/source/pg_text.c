#include "agent/source/pg_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One to eight hex digits; NULL when there are others. */
static const char *hex_half(const char *at, uint64_t *out) {
    size_t n = strspn(at, "0123456789abcdefABCDEF");

    if (n == 0 || n > 8) return NULL;
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        char c = at[i];
        unsigned digit = c <= '9' ? (unsigned)(c - '0') : ((unsigned)(c | 0x20) - 'a' + 10);
        *out = *out << 4 | digit;
    }
    return at + n;
}

bool pg_lsn_parse(const char *text, uint64_t *lsn) {
    uint64_t high, low;
    const char *at = hex_half(text, &high);

    if (!at || *at != '/') return false;
    at = hex_half(at + 1, &low);
    if (!at || *at != '\0') return false;
    *lsn = high << 32 | low;
    return true;
}

const char *pg_lsn_format(uint64_t lsn, char out[PG_LSN_TEXT]) {
    snprintf(out, PG_LSN_TEXT, "%" PRIX32 "/%" PRIX32, (uint32_t)(lsn >> 32), (uint32_t)lsn);
    return out;
}

static void put_quoted(struct buf *out, const char *text, char quote) {
    buf_putc(out, quote);
    for (; *text; text++) {
        if (*text == quote) buf_putc(out, quote);
        buf_putc(out, *text);
    }
    buf_putc(out, quote);
}

void pg_put_ident(struct buf *out, const char *name) {
    put_quoted(out, name, '"');
}

void pg_put_table(struct buf *out, const char *schema, const char *name) {
    pg_put_ident(out, schema);
    buf_putc(out, '.');
    pg_put_ident(out, name);
}

/* E'' reads a backslash the same way whatever standard_conforming_strings says. */
void pg_put_literal(struct buf *out, const char *text) {
    if (!strchr(text, '\\')) {
        put_quoted(out, text, '\'');
        return;
    }
    buf_puts(out, "E'");
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') buf_putc(out, *text);
        buf_putc(out, *text);
    }
    buf_putc(out, '\'');
}
