/*
 * tailrace.v1.RowChange, written straight to the wire; see encoder.h.
 *
 * Everything about a column that no row changes (its name and type) is prepared once per selection as
 * finished wire bytes, so a row costs one pass for the sizes and one for the bytes.
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

/* One of the three column lists of a row. */
struct list {
    uint32_t field;
    const struct value *image; /* NULL: empty; of the key: taken column by column */
    size_t *sizes;             /* of each value's body; 0: the column is not in the list */
};

struct row {
    const struct change_plan *plan;
    const struct event *ev;
    struct list before;
    struct list after;
    size_t *key_sizes;
    bool has_key;
    char sub[ROW_VIEW_SUB_LEN];
    size_t sub_len;
};

/* ---- Sizes ---- */

static size_t column_size(const struct change_column *c, size_t value_size) {
    return c->len + wire_size_counted(value_size);
}

static size_t list_size(const struct row *r, const struct list *l) {
    size_t size = 0;
    if (!l->image) return 0;
    for (size_t i = 0; i < r->plan->ncolumns; i++) {
        const struct change_column *c = &r->plan->columns[i];
        const struct value *v = row_view_value(r->ev->selection, l->image, c->index);
        l->sizes[i] = v->state == VALUE_ABSENT ? 0 : change_value_size(v);
        if (l->sizes[i]) size += 1 + wire_size_counted(column_size(c, l->sizes[i]));
    }
    return size;
}

static size_t key_size(const struct row *r) {
    size_t size = 0;
    for (size_t i = 0; r->has_key && i < r->ev->selection->nkeys; i++) {
        r->key_sizes[i] = change_value_size(row_view_key(r->ev, i, NULL));
        size += 1 + wire_size_counted(column_size(&r->plan->keys[i], r->key_sizes[i]));
    }
    return size;
}

static size_t text_size(struct text t) {
    return t.len ? 1 + wire_size_counted(t.len) : 0;
}

/* Fields 10 to 14: id, ord, tx, pos, commit_us. */
static size_t tail_size(const struct event *ev, size_t sub_len) {
    const struct change *c = ev->change;
    size_t size = 1 + wire_size_counted(RECORD_ORD_LEN) + text_size(c->pos);
    if (c->id.len + sub_len) size += 1 + wire_size_counted(c->id.len + sub_len);
    if (c->tx) size += text_size(c->tx->xid) + 1 + wire_size_varint((uint64_t)c->tx->commit_us);
    return size;
}

/* ---- Bytes ---- */

static uint8_t *put_column(uint8_t *p, const struct row *r, uint32_t field, const struct change_column *c,
                           const struct value *v, size_t value_size) {
    *p++ = (uint8_t)WIRE_TAG(field, WIRE_BYTES);
    p = wire_put_varint(p, column_size(c, value_size));
    p = wire_put_raw(p, r->plan->text.data + c->at, c->len);
    p = wire_put_varint(p, value_size);
    return change_value_put(p, v);
}

static uint8_t *put_list(uint8_t *p, const struct row *r, const struct list *l) {
    for (size_t i = 0; l->image && i < r->plan->ncolumns; i++) {
        const struct change_column *c = &r->plan->columns[i];
        if (!l->sizes[i]) continue;
        p = put_column(p, r, l->field, c, row_view_value(r->ev->selection, l->image, c->index), l->sizes[i]);
    }
    return p;
}

static uint8_t *put_key(uint8_t *p, const struct row *r) {
    for (size_t i = 0; r->has_key && i < r->ev->selection->nkeys; i++)
        p = put_column(p, r, CHANGE_FIELD_KEY, &r->plan->keys[i], row_view_key(r->ev, i, NULL),
                       r->key_sizes[i]);
    return p;
}

static uint8_t *put_text(uint8_t *p, uint32_t field, struct text t) {
    if (!t.len) return p;
    *p++ = (uint8_t)WIRE_TAG(field, WIRE_BYTES);
    return wire_put_counted(p, t.ptr, t.len);
}

static uint8_t *put_tail(uint8_t *p, const struct event *ev, const char *sub, size_t sub_len) {
    const struct change *c = ev->change;
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
    if (!c->tx) return p;
    *p++ = (uint8_t)WIRE_TAG(CHANGE_FIELD_COMMIT_US, WIRE_VARINT);
    return wire_put_varint(p, (uint64_t)c->tx->commit_us);
}

/* ---- Records ---- */

static int put_row(struct row *r, struct buf *out, struct err *e) {
    size_t size = r->plan->head + 2 + key_size(r) + list_size(r, &r->before) + list_size(r, &r->after) +
                  tail_size(r->ev, r->sub_len);
    if (size > MAX_MESSAGE)
        return err_set(e, ERR_DATA,
                       "table %s.%s: a row of %zu bytes is larger than a protobuf message may be",
                       r->ev->selection->table->schema, r->ev->selection->table->name, size);
    if (!buf_reserve(out, size)) return err_memory(e, "a row");
    uint8_t *start = out->data + out->len;
    uint8_t *p = wire_put_raw(start, r->plan->text.data, r->plan->head);
    *p++ = (uint8_t)WIRE_TAG(CHANGE_FIELD_OP, WIRE_VARINT);
    *p++ = change_plan_op(r->ev->op);
    p = put_key(p, r);
    p = put_list(p, r, &r->before);
    p = put_list(p, r, &r->after);
    p = put_tail(p, r->ev, r->sub, r->sub_len);
    if ((size_t)(p - start) != size)
        return err_set(e, ERR_DATA, "table %s.%s: a row of %zu bytes took %zu: this is a bug in the encoder",
                       r->ev->selection->table->schema, r->ev->selection->table->name, size,
                       (size_t)(p - start));
    out->len += size;
    return 0;
}

static int encode_row(struct change_encoder *en, const struct event *ev, struct buf *key, bool *has_key,
                      struct buf *value, struct err *e) {
    bool invalid;
    struct change_plan *plan = (struct change_plan *)plan_cache_get(&en->plans, ev->selection, e);
    struct json_plan *names = (struct json_plan *)plan_cache_get(&en->keys, ev->selection, e);
    if (!plan || !names) return -1;
    struct row r = {.plan = plan, .ev = ev, .has_key = row_view_has_key(ev), .key_sizes = plan->key_sizes};
    *has_key = r.has_key;
    if (r.has_key && json_plan_key(key, names, ev, &invalid, e)) return -1;
    if (buf_failed(key)) return err_memory(e, "a record's key");
    if (ev->kind == EVENT_TOMBSTONE) return 0;
    r.before = (struct list){.field = CHANGE_FIELD_BEFORE, .sizes = plan->before_sizes};
    r.after = (struct list){.field = CHANGE_FIELD_AFTER, .sizes = plan->after_sizes};
    if (ev->op != 't') r.before.image = row_view_before(ev), r.after.image = row_view_after(ev);
    r.sub_len = row_view_sub(ev, r.sub);
    return put_row(&r, value, e);
}

/* A logical message or a gap: rare, and about no table. */
static int encode_note(const struct event *ev, struct buf *out, struct err *e) {
    const struct change *c = ev->change;
    struct buf message = {0};
    char sub[ROW_VIEW_SUB_LEN];
    size_t sub_len = row_view_sub(ev, sub);
    change_plan_head(out, ev->source, ev->database, "", "");
    wire_add_varint(out, CHANGE_FIELD_OP, change_plan_op(ev->op));
    if (buf_reserve(out, tail_size(ev, sub_len)))
        out->len = (size_t)(put_tail(out->data + out->len, ev, sub, sub_len) - out->data);
    if (ev->kind == EVENT_MESSAGE) {
        change_plan_text(&message, 1, c->message.prefix);
        change_plan_text(&message, 2, c->message.content);
        if (c->message.transactional) wire_add_varint(&message, 3, 1);
        wire_add_bytes(out, CHANGE_FIELD_MESSAGE, message.data, message.len);
        if (buf_failed(&message)) out->failed = true;
    } else {
        change_plan_text(out, CHANGE_FIELD_GAP, c->message.content);
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
