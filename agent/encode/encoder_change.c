/*
 * tailrace.v1.RowChange, written straight to the wire; see encoder.h.
 *
 * Everything about a column that no row changes (its name and type) is prepared once per selection as
 * finished wire bytes, so a row costs one pass.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/encode/change_plan.h"
#include "agent/encode/change_value.h"
#include "agent/encode/encoder.h"
#include "agent/encode/json_plan.h"
#include "agent/encode/row_view.h"
#include "agent/encode/wire.h"

#define MAX_MESSAGE INT32_MAX /* what protobuf libraries read */

struct change_encoder {
    struct encoder base;
    struct plan_cache plans; /* struct change_plan */
    struct plan_cache keys;  /* struct json_plan */
};

/* One row on its way to the wire. */
struct row {
    struct change_plan *plan;
    const struct event *ev;
    const struct value *before; /* NULL: no such image */
    const struct value *after;
    const struct value *const *keys; /* the record's key */
    size_t nkeys;
    char sub[ROW_VIEW_SUB_LEN];
    size_t sub_len;
};

/* ---- Bytes ---- */

/*
 * Column { name, type, value }: the plan has all but the lengths and the value. Nearly all columns are
 * shorter than 128 bytes: their two lengths take one byte each and are filled in afterwards; for the others
 * the value is measured first. Inlined by force: the calls alone would be a tenth of a row's time.
 */
static inline __attribute__((always_inline)) void put_column(struct buf *out, const struct change_plan *plan,
                                                             uint32_t field, const struct change_column *c,
                                                             const struct value *v) {
    bool is_short = change_value_text(v) < c->short_text;
    size_t size = is_short ? 0x80 : change_value_size(v);
    uint8_t *p = wire_room(out, 1 + c->len + CHANGE_PLAN_PAD + 2 * WIRE_MAX_VARINT + size);
    if (!p) return;
    *p++ = (uint8_t)WIRE_TAG(field, WIRE_BYTES);
    if (is_short) {
        uint8_t *column_len = p++;
        uint8_t *value_len = change_plan_copy(p, plan, c);
        p = change_value_put(value_len + 1, v);
        *value_len = (uint8_t)(p - value_len - 1);
        *column_len = (uint8_t)(p - column_len - 1);
    } else {
        p = wire_put_varint(p, c->len + wire_size_counted(size));
        p = change_plan_copy(p, plan, c);
        p = change_value_put(wire_put_varint(p, size), v);
    }
    out->len = (size_t)(p - out->data);
}

static void put_image(struct buf *out, const struct change_plan *plan, uint32_t field,
                      const struct value *image) {
    for (size_t i = 0; image && i < plan->ncolumns; i++) {
        const struct change_column *c = &plan->columns[i];
        const struct value *v = &image[c->index];
        if (v->state == VALUE_ABSENT) continue;
        put_column(out, plan, field, c, c->masked ? &row_view_masked : v);
    }
}

static uint8_t *put_text(uint8_t *p, uint32_t field, struct text t) {
    if (!t.len) return p;
    *p++ = (uint8_t)WIRE_TAG(field, WIRE_BYTES);
    return wire_put_counted(p, t.ptr, t.len);
}

/* Fields 10 to 14: id, ord, tx, pos, commit_us. */
static size_t tail_bound(const struct event *ev) {
    const struct change *c = ev->change;
    return c->id.len + c->pos.len + (c->tx ? c->tx->xid.len : 0) + RECORD_ORD_LEN + ROW_VIEW_SUB_LEN +
           5 * (1 + WIRE_MAX_VARINT);
}

static void put_tail(struct buf *out, const struct event *ev, const char *sub, size_t sub_len) {
    const struct change *c = ev->change;
    uint8_t *p = wire_room(out, tail_bound(ev));
    if (!p) return;
    if (c->id.len + sub_len) {
        *p++ = (uint8_t)WIRE_TAG(CHANGE_FIELD_ID, WIRE_BYTES);
        p = wire_put_varint(p, c->id.len + sub_len);
        p = wire_put_raw(p, c->id.ptr, c->id.len);
        p = wire_put_raw(p, sub, sub_len);
    }
    *p++ = (uint8_t)WIRE_TAG(CHANGE_FIELD_ORD, WIRE_BYTES);
    *p++ = RECORD_ORD_LEN;
    row_view_ord(ev, p);
    p += RECORD_ORD_LEN;
    if (c->tx) p = put_text(p, CHANGE_FIELD_TX, c->tx->xid);
    p = put_text(p, CHANGE_FIELD_POS, c->pos);
    if (c->tx) {
        *p++ = (uint8_t)WIRE_TAG(CHANGE_FIELD_COMMIT_US, WIRE_VARINT);
        p = wire_put_varint(p, (uint64_t)c->tx->commit_us);
    }
    out->len = (size_t)(p - out->data);
}

/* The length only where it says something. */
static void put_statement(struct buf *out, const struct change *c) {
    change_plan_text(out, CHANGE_FIELD_STATEMENT, c->statement);
    if (c->statement_length > c->statement.len)
        wire_add_varint(out, CHANGE_FIELD_STATEMENT_LENGTH, c->statement_length);
}

/* ---- Records ---- */

static int put_row(const struct row *r, struct buf *out, struct err *e) {
    const struct change_plan *plan = r->plan;
    const struct table *t = r->ev->selection->table;
    size_t before = out->len;
    const uint8_t op[] = {WIRE_TAG(CHANGE_FIELD_OP, WIRE_VARINT), change_plan_op(r->ev->op)};
    buf_put(out, plan->text.data, plan->head);
    buf_put(out, op, sizeof(op));
    for (size_t i = 0; i < r->nkeys; i++) put_column(out, plan, CHANGE_FIELD_KEY, &plan->keys[i], r->keys[i]);
    put_image(out, plan, CHANGE_FIELD_BEFORE, r->before);
    put_image(out, plan, CHANGE_FIELD_AFTER, r->after);
    put_tail(out, r->ev, r->sub, r->sub_len);
    if (r->ev->change->statement.len | r->ev->change->statement_length) put_statement(out, r->ev->change);
    if (buf_failed(out)) return err_memory(e, "a row");
    if (out->len - before <= MAX_MESSAGE) return 0;
    return err_set(e, ERR_DATA, "table %s.%s: a row of %zu bytes is larger than a protobuf message may be",
                   table_space(t), t->name, out->len - before);
}

/* Writes the record's key. */
static int put_key(struct change_encoder *en, struct row *r, struct buf *key, struct err *e) {
    bool invalid;
    struct json_plan *names = (struct json_plan *)plan_cache_get(&en->keys, r->ev->selection, e);
    if (!names || json_plan_key(key, names, r->ev, &invalid, e)) return -1;
    r->keys = names->key_values;
    r->nkeys = r->ev->selection->hashed ? 0 : r->ev->selection->nkeys;
    return buf_failed(key) ? err_memory(e, "a record's key") : 0;
}

static int encode_row(struct change_encoder *en, const struct event *ev, struct buf *key, bool *has_key,
                      struct buf *value, struct err *e) {
    struct row r = {.ev = ev, .plan = (struct change_plan *)plan_cache_get(&en->plans, ev->selection, e)};
    if (!r.plan) return -1;
    *has_key = row_view_has_key(ev);
    if (*has_key && put_key(en, &r, key, e)) return -1;
    if (ev->kind == EVENT_TOMBSTONE) return 0;
    if (ev->op != 't') {
        r.before = row_view_before(ev);
        r.after = row_view_after(ev);
    }
    r.sub_len = row_view_sub(ev, r.sub);
    return put_row(&r, value, e);
}

/* A logical message, a gap or a statement: rare. Only the last may be about a table. */
static int encode_note(const struct event *ev, struct buf *out, struct err *e) {
    const struct change *c = ev->change;
    struct buf message = {0};
    char sub[ROW_VIEW_SUB_LEN];
    size_t sub_len = row_view_sub(ev, sub);
    const struct table *t = ev->kind == EVENT_DDL ? c->table : NULL;
    change_plan_head(out, ev->source, ev->database, t ? t->schema : "", t ? t->name : "");
    wire_add_varint(out, CHANGE_FIELD_OP, change_plan_op(ev->op));
    put_tail(out, ev, sub, sub_len);
    if (ev->kind == EVENT_MESSAGE) {
        change_plan_text(&message, 1, c->message.prefix);
        change_plan_text(&message, 2, c->message.content);
        if (c->message.transactional) wire_add_varint(&message, 3, 1);
        wire_add_bytes(out, CHANGE_FIELD_MESSAGE, message.data, message.len);
        if (buf_failed(&message)) out->failed = true;
    } else {
        change_plan_text(out, ev->kind == EVENT_DDL ? CHANGE_FIELD_DDL : CHANGE_FIELD_GAP,
                         c->message.content);
    }
    buf_release(&message);
    return buf_failed(out) ? err_memory(e, "a message") : 0;
}

static int change_encode(struct encoder *base, const struct event *ev, struct buf *key, bool *has_key,
                         struct buf *value, struct err *e) {
    *has_key = false;
    switch (ev->kind) {
    case EVENT_ROW:
    case EVENT_TOMBSTONE: return encode_row((struct change_encoder *)base, ev, key, has_key, value, e);
    case EVENT_MESSAGE:
    case EVENT_DDL:
    case EVENT_GAP: return encode_note(ev, value, e);
    case EVENT_ENTITY: break;
    }
    return err_set(e, ERR_CONFIG, "the encoding `change` has no form for entity events");
}

static struct encoder *change_create(void) {
    struct change_encoder *en = calloc(1, sizeof(*en));
    if (!en) return NULL;
    en->base.ops = &encoder_change;
    change_plan_cache_init(&en->plans);
    json_plan_cache_init(&en->keys);
    return &en->base;
}

static void change_forget(struct encoder *base, const struct table *t) {
    struct change_encoder *en = (struct change_encoder *)base;
    plan_cache_forget(&en->plans, t);
    plan_cache_forget(&en->keys, t);
}

static void change_destroy(struct encoder *base) {
    struct change_encoder *en = (struct change_encoder *)base;
    plan_cache_release(&en->plans);
    plan_cache_release(&en->keys);
    free(en);
}

const struct encoder_ops encoder_change = {
    .name = "change",
    .binary = true,
    .splits_key_change = true,
    .create = change_create,
    .encode = change_encode,
    .forget = change_forget,
    .destroy = change_destroy,
};
