#include "agent/encode/json_line.h"

#include <string.h>

#include "agent/encode/json_writer.h"
#include "agent/encode/row_view.h"

void json_line_text(struct buf *out, const char *name, const char *s, size_t len) {
    if (!len) return;
    buf_putc(out, ',');
    buf_putc(out, '"');
    buf_puts(out, name);
    buf_put(out, "\":", 2);
    json_string(out, s, len);
}

static void put_id(struct buf *out, const struct event *ev) {
    char sub[ROW_VIEW_SUB_LEN];
    size_t len = row_view_sub(ev, sub);
    buf_put(out, ",\"id\":\"", 7);
    json_escaped(out, ev->change->id.ptr, ev->change->id.len);
    buf_put(out, sub, len);
    buf_putc(out, '"');
}

static void put_time(struct buf *out, int64_t micros, struct json_line_time *time) {
    buf_put(out, ",\"ts\":", 6);
    if (time->len && time->micros == micros) {
        buf_put(out, time->text, time->len);
        return;
    }
    size_t start = out->len;
    json_time(out, micros);
    time->len = 0;
    if (buf_failed(out) || out->len - start > sizeof(time->text)) return;
    time->micros = micros;
    time->len = out->len - start;
    memcpy(time->text, out->data + start, time->len);
}

void json_line_end(struct buf *out, const struct event *ev, struct json_line_time *time) {
    const struct change *c = ev->change;
    uint8_t ord[RECORD_ORD_LEN];
    row_view_ord(ev, ord);
    put_id(out, ev);
    buf_put(out, ",\"ord\":", 7);
    json_hex(out, ord, sizeof(ord));
    if (c->tx) json_line_text(out, "tx", c->tx->xid.ptr, c->tx->xid.len);
    json_line_text(out, "pos", c->pos.ptr, c->pos.len);
    if (c->tx) put_time(out, c->tx->commit_us, time);
    buf_putc(out, '}');
}

static void put_start(struct buf *out, const struct event *ev, const struct table *t, const char *op) {
    buf_puts(out, "{\"v\":1");
    json_line_text(out, "source", ev->source, strlen(ev->source));
    json_line_text(out, "database", ev->database, strlen(ev->database));
    if (t) json_line_text(out, "schema", t->schema, strlen(t->schema));
    if (t) json_line_text(out, "table", t->name, strlen(t->name));
    json_line_text(out, "op", op, 1);
}

void json_line_message(struct buf *out, const struct event *ev, struct json_line_time *time) {
    const struct change *c = ev->change;
    put_start(out, ev, NULL, "m");
    buf_puts(out, ",\"message\":{\"prefix\":");
    json_raw(out, c->message.prefix.ptr, c->message.prefix.len);
    buf_puts(out, ",\"content\":");
    json_raw(out, c->message.content.ptr, c->message.content.len);
    buf_puts(out, ",\"transactional\":");
    buf_puts(out, c->message.transactional ? "true}" : "false}");
    json_line_end(out, ev, time);
}

void json_line_gap(struct buf *out, const struct event *ev, struct json_line_time *time) {
    put_start(out, ev, NULL, "g");
    json_line_text(out, "gap", ev->change->message.content.ptr, ev->change->message.content.len);
    json_line_end(out, ev, time);
}

void json_line_ddl(struct buf *out, const struct event *ev, struct json_line_time *time) {
    put_start(out, ev, ev->change->table, "q");
    buf_puts(out, ",\"ddl\":");
    json_raw(out, ev->change->message.content.ptr, ev->change->message.content.len);
    json_line_end(out, ev, time);
}
