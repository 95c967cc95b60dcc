#include "agent/encode/customer_reader.h"

#include <string.h>

#include "agent/encode/change_reader.h"
#include "agent/encode/customer_schema.h"
#include "decoders/utf8.h"

/* All that one record becomes. */
struct record {
    struct event event;
    struct change change;
    struct table table; /* its name is "schema.table" */
    struct tx tx;
    struct entity_event entity;
    struct wire_field ord;
    bool changes_known;
    size_t cap; /* of fields */
    struct entity_field *fields;
    struct value *values;
    const char **truth; /* cap entries too, for the part */
};

static bool is_part(uint32_t number) {
    return customer_part_by_number(number) != NULL;
}

/* At most as many fields as there are entries anywhere. */
static int count_fields(struct wire_reader r, size_t *count, struct err *e) {
    struct wire_reader inner;
    struct wire_field f;
    int rc;
    while ((rc = wire_next(&r, &f, e)) == 1) {
        ++*count;
        if (!is_part(f.number)) continue;
        if (wire_enter(&r, &f, &inner, e)) return -1;
        while ((rc = wire_next(&inner, &f, e)) == 1) ++*count;
        if (rc < 0) return -1;
    }
    if (*count > CUSTOMER_READER_MAX_FIELDS)
        return err_set(e, ERR_DATA, "%zu fields: not a CustomerEvent", *count);
    return rc;
}

static struct record *record_new(struct arena *a, size_t cap, struct err *e) {
    struct record *r = arena_calloc(a, 1, sizeof(*r));
    if (!r) goto failed;
    r->cap = cap;
    r->fields = arena_calloc(a, cap + 1, sizeof(*r->fields));
    r->values = arena_calloc(a, cap + 1, sizeof(*r->values));
    r->truth = arena_calloc(a, cap + 1, sizeof(*r->truth));
    if (!r->fields || !r->values || !r->truth) goto failed;
    r->table = (struct table){.schema = "", .name = ""};
    r->entity = (struct entity_event){
        .entity = "customer", .topic = "", .part = "", .fields = r->fields, .truth = r->truth};
    r->event = (struct event){.kind = EVENT_ENTITY,
                              .change = &r->change,
                              .entity = &r->entity,
                              .source = "",
                              .database = "",
                              .topic = ""};
    return r;
failed:
    err_memory(e, "a record");
    return NULL;
}

/* The field of that name, made when there is none yet. */
static struct entity_field *field_named(struct record *r, const char *name, struct err *e) {
    size_t n = r->entity.nfields;
    for (size_t i = 0; i < n; i++)
        if (strcmp(r->fields[i].name, name) == 0) return &r->fields[i];
    if (n == r->cap) {
        err_set(e, ERR_DATA, "more fields than were counted");
        return NULL;
    }
    r->fields[n] = (struct entity_field){.name = name, .value = &r->values[n]};
    r->entity.nfields++;
    return &r->fields[n];
}

static int set_value(struct record *r, const char *name, struct value v, struct err *e) {
    struct entity_field *f = field_named(r, name, e);
    if (!f) return -1;
    if (f->value->state != VALUE_ABSENT) return err_set(e, ERR_DATA, "field %.60s is there twice", name);
    r->values[f - r->fields] = v;
    return 0;
}

/* ---- Parts ---- */

static int read_typed(struct record *r, const ProtobufCFieldDescriptor *d, const struct wire_field *f,
                      struct err *e) {
    struct value v = {.state = VALUE_PRESENT};
    bool text = d->type == PROTOBUF_C_TYPE_STRING;
    if (wire_expect(f, text ? WIRE_BYTES : WIRE_VARINT, e)) return -1;
    if (text) {
        v.kind = VALUE_TEXT;
        v.text = (const char *)f->data;
        v.len = f->len;
        if (!utf8_valid(v.text, v.len))
            return err_set(e, ERR_DATA, "field %s holds text that is no text", d->name);
    } else if (d->type == PROTOBUF_C_TYPE_BOOL) {
        v.kind = VALUE_BOOL;
        v.v.b = f->value != 0;
    } else {
        v.kind = VALUE_INT;
        v.v.i = (int64_t)f->value;
    }
    return set_value(r, d->name, v, e);
}

/* An entry { key = 1; value = 2 } of a map; *value has number 0 when it is not there. */
static int read_entry(const struct wire_reader *outer, const struct wire_field *field, struct arena *a,
                      const char **key, struct wire_field *value, struct wire_reader *r, struct err *e) {
    struct wire_field f;
    int rc;
    *key = "";
    *value = (struct wire_field){.type = WIRE_BYTES, .data = (const uint8_t *)""};
    if (wire_enter(outer, field, r, e)) return -1;
    while ((rc = wire_next(r, &f, e)) == 1) {
        if (f.number == 1 && !(*key = change_read_name(&f, a, e))) return -1;
        if (f.number == 2) *value = f;
    }
    return rc ? rc : wire_expect(value, WIRE_BYTES, e);
}

static int read_attribute(struct record *r, const struct wire_reader *in, const struct wire_field *field,
                          struct arena *a, struct err *e) {
    struct wire_reader entry, inner;
    struct wire_field value;
    struct value v;
    const char *name;
    if (field->number != 1) return 0;
    if (read_entry(in, field, a, &name, &value, &entry, e)) return -1;
    if (wire_enter(&entry, &value, &inner, e) || change_read_value(&inner, a, &v, e)) return -1;
    return set_value(r, name, v, e);
}

static int read_part(struct record *r, const struct wire_reader *in, const struct wire_field *field,
                     struct arena *a, struct err *e) {
    const struct customer_part *part = customer_part_by_number(field->number);
    struct wire_reader inner;
    struct wire_field f;
    int rc;
    if (*r->entity.part) return err_set(e, ERR_DATA, "two parts in one event");
    r->entity.part = part->field->name;
    if (wire_enter(in, field, &inner, e)) return -1;
    while ((rc = wire_next(&inner, &f, e)) == 1) {
        if (part->open) {
            if (read_attribute(r, &inner, &f, a, e)) return -1;
            continue;
        }
        const ProtobufCFieldDescriptor *d = protobuf_c_message_descriptor_get_field(part->message, f.number);
        if (d && read_typed(r, d, &f, e)) return -1;
    }
    return rc;
}

/* ---- Lists behind the part ---- */

static int read_state(struct record *r, const struct wire_field *f, enum value_state state, struct arena *a,
                      struct err *e) {
    const char *name = change_read_name(f, a, e);
    return name ? set_value(r, name, (struct value){.state = (uint8_t)state}, e) : -1;
}

static int read_invalid(struct record *r, const struct wire_reader *in, const struct wire_field *f,
                        struct arena *a, struct err *e) {
    struct wire_reader entry;
    struct wire_field value;
    const char *name;
    if (read_entry(in, f, a, &name, &value, &entry, e)) return -1;
    return set_value(
        r, name, (struct value){.state = VALUE_INVALID, .text = (const char *)value.data, .len = value.len},
        e);
}

static int read_changed(struct record *r, const struct wire_field *f, struct arena *a, struct err *e) {
    const char *name = change_read_name(f, a, e);
    struct entity_field *field = name ? field_named(r, name, e) : NULL;
    if (!field) return -1;
    field->changed = field->known_changed = true;
    return 0;
}

static int read_truth(struct record *r, const struct wire_field *f, struct arena *a, struct err *e) {
    const char *tag = change_read_name(f, a, e);
    if (!tag) return -1;
    if (r->entity.ntruth == r->cap) return err_set(e, ERR_DATA, "more systems than were counted");
    r->truth[r->entity.ntruth++] = tag;
    return 0;
}

/* Systems { tags = 1 } of one field. */
static int read_field_truth(struct record *r, const struct wire_reader *in, const struct wire_field *field,
                            struct arena *a, struct err *e) {
    struct wire_reader entry, inner, counting;
    struct wire_field value, f;
    const char *name;
    size_t n = 0;
    int rc;
    if (read_entry(in, field, a, &name, &value, &entry, e) || wire_enter(&entry, &value, &inner, e))
        return -1;
    for (counting = inner; (rc = wire_next(&counting, &f, e)) == 1;) n++;
    const char **tags = rc ? NULL : arena_calloc(a, n + 1, sizeof(*tags));
    struct entity_field *to = tags ? field_named(r, name, e) : NULL;
    if (!to) return rc || tags ? -1 : err_memory(e, "a record");
    to->truth = tags;
    to->ntruth = 0;
    while ((rc = wire_next(&inner, &f, e)) == 1) {
        if (f.number != 1) continue;
        if (!(tags[to->ntruth] = change_read_name(&f, a, e))) return -1;
        to->ntruth++;
    }
    return rc;
}

/* ---- The event ---- */

static int read_name(const struct wire_field *f, struct arena *a, const char **to, struct err *e) {
    const char *s = change_read_name(f, a, e);
    if (!s) return -1;
    *to = s;
    return 0;
}

static int read_operation(struct record *r, const struct wire_field *f, struct err *e) {
    static const struct {
        enum entity_action action;
        char op;
    } operations[] = {[1] = {ENTITY_SET, 'u'}, [2] = {ENTITY_REMOVE, 'd'}, [3] = {ENTITY_CLEAR, 't'}};
    if (wire_expect(f, WIRE_VARINT, e)) return -1;
    if (f->value < 1 || f->value > 3)
        return err_set(e, ERR_DATA, "an operation (%llu) that this version does not know",
                       (unsigned long long)f->value);
    r->entity.action = operations[f->value].action;
    r->event.op = operations[f->value].op;
    return 0;
}

static int read_version(const struct wire_field *f, struct err *e) {
    if (wire_expect(f, WIRE_VARINT, e)) return -1;
    if (f->value == CUSTOMER_LAYOUT_VERSION) return 0;
    return err_set(e, ERR_DATA, "layout version %llu; this version of Tailrace reads %d",
                   (unsigned long long)f->value, CUSTOMER_LAYOUT_VERSION);
}

static int read_field(struct record *r, const struct wire_reader *in, const struct wire_field *f,
                      struct arena *a, struct err *e) {
    switch (f->number) {
    case CUSTOMER_ID: return change_read_text(f, &r->change.id, e);
    case CUSTOMER_VERSION: return read_version(f, e);
    case CUSTOMER_ORD: r->ord = *f; return wire_expect(f, WIRE_BYTES, e);
    case CUSTOMER_SOURCE: return read_name(f, a, &r->event.source, e);
    case CUSTOMER_TABLE: r->change.table = &r->table; return read_name(f, a, &r->table.name, e);
    case CUSTOMER_POS: return change_read_text(f, &r->change.pos, e);
    case CUSTOMER_COMMIT_US: r->change.tx = &r->tx; return change_read_time(f, &r->tx.commit_us, e);
    case CUSTOMER_OPERATION: return read_operation(r, f, e);
    case CUSTOMER_KEY: return change_read_text(f, &r->entity.key, e);
    case CUSTOMER_ITEM: return change_read_text(f, &r->entity.item, e);
    case CUSTOMER_CHANGED: return read_changed(r, f, a, e);
    case CUSTOMER_CHANGES_KNOWN: r->changes_known = f->value != 0; return wire_expect(f, WIRE_VARINT, e);
    case CUSTOMER_NULL: return read_state(r, f, VALUE_NULL, a, e);
    case CUSTOMER_UNCHANGED: return read_state(r, f, VALUE_UNCHANGED, a, e);
    case CUSTOMER_MASKED: return read_state(r, f, VALUE_MASKED, a, e);
    case CUSTOMER_OMITTED: return read_state(r, f, VALUE_OMITTED, a, e);
    case CUSTOMER_INVALID: return read_invalid(r, in, f, a, e);
    case CUSTOMER_TRUTH: return read_truth(r, f, a, e);
    case CUSTOMER_FIELD_TRUTH: return read_field_truth(r, in, f, a, e);
    default: return is_part(f->number) ? read_part(r, in, f, a, e) : 0;
    }
}

int customer_read(const void *data, size_t len, struct arena *a, const struct event **out, struct err *e) {
    struct wire_reader in = wire_reader_of(data, len);
    struct wire_field f;
    size_t count = 0;
    int rc;
    if (count_fields(in, &count, e)) return -1;
    struct record *r = record_new(a, count, e);
    if (!r) return -1;
    while ((rc = wire_next(&in, &f, e)) == 1)
        if (read_field(r, &in, &f, a, e)) return -1;
    if (rc) return -1;
    if (!r->event.op || !*r->entity.part || !r->change.id.len)
        return err_set(e, ERR_DATA, "not a CustomerEvent: no id, no operation, or no part");
    for (size_t i = 0; r->changes_known && i < r->entity.nfields; i++) r->fields[i].known_changed = true;
    if (change_read_identity(&r->ord, &r->change, &r->event.sub, e)) return -1;
    *out = &r->event;
    return 0;
}
