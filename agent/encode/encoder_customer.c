/*
 * tailrace.customer.v1.CustomerEvent; see encoder.h.
 *
 * Names become field numbers and types by the generated descriptors; the bytes are written in the order of
 * the field numbers, as protobuf-c would pack them.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/encode/change_value.h"
#include "agent/encode/customer_convert.h"
#include "agent/encode/customer_schema.h"
#include "agent/encode/encoder.h"
#include "agent/encode/row_view.h"
#include "agent/encode/wire.h"

#define KEEP ((size_t)1 << 20) /* scratch memory that outlives an event */

struct customer_encoder {
    struct encoder base;
    struct buf part;  /* body of the part under construction */
    struct buf entry; /* of a map, or one value's text */
    struct buf text;
    const struct entity_field **sorted; /* the event's fields by number */
    bool *invalid;                      /* sorted[i] is invalid, or became so by conversion */
    size_t cap;                         /* of both */
};

static void put_string(struct buf *out, uint32_t field, const char *s, size_t len) {
    if (len) wire_add_bytes(out, field, s, len);
}

/* ---- Fields of a part ---- */

static const ProtobufCFieldDescriptor *find_field(const struct customer_part *p, const char *name) {
    return p->open ? NULL : protobuf_c_message_descriptor_get_field_by_name(p->message, name);
}

/* Sorts the event's fields by number; attributes keep their order. */
static int sort_fields(struct customer_encoder *en, const struct entity_event *ev,
                       const struct customer_part *p, struct err *e) {
    if (en->cap < ev->nfields) {
        const struct entity_field **sorted = realloc(en->sorted, ev->nfields * sizeof(*sorted));
        if (!sorted) return err_memory(e, "an entity event");
        en->sorted = sorted;
        bool *invalid = realloc(en->invalid, ev->nfields * sizeof(*invalid));
        if (!invalid) return err_memory(e, "an entity event");
        en->invalid = invalid;
        en->cap = ev->nfields;
    }
    for (size_t n = 0; n < ev->nfields; n++) {
        const ProtobufCFieldDescriptor *d = find_field(p, ev->fields[n].name);
        size_t at = n;
        if (!d && !p->open)
            return err_set(e, ERR_CONFIG, "customer: the part %s has no field %s", p->field->name,
                           ev->fields[n].name);
        for (; d && at > 0 && find_field(p, en->sorted[at - 1]->name)->id > d->id; at--)
            en->sorted[at] = en->sorted[at - 1];
        en->sorted[at] = &ev->fields[n];
    }
    return 0;
}

/* Appends one present value to the part; false when the field cannot hold it. */
static bool put_typed(struct customer_encoder *en, const ProtobufCFieldDescriptor *d, const struct value *v) {
    int64_t i;
    bool b;
    switch (d->type) {
    case PROTOBUF_C_TYPE_STRING:
        buf_clear(&en->text, KEEP);
        if (!customer_text(v, &en->text)) return false;
        if (buf_failed(&en->text)) en->part.failed = true;
        wire_add_bytes(&en->part, d->id, en->text.data, en->text.len);
        return true;
    case PROTOBUF_C_TYPE_INT64:
        if (!customer_int(v, &i)) return false;
        wire_add_varint(&en->part, d->id, (uint64_t)i);
        return true;
    case PROTOBUF_C_TYPE_BOOL:
        if (!customer_bool(v, &b)) return false;
        wire_add_varint(&en->part, d->id, b);
        return true;
    default: return false; /* a test makes sure that the schema has no other */
    }
}

/* An entry of Attributes.values: { key = 1; value = 2 }. */
static void put_attribute(struct customer_encoder *en, const struct entity_field *f) {
    size_t size = change_value_size(f->value);
    buf_clear(&en->entry, KEEP);
    wire_add_bytes(&en->entry, 1, f->name, strlen(f->name));
    if (buf_reserve(&en->entry, size + 1 + WIRE_MAX_VARINT)) {
        uint8_t *p = en->entry.data + en->entry.len;
        *p++ = (uint8_t)WIRE_TAG(2, WIRE_BYTES);
        p = change_value_put(wire_put_varint(p, size), f->value);
        en->entry.len = (size_t)(p - en->entry.data);
    }
    if (buf_failed(&en->entry)) en->part.failed = true;
    wire_add_bytes(&en->part, 1, en->entry.data, en->entry.len);
}

static void put_part(struct customer_encoder *en, const struct entity_event *ev,
                     const struct customer_part *p, struct buf *out) {
    buf_clear(&en->part, KEEP);
    for (size_t i = 0; i < ev->nfields; i++) {
        const struct entity_field *f = en->sorted[i];
        en->invalid[i] = f->value->state == VALUE_INVALID;
        if (f->value->state != VALUE_PRESENT) continue;
        if (p->open) {
            put_attribute(en, f);
        } else if (!put_typed(en, find_field(p, f->name), f->value)) {
            en->invalid[i] = true;
        }
    }
    if (buf_failed(&en->part)) out->failed = true;
    wire_add_bytes(out, p->field->id, en->part.data, en->part.len);
}

/* ---- Lists behind the part ---- */

static void put_changed(struct customer_encoder *en, const struct entity_event *ev, struct buf *out) {
    bool all_known = ev->action == ENTITY_SET;
    for (size_t i = 0; i < ev->nfields; i++) {
        const struct entity_field *f = en->sorted[i];
        if (!f->known_changed) all_known = false;
        if (f->known_changed && f->changed) wire_add_bytes(out, CUSTOMER_CHANGED, f->name, strlen(f->name));
    }
    if (all_known) wire_add_varint(out, CUSTOMER_CHANGES_KNOWN, 1);
}

static void put_state(struct customer_encoder *en, const struct entity_event *ev, enum value_state state,
                      enum customer_field number, struct buf *out) {
    for (size_t i = 0; i < ev->nfields; i++) {
        const struct entity_field *f = en->sorted[i];
        if (f->value->state == state) wire_add_bytes(out, number, f->name, strlen(f->name));
    }
}

/* Entries of invalid_fields: { key = 1; value = 2 }. */
static void put_invalid(struct customer_encoder *en, const struct entity_event *ev, struct buf *out) {
    for (size_t i = 0; i < ev->nfields; i++) {
        const struct entity_field *f = en->sorted[i];
        if (!en->invalid[i]) continue;
        buf_clear(&en->entry, KEEP);
        buf_clear(&en->text, KEEP);
        customer_raw(f->value, &en->text);
        wire_add_bytes(&en->entry, 1, f->name, strlen(f->name));
        wire_add_bytes(&en->entry, 2, en->text.data, en->text.len);
        if (buf_failed(&en->entry) || buf_failed(&en->text)) out->failed = true;
        wire_add_bytes(out, CUSTOMER_INVALID, en->entry.data, en->entry.len);
    }
}

/* truth, and entries of field_truth: { key = 1; value = 2: Systems { tags = 1 } }. */
static void put_truth(struct customer_encoder *en, const struct entity_event *ev, struct buf *out) {
    for (size_t i = 0; i < ev->ntruth; i++)
        wire_add_bytes(out, CUSTOMER_TRUTH, ev->truth[i], strlen(ev->truth[i]));
    for (size_t i = 0; i < ev->nfields; i++) {
        const struct entity_field *f = en->sorted[i];
        if (!f->ntruth) continue;
        buf_clear(&en->text, KEEP);
        for (size_t k = 0; k < f->ntruth; k++) wire_add_bytes(&en->text, 1, f->truth[k], strlen(f->truth[k]));
        buf_clear(&en->entry, KEEP);
        wire_add_bytes(&en->entry, 1, f->name, strlen(f->name));
        wire_add_bytes(&en->entry, 2, en->text.data, en->text.len);
        if (buf_failed(&en->entry) || buf_failed(&en->text)) out->failed = true;
        wire_add_bytes(out, CUSTOMER_FIELD_TRUTH, en->entry.data, en->entry.len);
    }
}

/* ---- The event ---- */

static void put_id(const struct event *ev, struct buf *text, struct buf *out) {
    char sub[ROW_VIEW_SUB_LEN];
    size_t len = row_view_sub(ev, sub);
    buf_clear(text, KEEP);
    buf_put(text, ev->change->id.ptr, ev->change->id.len);
    buf_put(text, sub, len);
    if (buf_failed(text)) out->failed = true;
    put_string(out, CUSTOMER_ID, (const char *)text->data, text->len);
}

/* "schema.table", in MySQL "database.table" */
static void put_table(const struct table *t, struct buf *text, struct buf *out) {
    if (!t) return;
    buf_clear(text, KEEP);
    buf_puts(text, table_space(t));
    if (*table_space(t)) buf_putc(text, '.');
    buf_puts(text, t->name);
    if (buf_failed(text)) out->failed = true;
    put_string(out, CUSTOMER_TABLE, (const char *)text->data, text->len);
}

/* Fields 1 to 10. */
static void put_head(struct customer_encoder *en, const struct event *ev, struct buf *out) {
    const struct change *c = ev->change;
    const struct entity_event *entity = ev->entity;
    uint8_t ord[RECORD_ORD_LEN];
    row_view_ord(ev, ord);
    put_id(ev, &en->text, out);
    wire_add_varint(out, CUSTOMER_VERSION, CUSTOMER_LAYOUT_VERSION);
    wire_add_bytes(out, CUSTOMER_ORD, ord, sizeof(ord));
    put_string(out, CUSTOMER_SOURCE, ev->source, strlen(ev->source));
    put_table(c->table, &en->text, out);
    put_string(out, CUSTOMER_POS, c->pos.ptr, c->pos.len);
    if (c->tx) wire_add_varint(out, CUSTOMER_COMMIT_US, (uint64_t)c->tx->commit_us);
    wire_add_varint(out, CUSTOMER_OPERATION, (uint64_t)entity->action + 1);
    put_string(out, CUSTOMER_KEY, entity->key.ptr, entity->key.len);
    put_string(out, CUSTOMER_ITEM, entity->item.ptr, entity->item.len);
}

static int customer_encode(struct encoder *base, const struct event *ev, struct buf *key, bool *has_key,
                           struct buf *value, struct err *e) {
    struct customer_encoder *en = (struct customer_encoder *)base;
    if (ev->kind != EVENT_ENTITY || strcmp(ev->entity->entity, "customer") != 0)
        return err_set(e, ERR_CONFIG, "the encoding `customer` is for events of the entity customer only");
    const struct entity_event *entity = ev->entity;
    const struct customer_part *part = customer_part_by_name(entity->part);
    if (!part) return err_set(e, ERR_CONFIG, "customer: there is no part %s", entity->part);
    if (sort_fields(en, entity, part, e)) return -1;
    *has_key = entity->action != ENTITY_CLEAR;
    if (*has_key) buf_put(key, entity->key.ptr, entity->key.len);
    put_head(en, ev, value);
    put_part(en, entity, part, value);
    put_changed(en, entity, value);
    put_state(en, entity, VALUE_NULL, CUSTOMER_NULL, value);
    put_state(en, entity, VALUE_UNCHANGED, CUSTOMER_UNCHANGED, value);
    put_state(en, entity, VALUE_MASKED, CUSTOMER_MASKED, value);
    put_state(en, entity, VALUE_OMITTED, CUSTOMER_OMITTED, value);
    put_invalid(en, entity, value);
    put_truth(en, entity, value);
    buf_clear(&en->part, KEEP);
    buf_clear(&en->entry, KEEP);
    buf_clear(&en->text, KEEP);
    return buf_failed(key) || buf_failed(value) ? err_memory(e, "an entity event") : 0;
}

static struct encoder *customer_create(void) {
    struct customer_encoder *en = calloc(1, sizeof(*en));
    if (!en) return NULL;
    en->base.ops = &encoder_customer;
    return &en->base;
}

static void customer_forget(struct encoder *base, const struct table *t) {
    (void)base; /* nothing is kept about tables */
    (void)t;
}

static void customer_destroy(struct encoder *base) {
    struct customer_encoder *en = (struct customer_encoder *)base;
    buf_release(&en->part);
    buf_release(&en->entry);
    buf_release(&en->text);
    free(en->sorted);
    free(en->invalid);
    free(en);
}

const struct encoder_ops encoder_customer = {
    .name = "customer",
    .binary = true,
    .create = customer_create,
    .encode = customer_encode,
    .forget = customer_forget,
    .destroy = customer_destroy,
};
