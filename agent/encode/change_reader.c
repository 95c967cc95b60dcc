#include "agent/encode/change_reader.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "agent/encode/change_plan.h"
#include "agent/encode/row_view.h"
#include "decoders/utf8.h"

#define MAX_TIME INT64_C(9000000000000000000) /* microseconds: 285,000 years */

/* All that one record becomes. */
struct record {
    struct event event;
    struct change change;
    struct selection selection;
    struct table table;
    struct tx tx;
    struct wire_field ord;
    size_t cap; /* of the lists below */
    struct column *columns;
    uint8_t *use;
    uint16_t *keys;
    struct value *before;
    struct value *after;
};

const char *change_read_name(const struct wire_field *f, struct arena *a, struct err *e) {
    if (wire_expect(f, WIRE_BYTES, e)) return NULL;
    if (!utf8_valid((const char *)f->data, f->len) || memchr(f->data, 0, f->len)) {
        err_set(e, ERR_DATA, "protobuf field %u holds text that is no text", f->number);
        return NULL;
    }
    const char *s = arena_strndup(a, (const char *)f->data, f->len);
    if (!s) err_memory(e, "a name");
    return s;
}

int change_read_text(const struct wire_field *f, struct text *t, struct err *e) {
    if (wire_expect(f, WIRE_BYTES, e)) return -1;
    if (!utf8_valid((const char *)f->data, f->len))
        return err_set(e, ERR_DATA, "protobuf field %u holds text that is no text", f->number);
    *t = (struct text){.ptr = (const char *)f->data, .len = f->len};
    return 0;
}

int change_read_identity(const struct wire_field *ord, struct change *c, uint16_t *sub, struct err *e) {
    char text[ROW_VIEW_SUB_LEN];
    if (ord->len != RECORD_ORD_LEN)
        return err_set(e, ERR_DATA, "an ord of %zu bytes instead of %d", ord->len, RECORD_ORD_LEN);
    memcpy(c->ord, ord->data, CHANGE_ORD_LEN);
    *sub = (uint16_t)(ord->data[CHANGE_ORD_LEN] << 8 | ord->data[CHANGE_ORD_LEN + 1]);
    size_t n = (size_t)snprintf(text, sizeof(text), ".%u", *sub);
    if (*sub && c->id.len > n && memcmp(c->id.ptr + c->id.len - n, text, n) == 0) c->id.len -= n;
    return 0;
}

int change_read_time(const struct wire_field *f, int64_t *micros, struct err *e) {
    if (wire_expect(f, WIRE_VARINT, e)) return -1;
    *micros = (int64_t)f->value;
    if (*micros > -MAX_TIME && *micros < MAX_TIME) return 0;
    return err_set(e, ERR_DATA, "a commit time of %lld microseconds", (long long)*micros);
}

/* Makes room for a column in front of the `i`th. */
static int insert_column(struct record *r, size_t i, const char *name, const char *type, struct err *e) {
    size_t n = r->table.ncolumns, behind = n - i;
    if (n == r->cap) return err_set(e, ERR_DATA, "more columns than were counted");
    memmove(r->columns + i + 1, r->columns + i, behind * sizeof(*r->columns));
    memmove(r->before + i + 1, r->before + i, behind * sizeof(*r->before));
    memmove(r->after + i + 1, r->after + i, behind * sizeof(*r->after));
    r->columns[i] = (struct column){.name = name, .type = type, .type_mod = -1};
    r->before[i] = r->after[i] = (struct value){.state = VALUE_ABSENT};
    r->table.ncolumns++;
    return 0;
}

/*
 * The column of that name. A new one goes to `*at`, which then is the place behind it: both images list their
 * columns in the table's order, with gaps, and so come together in that order.
 */
static int find_column(struct record *r, const char *name, const char *type, size_t *at, size_t *found,
                       struct err *e) {
    size_t n = r->table.ncolumns, i = *at;
    if (i >= n || strcmp(r->columns[i].name, name) != 0)
        for (i = 0; i < n && strcmp(r->columns[i].name, name) != 0;) i++;
    if (i == n) {
        i = *at;
        if (insert_column(r, i, name, type, e)) return -1;
    }
    *found = i;
    *at = i + 1;
    return 0;
}

/* Column { name = 1; type = 2; value = 3 } */
static int read_column(const struct wire_reader *outer, const struct wire_field *field, struct arena *a,
                       const char **name, const char **type, struct value *v, struct err *e) {
    struct wire_reader r, inner;
    struct wire_field f;
    int rc;
    *name = *type = "";
    if (wire_enter(outer, field, &r, e)) return -1;
    while ((rc = wire_next(&r, &f, e)) == 1) {
        if (f.number == 1 && !(*name = change_read_name(&f, a, e))) return -1;
        if (f.number == 2 && !(*type = change_read_name(&f, a, e))) return -1;
        if (f.number == 3 && (wire_enter(&r, &f, &inner, e) || change_read_value(&inner, a, v, e))) return -1;
    }
    if (rc == 0 && v->state == VALUE_ABSENT) return err_set(e, ERR_DATA, "column %.60s has no value", *name);
    return rc;
}

/* Adds a column to one of the images. */
static int add_column(struct record *r, const struct wire_reader *in, const struct wire_field *f,
                      struct value *image, size_t *at, struct arena *a, struct err *e) {
    struct value v = {.state = VALUE_ABSENT};
    const char *name, *type;
    size_t i;
    if (read_column(in, f, a, &name, &type, &v, e) || find_column(r, name, type, at, &i, e)) return -1;
    if (image[i].state != VALUE_ABSENT) return err_set(e, ERR_DATA, "column %.60s is there twice", name);
    image[i] = v;
    return 0;
}

/* Adds a key column: one that no image shows gets its value there, but hidden. */
static int add_key(struct record *r, const struct wire_reader *in, const struct wire_field *f,
                   struct arena *a, struct err *e) {
    struct value v = {.state = VALUE_ABSENT};
    const char *name, *type;
    size_t i, at = r->table.ncolumns;
    if (read_column(in, f, a, &name, &type, &v, e) || find_column(r, name, type, &at, &i, e)) return -1;
    r->keys[r->selection.nkeys++] = (uint16_t)i;
    if (r->before[i].state != VALUE_ABSENT || r->after[i].state != VALUE_ABSENT) return 0;
    *(r->event.op == 'd' ? &r->before[i] : &r->after[i]) = v;
    r->use[i] = COLUMN_HIDDEN;
    return 0;
}

/* Message { prefix = 1; content = 2; transactional = 3 } */
static int read_message(struct record *r, const struct wire_reader *in, const struct wire_field *field,
                        struct err *e) {
    struct wire_reader inner;
    struct wire_field f;
    int rc;
    if (wire_enter(in, field, &inner, e)) return -1;
    while ((rc = wire_next(&inner, &f, e)) == 1) {
        struct text t = {.ptr = (const char *)f.data, .len = f.len};
        if (f.number <= 3 && wire_expect(&f, f.number < 3 ? WIRE_BYTES : WIRE_VARINT, e)) return -1;
        if (f.number == 1) r->change.message.prefix = t;
        if (f.number == 2) r->change.message.content = t;
        if (f.number == 3) r->change.message.transactional = f.value != 0;
    }
    return rc;
}

static enum event_kind kind_of(char op) {
    switch (op) {
    case 'm': return EVENT_MESSAGE;
    case 'g': return EVENT_GAP;
    case 'q': return EVENT_DDL;
    default: return EVENT_ROW;
    }
}

static int read_op(struct record *r, const struct wire_field *f, struct err *e) {
    static const struct {
        char letter;
        enum change_op op;
    } ops[] = {{'c', CHANGE_INSERT},   {'u', CHANGE_UPDATE},  {'d', CHANGE_DELETE}, {'r', CHANGE_READ},
               {'t', CHANGE_TRUNCATE}, {'m', CHANGE_MESSAGE}, {'g', CHANGE_GAP},    {'q', CHANGE_DDL}};
    if (wire_expect(f, WIRE_VARINT, e)) return -1;
    r->event.op = change_plan_letter(f->value);
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
        if (ops[i].letter == r->event.op) r->change.op = ops[i].op;
    if (!r->event.op)
        return err_set(e, ERR_DATA, "an operation (%llu) that this version does not know",
                       (unsigned long long)f->value);
    r->event.kind = kind_of(r->event.op);
    return 0;
}

static int read_name(const struct wire_field *f, struct arena *a, const char **to, struct err *e) {
    const char *s = change_read_name(f, a, e);
    if (!s) return -1;
    *to = s;
    return 0;
}

static int read_version(const struct wire_field *f, struct err *e) {
    if (wire_expect(f, WIRE_VARINT, e)) return -1;
    if (f->value == CHANGE_LAYOUT_VERSION) return 0;
    return err_set(e, ERR_DATA, "layout version %llu; this version of Tailrace reads %d",
                   (unsigned long long)f->value, CHANGE_LAYOUT_VERSION);
}

/* Any bytes. */
static int read_bytes(const struct wire_field *f, struct text *to, struct err *e) {
    if (wire_expect(f, WIRE_BYTES, e)) return -1;
    *to = (struct text){.ptr = (const char *)f->data, .len = f->len};
    return 0;
}

/* Every field but the lists of columns. */
static int read_scalar(struct record *r, const struct wire_reader *in, const struct wire_field *f,
                       struct arena *a, struct err *e) {
    switch (f->number) {
    case CHANGE_FIELD_VERSION: return read_version(f, e);
    case CHANGE_FIELD_SOURCE: return read_name(f, a, &r->event.source, e);
    case CHANGE_FIELD_DATABASE: return read_name(f, a, &r->event.database, e);
    case CHANGE_FIELD_SCHEMA: return read_name(f, a, &r->table.schema, e);
    case CHANGE_FIELD_TABLE: return read_name(f, a, &r->table.name, e);
    case CHANGE_FIELD_OP: return read_op(r, f, e);
    case CHANGE_FIELD_ID: return change_read_text(f, &r->change.id, e);
    case CHANGE_FIELD_TX: return change_read_text(f, &r->tx.xid, e);
    case CHANGE_FIELD_POS: return change_read_text(f, &r->change.pos, e);
    case CHANGE_FIELD_GAP: return change_read_text(f, &r->change.message.content, e);
    case CHANGE_FIELD_DDL: return read_bytes(f, &r->change.message.content, e);
    case CHANGE_FIELD_STATEMENT: return read_bytes(f, &r->change.statement, e);
    case CHANGE_FIELD_STATEMENT_LENGTH:
        r->change.statement_length = f->value;
        return wire_expect(f, WIRE_VARINT, e);
    case CHANGE_FIELD_MESSAGE: return read_message(r, in, f, e);
    case CHANGE_FIELD_ORD: r->ord = *f; return wire_expect(f, WIRE_BYTES, e);
    case CHANGE_FIELD_COMMIT_US: r->change.tx = &r->tx; return change_read_time(f, &r->tx.commit_us, e);
    default: return 0; /* a field of a newer version */
    }
}

static bool is_column(uint32_t number) {
    return number == CHANGE_FIELD_KEY || number == CHANGE_FIELD_BEFORE || number == CHANGE_FIELD_AFTER;
}

/* Counts columns, so that their lists are made once. */
static int count_columns(struct wire_reader r, size_t *count, struct err *e) {
    struct wire_field f;
    int rc;
    *count = 0;
    while ((rc = wire_next(&r, &f, e)) == 1)
        if (is_column(f.number)) ++*count;
    if (*count > CHANGE_READER_MAX_COLUMNS) return err_set(e, ERR_DATA, "%zu columns: not a row", *count);
    return rc;
}

static struct record *record_new(struct arena *a, size_t cap, struct err *e) {
    static atomic_uint_fast64_t serial = UINT64_C(1) << 63; /* apart from those of the map */
    struct record *r = arena_calloc(a, 1, sizeof(*r));
    if (!r) goto failed;
    r->cap = cap;
    r->columns = arena_calloc(a, cap + 1, sizeof(*r->columns));
    r->use = arena_calloc(a, cap + 1, sizeof(*r->use));
    r->keys = arena_calloc(a, cap + 1, sizeof(*r->keys));
    r->before = arena_calloc(a, cap + 1, sizeof(*r->before));
    r->after = arena_calloc(a, cap + 1, sizeof(*r->after));
    if (!r->columns || !r->use || !r->keys || !r->before || !r->after) goto failed;
    r->table = (struct table){.schema = "", .name = "", .columns = r->columns};
    r->selection = (struct selection){.table = &r->table,
                                      .serial = ++serial,
                                      .source = "",
                                      .database = "",
                                      .topic = "",
                                      .use = r->use,
                                      .keys = r->keys};
    r->change.table = &r->table;
    r->event = (struct event){.change = &r->change, .source = "", .database = "", .topic = ""};
    return r;
failed:
    err_memory(e, "a record");
    return NULL;
}

/* Everything but the key, which needs to know the images. */
static int read_fields(struct record *r, struct wire_reader in, struct arena *a, struct err *e) {
    struct wire_field f;
    size_t before_at = 0, after_at = 0;
    int rc;
    while ((rc = wire_next(&in, &f, e)) == 1) {
        if (f.number == CHANGE_FIELD_KEY) continue;
        if (f.number == CHANGE_FIELD_BEFORE) {
            if (add_column(r, &in, &f, r->before, &before_at, a, e)) return -1;
            r->change.before = r->before;
        } else if (f.number == CHANGE_FIELD_AFTER) {
            if (add_column(r, &in, &f, r->after, &after_at, a, e)) return -1;
            r->change.after = r->after;
        } else if (read_scalar(r, &in, &f, a, e)) {
            return -1;
        }
    }
    return rc;
}

static int read_key(struct record *r, struct wire_reader in, struct arena *a, struct err *e) {
    struct wire_field f;
    int rc;
    while ((rc = wire_next(&in, &f, e)) == 1)
        if (f.number == CHANGE_FIELD_KEY && add_key(r, &in, &f, a, e)) return -1;
    return rc;
}

static void finish(struct record *r) {
    struct change *c = &r->change;
    r->event.key_from_before = r->event.op == 'd';
    if (r->selection.nkeys && r->event.key_from_before) c->before = r->before;
    if (r->selection.nkeys && !r->event.key_from_before) c->after = r->after;
    c->before_image = c->before ? IMAGE_FULL : IMAGE_NONE;
    c->after_image = c->after ? IMAGE_FULL : IMAGE_NONE;
    r->event.selection = r->event.kind == EVENT_ROW ? &r->selection : NULL;
    r->selection.source = r->event.source;
    r->selection.database = r->event.database;
}

int change_read(const void *data, size_t len, struct arena *a, const struct event **out, struct err *e) {
    struct wire_reader in = wire_reader_of(data, len);
    size_t count;
    if (count_columns(in, &count, e)) return -1;
    struct record *r = record_new(a, count, e);
    if (!r || read_fields(r, in, a, e)) return -1;
    if (!r->event.op || !r->change.id.len)
        return err_set(e, ERR_DATA, "not a RowChange: no operation, or no id");
    if (read_key(r, in, a, e) || change_read_identity(&r->ord, &r->change, &r->event.sub, e)) return -1;
    finish(r);
    *out = &r->event;
    return 0;
}
