#include "agent/source/pg_copy.h"

#include <stdbool.h>
#include <string.h>

#define HEAD_LEN 8 /* 'I', u32 table, 'N', u16 columns */

/* ---- Lines ---- */

/* What a letter behind a backslash stands for; 0: COPY does not write it. */
static char unescaped(char letter) {
    switch (letter) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    case '\\': return '\\';
    default: return 0;
    }
}

/* Takes the escapes out of a field, from the first on. False: malformed. */
static bool unescape(struct pg_field *f, char *first) {
    char *to = first, *from = first, *end = f->text + f->len;

    if (f->len == 2 && f->text[0] == '\\' && f->text[1] == 'N') {
        *f = (struct pg_field){NULL, 0};
        return true;
    }
    while (from < end) {
        char c = *from++;
        if (c == '\\') {
            if (from == end || !(c = unescaped(*from++))) return false;
        }
        *to++ = c;
    }
    *to = '\0';
    f->len = (size_t)(to - f->text);
    return true;
}

/* Cuts the line at its tabs: a column's own are escaped. Returns how many fields there are, `n` + 1 at most.
 */
static size_t cut(char *line, char *end, struct pg_field *fields, size_t n) {
    char *at = line;

    for (size_t i = 0; i < n; i++) {
        char *tab = memchr(at, '\t', (size_t)(end - at));
        fields[i] = (struct pg_field){at, (size_t)((tab ? tab : end) - at)};
        at[fields[i].len] = '\0';
        if (!tab) return i + 1;
        at = tab + 1;
    }
    return n + 1;
}

int pg_copy_split(char *line, size_t len, struct pg_field *fields, size_t n, struct err *e) {
    if (len == 0 || line[len - 1] != '\n') return err_set(e, ERR_DATA, "a row of COPY has no end");
    if (cut(line, line + len - 1, fields, n) != n)
        return err_set(e, ERR_DATA, "a row of COPY has another number of columns than asked for");
    for (size_t i = 0; i < n; i++) {
        char *first = memchr(fields[i].text, '\\', fields[i].len);
        if (first && !unescape(&fields[i], first))
            return err_set(e, ERR_DATA, "column %zu of a row of COPY: unknown escape", i + 1);
    }
    return 0;
}

/* ---- Insert messages ---- */

size_t pg_copy_insert_size(const struct pg_field *fields, size_t n) {
    size_t size = HEAD_LEN;

    for (size_t i = 0; i < n; i++) size += fields[i].text ? 5 + fields[i].len : 1;
    return size;
}

static uint8_t *put_be32(uint8_t *to, uint32_t v) {
    for (int shift = 24; shift >= 0; shift -= 8) *to++ = (uint8_t)(v >> shift);
    return to;
}

void pg_copy_insert(uint32_t table, const struct pg_field *fields, size_t n, uint8_t *out) {
    *out++ = 'I';
    out = put_be32(out, table);
    *out++ = 'N';
    *out++ = (uint8_t)(n >> 8);
    *out++ = (uint8_t)n;
    for (size_t i = 0; i < n; i++) {
        if (!fields[i].text) {
            *out++ = 'n';
            continue;
        }
        *out++ = 't';
        out = put_be32(out, (uint32_t)fields[i].len);
        memcpy(out, fields[i].text, fields[i].len);
        out += fields[i].len;
    }
}
