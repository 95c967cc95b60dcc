/*
 * dump: changes as text, for golden files and for people who look at a failing test.
 *
 *     insert public.t 1:16B3748:16B3680:0 at 0/16B3680
 *       after id int 1
 *       after note text "a\nb"
 *
 * Temporal values show their number behind the text; `text` in front of it says that the value is kept as
 * text.
 */
#ifndef TAILRACE_TESTS_GOLDEN_DUMP_H
#define TAILRACE_TESTS_GOLDEN_DUMP_H

#include "decoders/buf.h"
#include "decoders/change.h"
#include "decoders/utf8.h"

/* Quoted, with C escapes for everything that is no printable ASCII and no UTF-8. */
static inline void dump_quoted(const char *s, size_t len, struct buf *out) {
    bool utf8 = utf8_valid(s, len);
    buf_putc(out, '"');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c == '\n')
            buf_puts(out, "\\n");
        else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8))
            buf_printf(out, "\\x%02x", c);
        else
            buf_putc(out, (char)c);
    }
    buf_putc(out, '"');
}

static inline void dump_bytes(const char *s, size_t len, struct buf *out) {
    for (size_t i = 0; i < len; i++) buf_printf(out, "%02x", (unsigned char)s[i]);
}

static inline void dump_text(const struct value *v, struct buf *out) {
    struct buf text = {0};
    value_format(v, &text);
    dump_quoted((const char *)text.data, text.len, out);
    buf_release(&text);
}

static inline void dump_array(const struct value *v, struct buf *out) {
    const struct value_array *a = v->v.array;
    buf_printf(out, "of %s", value_kind_name((enum value_kind)a->kind));
    for (unsigned i = 0; i < a->ndims; i++) buf_printf(out, "[%u]", a->dims[i]);
    buf_putc(out, ' ');
    dump_text(v, out);
    for (size_t i = 0; i < a->count; i++)
        if (a->items[i].state == VALUE_INVALID) buf_printf(out, " item %zu invalid", i);
}

static inline void dump_value(const struct value *v, struct buf *out) {
    if (v->state != VALUE_PRESENT) {
        buf_puts(out, value_state_name((enum value_state)v->state));
        if (v->state != VALUE_INVALID) return;
        buf_putc(out, ' ');
        dump_bytes(v->text, v->len, out);
        return;
    }
    buf_printf(out, "%s ", value_kind_name((enum value_kind)v->kind));
    switch ((enum value_kind)v->kind) {
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_UINT:
    case VALUE_FLOAT:
    case VALUE_DOUBLE:
    case VALUE_DECIMAL:
    case VALUE_BYTES:
    case VALUE_UUID: value_format(v, out); break;
    case VALUE_DATE:
    case VALUE_TIME:
    case VALUE_TIMESTAMP:
    case VALUE_TIMESTAMPTZ:
        if (v->is_text) buf_puts(out, "text ");
        value_format(v, out);
        if (!v->is_text) buf_printf(out, " = %lld", (long long)v->v.i);
        break;
    case VALUE_ARRAY:
        if (!v->is_text) {
            dump_array(v, out);
            break;
        }
        buf_puts(out, "text ");
        dump_text(v, out);
        break;
    default: dump_text(v, out); break;
    }
}

static inline void dump_image(const char *which, const struct table *t, const struct value *values,
                              struct buf *out) {
    for (size_t i = 0; values && i < t->ncolumns; i++) {
        if (values[i].state == VALUE_ABSENT) continue;
        buf_printf(out, "  %s %s ", which, t->columns[i].name);
        dump_value(&values[i], out);
        buf_putc(out, '\n');
    }
}

static inline void dump_schema(const struct change *c, struct buf *out) {
    const struct table *t = c->table;
    buf_printf(out, "schema %s.%s oid %u identity %c key (", t->schema, t->name, t->id, (char)t->identity);
    for (size_t i = 0; i < t->nkeys; i++) buf_printf(out, "%s%s", i ? ", " : "", t->columns[t->keys[i]].name);
    buf_puts(out, ")");
    if (c->replaced) buf_printf(out, " replaces %s.%s", table_space(c->replaced), c->replaced->name);
    buf_putc(out, '\n');
    for (size_t i = 0; i < t->ncolumns; i++) {
        const struct column *column = &t->columns[i];
        buf_printf(out, "  %s %s: %s%s\n", column->name, column->type, value_kind_name(column->kind),
                   column->identity ? ", identity" : "");
    }
}

static inline void dump_head(const char *name, const struct change *c, struct buf *out) {
    buf_printf(out, "%s ", name);
    if (c->table) buf_printf(out, "%s.%s ", table_space(c->table), c->table->name);
    buf_printf(out, "%.*s at %.*s\n", (int)c->id.len, c->id.ptr, (int)c->pos.len, c->pos.ptr);
}

/* Appends one change. */
static inline void dump_change(const struct change *c, struct buf *out) {
    switch (c->op) {
    case CHANGE_BEGIN:
        buf_printf(out, "begin %.*s at %.*s time ", (int)c->tx->xid.len, c->tx->xid.ptr, (int)c->pos.len,
                   c->pos.ptr);
        value_format_timestamp(c->tx->commit_us, 'T', "Z", out);
        buf_putc(out, '\n');
        return;
    case CHANGE_COMMIT: buf_printf(out, "commit to %.*s\n", (int)c->pos.len, c->pos.ptr); return;
    case CHANGE_HEARTBEAT: buf_printf(out, "heartbeat %.*s\n", (int)c->pos.len, c->pos.ptr); return;
    case CHANGE_SCHEMA: dump_schema(c, out); return;
    case CHANGE_GAP: buf_puts(out, "gap\n"); return;
    case CHANGE_INSERT: dump_head("insert", c, out); break;
    case CHANGE_READ: dump_head("read", c, out); break;
    case CHANGE_UPDATE:
        dump_head(c->before_image == IMAGE_KEY ? "update with old key" : "update", c, out);
        break;
    case CHANGE_DELETE: dump_head(c->before_image == IMAGE_KEY ? "delete by key" : "delete", c, out); break;
    case CHANGE_TRUNCATE: dump_head("truncate", c, out); break;
    case CHANGE_MESSAGE:
        dump_head(c->message.transactional ? "message" : "message outside", c, out);
        buf_puts(out, "  ");
        dump_quoted(c->message.prefix.ptr, c->message.prefix.len, out);
        buf_putc(out, ' ');
        dump_quoted(c->message.content.ptr, c->message.content.len, out);
        buf_putc(out, '\n');
        return;
    case CHANGE_DDL:
        dump_head("ddl", c, out);
        buf_puts(out, "  ");
        dump_quoted(c->message.content.ptr, c->message.content.len, out);
        buf_putc(out, '\n');
        return;
    }
    if (c->statement_length) {
        buf_puts(out, "  statement ");
        dump_quoted(c->statement.ptr, c->statement.len, out);
        if (c->statement_length > c->statement.len)
            buf_printf(out, " of %llu bytes", (unsigned long long)c->statement_length);
        buf_putc(out, '\n');
    }
    dump_image("before", c->table, c->before, out);
    dump_image("after", c->table, c->after, out);
}

#endif
