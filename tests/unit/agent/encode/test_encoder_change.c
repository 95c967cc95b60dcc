/* encoder_change: byte for byte what protobuf-c packs, for random rows of every kind and state. */
#include "tests/unit/agent/encode/fixture.h"

#include "agent/encode/change_plan.h"
#include "agent/encode/change_value.h"
#include "agent/encode/wire.h"
#include "decoders/arena.h"
#include "tailrace/v1/change.pb-c.h"

/* ---- The same message by generated code ---- */

static char *string_of(struct arena *a, const char *s, size_t len) {
    return arena_strndup(a, s, len);
}

static ProtobufCBinaryData bytes_of(const char *s, size_t len) {
    return (ProtobufCBinaryData){.data = (uint8_t *)(uintptr_t)s, .len = len};
}

static Tailrace__V1__Value *model_value(struct arena *a, const struct value *v);

static Tailrace__V1__Array *model_array(struct arena *a, const struct value_array *in, unsigned dim,
                                        const struct value **next) {
    Tailrace__V1__Array *out = arena_calloc(a, 1, sizeof(*out));
    tailrace__v1__array__init(out);
    out->n_items = in->ndims ? in->dims[dim] : 0;
    out->items = arena_calloc(a, out->n_items + 1, sizeof(*out->items));
    for (size_t i = 0; i < out->n_items; i++) {
        if (dim + 1 < in->ndims) {
            out->items[i] = arena_calloc(a, 1, sizeof(Tailrace__V1__Value));
            tailrace__v1__value__init(out->items[i]);
            out->items[i]->kind_case = TAILRACE__V1__VALUE__KIND_ARRAY;
            out->items[i]->array = model_array(a, in, dim + 1, next);
        } else {
            out->items[i] = model_value(a, (*next)++);
        }
    }
    return out;
}

static bool is_canonical_uuid(const struct value *v) {
    return v->len == 36 && v->text[8] == '-' && strspn(v->text, "0123456789abcdef-") == 36;
}

static void model_present(struct arena *a, const struct value *v, Tailrace__V1__Value *out) {
    static uint8_t uuid[16];
    const struct value *next;
    for (unsigned i = 0; i < 16; i++) uuid[i] = (uint8_t)(i * 0x11);
#define KIND(name) out->kind_case = TAILRACE__V1__VALUE__KIND_##name
    switch ((enum value_kind)v->kind) {
    case VALUE_BOOL: KIND(BOOL_VALUE), out->bool_value = v->v.b; return;
    case VALUE_INT: KIND(INT_VALUE), out->int_value = v->v.i; return;
    case VALUE_UINT: KIND(UINT_VALUE), out->uint_value = v->v.u; return;
    case VALUE_FLOAT: KIND(FLOAT_VALUE), out->float_value = (float)v->v.d; return;
    case VALUE_DOUBLE: KIND(DOUBLE_VALUE), out->double_value = v->v.d; return;
    case VALUE_DECIMAL: KIND(DECIMAL), out->decimal = string_of(a, v->text, v->len); return;
    case VALUE_TEXT: KIND(TEXT), out->text = bytes_of(v->text, v->len); return;
    case VALUE_BYTES: KIND(BYTES_VALUE), out->bytes_value = bytes_of(v->text, v->len); return;
    case VALUE_DATE:
        if (v->is_text) KIND(DATE_TEXT), out->date_text = string_of(a, v->text, v->len);
        if (!v->is_text) KIND(DATE_DAYS), out->date_days = v->v.i;
        return;
    case VALUE_TIME: KIND(TIME_US), out->time_us = v->v.i; return;
    case VALUE_TIMESTAMP:
        if (v->is_text) KIND(TIMESTAMP_TEXT), out->timestamp_text = string_of(a, v->text, v->len);
        if (!v->is_text) KIND(TIMESTAMP_US), out->timestamp_us = v->v.i;
        return;
    case VALUE_TIMESTAMPTZ:
        if (v->is_text) KIND(TIMESTAMPTZ_TEXT), out->timestamptz_text = string_of(a, v->text, v->len);
        if (!v->is_text) KIND(TIMESTAMPTZ_US), out->timestamptz_us = v->v.i;
        return;
    case VALUE_TIMETZ: KIND(TIMETZ), out->timetz = string_of(a, v->text, v->len); return;
    case VALUE_INTERVAL: KIND(INTERVAL), out->interval = string_of(a, v->text, v->len); return;
    case VALUE_UUID:
        if (is_canonical_uuid(v)) KIND(UUID), out->uuid = (ProtobufCBinaryData){.data = uuid, .len = 16};
        if (!is_canonical_uuid(v)) KIND(OTHER), out->other = bytes_of(v->text, v->len);
        return;
    case VALUE_JSON: KIND(JSON), out->json = bytes_of(v->text, v->len); return;
    case VALUE_ENUM: KIND(ENUM_LABEL), out->enum_label = bytes_of(v->text, v->len); return;
    case VALUE_SET: KIND(SET_LABELS), out->set_labels = bytes_of(v->text, v->len); return;
    case VALUE_ARRAY:
        if (v->is_text) {
            KIND(ARRAY_TEXT), out->array_text = bytes_of(v->text, v->len);
            return;
        }
        next = v->v.array->items;
        KIND(ARRAY), out->array = model_array(a, v->v.array, 0, &next);
        return;
    case VALUE_GEOMETRY:
        KIND(GEOMETRY), out->geometry = arena_calloc(a, 1, sizeof(*out->geometry));
        tailrace__v1__geometry__init(out->geometry);
        out->geometry->srid = (uint32_t)v->v.u;
        out->geometry->wkb = bytes_of(v->text, v->len);
        return;
    case VALUE_OTHER: KIND(OTHER), out->other = bytes_of(v->text, v->len); return;
    }
#undef KIND
}

static Tailrace__V1__Value *model_value(struct arena *a, const struct value *v) {
    static const Tailrace__V1__Missing missing[] = {
        [VALUE_NULL] = TAILRACE__V1__MISSING__MISSING_NULL,
        [VALUE_UNCHANGED] = TAILRACE__V1__MISSING__MISSING_UNCHANGED,
        [VALUE_MASKED] = TAILRACE__V1__MISSING__MISSING_MASKED,
        [VALUE_OMITTED] = TAILRACE__V1__MISSING__MISSING_OMITTED,
    };
    Tailrace__V1__Value *out = arena_calloc(a, 1, sizeof(*out));
    tailrace__v1__value__init(out);
    if (v->state == VALUE_PRESENT) {
        model_present(a, v, out);
    } else if (v->state == VALUE_INVALID) {
        out->kind_case = TAILRACE__V1__VALUE__KIND_INVALID;
        out->invalid = bytes_of(v->text, v->len);
    } else {
        out->kind_case = TAILRACE__V1__VALUE__KIND_MISSING;
        out->missing = missing[v->state];
    }
    return out;
}

static Tailrace__V1__Column *model_column(struct arena *a, const struct column *c, const struct value *v) {
    Tailrace__V1__Column *out = arena_calloc(a, 1, sizeof(*out));
    tailrace__v1__column__init(out);
    out->name = string_of(a, c->name, strlen(c->name));
    out->type = string_of(a, c->type, strlen(c->type));
    out->value = model_value(a, v);
    return out;
}

static size_t model_image(struct arena *a, const struct fixture *f, const struct value *image,
                          Tailrace__V1__Column ***list) {
    static const struct value masked = {.state = VALUE_MASKED};
    size_t n = 0;
    *list = arena_calloc(a, f->table.ncolumns + 1, sizeof(**list));
    for (size_t i = 0; image && i < f->table.ncolumns; i++) {
        if (f->use[i] == COLUMN_HIDDEN || image[i].state == VALUE_ABSENT) continue;
        (*list)[n++] = model_column(a, &f->columns[i], f->use[i] == COLUMN_MASKED ? &masked : &image[i]);
    }
    return n;
}

static void model_pack(struct fixture *f, Tailrace__V1__Op op, struct buf *out) {
    static uint8_t ord[24];
    char id[64];
    struct arena a;
    arena_init(&a, 0);
    Tailrace__V1__RowChange row = TAILRACE__V1__ROW_CHANGE__INIT;
    snprintf(id, sizeof(id), f->event.sub ? "%.*s.%u" : "%.*s", (int)f->change.id.len, f->change.id.ptr,
             f->event.sub);
    memcpy(ord, f->change.ord, CHANGE_ORD_LEN);
    ord[22] = (uint8_t)(f->event.sub >> 8);
    ord[23] = (uint8_t)f->event.sub;
    row.version = 1;
    row.source = string_of(&a, "shop", 4);
    row.database = string_of(&a, "db", 2);
    row.schema = string_of(&a, f->table.schema, strlen(f->table.schema));
    row.table = string_of(&a, f->table.name, strlen(f->table.name));
    row.op = op;
    row.key = arena_calloc(&a, f->selection.nkeys + 1, sizeof(*row.key));
    row.n_key = f->selection.nkeys;
    for (size_t i = 0; i < row.n_key; i++)
        row.key[i] = model_column(&a, &f->columns[f->keys[i]],
                                  &(f->event.key_from_before ? f->before : f->after)[f->keys[i]]);
    row.n_before = model_image(&a, f, f->change.before, &row.before);
    row.n_after = model_image(&a, f, f->change.after, &row.after);
    row.id = id;
    row.ord = (ProtobufCBinaryData){.data = ord, .len = sizeof(ord)};
    row.tx = string_of(&a, f->tx.xid.ptr, f->tx.xid.len);
    row.pos = string_of(&a, f->change.pos.ptr, f->change.pos.len);
    row._commit_us_case = TAILRACE__V1__ROW_CHANGE___COMMIT_US_COMMIT_US;
    row.commit_us = f->tx.commit_us;
    buf_init(out);
    assert_true(buf_reserve(out, tailrace__v1__row_change__get_packed_size(&row)));
    out->len = tailrace__v1__row_change__pack(&row, out->data);
    arena_release(&a);
}

/* ---- Tests ---- */

static void compare(struct encoder *en, struct fixture *f, Tailrace__V1__Op op) {
    struct buf key, value, expected;
    bool has_key;
    fixture_encode(en, &f->event, &key, &has_key, &value);
    model_pack(f, op, &expected);
    assert_int_equal(has_key, f->selection.nkeys > 0);
    assert_int_equal(value.len, expected.len);
    assert_memory_equal(value.data, expected.data, expected.len);
    buf_release(&key);
    buf_release(&value);
    buf_release(&expected);
}

static void random_row(struct encoder *en, uint64_t *seed) {
    static struct value_array arrays[2 * FIXTURE_COLUMNS];
    static struct value room[2 * FIXTURE_COLUMNS][64];
    static const char ops[] = "cud";
    struct fixture f;
    fixture_init(&f, 2 + fixture_random(seed) % (FIXTURE_COLUMNS - 2));
    f.table.schema = fixture_random(seed) % 2 ? "public" : "";
    f.tx.commit_us = fixture_number(seed);
    f.event.sub = fixture_random(seed) % 4 ? 0 : (uint16_t)fixture_random(seed);
    for (size_t i = 0; i < f.table.ncolumns; i++) {
        f.before[i] = fixture_value(seed, &arrays[2 * i], room[2 * i]);
        f.after[i] = fixture_value(seed, &arrays[2 * i + 1], room[2 * i + 1]);
        f.use[i] = fixture_random(seed) % 8 ? COLUMN_SHOWN : (uint8_t)(fixture_random(seed) % 3);
        f.columns[i].type = fixture_random(seed) % 8 ? "numeric(12,2)" : "";
    }
    f.selection.nkeys = fixture_random(seed) % 3;
    for (uint16_t i = 0; i < f.selection.nkeys; i++) {
        f.keys[i] = (uint16_t)(1 - i);
        f.use[1 - i] = COLUMN_SHOWN;
        f.before[1 - i] = fixture_random(seed) % 4 ? fixture_present(seed) : value_in(VALUE_NULL);
        f.after[1 - i] = fixture_random(seed) % 4 ? fixture_present(seed) : value_invalid("\xff\x00", 2);
    }
    size_t op = fixture_random(seed) % 3;
    fixture_op(&f, ops[op],
               op == 0   ? IMAGE_NONE
               : op == 2 ? IMAGE_FULL
                         : (enum image)(fixture_random(seed) % 3));
    compare(en, &f, (Tailrace__V1__Op)(op + 1));
    en->ops->forget(en, &f.table);
}

static void random_rows_equal_protobuf_c(void **state) {
    (void)state;
    struct encoder *en = encoder_change.create();
    uint64_t seed = UINT64_C(0x9E3779B97F4A7C15);
    for (int i = 0; i < 3000; i++) random_row(en, &seed);
    en->ops->destroy(en);
}

static void check_uuid(const char *text, const char *bytes) {
    uint8_t out[64];
    struct value v = value_of(VALUE_UUID, text);
    size_t len = (size_t)(change_value_put(out, &v) - out);
    assert_int_equal(len, change_value_size(&v));
    assert_true(len <= change_value_text(&v) + CHANGE_VALUE_OVERHEAD);
    struct wire_reader r = wire_reader_of(out, len);
    struct wire_field f;
    assert_int_equal(wire_next(&r, &f, NULL), 1);
    assert_int_equal(f.number, bytes ? CV_UUID : CV_OTHER);
    if (bytes) assert_memory_equal(out + 2, bytes, 16);
}

static void uuids(void **state) {
    (void)state;
    char text[] = "00112233-4455-6677-8899-aabbccddeeff";
    check_uuid(text, "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff");
    check_uuid("f0e1d2c3-b4a5-9687-7869-5a4b3c2d1e0f",
               "\xf0\xe1\xd2\xc3\xb4\xa5\x96\x87\x78\x69\x5a\x4b\x3c\x2d\x1e\x0f");
    for (size_t i = 0; i < 36; i++) {
        char was = text[i];
        for (int c = 0; c < 256; c++) {
            bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
            if (c == 0 || c == was || (digit && was != '-')) continue;
            text[i] = (char)c;
            check_uuid(text, NULL);
        }
        text[i] = was;
    }
    check_uuid("00112233-4455-6677-8899-aabbccddeef", NULL);
    check_uuid("", NULL);
}

static void key_is_json(void **state) {
    (void)state;
    struct fixture f;
    struct buf key, value;
    bool has_key;
    struct encoder *en = encoder_change.create();
    fixture_init(&f, 3);
    f.after[0] = value_of_int(VALUE_INT, -7);
    f.after[2] = value_of(VALUE_TEXT, "a\"b");
    f.keys[1] = 2;
    f.selection.nkeys = 2;
    fixture_encode(en, &f.event, &key, &has_key, &value);
    assert_true(has_key);
    assert_string_equal(buf_cstr(&key), "{\"c0\":-7,\"c2\":\"a\\\"b\"}");
    buf_release(&key);
    buf_release(&value);
    f.event.kind = EVENT_TOMBSTONE;
    fixture_encode(en, &f.event, &key, &has_key, &value);
    assert_string_equal(buf_cstr(&key), "{\"c0\":-7,\"c2\":\"a\\\"b\"}");
    assert_int_equal(value.len, 0);
    buf_release(&key);
    buf_release(&value);
    en->ops->destroy(en);
}

/* Of a row keyed by its hash the key columns stand in the images only. */
static void hashed_keys(void **state) {
    (void)state;
    struct fixture f;
    struct buf key, again, value;
    bool has_key;
    struct encoder *en = encoder_change.create();
    fixture_init(&f, 2);
    f.after[0] = value_of_int(VALUE_INT, 7);
    f.after[1] = value_of(VALUE_TEXT, "x");
    f.keys[1] = 1;
    f.selection.nkeys = 2;
    f.selection.hashed = true;
    fixture_encode(en, &f.event, &key, &has_key, &value);
    assert_true(has_key);
    assert_int_equal(key.len, strlen("{\"hash\":\"\"}") + 32);
    assert_memory_equal(key.data, "{\"hash\":\"", 9);
    Tailrace__V1__RowChange *row = tailrace__v1__row_change__unpack(NULL, value.len, value.data);
    assert_non_null(row);
    assert_int_equal(row->n_key, 0);
    assert_int_equal(row->n_after, 2);
    tailrace__v1__row_change__free_unpacked(row, NULL);
    buf_release(&value);
    f.after[1] = value_of(VALUE_TEXT, "y");
    fixture_encode(en, &f.event, &again, &has_key, &value);
    assert_int_equal(again.len, key.len);
    assert_memory_not_equal(again.data, key.data, key.len);
    buf_release(&again);
    buf_release(&value);
    buf_release(&key);
    en->ops->destroy(en);
}

static void missing_key_is_an_error(void **state) {
    (void)state;
    struct fixture f;
    struct buf key = {0}, value = {0};
    struct err e = {0};
    bool has_key;
    struct encoder *en = encoder_change.create();
    fixture_init(&f, 2);
    f.after[0] = value_in(VALUE_UNCHANGED);
    assert_int_equal(en->ops->encode(en, &f.event, &key, &has_key, &value, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_non_null(strstr(e.text, "public.orders"));
    assert_non_null(strstr(e.text, "c0"));
    f.after[0] = value_of_int(VALUE_INT, 1);
    f.use[0] = COLUMN_MASKED;
    assert_int_equal(en->ops->encode(en, &f.event, &key, &has_key, &value, &e), -1);
    buf_release(&key);
    buf_release(&value);
    en->ops->destroy(en);
}

/* Messages, gaps and truncates are read back with the generated code. */
static Tailrace__V1__RowChange *encode_and_unpack(const struct event *ev) {
    struct encoder *en = encoder_change.create();
    struct buf key, value;
    bool has_key;
    fixture_encode(en, ev, &key, &has_key, &value);
    assert_false(has_key);
    Tailrace__V1__RowChange *row = tailrace__v1__row_change__unpack(NULL, value.len, value.data);
    assert_non_null(row);
    struct buf again = {0};
    assert_true(buf_reserve(&again, tailrace__v1__row_change__get_packed_size(row)));
    again.len = tailrace__v1__row_change__pack(row, again.data);
    assert_int_equal(again.len, value.len);
    assert_memory_equal(again.data, value.data, value.len);
    buf_release(&again);
    buf_release(&key);
    buf_release(&value);
    en->ops->destroy(en);
    return row;
}

static void notes_read_back(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    f.event.selection = NULL;
    f.event.kind = EVENT_MESSAGE;
    f.event.op = 'm';
    f.change.message.prefix = text_of("outbox");
    f.change.message.content = (struct text){.ptr = "\0\xff", .len = 2};
    f.change.message.transactional = true;
    Tailrace__V1__RowChange *row = encode_and_unpack(&f.event);
    assert_int_equal(row->op, TAILRACE__V1__OP__OP_MESSAGE);
    assert_int_equal(row->message->content.len, 2);
    assert_true(row->message->transactional);
    tailrace__v1__row_change__free_unpacked(row, NULL);

    f.event.kind = EVENT_GAP;
    f.change.message.content = text_of("from 0/1 to 0/2: the slot was lost");
    f.event.op = 'g';
    f.change.tx = NULL;
    row = encode_and_unpack(&f.event);
    assert_int_equal(row->op, TAILRACE__V1__OP__OP_GAP);
    assert_int_equal(row->_commit_us_case, 0);
    tailrace__v1__row_change__free_unpacked(row, NULL);

    f.event.kind = EVENT_DDL;
    f.event.op = 'q';
    f.change.message.content = (struct text){.ptr = "DROP \xff", .len = 6};
    row = encode_and_unpack(&f.event);
    assert_int_equal(row->op, TAILRACE__V1__OP__OP_DDL);
    assert_string_equal(row->schema, "public");
    assert_string_equal(row->table, "orders");
    assert_int_equal(row->ddl.len, 6);
    assert_memory_equal(row->ddl.data, "DROP \xff", 6);
    tailrace__v1__row_change__free_unpacked(row, NULL);
    f.change.table = NULL;
    row = encode_and_unpack(&f.event);
    assert_string_equal(row->table, "");
    tailrace__v1__row_change__free_unpacked(row, NULL);
}

static void truncate_has_no_key(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    f.event.op = 't';
    f.change.op = CHANGE_TRUNCATE;
    f.change.after = NULL;
    f.change.after_image = IMAGE_NONE;
    Tailrace__V1__RowChange *row = encode_and_unpack(&f.event);
    assert_int_equal(row->op, TAILRACE__V1__OP__OP_TRUNCATE);
    assert_string_equal(row->table, "orders");
    assert_int_equal(row->n_key + row->n_before + row->n_after, 0);
    tailrace__v1__row_change__free_unpacked(row, NULL);
}

static unsigned number_of(const ProtobufCMessageDescriptor *d, const char *name) {
    const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(d, name);
    if (!f) fail_msg("no field %s", name);
    return f->id;
}

static void field_numbers_are_the_schemas(void **state) {
    (void)state;
    const ProtobufCMessageDescriptor *row = &tailrace__v1__row_change__descriptor;
    const ProtobufCMessageDescriptor *value = &tailrace__v1__value__descriptor;
    assert_int_equal(number_of(row, "version"), CHANGE_FIELD_VERSION);
    assert_int_equal(number_of(row, "key"), CHANGE_FIELD_KEY);
    assert_int_equal(number_of(row, "commit_us"), CHANGE_FIELD_COMMIT_US);
    assert_int_equal(number_of(row, "message"), CHANGE_FIELD_MESSAGE);
    assert_int_equal(number_of(row, "gap"), CHANGE_FIELD_GAP);
    assert_int_equal(number_of(value, "array"), CV_ARRAY);
    assert_int_equal(number_of(value, "invalid"), CV_INVALID);
    assert_int_equal(number_of(value, "array_text"), CV_ARRAY_TEXT);
    assert_int_equal(number_of(row, "ddl"), CHANGE_FIELD_DDL);
    assert_int_equal(number_of(value, "geometry"), CV_GEOMETRY);
    assert_int_equal(number_of(row, "statement"), CHANGE_FIELD_STATEMENT);
    assert_int_equal(number_of(row, "statement_length"), CHANGE_FIELD_STATEMENT_LENGTH);
    assert_int_equal(row->n_fields, 19);
    assert_int_equal(value->n_fields, 27);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_rows_equal_protobuf_c),
        cmocka_unit_test(uuids),
        cmocka_unit_test(key_is_json),
        cmocka_unit_test(hashed_keys),
        cmocka_unit_test(missing_key_is_an_error),
        cmocka_unit_test(notes_read_back),
        cmocka_unit_test(truncate_has_no_key),
        cmocka_unit_test(field_numbers_are_the_schemas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
