#include "agent/source/pg_key.h"

#include <string.h>

#include "agent/source/pg_text.h"
#include "decoders/cursor.h"

/* ---- Conditions ---- */

static void put_column(const struct pg_key_column *c, struct buf *sql) {
    buf_puts(sql, "t.");
    pg_put_ident(sql, c->name);
    if (c->collation) buf_printf(sql, " COLLATE %s", c->collation);
}

static void put_value(const struct pg_key_column *c, const struct pg_field *v, struct buf *sql) {
    pg_put_literal(sql, v->text);
    buf_printf(sql, "::%s", c->type);
}

static void put_comparison(const struct pg_key_column *c, const char *op, const struct pg_field *v,
                           struct buf *sql) {
    buf_putc(sql, '(');
    put_column(c, sql);
    buf_printf(sql, " %s ", op);
    put_value(c, v, sql);
    buf_putc(sql, ')');
}

/* A comparison of rows takes one operator for all columns. */
static bool one_operator(const struct pg_key *k) {
    for (size_t i = 1; i < k->n; i++)
        if (strcmp(k->columns[i].gt, k->columns[0].gt) != 0) return false;
    return true;
}

static void put_rows(const struct pg_key *k, const struct pg_field *values, struct buf *sql) {
    buf_puts(sql, "ROW(");
    for (size_t i = 0; i < k->n; i++) {
        if (i > 0) buf_puts(sql, ", ");
        put_column(&k->columns[i], sql);
    }
    buf_printf(sql, ") %s ROW(", k->columns[0].gt);
    for (size_t i = 0; i < k->n; i++) {
        if (i > 0) buf_puts(sql, ", ");
        put_value(&k->columns[i], &values[i], sql);
    }
    buf_putc(sql, ')');
}

/* a >= x AND (a > x OR (a = x AND (b > y OR …))): the first part is for the index. */
static void put_nested(const struct pg_key *k, const struct pg_field *values, struct buf *sql) {
    put_comparison(&k->columns[0], k->columns[0].ge, &values[0], sql);
    buf_puts(sql, " AND ");
    for (size_t i = 0; i + 1 < k->n; i++) {
        buf_putc(sql, '(');
        put_comparison(&k->columns[i], k->columns[i].gt, &values[i], sql);
        buf_puts(sql, " OR ");
        put_comparison(&k->columns[i], k->columns[i].eq, &values[i], sql);
        buf_puts(sql, " AND ");
    }
    put_comparison(&k->columns[k->n - 1], k->columns[k->n - 1].gt, &values[k->n - 1], sql);
    for (size_t i = 0; i + 1 < k->n; i++) buf_putc(sql, ')');
}

void pg_key_put_behind(const struct pg_key *k, const struct pg_field *values, struct buf *sql) {
    if (k->n == 1)
        put_comparison(&k->columns[0], k->columns[0].gt, &values[0], sql);
    else if (one_operator(k))
        put_rows(k, values, sql);
    else
        put_nested(k, values, sql);
}

void pg_key_put_order(const struct pg_key *k, struct buf *sql) {
    for (size_t i = 0; i < k->n; i++) {
        if (i > 0) buf_puts(sql, ", ");
        put_column(&k->columns[i], sql);
    }
}

/* ---- Keys kept ---- */

void pg_key_store(const struct pg_key *k, const struct pg_field *values, struct buf *out) {
    buf_put_be16(out, (uint16_t)k->n);
    for (size_t i = 0; i < k->n; i++) {
        size_t len = strlen(k->columns[i].name);
        buf_put_be16(out, (uint16_t)len);
        buf_put(out, k->columns[i].name, len);
        buf_put_be32(out, (uint32_t)values[i].len);
        buf_put(out, values[i].text, values[i].len);
    }
}

/* One column: its text goes to the end of `bytes`, with a NUL; *offset says where. */
static bool load_column(struct cursor *c, const char *name, struct buf *bytes, struct pg_field *out,
                        size_t *offset) {
    const uint8_t *text;
    uint16_t name_len;
    uint32_t len;

    if (!cursor_u16(c, &name_len) || !cursor_bytes(c, name_len, &text)) return false;
    if (name_len != strlen(name) || memcmp(text, name, name_len) != 0) return false;
    if (!cursor_u32(c, &len) || !cursor_bytes(c, len, &text) || memchr(text, '\0', len)) return false;
    *offset = bytes->len;
    out->len = len;
    buf_put(bytes, text, len);
    buf_putc(bytes, '\0');
    return true;
}

bool pg_key_load(const struct pg_key *k, struct position p, struct buf *bytes, struct pg_field *values) {
    struct cursor c = cursor_of(p.bytes, p.len);
    size_t offsets[PGOUTPUT_MAX_KEYS];
    uint16_t n;

    buf_clear(bytes, SIZE_MAX);
    if (!cursor_u16(&c, &n) || n != k->n) return false;
    for (size_t i = 0; i < k->n; i++)
        if (!load_column(&c, k->columns[i].name, bytes, &values[i], &offsets[i])) return false;
    if (cursor_left(&c) > 0 || buf_failed(bytes)) return false;
    for (size_t i = 0; i < k->n; i++) values[i].text = (char *)bytes->data + offsets[i];
    return true;
}
